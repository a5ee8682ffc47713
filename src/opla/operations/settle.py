"""Attempts, worked: claim → (compare-and-set → call) → decide → one write. The same for charges, refunds and sends.

The desk of each kind knows how to load a case, whom to call and what the core decides; this file knows the order of
things: nothing is called before its attempt says `sending` in a committed row, no database connection is in a
transaction while somebody is called, and a decision that lost its compare-and-set is taken again on fresh news.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from opla import metering
from opla.core import attempt, item
from opla.core.actor import SYSTEM
from opla.core.attempt import Contradiction, Step
from opla.core.change import Change, Move, Note, Subject
from opla.core.money import Money
from opla.core.ports import Answer, Promises
from opla.db.queries import attempts
from opla.db.queries.apply import Result, apply
from opla.db.queries.attempts import Claimed
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)


class Answered(Protocol):
    @property
    def answer(self) -> Answer: ...


CaseT = TypeVar("CaseT")
ReportT = TypeVar("ReportT", bound=Answered)
_ROUNDS = 4
#: After a round of calls that took less, the next one may have twice as many.
_QUICK = timedelta(milliseconds=200)
#: When an attempt whose adapter is not there (any more, or yet) is looked at again, and when a person hears of it.
_GONE_AGAIN = timedelta(minutes=1)
_GONE_PARKS_S = 15 * 60


@dataclass(frozen=True)
class Belongs:
    """What an attempt is for, as an item names it."""

    order_id: UUID | None = None
    payment_id: UUID | None = None


class Write(Protocol):
    """How decisions are written: at once, or together with those of other threads."""

    def __call__(self, changes: Sequence[Change], *, shop: Shop, at: datetime) -> list[Result]: ...


def at_once(changes: Sequence[Change], *, shop: Shop, at: datetime) -> list[Result]:
    return apply(changes, actor=SYSTEM, at=at, keyring=shop.keyring, chance=shop.chance)


class Desk(Protocol[CaseT, ReportT]):
    """How one kind of attempt is worked."""

    def load(self, claimed: Sequence[Claimed]) -> dict[UUID, CaseT]:
        """Cases by attempt id, as they are now."""
        ...

    def promises(self, claimed: Claimed) -> Promises: ...

    def waits(self, claimed: Claimed, case: CaseT, at: datetime) -> datetime | ReportT | None:
        """When to come back, if it must not be sent yet; or its answer, where it is not sent at all."""
        ...

    def unwanted(self, case: CaseT) -> ReportT | None:
        """The answer of an attempt that nobody wants any more and that never left."""
        ...

    def call(self, claimed: Claimed, case: CaseT, step: Step) -> ReportT:
        """Call the outside. No transaction is open meanwhile."""
        ...

    def unknown(self, why: str) -> ReportT: ...

    def decide(self, claimed: Claimed, case: CaseT, report: ReportT, at: datetime) -> Change:
        """Raises `Contradiction`."""
        ...

    def at_risk(self, case: CaseT) -> Money: ...

    def belongs(self, case: CaseT) -> Belongs: ...


@dataclass(frozen=True)
class Worked(Generic[CaseT, ReportT]):
    claimed: Claimed
    case: CaseT
    report: ReportT


@dataclass(frozen=True)
class Going:
    """How claims are worked: by whom, since when (`at` was the time of the claim), by whose clock.

    `begin` of them are `sending` abreast at first, and `width` at most.
    """

    worker: UUID
    shop: Shop
    at: datetime
    clock: Callable[[], datetime]
    width: int = 1
    begin: int = 1
    writing: Write = at_once


def settle(desk: Desk[CaseT, ReportT], claimed: Sequence[Claimed], go: Going) -> timedelta:
    """Work these claims to their next state; how long the calls took of it.

    They are called one after the other. Twice as many are `sending` after each round that was quick, and one after one
    that was slow: a worker that dies leaves so many unknown, no more, and nobody waits for the writing of what a slow
    neighbour holds up.
    """
    worker, at, clock = go.worker, go.at, go.clock
    cases = desk.load(claimed)
    answered: list[Worked[CaseT, ReportT]] = []
    ended: list[Worked[CaseT, ReportT]] = []
    asleep: dict[datetime, list[UUID]] = {}
    to_call: list[tuple[Claimed, CaseT, Step]] = []
    for one in claimed:
        case = cases.get(one.id)
        if case is None:
            continue
        try:
            step = attempt.step(one.state, desk.promises(one), at - one.made_at)
        except Exception:  # noqa: BLE001 - whatever it was, it is written down, and its neighbours go on
            _log.exception("the adapter cannot be called", extra=_names(desk, one, case))
            _gone(desk, one, case, go)
            continue
        if step is Step.SEND and (report := desk.unwanted(case)) is not None:
            ended.append(Worked(one, case, report))
        elif step in (Step.SEND, Step.REPEAT) and (later := desk.waits(one, case, at)) is not None:
            if isinstance(later, datetime):
                asleep.setdefault(later, []).append(one.id)
            else:
                ended.append(Worked(one, case, later))
        elif step is Step.REPEAT and desk.unwanted(case) is not None:
            to_call.append((one, case, Step.ASK))
        elif step is Step.PARK:
            answered.append(Worked(one, case, desk.unknown("nobody_to_ask")))
        else:
            to_call.append((one, case, step))

    for due_at, ids in asleep.items():
        attempts.unclaim(worker, ids, due_at=due_at)
    if ended:
        # The same compare-and-set as before a socket, so that each is answered from `sending` like any other.
        may_end = attempts.sending(worker, [(one.claimed.id, 0) for one in ended])
        answered += [one for one in ended if one.claimed.id in may_end]
    if answered:
        write(desk, answered, go)
    abreast, first, calling = go.begin, 0, timedelta()
    while some := to_call[first : first + abreast]:
        first += len(some)
        going = [(one.id, desk.promises(one).max_seconds) for one, _, step in some if step is not Step.ASK]
        may_go = attempts.sending(worker, going)
        # Who lost the lease is somebody else's: nothing to do, nothing to say.
        ready = [called for called in some if called[2] is Step.ASK or called[0].id in may_go]
        began = clock()
        worked = [Worked(one, case, _called(desk, one, case, step)) for one, case, step in ready]
        took = clock() - began
        if worked:
            write(desk, worked, go)
        abreast, calling = min(go.width, abreast * 2 if took < _QUICK else 1), calling + took
    return calling


def _gone(desk: Desk[CaseT, ReportT], one: Claimed, case: CaseT, go: Going) -> None:
    """Nobody is there to be asked. What is decided already can wait for late looks; the rest is a person's in time."""
    for_a_person = attempts.gone(go.worker, one.id, at=go.at, due_at=go.at + _GONE_AGAIN, after_s=_GONE_PARKS_S)
    if for_a_person and one.state in attempt.OPEN:
        to = desk.belongs(case)
        parked = item.NewItem(
            item.Kind.ADAPTER_GONE,
            desk.at_risk(case),
            item.Why.ADAPTER_GONE,
            {"adapter": one.adapter},
            order_id=to.order_id,
            payment_id=to.payment_id,
            attempt_id=one.id,
        )
        go.writing([Change((), items=(parked,))], shop=go.shop, at=go.at)


def _called(desk: Desk[CaseT, ReportT], claimed: Claimed, case: CaseT, step: Step) -> ReportT:
    began = time.monotonic()
    try:
        report = desk.call(claimed, case, step)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        # A bug in an adapter. The request may have left, so nothing is known.
        _log.exception("the adapter broke", extra=_names(desk, claimed, case))
        report = desk.unknown("adapter_broke")
    metering.called(claimed.kind, claimed.adapter, report.answer, time.monotonic() - began)
    if report.answer in (Answer.DECLINED, Answer.NOT_SENT, Answer.UNKNOWN):
        told = _names(desk, claimed, case)
        _log.info("%s: %s", step, report.answer, extra=told)
    return report


def _names(desk: Desk[CaseT, ReportT], claimed: Claimed, case: CaseT) -> dict[str, str]:
    """What a line of the log says an attempt is: ids that open nothing. Our reference is known outside: not written."""
    to = desk.belongs(case)
    of = {"order": to.order_id, "payment": to.payment_id, "attempt": claimed.id}
    return {"adapter": claimed.adapter, **{name: str(known) for name, known in of.items() if known}}


def write(desk: Desk[CaseT, ReportT], answered: Sequence[Worked[CaseT, ReportT]], go: Going) -> None:
    """Decide and write, again on fresh news for those who lost; then contradictions, as evidence for a person."""
    left, at = list(answered), go.clock()
    for n in range(1, _ROUNDS + 1):
        decided = [(one, _decision(desk, one, at)) for one in left]
        results = go.writing([c for _, c in decided], shop=go.shop, at=at)
        again = []
        for (one, _change), result in zip(decided, results, strict=True):
            if result is Result.LOST or (result is Result.REFUND_TOO_MUCH and n < _ROUNDS):
                again.append(one)  # the money may have gone back meanwhile: then the rules say something else
            elif result is not Result.WON:
                _park(desk, one, Contradiction(item.Why(result)), at, go)
        if not again:
            return
        left = _reloaded(desk, again)
    for one in left:
        # The lease runs out and the janitor asks again: nothing is lost, only late.
        _log.warning("attempt %s: still contended after %d rounds", one.claimed.reference, _ROUNDS)


def _decision(desk: Desk[CaseT, ReportT], one: Worked[CaseT, ReportT], at: datetime) -> Change:
    try:
        change = desk.decide(one.claimed, one.case, one.report, at)
    except Contradiction as contradiction:
        change = contradicted(one.claimed, desk.at_risk(one.case), desk.belongs(one.case), contradiction)
    if one.claimed.gone:
        change = replace(change, closes=(*change.closes, (item.Kind.ADAPTER_GONE, one.claimed.id)))
    return change


def _park(desk: Desk[CaseT, ReportT], one: Worked[CaseT, ReportT], why: Contradiction, at: datetime, go: Going) -> None:
    [fresh] = _reloaded(desk, [one]) or [one]
    change = contradicted(fresh.claimed, desk.at_risk(fresh.case), desk.belongs(fresh.case), why)
    go.writing([change], shop=go.shop, at=at)


def _reloaded(desk: Desk[CaseT, ReportT], lost: Sequence[Worked[CaseT, ReportT]]) -> list[Worked[CaseT, ReportT]]:
    fresh = {c.id: c for c in attempts.load([one.claimed.id for one in lost])}
    cases = desk.load(list(fresh.values()))
    return [
        Worked(fresh[one.claimed.id], cases[one.claimed.id], one.report)
        for one in lost
        if one.claimed.id in fresh and one.claimed.id in cases
    ]


def contradicted(claimed: Claimed, at_risk: Money, to: Belongs, what: Contradiction) -> Change:
    """What cannot be is kept as evidence for a person. No money moves; an open question stays unknown, unasked."""
    sending = claimed.state in (attempt.State.CLAIMED, attempt.State.SENDING)
    target = attempt.State.UNKNOWN if sending else claimed.state
    source = attempt.State.SENDING if sending else claimed.state
    parked = item.NewItem(
        item.Kind.CONTRADICTION,
        at_risk,
        what.why,
        what.params,
        order_id=to.order_id,
        payment_id=to.payment_id,
        attempt_id=claimed.id,
    )
    return Change(
        moves=(Move(Subject.ATTEMPT, claimed.id, source, target, "contradiction", why=what.why),),
        notes=(Note(claimed.id, "contradiction", None, claimed.tries, why=what.why, evidence=what.params),),
        items=(parked,),
    )


def state_now(claimed: Claimed) -> attempt.State:
    """A claim's state at the moment of its answer: what was claimed is `sending` by then."""
    return attempt.State.SENDING if claimed.state is attempt.State.CLAIMED else claimed.state


def tomorrow(at: datetime) -> datetime:
    return (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
