"""Quotes become orders once; payments are open once; whoever comes second is told so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from django.db.utils import IntegrityError

from fakes import CUSTOMER, DEVICE, START, World
from opla.core.ports import Answer
from opla.db.keyring import digest
from opla.db.queries import orders
from opla.db.queries.call import select
from opla.db.queries.orders import NewOrder, PlacedRow
from opla.operations.place_orders import Placed, new_payment
from support import at_once, by_owner


def placing(world: World, quote_id: UUID, device: bytes = DEVICE) -> tuple[NewOrder, orders.NewPayment]:
    chance, payment = world.shop.chance, new_payment("sandbox", shop=world.shop, at=START)
    new = NewOrder(
        quote_id, digest(device), chance.uuid(START), chance.order_number(), chance.secret(), b"", payment.payment_id
    )
    return new, payment


def place(world: World, *pairs: tuple[NewOrder, orders.NewPayment], at: datetime = START) -> list[PlacedRow]:
    new, payments = [o for o, _ in pairs], [p for _, p in pairs]
    return orders.place(new, payments, actor=CUSTOMER, at=at, expires_at=at + world.shop.terms.payment_valid)


def test_each_row_is_answered_in_its_place(world: World) -> None:
    fresh, others, unknown = world.quote(), world.quote(device=b"somebody else's"), UUID(int=9)
    old = world.quote()
    one, repeat = placing(world, fresh.id), placing(world, fresh.id)
    rows = place(world, placing(world, unknown), one, placing(world, others.id), repeat)
    assert [r.result for r in rows] == ["quote_unknown", "placed", "quote_unknown", "again"]
    assert rows[3].order_id == one[0].order_id
    late = placing(world, old.id)
    assert [r.result for r in place(world, late, at=old.expires_at)] == ["quote_expired"]
    assert select("SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM payment)") == [(1, 1)]
    assert select("SELECT count(*) FROM attempt") == [(1,)]


def test_one_quote_from_two_connections_at_once_is_one_order(world: World) -> None:
    quotes = [world.quote() for _ in range(10)]
    answers = at_once(*[lambda: world.place(*quotes)] * 2)
    placed = [[a for a in batch if isinstance(a, Placed)] for batch in answers]
    assert [a.order_id for a in placed[0]] == [a.order_id for a in placed[1]]
    assert [a.link for a in placed[0]] == [a.link for a in placed[1]]
    assert sorted(a.again for batch in placed for a in batch) == [False] * 10 + [True] * 10
    assert select("SELECT count(*), sum(amount_minor)::int FROM payment") == [(10, 15000)]


def test_two_tabs_that_pay_again_open_one_payment(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    tries = [(order_id, new_payment("sandbox", shop=world.shop, at=START)) for _ in range(2)]

    def again(n: int) -> list[str]:
        return orders.pay_again([tries[n]], at=START, expires_at=START + world.shop.terms.payment_valid)

    assert sorted(r for rs in at_once(lambda: again(0), lambda: again(1)) for r in rs) == ["open", "placed"]
    assert select("SELECT count(*) FROM payment WHERE state = 'opening'") == [(1,)]


def test_paying_again_answers_each_row_and_a_repeat_opens_nothing(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.session(0, Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    paid, open_one = world.paid(), world.order()
    asked = [order_id, UUID(int=4), order_id, open_one, paid]
    tries = [(o, new_payment("sandbox", shop=world.shop, at=START)) for o in asked]
    results = orders.pay_again(tries, at=START, expires_at=START + world.shop.terms.payment_valid)
    assert results == ["placed", "not_found", "open", "open", "order_not_payable"]
    assert select("SELECT count(*) FROM payment WHERE state = 'opening'") == [(2,)]


def test_an_allocation_that_does_not_add_up_is_refused_whoever_writes_it(world: World) -> None:

    world.order()
    other = world.order()
    with pytest.raises(IntegrityError, match="add up"):
        by_owner(
            """INSERT INTO allocation SELECT payment_id, %s, 1 FROM allocation WHERE order_id <> %s LIMIT 1""",
            [other, other],
        )
