"""Places come in by files, whole or not at all, and go out as they came."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from fakes import CUSTOMER, START, World
from opla.core.actor import Actor, Role
from opla.core.catalog import Catalog, parse
from opla.core.places import Kind, Place, Position
from opla.core.refusal import Code, Refusal
from opla.db.models import Place as Row
from opla.operations import place_files, places
from opla.operations.place_files import import_file, read_file, write_file
from opla.operations.places import Kept, known
from opla.operations.read_catalog import read_country
from opla.presenting.refusals import sentence

OWNER = Actor(Role.OWNER, "ana")
CSV = """source,ref,kind,name,street,postcode,city,opening_hours,phone,operators
owner,1,night_shop,Midi Night,Fonsnylaan 1,1060,Sint-Gillis,"Mo-Su,PH 18:00-06:00",02 201 55 55,proximus
owner,2,taxi_rank,,Stationsplein,9000,Gent,24/7,,
"""


def take(text: str | bytes, *, sandbox: bool = False) -> Kept | list[Refusal]:
    return import_file(OWNER, text if isinstance(text, bytes) else text.encode(), sandbox=sandbox, at=START)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return parse(read_country("belgium", sandbox=False))


def said(text: str | bytes, catalog: Catalog) -> list[str]:
    """The sentences it is refused with."""
    refused = read_file(text if isinstance(text, bytes) else text.encode(), catalog, sandbox=False, at=START)
    assert isinstance(refused, list)
    return [sentence(refusal) for refusal in refused]


def test_a_file_with_one_mistake_keeps_nothing(world: World) -> None:
    assert isinstance(take(CSV.replace("24/7", "always")), list)
    assert Row.objects.count() == 0


def test_a_file_is_kept_and_the_same_file_changes_nothing(world: World) -> None:
    assert take(CSV) == Kept(2, 0, 0)
    first = list(Row.objects.order_by("id").values())
    assert import_file(OWNER, CSV.encode(), sandbox=False, at=START + timedelta(days=1)) == Kept(0, 0, 2)
    assert list(Row.objects.order_by("id").values()) == first
    night, rank = known(sandbox=False)
    assert (night.name, night.phone, night.operators) == ("Midi Night", "+3222015555", ("proximus",))
    assert (rank.kind, rank.name) == (Kind.TAXI_RANK, "")


def test_what_changed_changes_in_place_and_what_is_not_named_stays(world: World) -> None:
    take(CSV)
    ids = dict(Row.objects.values_list("ref", "id"))
    assert take(CSV.replace("Midi Night", "Midi Day").replace("owner,2", "owner,3")) == Kept(1, 1, 0)
    assert known(sandbox=False)[0].name == "Midi Day"
    assert dict(Row.objects.values_list("ref", "id")).items() > ids.items()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            CSV.replace("02 201 55 55", "112").replace("24/7", "always"),
            [
                "Row 2, phone: not a phone number that can exist.",
                ("Row 3, opening_hours: not opening hours as OpenStreetMap writes them, such as "
                "Mo-Fr 09:00-18:00; PH off."),
            ],
        ),
        (CSV.replace("operators", "opens,sold"), ["These columns mean nothing here: opens, sold."]),
        (CSV.replace("source,", "").replace("owner,", ""), ["These columns are missing: source."]),
        (CSV.replace("owner,2", "owner,1"), ["Row 3, ref: the same place as in an earlier row."]),
        (CSV.replace("owner,2", "sample,2"), ["Row 3, source: an invented place, in a shop that takes real money."]),
        (CSV.replace("taxi_rank", "bakery"), [
            ("Row 3, kind: not one of: operator_shop, partner, supermarket, night_shop, petrol_station, taxi_rank, "
            "post_office, parcel_point.")
        ]),
        (CSV.replace("24/7,,", "24/7,,,more"), ["Row 3, operators: there are more cells after it than columns."]),
        (CSV.replace(',"Mo-Su', ',"\nMo-Su').replace("owner,2", "owner,1"), [
            "Row 4, ref: the same place as in an earlier row.",
        ]),
        (CSV.replace("Midi", "Mi\0di"), ["Row 2, name: a sign in it is no part of a text."]),
        ("", ["These columns are missing: kind, ref, source."]),
        (CSV.partition("\n")[0], ["This file cannot be read."]),
        (b"\xff\xfe", ["This file cannot be read."]),
        ("{", ["This file cannot be read."]),
        ('{"features": 1}', ["This file cannot be read."]),
        ('{"features": ' + "[" * 100_000, ["This file cannot be read."]),
        ("x" * (9 * 1024 * 1024), ["The file is too large. The most is 8 MB."]),
    ],
)  # fmt: skip
def test_every_mistake_of_a_file_is_named(catalog: Catalog, text: str | bytes, sentences: list[str]) -> None:
    assert said(text, catalog) == sentences


@pytest.mark.parametrize("sign", [";", "\t"])
def test_what_a_spreadsheet_saves_is_read(catalog: Catalog, sign: str) -> None:
    rows = CSV.replace('"Mo-Su,PH 18:00-06:00"', "24/7").replace(",", sign).replace("\n", "\r\n")
    found = read_file(f"\ufeff{rows}".encode(), catalog, sandbox=False, at=START)
    assert [place.city for place in found if isinstance(place, Place)] == ["Sint-Gillis", "Gent"]


def test_what_is_written_out_comes_in_again_as_the_same_and_runs_nowhere(world: World) -> None:
    evil = '=HYPERLINK("http://evil.example";"win")'
    place = Place("owner", "1", Kind.PARTNER, evil, "-1+2", city="@x", position=Position(-1, 2), phone="+3222015555")
    places.keep(OWNER, [place], at=START)
    text = write_file(known(sandbox=False))
    assert "'=HYPERLINK" in text
    assert ",'-1+2," in text
    assert ",-0.000001," in text
    assert take(text) == Kept(0, 0, 1)
    assert known(sandbox=False) == (place,)


def geojson(**tags: object) -> dict[str, object]:
    point = {"type": "Point", "coordinates": [4.3364, 50.8355]}
    return {"type": "Feature", "id": f"node/{len(tags)}", "properties": tags, "geometry": point}


def test_geojson_comes_in_and_its_mistakes_are_named_by_their_tags(catalog: Catalog) -> None:
    good = geojson(shop="supermarket", name="Example", opening_hours="Mo-Sa 08:00-20:00")
    whole = json.dumps({"type": "FeatureCollection", "features": [good]}).encode()
    [place] = read_file(whole, catalog, sandbox=False, at=START)
    assert isinstance(place, Place)
    assert place.ref == "node/3"
    bad = geojson(amenity="bench", phone="ring", opening_hours="9h-18h", name="b")
    assert [s.partition(":")[0] for s in said(json.dumps({"features": [good, bad, {"geometry": None}]}), catalog)] == [
        "Row 2, shop",
        "Row 2, phone",
        "Row 2, opening_hours",
        "Row 3, id",
        "Row 3, shop",
        "Row 3, name",
        "Row 3, addr",
        "Row 3, geometry",
    ]


def test_the_invented_ones_stand_beside_the_sandbox_alone_and_say_so(world: World) -> None:
    place_files.seed(at=START)
    place_files.seed(at=START)
    assert len(known(sandbox=True)) == 8
    assert all(place.sample for place in known(sandbox=True))
    assert known(sandbox=False) == ()


def test_a_place_is_confirmed_and_removed_and_what_was_read_before_is_read_again(world: World) -> None:
    take(CSV)
    [(key, place), _other] = places.known_by_id(sandbox=False)
    assert places.confirm(OWNER, key, date(2026, 11, 22), at=START) is None
    assert known(sandbox=False)[0] == replace(place, confirmed_on=date(2026, 11, 22))
    assert places.remove(OWNER, place_id=key) == 1
    assert places.remove(OWNER, source="owner", ref="2") == 1
    assert known(sandbox=False) == ()
    for gone in (places.remove(OWNER, source="owner"), places.confirm(OWNER, key, date(2026, 11, 22), at=START)):
        assert isinstance(gone, Refusal)
        assert gone.code is Code.NOT_FOUND


def test_nobody_but_the_owner_says_where(world: World) -> None:
    take(CSV)
    for actor in (CUSTOMER, Actor(Role.SUPPORT, "eve"), Actor(Role.RESELLER, "acme")):
        nothing_by(actor)


def nothing_by(actor: Actor) -> None:
    kept = import_file(actor, CSV.replace("Midi", "Mine").encode(), sandbox=False, at=START)
    refused = [
        *(kept if isinstance(kept, list) else [None]),
        places.keep(actor, [], at=START),
        places.remove(actor, source="owner"),
        places.confirm(actor, 1, date(2026, 11, 22), at=START),
    ]
    assert [isinstance(one, Refusal) and one.code for one in refused] == [Code.NOT_ALLOWED] * 4
    assert known(sandbox=False)[0].name == "Midi Night"
