"""Several orders under one payment: all of them or none, and from then on each by itself."""

from __future__ import annotations

from uuid import UUID

import pytest

from fakes import ANOTHER_DEVICE, CODE, CUSTOMER, DEVICE, NUMBER, World
from opla.core.ports import Answer
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.db.keyring import digest
from opla.db.queries import orders as queries
from opla.db.queries import together
from opla.db.queries.call import select
from opla.operations.place_orders import Placed, Placement, new_payment, place_orders
from support import at_once


def three(world: World) -> list[Quote]:
    """Prices of 15, 20 and 5 euros."""
    return [world.quote(CODE), world.quote("OR-20"), world.quote("BA-5", number=NUMBER)]


def ordered(world: World, quotes: list[Quote]) -> list[UUID]:
    placed = world.place(*quotes, together=True)
    world.work()
    return [p.order_id for p in placed if isinstance(p, Placed)]


def codes(answers: list[Placed | Refusal]) -> list[str]:
    return ["placed" if isinstance(a, Placed) else str(a.code) for a in answers]


def captured(world: World, n: int, minor: int) -> None:
    world.provider.session(n, Answer.SUCCEEDED, minor)
    world.wake()
    world.work(4)


def money() -> list[tuple[object, ...]]:
    return select("SELECT count(*), coalesce(sum(amount_minor), 0)::int FROM payment")


def test_one_that_cannot_be_had_any_more_keeps_all_from_being_paid(world: World) -> None:
    quotes = three(world)
    for bad, why in (
        (Placement(UUID(int=9), 500, "sandbox"), "quote_unknown"),
        (Placement(quotes[2].id, 499, "sandbox"), "quote_changed"),
    ):
        wanted = [Placement(q.id, q.price.total.amount_minor, "sandbox") for q in quotes[:2]]
        answers = place_orders(
            CUSTOMER, [*wanted, bad], device=DEVICE, shop=world.shop, at=world.clock(), together=True
        )
        assert codes(answers) == ["basket_changed", "basket_changed", why]
    assert money() == [(0, 0)]
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_one_that_was_ordered_before_is_named_and_the_others_wait(world: World) -> None:
    quotes = three(world)
    [alone] = world.place(quotes[1])
    answers = world.place(*quotes, together=True)
    assert codes(answers) == ["basket_changed", "placed", "basket_changed"]
    assert isinstance(alone, Placed)
    assert isinstance(answers[1], Placed)
    assert (answers[1].order_id, answers[1].again) == (alone.order_id, True)
    assert money() == [(1, 2000)]


def test_a_price_that_ran_out_keeps_all_from_being_paid(world: World) -> None:
    old = world.quote("OR-20")
    world.clock.tick(14 * 60)
    new = world.quote(CODE)
    world.clock.tick(2 * 60)
    assert codes(world.place(new, old, together=True)) == ["basket_changed", "quote_expired"]
    assert money() == [(0, 0)]


def test_two_baskets_that_share_a_sim_make_one_payment_for_it_whoever_is_first(world: World) -> None:
    for _ in range(4):
        shared, one, two = three(world)
        before = money()[0][0]
        answers = at_once(
            lambda a=one, b=shared: world.place(a, b, together=True),
            lambda a=two, b=shared: world.place(b, a, together=True),
        )
        said = sorted(sorted(codes(batch)) for batch in answers)
        assert said == [["basket_changed", "placed"], ["placed", "placed"]]
        assert money()[0][0] == int(str(before)) + 1


def test_the_same_basket_from_two_tabs_at_once_is_one_payment(world: World) -> None:
    quotes = three(world)
    answers = at_once(*[lambda: world.place(*quotes, together=True)] * 2)
    assert [codes(batch) for batch in answers] == [["placed"] * 3] * 2
    assert money() == [(1, 4000)]


def test_unpaid_together_they_are_cancelled_together_and_late_money_goes_back_for_each(world: World) -> None:
    orders = ordered(world, three(world))
    world.clock.tick(21 * 60)
    world.work()
    assert [world.state(o) for o in orders] == ["cancelled"] * 3
    captured(world, 0, 4000)
    assert [world.state(o) for o in orders] == ["refunded"] * 3
    assert sorted(world.refunds()) == [("late", 500, "done"), ("late", 1500, "done"), ("late", 2000, "done")]
    assert world.supplier.gave == 0
    assert world.balance("psp_clearing:sandbox:EUR") == 0


def test_a_second_payment_of_all_goes_back_and_all_stay_delivered(world: World) -> None:
    orders = ordered(world, three(world))
    world.provider.decide(Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    assert world.pay_again(orders[1]) is None
    assert money() == [(2, 8000)]
    world.work()
    captured(world, 1, 4000)
    captured(world, 0, 4000)
    assert [world.state(o) for o in orders] == ["delivered"] * 3
    assert sorted(world.refunds()) == [("second", 500, "done"), ("second", 1500, "done"), ("second", 2000, "done")]
    assert world.supplier.gave == 3
    assert world.balance("psp_clearing:sandbox:EUR") == 4000


def test_one_paid_alone_meanwhile_is_not_paid_again_with_the_others(world: World) -> None:
    first, second, third = ordered(world, three(world))
    world.provider.decide(Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    assert {first, second, third} == set(together.unpaid(first, world.clock()))
    # In another tab the third alone is being paid: from an older page, before any of this.
    new = new_payment("sandbox", shop=world.shop, at=world.clock())
    expires_at = world.clock() + world.shop.terms.payment_valid
    assert queries.pay_again([(third, new)], at=world.clock(), expires_at=expires_at) == ["placed"]
    assert world.pay_again(first) is None
    assert select("SELECT amount_minor FROM payment ORDER BY id") == [(4000,), (500,), (3500,)]
    shared = new_payment("sandbox", shop=world.shop, at=world.clock())
    tries = [(one, shared) for one in (first, second, third)]
    assert queries.pay_again(tries, at=world.clock(), expires_at=expires_at) == ["open"] * 3
    world.work()
    captured(world, 1, 500)
    captured(world, 2, 3500)
    captured(world, 0, 4000)  # and the first session was paid as well, late
    assert [world.state(o) for o in (first, second, third)] == ["delivered"] * 3
    assert world.balance("psp_clearing:sandbox:EUR") == 4000


def test_a_neighbour_that_cannot_be_paid_any_more_leaves_a_shared_payment_unmade(world: World) -> None:
    first, second, _ = ordered(world, three(world))
    world.provider.decide(Answer.DECLINED, why="refused")
    world.wake()
    world.work()
    shared = new_payment("sandbox", shop=world.shop, at=world.clock())
    expires_at = world.clock() + world.shop.terms.payment_valid
    tries = [(first, shared), (UUID(int=5), shared), (second, shared)]
    assert queries.pay_again(tries, at=world.clock(), expires_at=expires_at) == ["open", "not_found", "open"]
    assert money() == [(1, 4000)]


def test_what_is_refused_of_three_is_refunded_alone_and_the_receipt_of_all_says_so(world: World) -> None:
    orders = ordered(world, three(world))
    world.supplier.script = [world.supplier.give, world.supplier.refuses, world.supplier.give]
    captured(world, 0, 4000)
    states = [world.state(o) for o in orders]
    assert sorted(states) == ["delivered", "delivered", "refunded"]
    [(reason, minor, state)] = world.refunds()
    assert (reason, state) == ("declined", "done")
    [(refunding, refunded)] = select("SELECT refunding_minor, refunded_minor FROM payment")
    assert (refunding, refunded) == (0, minor)
    for order_id in orders:
        shares = together.shares(order_id, digest(DEVICE))
        assert [s.order_id for s in shares] == sorted(orders)
        assert [s.refunded.amount_minor for s in shares if s.refunded.amount_minor] == [minor]
        assert [s.order_id for s in together.shares(order_id, digest(ANOTHER_DEVICE))] == [order_id]
        assert together.paid(order_id).amount.amount_minor == 4000


@pytest.mark.parametrize("captured_minor", [3999, 4001])
def test_another_amount_than_the_basket_costs_goes_back_as_far_as_it_is_not_owed(
    world: World, captured_minor: int
) -> None:
    orders = ordered(world, three(world))
    captured(world, 0, captured_minor)
    paid = captured_minor > 4000
    assert [world.state(o) for o in orders] == ["delivered" if paid else "placed"] * 3
    assert world.balance("psp_clearing:sandbox:EUR") == (4000 if paid else 0)
