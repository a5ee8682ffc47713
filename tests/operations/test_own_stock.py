"""Codes of our own shelf: asked first where we have them, worth their cost until sold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.core.ports import Answer
from opla.db.queries import codes
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Revealed, Stock
from opla.operations.reveal_code import reveal
from opla.suppliers.code_stock.provider import OwnStock


@pytest.fixture
def shelf(world: World) -> World:
    """A shop with one code of its own."""
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    chance = world.shop.chance
    one = NewCode(chance.uuid(START), CODE, "4821 9034 7715 2", "S1", 1400, "EUR", None)
    codes.stock([one], batch=chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=world.shop.keyring)
    return world


def test_a_code_of_ours_is_sold_at_its_cost_and_revealed_as_it_was_stocked(shelf: World) -> None:
    order_id = shelf.paid()
    shelf.work()
    assert (shelf.state(order_id), shelf.supplier.asked) == ("delivered", [])
    assert (shelf.balance("code_stock:EUR"), shelf.balance("bank:EUR"), shelf.balance("margin:EUR")) == (0, -1400, -100)
    found = reveal(CUSTOMER, order_id, device=DEVICE, shop=shelf.shop, at=START)
    assert isinstance(found, Revealed)
    assert (found.pin, found.serial) == ("4821 9034 7715 2", "S1")


def test_what_we_do_not_have_is_asked_of_the_next_supplier(shelf: World) -> None:
    orders = [shelf.paid(CODE), shelf.paid(CODE), shelf.paid(DIRECT)]
    shelf.work(3)
    assert [shelf.state(o) for o in orders] == ["delivered"] * 3
    assert shelf.supplier.gave == 2
    assert select("SELECT supplier FROM delivery ORDER BY 1") == [("code_stock",), ("sandbox",), ("sandbox",)]


def test_two_orders_for_the_last_code_are_both_delivered(shelf: World) -> None:
    orders = [shelf.order(), shelf.order()]
    shelf.work()
    shelf.provider.decide(Answer.SUCCEEDED, 1500)
    shelf.wake()
    shelf.work(4)
    assert [shelf.state(o) for o in orders] == ["delivered"] * 2
    assert select("SELECT count(DISTINCT code_id) FROM delivery") == [(2,)]
