"""The owner's page of suppliers, and why an order was given to one of them."""

from __future__ import annotations

import re

import pytest

from fakes import CODE, Playing
from operations.selling import OWNER, later, listed, selling
from opla.core.actor import Role
from opla.core.money import Money
from opla.db.queries.call import select
from opla.operations.suppliers import sync, watch
from surfaces.conftest import Door
from surfaces.test_owner_pages import signed_in

PAGE = "/owner/suppliers/"


def decision(**other: str) -> dict[str, str]:
    posted = {"supplier": "one", "sku": CODE, "their_sku": "17-PX", "decision": "approved"}
    return {**posted, "seen": "EUR/1500/1500/1400/EUR", **other}


def states() -> dict[str, str]:
    return {str(sku): str(state) for sku, state in select("SELECT sku, state FROM supply ORDER BY sku")}


def test_it_is_the_owners_alone(door: Door) -> None:
    selling(door.world, {"one": 1400}, approved=False)
    support = signed_in(door.world, Role.SUPPORT, "ben")
    for visitor in (door.owner, door.colleague, door.stranger, support):  # of an order; and who helps customers
        assert visitor.get(PAGE).status == 404
        assert visitor.post(PAGE, decision()).status == 404
        assert visitor.post(PAGE, {"supplier": "one", "below": "1", "currency": "EUR"}).status == 404
    assert set(states().values()) == {"proposed"}
    assert signed_in(door.world).get(PAGE).status == 200


def test_news_are_decided_as_they_were_seen(door: Door) -> None:
    world = door.world
    one = selling(world, {"one": 1400}, approved=False)["one"]
    owner = signed_in(world)
    page = owner.get(PAGE)
    assert "PX-15 one · 17-PX is this the same?" in page.text
    assert "Face value and cost €15.00, costs €14.00" in page.text
    assert "Customers pay €15.00, as before. Of the face value €1.00 stays with us." in page.text
    done = owner.post(PAGE, decision())
    assert (done.status, done.where, states()[CODE]) == (200, PAGE, "approved")
    one.sells = [listed(cost_minor=1490), *(one.sells or [])[1:]]
    sync(OWNER, "one", shop=world.shop, outside=Playing(world), at=world.clock())
    late = owner.post(PAGE, decision())
    assert late.status == 422
    assert "They list it otherwise by now" in late.text
    assert "€15.00, costs €14.00 → €15.00, costs €14.90" in late.text
    assert "Customers pay €15.00, as before. Of the face value €1.00 stays with us now, and then €0.10." in late.text
    owner.post(PAGE, decision(seen="EUR/1500/1500/1490/EUR", decision="refused"))
    assert "Nothing is new" not in owner.get(PAGE).text  # the other product's proposal still waits
    assert "1490" not in owner.get(PAGE).html


def test_what_is_listed_no_more_says_whether_anybody_else_delivers_it(door: Door) -> None:
    world = door.world
    found = selling(world, {"one": 1400, "two": 1450})
    found["one"].sells = (found["one"].sells or [])[1:]
    sync(OWNER, "one", shop=world.shop, outside=Playing(world), at=world.clock(), even_if_short=True)
    assert "Others deliver it: two." in signed_in(world).get(PAGE).text
    found["two"].sells = (found["two"].sells or [])[1:]
    sync(OWNER, "two", shop=world.shop, outside=Playing(world), at=world.clock(), even_if_short=True)
    signed_in(world).post(PAGE, decision(supplier="two", their_sku="17-PX", decision="gone", seen="gone"))
    assert "Customers pay €15.00, as before." in signed_in(world).get(PAGE).text


@pytest.mark.parametrize("wrong", [{"decision": "proposed"}, {"decision": ""}, {"seen": ""}])
def test_what_no_form_of_ours_sends_does_nothing(door: Door, wrong: dict[str, str]) -> None:
    selling(door.world, {"one": 1400}, approved=False)
    assert signed_in(door.world).post(PAGE, decision(**wrong)).status == 404
    assert set(states().values()) == {"proposed"}


@pytest.mark.parametrize("wrong", [{"supplier": "nobody"}, {"their_sku": "?"}, {"sku": "XX-1"}, {"sku": "MV-15"}])
def test_what_is_not_there_or_not_alike_is_refused(door: Door, wrong: dict[str, str]) -> None:
    selling(door.world, {"one": 1400}, approved=False)
    assert signed_in(door.world).post(PAGE, decision(**wrong)).status == 422
    assert set(states().values()) == {"proposed"}


def test_floats_stand_beside_the_books_with_an_alarm(door: Door) -> None:
    world = door.world
    one = selling(world, {"one": 1400})["one"]
    one.left = Money(5000, "EUR")
    watch(shop=world.shop, outside=Playing(world), at=world.clock())
    world.paid()
    world.work()
    owner = signed_in(world)
    page = owner.get(PAGE)
    assert re.search(r"Our money there float €50.00 \(.*\) our books say -€14.40 \(differs by €64.40\)", page.text)
    assert "Less of our money" not in page.text
    assert owner.post(PAGE, {"supplier": "one", "below": "50,01", "currency": "EUR"}).status == 200
    assert "Less of our money lies there than you want." in owner.get(PAGE).text
    assert "Little of our money is left at a supplier" in owner.get("/owner/items/").text
    assert owner.post(PAGE, {"supplier": "one", "below": "much", "currency": "EUR"}).status == 422
    assert owner.post(PAGE, {"supplier": "one", "below": "1", "currency": "???"}).status == 422
    owner.post(PAGE, {"supplier": "one", "below": "", "currency": "EUR"})
    assert "Less of our money" not in owner.get(PAGE).text


def test_why_this_one_stands_beside_the_order_as_it_was_kept(door: Door) -> None:
    world = door.world
    sellers = selling(world, {"cheap": 1390, "dear": 1450})
    sellers["cheap"].left = Money(1, "EUR")
    watch(shop=world.shop, outside=Playing(world), at=world.clock())
    sellers["dear"].script = [sellers["dear"].accepts]
    sellers["dear"].finds = False
    world.paid()
    world.work_through(20 * 60, step_s=20)
    sellers["cheap"].left = Money(10_000, "EUR")
    later(world, minutes=5)
    watch(shop=world.shop, outside=Playing(world), at=world.clock())
    owner = signed_in(world)
    [(item_id,)] = select("SELECT id FROM item WHERE kind = 'unknown_send'")
    page = owner.get(f"/owner/items/{item_id}/")
    assert (
        "Why this one dear asked: the cheapest that could deliver (€14.50) "
        "cheap skipped: too little of our money lay there (€13.90)"
    ) in page.text
