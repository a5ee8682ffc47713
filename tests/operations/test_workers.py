"""Workers die, sleep and race. Nothing is done twice, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from fakes import ANOTHER_WORKER, CODE, DIRECT, WORKER, Playing, World
from opla.core import attempt
from opla.core.ports import Answer, ChargeReport, Promises, SendReport, SendRequest
from opla.db.queries import attempts
from opla.db.queries.apply import apply
from opla.db.queries.call import select
from opla.operations.deliver import SendDesk
from opla.operations.dispatch import Dispatch
from opla.operations.settle import Going, Worked, write
from support import at_once, by_owner

FINDS_ONLY = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)


def lapse() -> None:
    by_owner("UPDATE attempt SET lease_until = lease_until - interval '1 hour'")


def claim_sends(world: World) -> list[attempts.Claimed]:
    return attempts.claim(WORKER, [attempt.Kind.SEND], at=world.clock(), limit=9, lease_s=30)


def test_a_worker_that_dies_before_sending_leaves_the_send_to_the_next(world: World) -> None:
    order_id = world.paid()
    [_] = claim_sends(world)
    world.work(worker=ANOTHER_WORKER)
    assert (world.state(order_id), world.supplier.asked) == ("paid", [])
    lapse()
    world.work(worker=ANOTHER_WORKER)
    assert (world.state(order_id), len(world.supplier.asked)) == ("delivered", 1)


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("refuses_repeat", [True, False])
def test_a_worker_that_dies_while_sending_leaves_an_unknown(world: World, sent: bool, refuses_repeat: bool) -> None:
    world.supplier.promises = replace(FINDS_ONLY, refuses_repeat=refuses_repeat)
    order_id = world.paid()
    [one] = claim_sends(world)
    assert attempts.sending(WORKER, [(one.id, 10)])
    if sent:
        case = SendDesk(world.shop, Playing(world), Dispatch(world.shop, world.clock())).load([one])[one.id]
        SendDesk(world.shop, Playing(world), Dispatch(world.shop, world.clock())).call(one, case, attempt.Step.SEND)
    lapse()
    world.work_through(20 * 60, step_s=20)
    known = sent or refuses_repeat
    assert (world.state(order_id), world.items()) == (("delivered", []) if known else ("paid", ["unknown_send"]))
    assert world.supplier.gave == int(known)
    assert world.refunds() == []


def test_an_answer_that_comes_after_the_lease_was_lost_still_counts_once(world: World) -> None:
    """The first worker sleeps in its call; the second repeats it, is first to write, and both heard the same."""
    order_id = world.paid()

    def slowly(request: SendRequest) -> SendReport:
        lapse()
        world.work(worker=ANOTHER_WORKER)
        return world.supplier.give(request)

    world.supplier.script = [slowly]
    world.work()
    assert world.events(order_id) == ["placed", "paid", "delivered"]
    assert (world.supplier.gave, len(set(world.supplier.asked)), world.items()) == (1, 1, [])
    assert select("SELECT count(*) FROM outbox WHERE topic = 'delivered'") == [(1,)]


def test_a_worker_that_slept_before_its_socket_sends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = world.paid()
    awake = attempts.sending

    def asleep(worker: UUID, asked: list[tuple[UUID, int]]) -> set[UUID]:
        if worker == WORKER and asked:
            lapse()
            world.work(worker=ANOTHER_WORKER)
        return awake(worker, asked)

    monkeypatch.setattr(attempts, "sending", asleep)
    world.work()
    assert (world.state(order_id), len(world.supplier.asked)) == ("delivered", 1)


def test_two_workers_that_saw_the_same_second_capture_give_it_back_once(world: World) -> None:
    order_id = world.paid()
    world.work()
    [(reference, before)] = world.provider.charges.items()
    world.provider.session(0, Answer.SUCCEEDED, 3000)
    world.wake()
    fetch: Callable[[str, str], ChargeReport | None] = world.provider.fetch

    def slowly(asked: str, provider_id: str) -> ChargeReport | None:
        world.provider.fetch = fetch  # type: ignore[method-assign]  # the second worker is not slow
        lapse()
        world.work(worker=ANOTHER_WORKER)
        return fetch(asked, provider_id)

    world.provider.fetch = slowly  # type: ignore[method-assign]  # the first one is
    world.work()
    world.work(2)
    assert world.refunds() == [("overpaid", 1500, "done")]
    assert sum(world.provider.refunded_minor.values()) == 1500
    assert (world.state(order_id), reference, before.captured_minor) == ("delivered", reference, 1500)


def test_two_workers_at_once_deliver_each_of_fifty_orders_once(world: World) -> None:
    orders = [world.order(CODE if n % 2 else DIRECT) for n in range(50)]
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()

    def work(worker: UUID) -> int:
        return sum(world.work(worker=worker) for _ in range(12))

    at_once(lambda: work(WORKER), lambda: work(ANOTHER_WORKER))
    world.work(2)
    assert {world.state(o) for o in orders} == {"delivered"}
    assert (world.supplier.gave, len(world.supplier.asked), len(world.mailbox.sent)) == (50, 50, 50)
    assert world.balance("psp_clearing:sandbox:EUR") == 75_000
    assert world.items() == []


def test_a_decision_taken_on_old_news_is_taken_again(world: World) -> None:
    """Both heard `succeeded` from a claim of long ago: the second finds it delivered, and changes nothing."""
    order_id = world.paid()
    [one] = claim_sends(world)
    attempts.sending(WORKER, [(one.id, 10)])
    desk = SendDesk(world.shop, Playing(world), Dispatch(world.shop, world.clock()))
    case = desk.load([one])[one.id]
    heard = Worked(one, case, desk.call(one, case, attempt.Step.SEND))
    for _ in range(2):
        write(desk, [heard], Going(WORKER, world.shop, world.clock(), world.clock))
    assert world.events(order_id) == ["placed", "paid", "delivered"]
    assert select("SELECT count(*) FROM transfer WHERE reason = 'cost'") == [(1,)]
    assert apply([], actor=None, at=world.clock(), keyring=None, chance=None) == []  # type: ignore[arg-type]  # unused
