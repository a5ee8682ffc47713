"""What the payment provider keeps, played through. The books hold after each (the `world` fixture)."""

from __future__ import annotations

from dataclasses import replace

from fakes import ANOTHER_WORKER, CODE, DIRECT, WORKER, World
from opla.core.money import Money
from opla.core.ports import Answer
from opla.db.queries import items
from opla.db.queries.call import select
from opla.operations.wake import wake_payment
from opla.presenting import items as words
from support import at_once

FEES, CLEARING = "psp_fees:sandbox:EUR", "psp_clearing:sandbox:EUR"


def keeps(world: World, cents: int | None, **minor: int) -> None:
    """The provider tells what it keeps of its newest payment, and is asked."""
    reference = list(world.provider.charges)[-1]
    kept = None if cents is None else Money(cents, "EUR")
    world.provider.charges[reference] = replace(world.provider.charges[reference], fee=kept, **minor)  # type: ignore[arg-type]  # by name
    world.wake()
    world.work()


def test_a_fee_that_is_told_late_and_twice_is_posted_once(world: World) -> None:
    world.paid(DIRECT)
    world.work(2)
    assert (world.balance(FEES), world.balance(CLEARING)) == (0, 1500)
    for cents in (None, 43, 43, None, 43):
        keeps(world, cents)
    assert (world.balance(FEES), world.balance(CLEARING), world.items()) == (43, 1457, [])
    assert select("SELECT count(*) FROM transfer WHERE reason = 'psp_fee'") == [(1,)]


def test_a_fee_that_comes_with_the_capture_is_in_its_commit(world: World) -> None:
    world.order(DIRECT)
    world.work()
    reference = list(world.provider.charges)[-1]
    captured = replace(world.provider.charges[reference], answer=Answer.SUCCEEDED, captured_minor=1500)
    world.provider.charges[reference] = replace(captured, fee=Money(43, "EUR"))
    world.wake()
    world.work()
    [(same,)] = select(
        """SELECT count(DISTINCT e.at) FROM event e JOIN transfer t ON t.event_id = e.id
           WHERE t.reason IN ('captured', 'psp_fee')"""
    )
    assert (same, world.balance(FEES)) == (1, 43)


def test_a_charge_back_costs_its_own_fee_which_may_come_back_when_it_is_won(world: World) -> None:
    world.paid(DIRECT)
    world.work(2)
    keeps(world, 43)
    keeps(world, 1543, charged_back_minor=1500)
    assert (world.balance(FEES), world.balance(CLEARING)) == (1543, -1543)
    keeps(world, 43, charged_back_minor=0)
    assert (world.balance(FEES), world.balance(CLEARING)) == (43, 1457)


def test_a_fee_that_changes_without_cause_is_for_a_person(world: World) -> None:
    world.paid(DIRECT)
    world.work(2)
    for cents in (43, 44, 44):
        keeps(world, cents)
    assert (world.balance(FEES), world.items()) == (43, ["contradiction"])
    [found] = items.open_items()
    assert words.why(found) == "First they said that they keep €0.43 for their work, now €0.44."


def test_a_refund_bears_its_own_fee_also_when_it_is_told_later(world: World) -> None:
    world.provider.refund_fee = Money(10, "EUR")
    world.supplier.script = [world.supplier.refuses] * 2
    world.paid(DIRECT)
    world.work(3)
    assert (world.balance(FEES), world.balance(CLEARING)) == (10, -10)
    world.provider.refund_fee = None
    world.paid(DIRECT)
    world.work(3)
    [(reference, ended_at)] = select(
        """SELECT a.reference, r.ended_at FROM refund r JOIN attempt a ON a.refund_id = r.id
           WHERE r.state = 'done' AND a.fee_minor IS NULL"""
    )
    world.clock.tick(60)
    world.provider.refunds[str(reference)] = replace(world.provider.refunds[str(reference)], fee=Money(12, "EUR"))
    wake_payment("sandbox", [str(reference)], at=world.clock())
    world.work(2)
    assert world.balance(FEES) == 22
    assert select("SELECT count(*) FROM refund WHERE ended_at = %s", [ended_at]) != [(0,)]  # it ended when it ended


def test_two_workers_that_hear_of_a_fee_at_once_post_it_once(world: World) -> None:
    world.paid(DIRECT)
    world.work(2)
    reference = list(world.provider.charges)[-1]
    world.provider.charges[reference] = replace(world.provider.charges[reference], fee=Money(43, "EUR"))
    world.wake()
    at_once(lambda: world.work(2, WORKER), lambda: world.work(2, ANOTHER_WORKER))
    assert (world.balance(FEES), select("SELECT count(*) FROM transfer WHERE reason = 'psp_fee'")) == (43, [(1,)])


def test_a_late_sleeper_does_not_post_a_fee_again(world: World) -> None:
    """Its lease ran out in the call: another worker heard the same, and wrote it."""
    world.paid(DIRECT)
    world.work(2)
    reference = list(world.provider.charges)[-1]
    world.provider.charges[reference] = replace(world.provider.charges[reference], fee=Money(43, "EUR"))
    asked = world.provider.fetch

    def sleeps(ours: str, theirs: str) -> object:
        found = asked(ours, theirs)
        world.provider.fetch = asked  # type: ignore[method-assign]  # once
        with_lease_over(ours)
        world.work(2, ANOTHER_WORKER)
        return found

    world.provider.fetch = sleeps  # type: ignore[method-assign,assignment]  # the first look sleeps
    world.wake()
    world.work()
    assert select("SELECT count(*) FROM transfer WHERE reason = 'psp_fee'") == [(1,)]
    assert (world.balance(FEES), world.items()) == (43, [])


def with_lease_over(reference: str) -> None:
    from support import by_owner

    by_owner("UPDATE attempt SET lease_until = opla_clock() - interval '1 second' WHERE reference = %s", [reference])


def test_each_order_of_a_payment_bears_its_share_on_the_owners_page(world: World) -> None:
    first, second = world.quote(CODE), world.quote("PX-25")
    placed = world.place(first, second, together=True)
    order_ids = [one.order_id for one in placed if hasattr(one, "order_id")]
    assert len(order_ids) == 2
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 4000)
    keeps(world, 73)
    world.work(3)
    left = [items.sold(order_id) for order_id in order_ids]
    assert sum(one.provider_fee.amount_minor for one in left) == 73 == world.balance(FEES)
    assert [one.earned.amount_minor for one in left] == [60, 100]
    assert sum(one.left.amount_minor for one in left) == 160 - 73
