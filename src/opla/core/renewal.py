"""A standing renewal: the same top-up again, by itself, under a ceiling, after a notice, until somebody says stop.

    waiting_consent ──kept──▶ active ◀──resumed── paused
          │                     └──paused, gave_up──▶┘
          └──not_kept, ended──▶ ended ◀──ended── active, paused

It lives in periods, one after the other, each with a key of its own and at most one charge:

    planned ──placed──▶ placed ──delivered, returned──▶ over
       │                  └──refused──▶ refused (payable by hand) ──delivered, returned, unpaid──▶ over
       ├──skipped, asked, missed──▶ over
       └──dropped──▶ over, and planned again where one goes on with it before its day

Nothing here knows how money is taken: a charge of a period is an order like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.calendar import add_months, day_of, instant, start_of
from opla.core.effects import Applied, Effect, apply, completed
from opla.core.line import Line, evolve
from opla.core.money import Money
from opla.core.refusal import Refusal
from opla.core.reminder import awake, quiet
from opla.core.verdict import Advice, losses, verdict
from opla.core.verdict import Renewal as Purchase

#: How many days before a charge somebody has been told of it, at the least.
NOTICE_DAYS: Final = 3
#: A charge that could not be made in time is not made days later: what was told is old by then.
LATE: Final = timedelta(days=3)
#: So long an order that was refused can be paid by hand.
PAY_WITHIN: Final = timedelta(days=2)
#: After a period in which nothing reached the line, one that follows the end of a plan is tried again so much later.
AGAIN_DAYS: Final = 7
#: Periods in a row in which nothing could be charged, or what was charged went back; then it pauses.
MOST_REFUSED: Final = 2
#: How often what waits for others is looked at again.
PATIENCE: Final = timedelta(hours=1)
#: Consent that the provider has not told of so long after the first payment is none.
CONSENT_WITHIN: Final = timedelta(days=2)
#: The local time of day of a charge on a chosen day: it exists once on every day of the year.
_HOUR: Final = datetime.min.time().replace(hour=6)
#: And of a notice that the night would make too short, on the evening before.
_EVENING: Final = datetime.min.time().replace(hour=18)
SHORTEST_DAYS, LONGEST_DAYS = 7, 366


class State(StrEnum):
    WAITING_CONSENT = "waiting_consent"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Event(StrEnum):
    KEPT = "kept"  # the provider keeps consent
    NOT_KEPT = "not_kept"  # it does not, or the first payment came to nothing
    PAUSED = "paused"
    GAVE_UP = "gave_up"  # twice in a row nothing came of it
    RESUMED = "resumed"
    ENDED = "ended"


#: (state, event) → state. What is missing cannot be.
ARROWS: Final[dict[tuple[State, Event], State]] = {
    (State.WAITING_CONSENT, Event.KEPT): State.ACTIVE,
    (State.WAITING_CONSENT, Event.NOT_KEPT): State.ENDED,
    (State.WAITING_CONSENT, Event.ENDED): State.ENDED,
    (State.ACTIVE, Event.PAUSED): State.PAUSED,
    (State.ACTIVE, Event.GAVE_UP): State.PAUSED,
    (State.ACTIVE, Event.ENDED): State.ENDED,
    (State.PAUSED, Event.RESUMED): State.ACTIVE,
    (State.PAUSED, Event.ENDED): State.ENDED,
}


class Phase(StrEnum):
    """Where a period stands. Published: the page of a renewal and its file speak by these."""

    PLANNED = "planned"
    PLACED = "placed"  # its order waits for the charge, or for its delivery
    REFUSED = "refused"  # the charge was; its order can be paid by hand
    DELIVERED = "delivered"
    RETURNED = "returned"  # paid, and the money went back
    UNPAID = "unpaid"  # refused, and not paid by hand
    SKIPPED = "skipped"
    ASKED = "asked"  # not charged blindly: the person was asked instead
    MISSED = "missed"  # nobody could be told in time
    DROPPED = "dropped"  # paused or ended before it came


OPEN: Final = frozenset({Phase.PLANNED, Phase.PLACED, Phase.REFUSED})

#: Phase → what may follow.
PHASES: Final[dict[Phase, frozenset[Phase]]] = {
    Phase.PLANNED: frozenset({Phase.PLACED, Phase.SKIPPED, Phase.ASKED, Phase.MISSED, Phase.DROPPED}),
    Phase.PLACED: frozenset({Phase.DELIVERED, Phase.RETURNED, Phase.REFUSED}),
    Phase.REFUSED: frozenset({Phase.DELIVERED, Phase.RETURNED, Phase.UNPAID}),
    Phase.DROPPED: frozenset({Phase.PLANNED}),
}

#: Nothing came of it, and nobody wanted that: two in a row pause.
FAILED: Final = frozenset({Phase.REFUSED, Phase.ASKED, Phase.MISSED, Phase.RETURNED})


class Cause(StrEnum):
    """Why a period is not charged, and its person asked instead."""

    ABOVE_CAP = "above_cap"
    ABOVE_MONTH_CAP = "above_month_cap"
    NOT_SOLD = "not_sold"  # withdrawn, sold out, or in another currency
    TAKES_AWAY = "takes_away"  # it would destroy something that is on the line


# ── when ──────────────────────────────────────────────────────────────────


class Every(StrEnum):
    ENDS = "ends"  # when what was bought ends, as the catalogue has it
    DAYS = "days"
    MONTHLY = "monthly"


@dataclass(frozen=True)
class Rule:
    """`number`: of days between, or the day of the month (a month that has no such day ends on its last); else 0."""

    every: Every
    number: int = 0

    def __str__(self) -> str:
        return f"{self.every}:{self.number}" if self.number else str(self.every)


_RULE: Final = re.compile(r"ends|days:([1-9]\d{0,2})|monthly:([1-9]\d?)", re.ASCII)


def read_rule(text: str) -> Rule | None:
    """`ends`, `days:30` or `monthly:31`; None for everything else."""
    found = _RULE.fullmatch(text)
    if found is None:
        return None
    if days := found[1]:
        return Rule(Every.DAYS, int(days)) if SHORTEST_DAYS <= int(days) <= LONGEST_DAYS else None
    if day := found[2]:
        return Rule(Every.MONTHLY, int(day)) if int(day) <= 31 else None
    return Rule(Every.ENDS)


@dataclass(frozen=True)
class Safe:
    """What is known of the line after a purchase that reached it.

    free  from when on the same purchase takes nothing away
    due   when it should be made, by the effect table; None: no day can be said
    """

    free: datetime
    due: datetime | None


def safe(effect: Effect, delivered_at: datetime, cost_minor: int, plan: str = "") -> Safe | None:
    """The safe moments of the next purchase, after this one alone; None where it is refused on its own line."""
    line = _after(effect, delivered_at, plan)
    if line is None:
        return None
    instants = sorted({delivered_at, *(b.ends for b in line.buckets if b.ends is not None and b.ends > delivered_at)})
    free = next((at for at in instants if not takes_away(effect, line, at, plan)), None)
    if free is None:
        return None
    advised = verdict(line, delivered_at, Purchase(effect, cost_minor, plan), where=effect.zone)
    known = advised.advice in (Advice.RENEW, Advice.WAIT) and not advised.instead
    return Safe(free, max(advised.since, free) if known and advised.since else None)


def takes_away(effect: Effect, line: Line, at: datetime, plan: str = "") -> bool:
    """Whether buying it at this instant destroys something on the line, or the operator refuses it there."""
    done = apply(effect, evolve(line, at), at, plan=plan)
    return isinstance(done, Refusal) or any(losses(done.happened))


def destroys(effect: Effect, delivered_at: datetime, at: datetime, plan: str = "") -> bool:
    """The same, of a line on which nothing else is known than that this reached it."""
    line = _after(effect, delivered_at, plan)
    return line is None or takes_away(effect, line, at, plan)


def _after(effect: Effect, delivered_at: datetime, plan: str) -> Line | None:
    line = completed(Line(effect.operator, plan=plan, currency=effect.currency), effect)
    done = apply(effect, line, delivered_at, plan=plan)
    return done.line if isinstance(done, Applied) else None


@dataclass(frozen=True)
class Planned:
    """The period that comes next. `key` is its day by the rule: no two periods of one renewal have the same."""

    key: date
    due_at: datetime


def plan(
    rule: Rule, last: date, known: Safe | None, at: datetime, where: ZoneInfo, *, again_days: int = AGAIN_DAYS
) -> Planned:
    """The first period after the day `last` (of the period before, or of the first purchase) that is still to come.

    known  what the newest purchase that reached the line says; None: nothing did in the period before, or nobody
           knows what it does
    again_days   after a period in which nothing did, of one that follows the end of a plan
    """
    today = day_of(at, where)
    match rule.every:
        case Every.DAYS:
            gone = max((today - last).days, 0)
            key = last + timedelta(days=rule.number * (gone // rule.number + 1))
        case Every.MONTHLY:
            key = _monthly(rule.number, max(last, today))
        case _:
            due = known.due if known else None
            key = day_of(due, where) if due else max(last, today) + timedelta(days=again_days)
            key = max(key, last + timedelta(days=1))
            if due and day_of(due, where) == key:
                return Planned(key, due)
    on_the_day = instant(datetime.combine(key, _HOUR), where)
    return Planned(key, max(on_the_day, known.free) if known else on_the_day)


def after_skip(
    rule: Rule, skipped: Planned, known: Safe | None, at: datetime, where: ZoneInfo, *, again_days: int = AGAIN_DAYS
) -> Planned:
    """The first one after the day of the charge that was skipped: where it waited for a plan to end, days of the rule
    between its key and that day are skipped with it."""
    passed = max(at, skipped.due_at)
    return plan(rule, skipped.key, Safe(known.free, None) if known else None, passed, where, again_days=again_days)


def moved(rule: Rule, due_at: datetime, known: Safe | None) -> datetime:
    """The day of a charge that was planned, by what has reached the line since: later where it would take something
    away, or where the plan that it follows has been bought again; never sooner."""
    if known is None:
        return due_at
    follows = known.due if rule.every is Every.ENDS else None
    return max(due_at, follows or known.free)


def _monthly(day: int, after: date) -> date:
    """The first such day of a month after this one."""
    first = after.replace(day=1)
    found = [_in_month(add_months(first, n), day) for n in (0, 1)]
    return next(one for one in found if one > after)


def _in_month(first: date, day: int) -> date:
    last = add_months(first, 1) - timedelta(days=1)
    return min(first + timedelta(days=day - 1), last)


# ── what next ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Terms:
    """What was agreed to. `month_cap` None: no ceiling beside the one of each charge. `mandate_days`: of `Mandate`."""

    state: State
    cap: Money
    month_cap: Money | None = None
    notice_days: int = NOTICE_DAYS
    mandate_days: int = 0


@dataclass(frozen=True)
class Period:
    due_at: datetime
    phase: Phase = Phase.PLANNED
    notice_made_at: datetime | None = None
    notice_sent_at: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """The same purchase as it could be made now: its whole price, or None where it cannot be had."""

    price: Money | None
    takes_away: bool = False


class Do(StrEnum):
    NOTHING = "nothing"
    WAIT = "wait"
    NOTICE = "notice"
    CHARGE = "charge"
    ASK = "ask"
    MISS = "miss"


@dataclass(frozen=True)
class Step:
    """What to do now. `until`: of a wait. `cause`: of a question."""

    do: Do
    until: datetime | None = None
    cause: Cause | None = None


def charged_from(terms: Terms, due_at: datetime, told_at: datetime) -> datetime:
    """The first moment at which the money is asked for, where somebody was told of it then."""
    return max(due_at - timedelta(days=terms.mandate_days), told_at + timedelta(days=terms.notice_days))


def next_step(
    terms: Terms, period: Period, offer: Offer | None, spent_minor: int, at: datetime, where: ZoneInfo
) -> Step:
    """The next step of a period that is planned.

    offer        None: nobody has looked; then the step may be CHARGE, and whoever takes it looks and asks again
    spent_minor  what the periods of this calendar month have taken already
    """
    if terms.state is not State.ACTIVE or period.phase is not Phase.PLANNED:
        return Step(Do.NOTHING)
    charge_at = period.due_at - timedelta(days=terms.mandate_days)
    notice = timedelta(days=terms.notice_days)
    if period.notice_made_at is None:
        told_at = awake(charge_at - notice, where)
        if told_at > charge_at - notice:  # the night would make it too short: told on the evening before
            told_at = _evening(charge_at - notice, where)
        if at < told_at:
            return Step(Do.WAIT, told_at)
        return Step(Do.WAIT, awake(at, where)) if quiet(at, where) else Step(Do.NOTICE)
    if period.notice_sent_at is None:
        over = at >= charged_from(terms, period.due_at, period.notice_made_at) + LATE
        return Step(Do.MISS) if over else Step(Do.WAIT, at + PATIENCE)
    may = charged_from(terms, period.due_at, period.notice_sent_at)
    if at < may:
        return Step(Do.WAIT, may)
    if at >= may + LATE:
        return Step(Do.MISS)
    if offer is None:
        return Step(Do.CHARGE)
    cause = _cause(terms, offer, spent_minor)
    return Step(Do.ASK, cause=cause) if cause else Step(Do.CHARGE)


def _cause(terms: Terms, offer: Offer, spent_minor: int) -> Cause | None:
    price, month = offer.price, terms.month_cap
    if price is None or price.currency != terms.cap.currency:
        return Cause.NOT_SOLD
    if offer.takes_away:
        return Cause.TAKES_AWAY
    if price.amount_minor > terms.cap.amount_minor:
        return Cause.ABOVE_CAP
    if month is not None and spent_minor + price.amount_minor > month.amount_minor:
        return Cause.ABOVE_MONTH_CAP
    return None


def _evening(at: datetime, where: ZoneInfo) -> datetime:
    """18:00 of the day before the night that `at` lies in."""
    local = at.astimezone(where)
    day = local.date() if local.hour >= 12 else local.date() - timedelta(days=1)
    return instant(datetime.combine(day, _EVENING), where)


def month_start(at: datetime, where: ZoneInfo) -> datetime:
    """When the calendar month of this instant began."""
    return start_of(day_of(at, where).replace(day=1), where)


# ── what became of it ─────────────────────────────────────────────────────


def became(phase: Phase, order: str, payment: str) -> Phase:
    """Where a period stands whose order and payment are in these states. Undecided stays undecided."""
    if phase not in (Phase.PLACED, Phase.REFUSED):
        return phase
    if order == "delivered":
        return Phase.DELIVERED
    if order in ("refunding", "refunded"):
        return Phase.RETURNED
    if phase is Phase.REFUSED:
        return Phase.UNPAID if order == "cancelled" else phase
    return Phase.REFUSED if payment in ("failed", "expired") and order in ("placed", "cancelled") else phase


def refusals(before: int, phase: Phase, was: Phase) -> int:
    """How many periods in a row nothing came of, once one stands so; that of a charge that was refused is counted."""
    if phase is Phase.DELIVERED:
        return 0
    return before + 1 if phase in FAILED and was is not Phase.REFUSED else before


def gives_up(refused: int) -> bool:
    return refused >= MOST_REFUSED
