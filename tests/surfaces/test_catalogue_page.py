"""The catalogue in its owner's hands: what should be looked at, one figure changed, seen before it is sold."""

from __future__ import annotations

import pytest

from fakes import CODE
from opla.core.actor import Actor, Role
from opla.db.models import CatalogVersion
from opla.db.queries.call import select
from opla.operations import catalogue
from opla.operations.read_catalog import read_country
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in

HERE = "/owner/catalogue/"
FACE = "/owner/catalogue/cell/?key=products/PX-15/face"


def active() -> int:
    return catalogue.active()[0]


def newest() -> int:
    [(id_,)] = select("SELECT max(id) FROM catalog_version")
    return int(str(id_))


def typed(**fields: str) -> dict[str, str]:
    seen = str(newest() if "seen" not in fields else fields["seen"])
    [(source,)] = select(
        "SELECT p -> 'face' ->> 'source' FROM catalog_version, jsonb_array_elements(document -> 'products') p "
        "WHERE id = %s AND p ->> 'sku' = 'PX-15'", [active()],
    )  # fmt: skip
    shown = {"value": "16.00", "sure": "A", "source": str(source), "verified_on": "2026-11-22"}
    return {**shown, "note": "", "seen": seen, **fields}


def proposed(owner: Visitor, **fields: str) -> Seen:
    return owner.post(FACE, typed(**fields))


def test_only_the_owner_has_it(door: Door) -> None:
    for path in (HERE, FACE):
        for visitor in (door.owner, door.stranger, signed_in(door.world, Role.SUPPORT, "sam")):
            assert visitor.get(path).status == 404
            assert visitor.post(path, typed()).status == 404
    assert newest() == active()


def test_it_lists_what_nobody_has_seen_lately_with_its_source_and_the_sheet(door: Door) -> None:
    page = signed_in(door.world).get(HERE)
    assert "Not seen to be so for 90 days" in page.text
    assert "no date" in page.text
    assert 'href="https://base.be"' in page.html
    of = signed_in(door.world).get(f"{HERE}?of=PX-15")
    assert "products/PX-15/face" in of.text
    assert "products/PX-25/face" not in of.html.split("<table", 1)[1]
    assert signed_in(door.world).get(f"{HERE}?days=9999&of=nowhere").status == 200
    assert signed_in(door.world).get(f"{HERE}?days=x").status == 200


def test_a_change_is_proposed_and_seen_and_nothing_is_sold_from_it(door: Door) -> None:
    door.delivered(CODE)
    owner, before = signed_in(door.world), active()
    page = proposed(owner)
    assert (page.status, page.where) == (200, HERE)
    assert "nothing is sold from it yet" in page.text
    assert "€15.00 €16.00" in page.text
    assert "Sold in 30 days 1 €15.00" in page.text
    assert active() == before
    assert "€16" not in door.stranger.get("/top-up/proximus/").text


def test_an_approved_change_is_what_is_sold(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner)
    done = owner.post(HERE, {"act": "approve", "seen": str(newest())})
    assert "nothing is sold from it yet" not in done.text
    assert active() == newest()
    assert "€16" in door.stranger.get("/top-up/proximus/").text
    [(by, note)] = select("SELECT made_by, note FROM catalog_version WHERE state = 'active'")
    assert (by, note) == ("owner:ana", "the page of the catalogue")


def test_a_second_change_joins_the_first_and_dropping_them_leaves_all_as_it_was(door: Door) -> None:
    owner, before = signed_in(door.world), active()
    proposed(owner)
    note = owner.post("/owner/catalogue/cell/?key=products/PX-25/face", typed(value="26.00"))
    assert "PX-15" in note.text
    assert "€26.00" in note.text
    assert "€16.00" in note.text
    owner.post(HERE, {"act": "discard", "seen": str(newest())})
    assert "nothing is sold from it yet" not in owner.get(HERE).text
    assert active() == before
    assert select("SELECT count(*)::int FROM catalog_version WHERE state = 'proposed'") == [(0,)]


def test_ticked_cells_are_seen_today_and_leave_the_list(door: Door) -> None:
    owner = signed_in(door.world)
    key = owner.get(HERE).html.split('name="cell" value="')[1].split('"')[0]
    done = owner.post(HERE, {"act": "confirm", "cell": key, "seen": str(newest())})
    assert done.status == 200
    assert f'name="cell" value="{key}"' not in done.html
    assert "Nothing: no product, no price and no figure of one changes." in done.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "sixteen"}, "products.PX-15.face"),
        ({"value": "16"}, "products.PX-15.face"),
        ({"sure": "Z"}, "products.PX-15.face"),
        ({"source": "nobody"}, "products.PX-15.face"),
        ({"verified_on": "yesterday"}, "products.PX-15.face"),
        ({"value": "[" * 5000}, "products.PX-15.face"),
    ],
)
def test_what_would_be_wrong_is_said_and_nothing_is_kept(door: Door, fields: dict[str, str], said: str) -> None:
    page = proposed(signed_in(door.world), **fields)
    assert page.status == 422
    assert said in page.text
    assert newest() == active()
    assert fields.get("value", "16.00")[:50] in page.html  # what was typed stays


def test_a_source_that_is_new_joins_the_list_by_its_own_name(door: Door) -> None:
    owner = signed_in(door.world)
    proposed(owner, where="proximus.be/prices 2027", dated="2026-11-20")
    assert "proximus.be/prices 2027" in owner.get(f"{HERE}?of=PX-15").text


def test_two_owners_do_not_undo_each_other(door: Door) -> None:
    ana, bo = signed_in(door.world), signed_in(door.world, name="bo")
    seen = str(newest())
    proposed(ana)
    late = bo.post(FACE, typed(value="17.00", seen=seen))
    assert late.status == 422
    assert "Somebody has changed the catalogue meanwhile" in late.text
    draft = newest()
    again = read_country("belgium", sandbox=True)
    other = CatalogVersion.objects.create(
        made_at=door.world.clock(), made_by="owner:bo", state="proposed", note="belgium.yaml", document=again
    )
    assert catalogue.approve(Actor(Role.OWNER, "bo"), other.pk) is None
    refused = catalogue.approve(Actor(Role.OWNER, "ana"), draft)
    assert refused is not None
    assert refused.code == "catalogue_changed"
    assert active() == other.pk


def test_an_unknown_figure_has_no_value(door: Door) -> None:
    owner = signed_in(door.world)
    page = proposed(owner, sure="unknown")
    assert page.status == 422  # a product without a price is none
    sheet = "/owner/catalogue/cell/?key=operators/base/information_sheet"
    assert owner.post(sheet, typed(sure="unknown", value="base.be", source="base-fr")).status == 200
    [(cell,)] = select(
        "SELECT (o -> 'information_sheet') ->> 'value' FROM catalog_version, "
        "jsonb_array_elements(document -> 'operators') o WHERE state = 'proposed' AND o ->> 'id' = 'base'"
    )
    assert cell is None
    assert owner.get("/owner/catalogue/cell/?key=nowhere").status == 404
