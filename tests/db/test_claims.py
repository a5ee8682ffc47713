"""Who works on what: a claim is one worker's until its lease runs out, and the socket is behind one last look."""

from __future__ import annotations

from uuid import UUID

import pytest

from fakes import ANOTHER_WORKER, START, WORKER, World
from opla.core.attempt import Kind, State
from opla.db.queries import attempts
from opla.db.queries.attempts import Claimed
from opla.db.queries.call import select
from support import at_once, by_owner


def claim(worker: UUID = WORKER, *, limit: int = 50, lease_s: int = 30) -> list[Claimed]:
    return attempts.claim(worker, list(Kind), at=START, limit=limit, lease_s=lease_s)


def lapse() -> None:
    by_owner("UPDATE attempt SET lease_until = lease_until - interval '1 hour'")


def test_two_workers_never_share_an_attempt(world: World) -> None:
    for _ in range(30):
        world.order()
    mine, yours = at_once(lambda: claim(limit=20), lambda: claim(ANOTHER_WORKER, limit=20))
    assert (len(mine) + len(yours), {c.id for c in mine} & {c.id for c in yours}) == (30, set())
    assert max(len(mine), len(yours)) <= 20  # two at once may each step over rows the other holds for a moment
    assert claim(ANOTHER_WORKER) == []


def test_a_claim_takes_no_more_than_its_limit_and_the_oldest_first(world: World) -> None:
    for _ in range(5):
        world.order()
        world.clock.tick(-60)
    found = claim(limit=3)
    assert sorted(c.made_at for c in found) == [world.clock() + (START - world.clock()) / 5 * n for n in (1, 2, 3)]


def test_who_died_before_sending_left_nothing_behind_and_who_died_while_sending_left_an_unknown(world: World) -> None:
    world.order()
    [one] = claim()
    assert one.state is State.CLAIMED
    lapse()
    [again] = claim(ANOTHER_WORKER)
    assert (again.id, again.state) == (one.id, State.CLAIMED)
    assert attempts.sending(ANOTHER_WORKER, [(one.id, 10)]) == {one.id}
    lapse()
    [unknown] = claim()
    assert (unknown.id, unknown.state, unknown.reference) == (one.id, State.UNKNOWN, one.reference)


@pytest.mark.parametrize(
    ("worker", "max_s", "lapsed", "may"),
    [
        (WORKER, 10, False, True),
        (WORKER, 31, False, False),  # the call may outlast the lease
        (ANOTHER_WORKER, 10, False, False),
        (WORKER, 10, True, False),
    ],
)
def test_the_last_look_before_the_socket(world: World, worker: UUID, max_s: int, lapsed: bool, may: bool) -> None:
    world.order()
    [one] = claim()
    if lapsed:
        lapse()
    assert attempts.sending(worker, [(one.id, max_s)]) == ({one.id} if may else set())
    assert select("SELECT state FROM attempt") == [("sending" if may else "claimed",)]
    assert attempts.sending(worker, [(one.id, max_s)]) == set()  # never a second time


def test_a_claim_given_back_is_as_if_it_had_never_been(world: World) -> None:
    world.order()
    [one] = claim()
    attempts.unclaim(ANOTHER_WORKER, [one.id], due_at=START)
    assert claim(ANOTHER_WORKER) == []
    attempts.unclaim(WORKER, [one.id], due_at=START)
    assert [c.id for c in claim(ANOTHER_WORKER)] == [one.id]


@pytest.mark.parametrize("name", ["nobody", "", "pay_999", "'; DROP TABLE orders; --"])
def test_a_webhook_about_nobody_we_know_changes_nothing(world: World, name: str) -> None:
    world.order()
    world.work()
    before = select("SELECT * FROM attempt")
    assert attempts.wake([Kind.CHARGE], "sandbox", [name], at=START) == 0
    assert select("SELECT * FROM attempt") == before


def test_a_webhook_wakes_by_either_name_once_and_only_its_own_adapter_and_kind(world: World) -> None:
    world.order()
    world.work()
    [(reference, report)] = world.provider.charges.items()
    assert attempts.wake([Kind.CHARGE], "mollie", [reference], at=START) == 0
    assert attempts.wake([Kind.SEND], "sandbox", [reference], at=START) == 0
    assert attempts.wake([Kind.CHARGE], "sandbox", [report.provider_id, reference], at=START) == 1
    assert attempts.wake([Kind.CHARGE], "sandbox", [reference], at=START) == 0  # awake already
    [woken] = claim()
    assert woken.state is State.PENDING


def test_messages_too_are_one_workers_until_the_lease_runs_out(world: World) -> None:
    world.paid()
    by_owner(
        "INSERT INTO outbox SELECT 'm' || n, 'delivered', o.id, %s, %s FROM orders o, generate_series(1, 20) n",
        [START, START],
    )
    mine, yours = at_once(
        lambda: attempts.claim_outbox(WORKER, at=START, limit=15, lease_s=30),
        lambda: attempts.claim_outbox(ANOTHER_WORKER, at=START, limit=15, lease_s=30),
    )
    assert len({m.reference for m in (*mine, *yours)}) == len(mine) + len(yours) == 20
    by_owner("UPDATE outbox SET lease_until = lease_until - interval '1 hour'")
    assert len(attempts.claim_outbox(WORKER, at=START, limit=50, lease_s=30)) == 20
