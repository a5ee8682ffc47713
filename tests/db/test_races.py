"""Two connections at once, about the same money: one wins, the other meets what the winner left, and the books hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from fakes import ANOTHER_WORKER, CODE, CUSTOMER, DEVICE, DIRECT, WORKER, Playing, World
from opla.core.actor import Actor, Role
from opla.core.attempt import Kind
from opla.core.money import Money
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.db.queries.attempts import claim
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Revealed, Stock, stock
from opla.db.queries.refunds import Chosen
from opla.operations.expire import expire
from opla.operations.refund_by_choice import approve_refund, refund_by_choice
from opla.operations.reveal_code import reveal
from opla.operations.take_back import take_code_back
from opla.operations.work import settle_claims
from opla.suppliers.code_stock.provider import OwnStock
from support import at_once, by_owner, until_somebody_waits

ANNA, BEN, SAM = Actor(Role.OWNER, "anna"), Actor(Role.OWNER, "ben"), Actor(Role.SUPPORT, "sam")
_TRIES = 3  # each a race of its own


def delivered(world: World, sku: str = DIRECT) -> UUID:
    order_id = world.paid(sku)
    world.work(2)
    assert world.state(order_id) == "delivered"
    return order_id


def back(world: World, order_id: UUID, cents: int | None = None, key: UUID | None = None) -> Callable[[], object]:
    amount = None if cents is None else Money(cents, "EUR")
    return lambda: refund_by_choice(
        SAM,
        order_id,
        refund_id=key or uuid4(),
        amount=amount,
        why="a reason",
        shop=world.shop,
        at=world.clock(),
    )


def granted(found: list[object]) -> int:
    return sum(isinstance(one, Chosen) for one in found)


def test_two_refunds_of_one_order_never_give_more_than_came_in(world: World) -> None:
    for cents in (1000, None, 750):
        order_id = delivered(world)
        found = at_once(back(world, order_id, cents), back(world, order_id, cents))
        assert granted(found) == (2 if cents == 750 else 1), found
        met = {f.code for f in found if isinstance(f, Refusal)}  # by how far the winner's refund has come
        assert met <= {"refund_too_much", "refund_by_rule", "nothing_to_refund"}
    world.work(3)
    assert select("SELECT max(refunded_minor), min(captured_minor) FROM payment") == [(1500, 1500)]


def test_one_form_sent_twice_at_once_refunds_once(world: World) -> None:
    for cents in (500, None, 1500):
        order_id, key = delivered(world), uuid4()
        one, two = at_once(back(world, order_id, cents, key), back(world, order_id, cents, key))
        assert one == two
    assert select("SELECT count(*) FROM refund") == [(3,)]


def test_a_refund_by_choice_and_news_of_a_charge_back(world: World) -> None:
    for _ in range(_TRIES):
        order_id = delivered(world)
        reference = list(world.provider.charges)[-1]
        before = world.provider.charges[reference]
        world.provider.charges[reference] = replace(before, charged_back_minor=1500)
        world.wake()
        found, _worked = at_once(back(world, order_id), world.work)
        world.clock.tick(5)
        world.work(4)
        rows = select("SELECT charged_back_minor, refunded_minor FROM payment ORDER BY id DESC LIMIT 1")
        # Whoever was first: the charge-back is posted, and a refund that had not left yet never leaves.
        assert rows[0][0] == 1500
        if isinstance(found, Refusal):
            assert (found.code, rows[0][1]) == ("nothing_to_refund", 0)
    assert world.items() == ["outside_refund"] * _TRIES


@pytest.mark.parametrize("first", ["seen", "taken back"])
def test_a_code_is_either_seen_or_taken_back(world: World, first: str) -> None:
    """The second one begins while the first is written and not yet committed: it waits, and then meets the truth."""
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    chance, at = world.shop.chance, world.clock()
    one = NewCode(chance.uuid(at), CODE, "4455667788", "S", 1400, "EUR", None)
    stock([one], batch=chance.uuid(at), actor=ANNA, at=at, keyring=world.shop.keyring)
    order_id = delivered(world, CODE)
    written = Event()

    def looks() -> object:
        return reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=at)

    def begins(act: Callable[[], object]) -> object:
        with transaction.atomic():
            done = act()
            written.set()
            until_somebody_waits()
        return done

    def follows(act: Callable[[], object]) -> object:
        written.wait(10)
        return act()

    refunds = back(world, order_id)
    acts = (looks, refunds) if first == "seen" else (refunds, looks)
    won, lost = at_once(lambda: begins(acts[0]), lambda: follows(acts[1]))
    assert isinstance(won, Revealed if first == "seen" else Chosen), won
    assert isinstance(lost, Refusal), lost
    assert lost.code == ("evidence_missing" if first == "seen" else "not_delivered_yet")
    assert select("SELECT state FROM code") == [("sold" if first == "seen" else "stock",)]


@pytest.mark.parametrize("first", ["seen", "given back"])
def test_a_code_is_either_seen_or_given_back_by_its_buyer(world: World, first: str) -> None:
    """As above, with the button of the order's page: who comes second waits for the first, and is told the truth."""
    order_id, at = delivered(world, CODE), world.clock()
    written = Event()

    def looks() -> object:
        return reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=at)

    def gives_back() -> object:
        return take_code_back(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=at)

    def begins(act: Callable[[], object]) -> object:
        with transaction.atomic():
            done = act()
            written.set()
            until_somebody_waits()
        return done

    def follows(act: Callable[[], object]) -> object:
        written.wait(10)
        return act()

    acts = (looks, gives_back) if first == "seen" else (gives_back, looks)
    won, lost = at_once(lambda: begins(acts[0]), lambda: follows(acts[1]))
    assert isinstance(won, Revealed) if first == "seen" else won is None
    assert isinstance(lost, Refusal), lost
    assert lost.code == ("code_seen" if first == "seen" else "not_delivered_yet")
    world.work(3)
    assert world.state(order_id) == ("delivered" if first == "seen" else "refunded")


def test_late_money_and_the_end_of_the_order(world: World) -> None:
    for _ in range(_TRIES):
        order_id = world.order()
        world.work()
        world.clock.now += timedelta(minutes=20)
        world.provider.session(-1, Answer.SUCCEEDED, 1500)
        world.wake()
        at_once(lambda: world.work(worker=WORKER), lambda: expire(shop=world.shop, at=world.clock()))
        world.clock.tick(30)
        world.work(4)
        late = [("late", 1500, "done")] if world.state(order_id) == "refunded" else []
        rows = select("SELECT reason, amount_minor, state FROM refund WHERE order_id = %s", [order_id])
        assert (world.state(order_id) in ("delivered", "refunded"), rows) == (True, late)


def test_two_captures_seen_by_two_workers_count_once(world: World) -> None:
    order_id = world.paid()
    world.work(2)
    world.provider.session(-1, Answer.SUCCEEDED, 3000)
    world.wake()
    claims = []
    for worker in (WORKER, ANOTHER_WORKER):  # the first one overslept its lease, and both go on
        claims.append(claim(worker, [Kind.CHARGE], at=world.clock(), limit=5, lease_s=30))
        by_owner("UPDATE attempt SET lease_until = opla_clock() - interval '1 second' WHERE kind = 'charge'")

    def settles(worker: UUID, n: int) -> Callable[[], object]:
        return lambda: settle_claims(
            claims[n], worker=worker, shop=world.shop, outside=Playing(world), at=world.clock(), clock=world.clock
        )

    at_once(settles(WORKER, 0), settles(ANOTHER_WORKER, 1))
    world.work(3)
    assert [len(c) for c in claims] == [1, 1]
    assert (world.state(order_id), world.refunds()) == ("delivered", [("overpaid", 1500, "done")])


@pytest.mark.parametrize("approvers", [(BEN, BEN), (BEN, Actor(Role.OWNER, "carla"))])
def test_two_approvals_start_one_refund(world: World, approvers: tuple[Actor, Actor]) -> None:
    world.shop = replace(world.shop, refund_alone_minor=100)
    order_id = delivered(world)
    asked = back(world, order_id)()
    assert isinstance(asked, Chosen)
    found = at_once(
        *(
            lambda who=who: approve_refund(who, asked.id, shop=world.shop, at=world.clock())  # type: ignore[misc]  # bound now
            for who in approvers
        )
    )
    assert granted(list(found)) == 1
    assert [f.code for f in found if isinstance(f, Refusal)] == ["item_closed"]
    world.work(2)
    assert world.refunds() == [("choice", 1500, "done")]
