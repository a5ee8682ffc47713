"""Where to buy over a counter: what a visitor finds, and what is never kept of where they are."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from opla.core.actor import Actor, Role
from opla.core.places import Kind, Place, Position, Sells, Takes
from opla.operations import place_files, places
from opla.presenting import places as words
from opla.presenting.languages import speaking
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in

OWNER = Actor(Role.OWNER, "ana")
NIGHT = Place(
    "owner", "night", Kind.NIGHT_SHOP, "Midi Night", "Fonsnylaan 1", "1060", "Sint-Gillis",
    Position(50_834_300, 4_337_700), "+3222015555", ("fr", "zh-Hans"), ("proximus",), (Sells.TOP_UP,),
    (Takes.CASH, Takes.BANCONTACT), "Mo-Su,PH 16:00-04:00", date(2026, 11, 2),
)  # fmt: skip
POST = Place(
    "owner", "post", Kind.POST_OFFICE, "Gent Post", "Korenmarkt 1", "9000", "Gent", Position(51_053_800, 3_722_300),
    operators=("proximus", "base"), hours="Mo-Fr 09:00-18:00; PH off", confirmed_on=date(2024, 1, 2),
)  # fmt: skip
RANK = Place("openstreetmap", "node/7", Kind.TAXI_RANK, street="Luchthaven", city="Zaventem")
HERE = {"latitude": "50.8355", "longitude": "4.3364"}


@pytest.fixture
def shops(door: Door) -> Door:
    """Three places, on a Monday at noon in Brussels."""
    door.world.clock.now = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    places.keep(OWNER, [NIGHT, POST, RANK], at=door.world.clock())
    return door


def titles(page: Seen) -> list[str]:
    return re.findall(r'<h3><span translate="no">([^<]*)<', page.html)


def test_a_place_says_everything_that_is_known_and_what_is_not(shops: Door) -> None:
    page = shops.stranger.get("/places/?where=1060")
    assert titles(page) == ["Midi Night"]
    for text in (
        "Night shop", "Closed · opens at 16:00", "Fonsnylaan 1, 1060 Sint-Gillis", "+32 2 201 55 55", "Proximus",
        "top-ups", "cash, Bancontact", "French, Chinese (Simplified)", "Confirmed 2 Nov 2026",
    ):  # fmt: skip
        assert text in page.text, text
    assert 'href="tel:+3222015555"' in page.html
    assert 'href="geo:50.834300,4.337700?q=50.834300,4.337700(Midi%20Night)"' in page.html
    assert "Mon 23 Nov 16:00–04:00" in page.text
    rank = shops.stranger.get("/places/?where=zaventem").text
    assert "Hours not known: ask first" in rank
    assert rank.count("not known: ask first") == 4  # hours, operators, sells, takes
    assert "Confirmed never: ask first" in rank
    assert "© OpenStreetMap contributors" in rank


def test_what_was_confirmed_long_ago_is_to_be_asked(shops: Door) -> None:
    assert "Confirmed 2 Jan 2024 long ago: ask first" in shops.stranger.get("/places/?where=gent").text


def test_near_ones_come_first_by_a_position_that_is_kept_nowhere(shops: Door) -> None:
    page = shops.stranger.post("/places/", HERE)
    assert titles(page) == ["Midi Night", "Gent Post", "Taxi rank"]
    assert re.search(r"Night shop · 150 m", page.text)
    assert "Post office · 49 km" in page.text
    kept = " ".join(f"{name}={morsel.value}" for name, morsel in shops.stranger.client.cookies.items())
    for text in (page.html, kept):
        assert "50.83" not in text.replace("50.834300", "")
        assert "4.3364" not in text


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"latitude": "", "longitude": ""},
        {"latitude": "95", "longitude": "4"},
        {"latitude": "NaN", "longitude": "x"},
    ],
)
def test_a_position_that_is_none_asks_for_a_place_instead(shops: Door, typed: dict[str, str]) -> None:
    page = shops.stranger.post("/places/", typed)
    assert (page.status, len(titles(page))) == (200, 3)
    assert ("Type a place or a postcode instead." in page.text) == bool(typed)


def test_a_position_in_an_address_means_nothing(shops: Door) -> None:
    page = shops.stranger.get("/places/?latitude=50.8355&longitude=4.3364")
    assert " 150 m" not in page.text


def test_where_all_are_closed_the_nearest_open_one_is_named_or_the_shop_itself(shops: Door) -> None:
    assert "Online it is always open" not in shops.stranger.get("/places/").text
    closed = shops.stranger.get("/places/?where=1060").text
    assert (
        "The nearest one that is open now Gent Post , Post office Open · closes at 18:00 · 50 km from there" in closed
    )
    assert "Online it is always open: Top up here" in closed
    shops.world.clock.now = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # a Sunday
    nothing = shops.stranger.get("/places/?where=gent")
    assert "None of them is surely open now Online it is always open" in nothing.text


def test_filters_narrow_the_list(shops: Door) -> None:
    assert titles(shops.stranger.get("/places/?operator=base")) == ["Gent Post"]
    assert titles(shops.stranger.get("/places/?open=yes")) == ["Gent Post"]
    none = shops.stranger.get("/places/?operator=lycamobile")
    assert "No place is known for this." in none.text
    assert 'href="/top-up/lycamobile/"' in none.html
    assert shops.stranger.get("/places/?operator=nosuch").status == 404


def test_what_is_typed_is_shown_back_as_text(shops: Door) -> None:
    page = shops.stranger.get("/places/?where=%3Cscript%3E%22&open=yes")
    assert page.value("where") == '<script>"'
    assert "<script>&" not in page.html
    assert 'name="open" value="yes" checked' in page.html


def test_a_name_is_never_markup_or_another_address(shops: Door) -> None:
    evil = replace(NIGHT, ref="evil", name='"><b>x</b>)&q=geo:1,1', street="<i>", hours='24/7 "<u>"')
    places.keep(OWNER, [evil], at=shops.world.clock())
    page = shops.stranger.get("/places/")
    assert not re.search(r"<[biu]>", page.html)
    assert "%22%3E%3Cb%3Ex%3C%2Fb%3E%29%26q%3Dgeo%3A1%2C1)" in page.html


def test_this_page_alone_may_ask_where_the_browser_is(shops: Door) -> None:
    policy = shops.stranger.get("/places/").headers["Permissions-Policy"]
    assert "geolocation=(self)" in policy
    for path in ("/", "/help/", "/top-up/proximus/"):
        assert "geolocation=()" in shops.stranger.get(path).headers["Permissions-Policy"]


def test_invented_places_say_so_on_every_card(door: Door) -> None:
    place_files.seed(at=door.world.clock())
    page = door.stranger.get("/places/")
    assert "the example places are invented" in page.text
    assert page.html.count('<span class="tag sample">example</span>') >= len(titles(page)) == 8


def test_a_shop_without_places_says_so(door: Door) -> None:
    page = door.stranger.get("/places/")
    assert "has not entered any places yet" in page.text
    assert "<select" not in page.html


def test_home_help_and_amounts_lead_here(door: Door) -> None:
    for path, link in (
        ("/", "/places/"), ("/help/", "/places/"), ("/top-up/proximus/", "/places/?operator=proximus"),
        ("/top-up/telenet/", "/places/?operator=telenet"),
    ):  # fmt: skip
        assert f'href="{link}"' in door.stranger.get(path).html, path


@pytest.mark.parametrize(
    ("language", "metres", "far"),
    [("en", 0, "50 m"), ("en", 974, "950 m"), ("en", 975, "1 km"), ("fr", 1249, "1,2 km"), ("en", 9950, "10 km"),
     ("zh-Hans", 1249, "1.2 km"), ("de", 41_510, "42 km")],
)  # fmt: skip
def test_a_distance_is_said_as_exactly_as_it_is_known(language: str, metres: int, far: str) -> None:
    with speaking(language):
        assert words.distance(metres) == far


def test_chinese_has_its_own_order_and_commas(shops: Door) -> None:
    text = Visitor(language="zh-CN").get("/places/").text
    assert "现金、Bancontact" in text
    shops.world.clock.now = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
    assert "已关门 · 11月23日周一 09:00 开门" in Visitor(language="zh-CN").get("/places/?where=gent").text


def test_every_word_of_the_core_has_one_of_ours() -> None:
    from opla.core.places import Wrong

    assert set(words._KINDS) == set(Kind)
    assert set(words._SELLS) == set(Sells)
    assert set(words._TAKES) == set(Takes)
    assert set(words._WRONG) | {Wrong.NO_CHOICE} == set(Wrong)


# ── the owner ──


def upload(who: Visitor, text: str) -> Seen:
    file = SimpleUploadedFile("places.csv", text.encode())
    return who._seen(who.client.post("/owner/places/", {"file": file}, follow=True), "/owner/places/")


def test_the_owner_imports_confirms_exports_and_removes(shops: Door) -> None:
    owner = signed_in(shops.world)
    text = shops.stranger.get("/owner/places/places.csv")
    assert text.status == 404
    table = owner.get("/owner/places/places.csv").html
    assert (
        "1 added, 1 changed, 2 as before."
        in upload(owner, table.replace("Gent Post", "Gent Mail") + 'owner,new,partner,Neu,"",,Eupen' + "," * 9).text
    )
    listed = owner.get("/owner/places/")
    assert "Gent Mail" in listed.text
    key = re.findall(r'action="/owner/places/(\d+)/"', listed.html)[0]
    owner.post(f"/owner/places/{key}/", {"act": "confirm"})
    assert "Confirmed 23 Nov 2026" in owner.get("/owner/places/").text
    owner.post(f"/owner/places/{key}/", {"act": "remove"})
    assert len(places.known(sandbox=True)) == 3
    assert owner.post(f"/owner/places/{key}/", {"act": "remove"}).status == 404
    assert owner.post(f"/owner/places/{key}/", {"act": "burn"}).status == 404


def test_a_bad_file_is_answered_with_its_mistakes(shops: Door) -> None:
    owner = signed_in(shops.world)
    page = upload(owner, "source,ref,kind,name,city,phone\nowner,1,partner,A,Gent,12\n")
    assert page.status == 422
    assert "Nothing was changed." in page.text
    assert "Row 2, phone: not a phone number that can exist." in page.text
    assert owner.post("/owner/places/").status == 422  # no file at all


def test_support_and_customers_say_no_where(shops: Door) -> None:
    key = places.known_by_id(sandbox=True)[0][0]
    for who in (signed_in(shops.world, Role.SUPPORT, "eve"), shops.owner, shops.stranger):
        assert upload(who, "source,ref,kind\n").status == 404
        assert who.get("/owner/places/places.csv").status == 404
        assert who.post(f"/owner/places/{key}/", {"act": "remove"}).status == 404
    assert len(places.known(sandbox=True)) == 3
