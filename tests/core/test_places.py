"""Places: how far, when open, what a row holds, and who is shown what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.calendar import zone
from opla.core.places import (
    COLUMNS,
    Asked,
    Kind,
    Known,
    Opening,
    Place,
    Position,
    Sells,
    State,
    Takes,
    Wrong,
    cells_in,
    cells_of,
    distance_m,
    find,
    read_hours,
    read_place,
    read_position,
)

BRUSSELS = zone("Europe/Brussels")
KNOWN = Known(frozenset({"proximus", "orange", "lycamobile"}), "BE", date(2026, 11, 22))
GRAND_PLACE = Position(50_846_700, 4_352_500)
MIDI = Position(50_835_500, 4_336_400)


def at(local: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=BRUSSELS, fold=fold)


def opening(hours: str, when: datetime) -> Opening:
    read = read_hours(hours, "BE")
    assert read is not None
    return read.opening(when, BRUSSELS)


def shown(hours: str, when: datetime) -> tuple[str, str]:
    found = opening(hours, when)
    return str(found.state), found.until.astimezone(BRUSSELS).isoformat() if found.until else ""


# ── how far ──


@pytest.mark.parametrize(
    ("a", "b", "metres"),
    [
        (GRAND_PLACE, GRAND_PLACE, 0),
        (Position(0, 4_000_000), Position(0, 5_000_000), 111_195),  # a degree of the sphere: 2πR/360
        (Position(0, 0), Position(90_000_000, 77_000_000), 10_007_557),  # to the pole: πR/2
        (GRAND_PLACE, Position(-50_846_700, -175_647_500), 20_015_115),  # the other side: πR
        (Position(0, 179_500_000), Position(0, -179_500_000), 111_195),  # over the date line
    ],
)
def test_a_distance_is_that_of_the_sphere(a: Position, b: Position, metres: int) -> None:
    assert distance_m(a, b) == distance_m(b, a)
    assert abs(distance_m(a, b) - metres) <= 1


POINTS = st.builds(Position, st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))


@given(POINTS, POINTS, POINTS)
def test_no_way_round_is_shorter(a: Position, b: Position, c: Position) -> None:
    assert 0 <= distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 1


@pytest.mark.parametrize(
    ("latitude", "longitude", "found"),
    [
        ("50.8467", "4.3525", GRAND_PLACE),
        (" 50,8467 ", "4,3525", GRAND_PLACE),
        ("-0.5", "0", Position(-500_000, 0)),
        ("90.1", "0", None),
        ("50", "180.000001", None),
        ("NaN", "4", None),
        ("Infinity", "4", None),
        ("1e400", "4", None),
        ("50.8467", "", None),
        ("9" * 5000, "4", None),
        ("=1+1", "4", None),
    ],
)
def test_a_position_is_two_decimal_numbers_on_the_earth(latitude: str, longitude: str, found: Position | None) -> None:
    assert read_position(latitude, longitude) == found


@given(POINTS)
def test_a_written_position_is_read_as_the_same(position: Position) -> None:
    assert read_position(position.latitude, position.longitude) == position


# ── when open ──

DAYTIME = "Mo-Fr 09:00-18:00; Sa 10:00-12:00; PH off"
NIGHT = "Mo-Su,PH 18:00-06:00"


@pytest.mark.parametrize(
    ("hours", "when", "state", "until"),
    [
        (DAYTIME, "2026-11-23T09:00", "open", "2026-11-23T18:00:00+01:00"),
        (DAYTIME, "2026-11-23T08:59:59", "closed", "2026-11-23T09:00:00+01:00"),
        (DAYTIME, "2026-11-23T18:00", "closed", "2026-11-24T09:00:00+01:00"),
        (DAYTIME, "2026-11-21T12:00", "closed", "2026-11-23T09:00:00+01:00"),
        # public holidays: the national day, Easter Monday, All Saints (a Sunday)
        (DAYTIME, "2026-07-21T10:00", "closed", "2026-07-22T09:00:00+02:00"),
        (DAYTIME, "2026-04-06T10:00", "closed", "2026-04-07T09:00:00+02:00"),
        ("Mo-Su 08:00-20:00; PH 10:00-14:00", "2026-11-01T15:00", "closed", "2026-11-02T08:00:00+01:00"),
        ("Mo-Su 08:00-20:00; PH 10:00-14:00", "2026-11-01T13:00", "open", "2026-11-01T14:00:00+01:00"),
        ("Mo-Su 18:00-02:00; PH off", "2026-11-12T01:00", "ask", "2026-11-12T02:00:00+01:00"),  # of a night off
        ("Mo-Su,PH 18:00-02:00", "2026-11-12T01:00", "open", "2026-11-12T02:00:00+01:00"),
        # a night shop, over midnight and over the two nights of the clock
        (NIGHT, "2026-11-22T23:59", "open", "2026-11-23T06:00:00+01:00"),
        (NIGHT, "2026-11-23T00:00", "open", "2026-11-23T06:00:00+01:00"),
        (NIGHT, "2026-11-23T06:00", "closed", "2026-11-23T18:00:00+01:00"),
        (NIGHT, "2026-03-29T01:59", "open", "2026-03-29T06:00:00+02:00"),
        (NIGHT, "2026-10-25T01:59", "open", "2026-10-25T06:00:00+01:00"),
        ("Mo-Su 18:00-02:30", "2026-03-29T01:30", "open", "2026-03-29T03:00:00+02:00"),  # 02:30 is skipped
        ("Mo-Su 02:30-08:00", "2026-03-29T01:30", "closed", "2026-03-29T03:00:00+02:00"),
        ("Mo-Su 02:15-02:45", "2026-03-29T01:30", "closed", "2026-03-30T02:15:00+02:00"),  # skipped whole
        ("Mo-Su 18:00-02:30", "2026-10-25T01:30", "open", "2026-10-25T02:30:00+02:00"),  # the first of the two
        ("24/7", "2026-10-25T02:30", "open", ""),
        ("Mo-Su 00:00-24:00", "2026-07-21T02:30", "open", ""),
        ("24/7; Dec 25 off", "2026-11-22T12:00", "open", "2026-12-25T00:00:00+01:00"),
        ("closed", "2026-11-22T12:00", "closed", ""),
        ("2020 Mo-Su 10:00-12:00", "2026-11-22T12:00", "closed", ""),
        # not plainly open
        ('Mo-Fr 09:00-18:00 "by appointment"', "2026-11-23T10:00", "ask", "2026-11-23T18:00:00+01:00"),
        ('Mo-Fr 09:00-18:00 || "call us"', "2026-11-22T10:00", "ask", ""),
        ("24/7 unknown", "2026-11-22T12:00", "ask", ""),
        ('Mo 09:00-12:00 "a", Mo 12:00-14:00 "b"', "2026-11-23T10:00", "ask", "2026-11-23T14:00:00+01:00"),
    ],
)
def test_a_place_is_open_closed_or_to_be_asked(hours: str, when: str, state: str, until: str) -> None:
    assert shown(hours, at(when)) == (state, until)


def test_what_closed_before_the_clock_went_back_stays_closed() -> None:
    assert shown("Mo-Su 18:00-02:30", at("2026-10-25T02:15", fold=0))[0] == "open"
    for again in ("2026-10-25T02:15", "2026-10-25T02:45"):
        assert shown("Mo-Su 18:00-02:30", at(again, fold=1)) == ("closed", "2026-10-25T18:00:00+01:00")


@pytest.mark.parametrize(
    "hours",
    [
        "", "9h-18h", "Mo-Fr 9-18", "every day", "Mo-Su 25:00-26:00", "sunrise-sunset", "Mo-Fr 09:00-12:00; SH off",
        "Mo 09:00-12:00,13:00+", "Mo-Fr 09:00-18:00; " * 60, "=1+1", "\x00",
    ],
)  # fmt: skip
def test_hours_nobody_can_be_sure_of_are_none(hours: str) -> None:
    assert read_hours(hours, "BE") is None


@pytest.mark.parametrize(
    ("hours", "when", "unsaid"),
    [
        ("Mo-Su 09:00-18:00", "2026-07-21T10:00", True),
        ("Mo-Su 09:00-18:00", "2026-07-20T10:00", False),
        ("Mo-Su 09:00-18:00", "2026-07-20T20:00", True),  # it opens on one
        ('Mo-Su 09:00-18:00; Dec 25 off "not PH"', "2026-07-21T10:00", True),  # a remark is no rule
        ("Mo-Su 09:00-18:00; PH off", "2026-07-21T10:00", False),
        ("Mo-Su,PH 09:00-18:00", "2026-07-21T10:00", False),
        ("24/7", "2026-07-21T10:00", False),
    ],
)
def test_hours_that_say_nothing_of_a_public_holiday_are_not_surely_open_on_it(
    hours: str, when: str, unsaid: bool
) -> None:
    found = opening(hours, at(when))
    assert found.holiday is unsaid
    assert found.surely_open is (found.state is State.OPEN and not unsaid)


SPANS = st.tuples(st.integers(0, 47), st.integers(1, 47)).map(
    lambda t: f"{t[0] // 2:02}:{t[0] % 2 * 30:02}-{(t[0] + t[1]) // 2:02}:{(t[0] + t[1]) % 2 * 30:02}"
)
RULES = st.lists(
    st.tuples(st.sampled_from(["Mo-Fr", "Sa", "Su", "PH", "Mo-Su", "Tu,Th", "Jul-Aug", "Oct 25"]), SPANS).map(" ".join)
    | st.sampled_from(["PH off", "Su off", 'Sa 10:00-12:00 "ring"', "We unknown"]),
    min_size=1,
    max_size=4,
).map("; ".join)
CLOCK_NIGHTS = st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
INSTANTS = st.integers(0, 730 * 24 * 60).map(
    lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
) | st.tuples(CLOCK_NIGHTS, st.integers(-180, 300)).map(lambda t: t[0] + timedelta(minutes=t[1]))


@given(RULES, INSTANTS)
def test_the_next_change_is_later_and_changes_the_state_and_nothing_changes_before(rules: str, when: datetime) -> None:
    now = opening(rules, when)
    if now.until is None:
        return
    assert now.until > when
    assert opening(rules, now.until).state is not now.state
    just_before = max(when, now.until - timedelta(seconds=1))
    middle = when + (now.until - when) / 2
    for moment in (just_before, middle):
        assert (opening(rules, moment).state, opening(rules, moment).until) == (now.state, now.until)


def test_a_week_shows_the_night_on_the_day_it_began() -> None:
    hours = read_hours('Mo-Fr 18:00-02:00; Sa 10:00-12:00,14:00-24:00; Su 11:00-12:00 "ring"; PH off', "BE")
    assert hours is not None
    days = hours.week(date(2026, 11, 9), 7)  # Wednesday the 11th is a holiday
    told = [" ".join(f"{s.starts:%H:%M}-{s.ends:%H:%M}{'?' * s.ask}" for s in day.spans) for day in days]
    # By the syntax a later rule has the whole of its day, the night before included.
    assert told[:4] == ["18:00-02:00", "18:00-00:00", "", "00:00-02:00? 18:00-02:00"]
    assert told[4:] == ["18:00-00:00", "10:00-12:00 14:00-00:00", "11:00-12:00?"]
    assert [day.holiday for day in days] == [False] * 7


def test_a_week_names_the_holiday_the_hours_forgot() -> None:
    hours = read_hours("24/7; Mo off", "BE")
    assert hours is not None
    days = hours.week(date(2026, 11, 9), 3)
    assert [day.holiday for day in days] == [False, False, True]
    assert [len(day.spans) for day in days] == [0, 1, 1]


# ── rows ──

ROW = {
    "source": "owner", "ref": "1", "kind": "night_shop", "name": "Midi Night", "street": "Fonsnylaan 1",
    "postcode": "1060", "city": "Sint-Gillis", "latitude": "50.8355", "longitude": "4.3364",
    "phone": "02 201 55 55", "languages": "fr nl, zh-Hans", "operators": "proximus;lycamobile", "sells": "top_up sim",
    "takes": "cash bancontact", "opening_hours": NIGHT, "confirmed_on": "2026-11-20",
}  # fmt: skip
PLACE = Place(
    "owner", "1", Kind.NIGHT_SHOP, "Midi Night", "Fonsnylaan 1", "1060", "Sint-Gillis", MIDI, "+3222015555",
    ("fr", "nl", "zh-Hans"), ("proximus", "lycamobile"), (Sells.TOP_UP, Sells.SIM), (Takes.CASH, Takes.BANCONTACT),
    NIGHT, date(2026, 11, 20),
)  # fmt: skip


def test_a_row_is_read_as_it_is_written() -> None:
    assert read_place(ROW, KNOWN) == PLACE


def test_what_is_not_known_is_left_empty() -> None:
    bare = {"source": "owner", "ref": "2", "kind": "taxi_rank", "street": "Stationsplein", "city": "Gent"}
    found = read_place(bare, KNOWN)
    assert isinstance(found, Place)
    assert (found.position, found.phone, found.operators, found.hours, found.confirmed_on) == (None, "", (), "", None)


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"source": " "}, {"source": Wrong.MISSING}),
        ({"kind": "bakery"}, {"kind": Wrong.NO_CHOICE}),
        ({"kind": ""}, {"kind": Wrong.MISSING}),
        ({"name": "", "street": ""}, {"name": Wrong.MISSING}),
        ({"latitude": "", "longitude": "", "city": ""}, {"city": Wrong.MISSING}),
        ({"latitude": ""}, {"latitude": Wrong.MISSING}),
        ({"latitude": "95"}, {"latitude": Wrong.POSITION}),
        ({"longitude": "here"}, {"longitude": Wrong.POSITION}),
        ({"phone": "112"}, {"phone": Wrong.PHONE}),
        ({"phone": "ask inside"}, {"phone": Wrong.PHONE}),
        ({"languages": "French"}, {"languages": Wrong.LANGUAGE}),
        ({"operators": "proximus o2"}, {"operators": Wrong.OPERATOR}),
        ({"sells": "bread"}, {"sells": Wrong.NO_CHOICE}),
        ({"takes": "gold"}, {"takes": Wrong.NO_CHOICE}),
        ({"opening_hours": "9h-18h"}, {"opening_hours": Wrong.HOURS}),
        ({"confirmed_on": "yesterday"}, {"confirmed_on": Wrong.DAY}),
        ({"confirmed_on": "2026-11-23"}, {"confirmed_on": Wrong.LATER}),
        ({"name": "a\x00b"}, {"name": Wrong.SIGN}),
        ({"name": "a\ud800b"}, {"name": Wrong.SIGN}),
        ({"city": "x" * 161}, {"city": Wrong.TOO_LONG}),
        ({"source": "sample"}, {"source": Wrong.SAMPLE}),
        ({"phone": "1", "kind": "x"}, {"kind": Wrong.NO_CHOICE, "phone": Wrong.PHONE}),
    ],
)
def test_every_wrong_cell_is_named(cells: dict[str, str], wrong: dict[str, Wrong]) -> None:
    assert read_place({**ROW, **cells}, KNOWN) == wrong


def test_beside_the_sandbox_an_invented_place_is_one_and_says_so() -> None:
    found = read_place({**ROW, "source": "sample"}, replace(KNOWN, sandbox=True))
    assert isinstance(found, Place)
    assert found.sample
    assert not PLACE.sample


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20).map(str.strip)


@given(st.sampled_from(["", "=", "+", "-", "@", "'", "'="]), TEXTS)
def test_what_is_written_into_cells_is_read_back_and_no_cell_begins_like_a_formula(first: str, text: str) -> None:
    place = replace(PLACE, name=f"{first}{text}".strip(), phone="+3222015555")
    cells = cells_in(place)
    assert set(cells) == set(COLUMNS)
    assert not re.match(r"[=@\t]|[+-](?![\d ().,/]*$)", cells["name"])
    assert read_place(cells, KNOWN) == place


# ── OpenStreetMap ──


def feature(geometry: object = None, **tags: str) -> dict[str, object]:
    at = geometry or {"type": "Point", "coordinates": [4.3364, 50.8355]}
    return {"type": "Feature", "id": "node/42", "properties": {k.replace("__", ":"): v for k, v in tags.items()},
            "geometry": at}  # fmt: skip


def read(of: dict[str, object]) -> object:
    return read_place(cells_of(of, {"proximus": "proximus", "orange": "orange"}).cells, KNOWN)


def test_a_feature_of_openstreetmap_becomes_a_place() -> None:
    found = read(
        feature(
            shop="convenience", name="Midi Night Shop", addr__street="Fonsnylaan", addr__housenumber="1",
            addr__postcode="1060", addr__city="Sint-Gillis", phone="+32 2 201 55 55; +32 2 201 55 56",
            opening_hours=NIGHT, payment__cash="yes", payment__visa="yes", payment__mastercard="yes",
            payment__bitcoin="yes", payment__bancontact="no", language__fr="yes", language__de="no",
            check_date="2026-05-01", wheelchair="yes",
        )
    )  # fmt: skip
    assert found == Place(
        "openstreetmap", "node/42", Kind.NIGHT_SHOP, "Midi Night Shop", "Fonsnylaan 1", "1060", "Sint-Gillis", MIDI,
        "+3222015555", ("fr",), (), (), (Takes.CASH, Takes.CREDIT_CARD), NIGHT, date(2026, 5, 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "fuel", "brand": "Total"}, Kind.PETROL_STATION),
        ({"amenity": "taxi", "name": "Gare"}, Kind.TAXI_RANK),
        ({"amenity": "post_office", "name": "bpost"}, Kind.POST_OFFICE),
        ({"amenity": "parcel_locker", "name": "bbox"}, Kind.PARCEL_POINT),
        ({"shop": "supermarket", "brand": "Delhaize"}, Kind.SUPERMARKET),
        ({"shop": "convenience", "name": "Alimentation"}, Kind.PARTNER),
        ({"shop": "mobile_phone", "brand": "Proximus"}, Kind.OPERATOR_SHOP),
        ({"shop": "mobile_phone", "name": "GSM Express"}, Kind.PARTNER),
    ],
)
def test_a_kind_is_told_by_its_tags(tags: dict[str, str], kind: Kind) -> None:
    found = read(feature(**tags))
    assert isinstance(found, Place)
    assert found.kind is kind
    assert found.operators == (("proximus",) if kind is Kind.OPERATOR_SHOP else ())


@pytest.mark.parametrize(
    ("of", "wrong"),
    [
        (feature(amenity="bench", name="a"), {"kind": Wrong.MISSING}),
        ({**feature(shop="kiosk", name="a"), "id": 7}, {"ref": Wrong.MISSING}),
        (feature({"type": "Point", "coordinates": ["4", True]}, shop="kiosk", name="a"), {"city": Wrong.MISSING}),
        (feature({"type": "Point", "coordinates": [4.3, 95]}, shop="kiosk", name="a"), {"latitude": Wrong.POSITION}),
        ({"properties": "x", "geometry": []}, {"ref": Wrong.MISSING, "kind": Wrong.MISSING, "name": Wrong.MISSING, "city": Wrong.MISSING}),  # noqa: E501  (one row)
    ],
)  # fmt: skip
def test_a_feature_that_is_no_place_names_what_is_wrong(of: dict[str, object], wrong: dict[str, Wrong]) -> None:
    assert read(of) == wrong


def test_of_a_building_the_middle_is_taken() -> None:
    outline = {"type": "Polygon", "coordinates": [[[4.0, 50.0], [4.2, 50.0], [4.2, 50.4], [4.0, 50.4]]]}
    found = read(feature(outline, shop="kiosk", name="a"))
    assert isinstance(found, Place)
    assert found.position == Position(50_200_000, 4_100_000)


# ── who is shown what ──

NOON = at("2026-11-23T12:00")
SHUT = replace(PLACE, ref="shut", name="Shut", hours="Mo-Su 18:00-20:00; PH off")
OPEN = replace(PLACE, ref="open", name="Ouvert à midi", hours="24/7", position=GRAND_PLACE, postcode="1000")
NOWHERE = replace(PLACE, ref="nowhere", name="Nowhere known", position=None, hours="", operators=("orange",))


def found(asked: Asked, *places: Place) -> tuple[list[str], str]:
    listed = find(places or (SHUT, OPEN, NOWHERE), asked, NOON, BRUSSELS, "BE")
    return [f.place.ref for f in listed.found], listed.elsewhere.place.ref if listed.elsewhere else ""


def test_near_ones_come_first_and_those_nobody_knows_where_last() -> None:
    assert found(Asked(near=MIDI)) == (["shut", "open", "nowhere"], "")
    assert found(Asked(near=GRAND_PLACE)) == (["open", "shut", "nowhere"], "")


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("1000", ["open"]),
        ("OUVERT a midi", ["open"]),
        ("１０００", ["open"]),
        ("fonsnylaan shut", ["shut"]),
        ("nothing like it", []),
    ],
)
def test_names_and_postcodes_are_found_however_they_are_typed(text: str, refs: list[str]) -> None:
    assert found(Asked(text))[0] == refs


def test_who_finds_only_closed_ones_is_told_of_the_nearest_open_one() -> None:
    assert found(Asked("shut")) == (["shut"], "open")
    assert found(Asked("shut"), SHUT) == (["shut"], "")


def test_filters_leave_only_what_is_known_to_fit() -> None:
    assert found(Asked(open_now=True))[0] == ["open"]
    assert found(Asked(operator="orange"))[0] == ["nowhere"]
    assert found(Asked(operator="proximus", open_now=True, near=MIDI))[0] == ["open"]


def test_more_than_a_person_reads_are_counted() -> None:
    many = [replace(PLACE, ref=f"{n:02}") for n in range(25)]
    listed = find(many, Asked(), NOON, BRUSSELS, "BE")
    assert (len(listed.found), listed.more) == (20, 5)
