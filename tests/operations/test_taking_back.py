"""Giving back a code nobody has looked at: by its device, once, in time; the books and the shelf say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from fakes import ANOTHER_DEVICE, CODE, CUSTOMER, DEVICE, DIRECT, World
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.db.queries import pages
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Revealed, Stock, stock
from opla.operations.links import device_hash
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.reveal_code import reveal
from opla.operations.take_back import may, take_code_back
from opla.suppliers.code_stock.provider import OwnStock
from support import at_once

ANNA = Actor(Role.OWNER, "anna")


def delivered(world: World, *, ours: bool = True, sku: str = CODE, valid_until: date | None = None) -> UUID:
    if ours and sku == CODE:
        world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
        world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
        pin = f"{uuid4().int % 10**13:013d}"
        one = NewCode(uuid4(), CODE, pin, "S", 1400, "EUR", valid_until)
        assert stock([one], batch=uuid4(), actor=ANNA, at=world.clock(), keyring=world.shop.keyring) == [True]
    order_id = world.paid(sku)
    world.work(2)
    assert world.state(order_id) == "delivered"
    return order_id


def give_back(world: World, order_id: UUID, device: bytes = DEVICE) -> Refusal | None:
    return take_code_back(CUSTOMER, order_id, device=device, shop=world.shop, at=world.clock())


def offered(world: World, order_id: UUID, device: bytes = DEVICE) -> bool:
    page = pages.order_by_id(order_id, device_hash(device))
    assert page is not None
    return may(page, world.clock())


def look(world: World, order_id: UUID) -> object:
    return reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())


def test_ours_is_for_sale_again_and_the_money_goes_back(world: World) -> None:
    order_id = delivered(world)
    assert offered(world, order_id)
    assert give_back(world, order_id) is None
    assert select("SELECT state, order_id FROM code") == [("stock", None)]
    assert not offered(world, order_id)
    world.work(3)
    assert (world.state(order_id), world.refunds()) == ("refunded", [("unseen", 1500, "done")])
    another = world.paid(CODE)
    world.work(2)
    assert world.state(another) == "delivered"
    assert isinstance(look(world, another), Revealed)
    assert isinstance(look(world, order_id), Refusal)


def test_a_suppliers_is_blocked_and_nobody_sees_it_any_more(world: World) -> None:
    order_id = delivered(world, ours=False)
    assert give_back(world, order_id) is None
    world.work(3)
    assert (world.state(order_id), select("SELECT state FROM code")) == ("refunded", [("blocked",)])
    assert isinstance(look(world, order_id), Refusal)


def test_asked_twice_it_goes_back_once(world: World) -> None:
    order_id = delivered(world)
    found = at_once(*[lambda: give_back(world, order_id)] * 3)
    assert found == [None] * 3
    world.work(3)
    assert give_back(world, order_id) is None
    assert world.refunds() == [("unseen", 1500, "done")]


def test_somebody_who_looked_writes_to_the_shop(world: World) -> None:
    order_id = delivered(world)
    look(world, order_id)
    assert not offered(world, order_id)
    found = give_back(world, order_id)
    assert isinstance(found, Refusal)
    assert found.code == "code_seen"


@pytest.mark.parametrize("device", [ANOTHER_DEVICE, b""])
def test_another_device_gives_nothing_back(world: World, device: bytes) -> None:
    order_id = delivered(world)
    assert not offered(world, order_id, device)
    found = give_back(world, order_id, device)
    assert isinstance(found, Refusal)
    assert found.code == "proof_needed"
    assert world.state(order_id) == "delivered"


def test_until_a_week_before_its_last_day(world: World) -> None:
    order_id = delivered(world, valid_until=world.clock().date() + timedelta(days=8))
    world.clock.now += timedelta(days=1)
    assert offered(world, order_id)
    world.clock.now = world.clock.now.replace(hour=23, minute=30)  # the next day has begun in Brussels
    assert not offered(world, order_id)
    found = give_back(world, order_id)
    assert isinstance(found, Refusal)
    assert found.code == "take_back_over"


def test_credit_on_a_number_does_not_go_back_so(world: World) -> None:
    order_id = delivered(world, sku=DIRECT)
    assert not offered(world, order_id)
    found = give_back(world, order_id)
    assert isinstance(found, Refusal)
    assert found.code == "nothing_to_refund"


def test_it_waits_at_the_days_cap_for_a_person(world: World) -> None:
    order_id = delivered(world)
    world.shop = replace(world.shop, refund_cap_minor=1499)
    assert give_back(world, order_id) is None
    world.work(3)
    assert (world.state(order_id), world.items()) == ("refunding", ["refund_cap"])


def test_a_refund_that_waits_for_its_second_person_is_decided_first(world: World) -> None:
    order_id = delivered(world)
    world.shop = replace(world.shop, refund_alone_minor=100)
    refund_by_choice(
        ANNA, order_id, refund_id=uuid4(), amount=None, why="asked by phone", shop=world.shop, at=world.clock()
    )
    found = give_back(world, order_id)
    assert isinstance(found, Refusal)
    assert found.code == "refund_waits"


def test_only_a_customer_does_it(world: World) -> None:
    order_id = delivered(world)
    found = take_code_back(ANNA, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(found, Refusal)
    assert found.code == "not_allowed"
