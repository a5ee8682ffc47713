"""What promotions cost by the books, and what orders would have cost: of real orders, in one statement each."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fakes import CODE, World
from operations.test_promoting import ANNA, SAM, Promoting, lines
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.promotion import Channel, Side, entry_of
from opla.core.quote import LANGUAGES, Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import promotions as queries
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.operations import edit_promotions as editing
from opla.operations.edit_promotions import Draft
from opla.operations.offers import Claim
from opla.operations.promotions import at_version


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Promoting:
    at_version.cache_clear()  # versions of another database
    return Promoting(world, tmp_path / "mine.yaml")


def drafted() -> Draft:
    found = editing.draft(ANNA)
    assert isinstance(found, Draft)
    return found


def changed(shop: Promoting, name: str, **fields: object) -> Draft:
    found = drafted()
    entry = entry_of(found.document, Side.OURS, name) or {
        "id": name, "title": dict.fromkeys(LANGUAGES, name), "from": "2026-12-01 00:00",
    }  # fmt: skip
    no = editing.change(
        ANNA, Side.OURS, {**entry, **fields}, more={}, new=entry_of(found.document, Side.OURS, name) is None, why="So",
        seen=found.version, shop=shop.world.shop, at=shop.world.clock(),
    )  # fmt: skip
    assert no is None, no
    return drafted()


def delivered(shop: Promoting, email: str, *, claim: Claim | None = None) -> UUID:
    found: Quote = shop.quote(email=email, claim=claim)
    [placed] = shop.world.place(found)
    order_id: UUID = placed.order_id  # type: ignore[union-attr]  # it was placed
    shop.paid(order_id)
    shop.world.work(3)
    assert shop.world.state(order_id) == "delivered"
    return order_id


def test_what_each_cost_adds_up_to_what_the_books_say_of_all(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "stacks: true"), lines("large", "percent: 10", "stacks: true"))
    delivered(shop, "ana@example.org")
    delivered(shop, "bo@example.org")
    shop.order(email="cy@example.org")  # nobody paid it
    found = queries.costs(["winter", "large", "nobody"])
    assert {name: (one.orders, one.minor) for name, one in found.items()} == {"winter": (2, 400), "large": (2, 300)}
    assert queries.cost_in_all("EUR") == Money(700, "EUR")
    assert [c.name for c in books(shop.world.clock()) if not c.holds] == []


def test_orders_are_tried_with_what_they_really_were(shop: Promoting) -> None:
    shop.run(lines("winter", 'amount: "2.00"', "most_uses: 1"))
    delivered(shop, "ana@example.org")
    delivered(shop, "bo@example.org")
    found = changed(shop, "winter", gives={"amount": "3.00"}, most_uses=2)
    sales = editing.would_have_cost(found, days=30, at=shop.world.clock())
    assert [(one.now.amount_minor, one.then.amount_minor) for one in sales.tried] == [(1300, 1200), (1500, 1200)]
    assert (sales.looked, sales.all_of_them, sales.difference_minor) == (2, True, -400)
    assert editing.would_have_cost(found, days=0, at=shop.world.clock() + timedelta(days=1)).looked == 0


def test_they_are_read_in_one_statement_and_say_whose_nobody_is(shop: Promoting) -> None:
    for n in range(3):
        delivered(shop, f"Ana{n}@Example.org")
        shop.world.clock.tick(60)
    delivered(shop, "ana0@example.org")
    with CaptureQueriesContext(connection) as said:
        found = queries.delivered_since(shop.world.clock() - timedelta(days=1), 100)
    assert len(said) == 1
    assert [one.first for one in found] == [True, True, True, False]
    assert found[0].customers == found[3].customers
    assert {one.domain for one in found} == {"example.org"}
    assert "ana" not in str(found).lower()
    assert [len(queries.delivered_since(shop.world.clock() - timedelta(days=1), n)) for n in (2, 100)] == [2, 4]
    assert {one.channel for one in found} == {Channel.WEB}


def test_a_proposal_has_no_price(shop: Promoting) -> None:
    changed(shop, "winter", gives={"percent": 50})
    assert shop.quote(CODE).price.discount_minor == 0
    assert editing.approve(ANNA, seen=drafted().version, shop=shop.world.shop, at=shop.world.clock()) is None
    assert shop.quote(CODE).price.discount_minor == 0  # it begins in December
    changed(shop, "winter", **{"from": "2026-11-01 00:00"})
    old = shop.quote(CODE)
    assert editing.approve(ANNA, seen=drafted().version, shop=shop.world.shop, at=shop.world.clock()) is None
    assert shop.quote(CODE).price.discount_minor == 750
    [placed] = shop.world.place(old)
    assert not isinstance(placed, Refusal)
    assert select("SELECT discount_minor FROM orders") == [(0,)]  # what was shown


def test_nobody_else_of_the_house_may(shop: Promoting) -> None:
    for actor in (SAM, Actor(Role.ACCOUNTANT, "acc"), Actor(Role.SHOP_MANAGER, "mo"), Actor(Role.CLERK, "c@till")):
        at = {"shop": shop.world.shop, "at": shop.world.clock()}
        answers = [
            editing.draft(actor),
            editing.change(actor, Side.OURS, {"id": "x"}, more={}, new=True, why="So", seen=0, **at),  # type: ignore[arg-type]
            editing.end(actor, "x", why="So", seen=0, **at),  # type: ignore[arg-type]
            editing.go_back(actor, 1, why="So", seen=0, **at),  # type: ignore[arg-type]
            editing.discard(actor, seen=0),
            editing.approve(actor, seen=0, **at),  # type: ignore[arg-type]
            editing.past(actor, 1),
        ]
        assert all(isinstance(no, Refusal) and no.code is Code.NOT_ALLOWED for no in answers)


def test_one_that_is_ended_in_the_hour_that_comes_twice_has_ended_before_it(shop: Promoting) -> None:
    shop.run(lines("winter", "percent: 10").replace("2026-11-01", "2026-10-01"))
    shop.world.clock.now = shop.world.clock.now.replace(month=10, day=25, hour=0, minute=30)  # 02:30, the first time
    found = drafted()
    here, at = shop.world.shop, shop.world.clock()
    assert editing.end(ANNA, "winter", why="So", seen=found.version, shop=here, at=at) is None
    entry = entry_of(drafted().document, Side.OURS, "winter")
    assert entry is not None
    assert entry["until"] == "2026-10-25 01:59"
    assert editing.approve(ANNA, seen=drafted().version, shop=here, at=at) is None
    assert shop.quote().price.discount_minor == 0


def test_inventions_do_not_run_beside_real_money(shop: Promoting) -> None:
    from dataclasses import replace

    shop.run(lines("winter", "percent: 10"))  # its file says that it is a sample
    real = replace(shop.world.shop, sandbox=False)
    found = drafted()
    no = editing.end(ANNA, "winter", why="So", seen=found.version, shop=real, at=shop.world.clock())
    assert no == Refusal(Code.PROMOTION_SAMPLE_ONLY, "version")
