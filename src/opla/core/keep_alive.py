"""Keeping a number alive for some months at least cost: which top-ups, on which days.

A number whose life is counted from the last top-up is kept by topping up before it falls silent. Buying later never
ends the number earlier (days and months are counted so), so each purchase is best on the last whole day before the
end; which product is bought then is searched through, cheapest first, and the first list that reaches the end is the
cheapest of all: **exact**, for purchases on whole days, at face value with our own fee, before the number falls silent.

A number that lives on use is kept by using it: what a paid call or SMS costs is not known here, so no list is said to
be the cheapest then, only the best that was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from zoneinfo import ZoneInfo

from opla.core.calendar import add_months, day_of, later, start_of
from opla.core.catalog.rules import NumberLife, Since
from opla.core.effects import Applied, apply, used
from opla.core.line import Line, evolve
from opla.core.timeline import Event
from opla.core.verdict import Renewal, losses

MOST_MONTHS = 36
_DAY = timedelta(days=1)
_BY_USE = frozenset({Since.USE, Since.USE_OR_PURCHASE})


class Step(StrEnum):
    TOP_UP = "top_up"
    USE = "use"  # a paid call, SMS or data: free while there is credit


@dataclass(frozen=True)
class Doing:
    """What to do on a day, at the latest: `number_until` is the end it leads to, exclusive.

    cost_minor  of a top-up, our fee with it; a use is paid out of the credit on the line
    """

    step: Step
    day: date
    number_until: datetime
    cost_minor: int = 0
    renewal: Renewal | None = None
    lost: tuple[Event, ...] = ()  # what a top-up takes away


@dataclass(frozen=True)
class KeptAlive:
    """What keeps the number until `until`, and what it costs in all.

    exact     no purchases on whole days cost less
    lives_on  what the number lives on
    """

    until: datetime
    doings: tuple[Doing, ...]
    cost_minor: int
    exact: bool
    lives_on: NumberLife


class NotKnown(StrEnum):
    """Why nobody can say."""

    RULE = "rule"  # the operator's rule is not known
    SINCE = "since"  # the day of the last top-up or use is not known
    LOST = "lost"  # the number is lost, or silent with no known way back
    NOTHING_SOLD = "nothing_sold"  # nothing is sold that would keep it


def until_of(at: datetime, months: int, where: ZoneInfo) -> datetime:
    """The end of the last day of so many months from an instant's day on."""
    return start_of(add_months(day_of(at, where), months) + _DAY, where)


def keep_alive(
    line: Line, at: datetime, until: datetime, offered: Sequence[Renewal], *, where: ZoneInfo
) -> KeptAlive | NotKnown:
    """The cheapest way to keep the number of this line until an instant.

    offered  what could be bought, of the line's operator; what nobody knows the effect of is left out by the caller
    """
    lives = {renewal.effect.number_life for renewal in offered} - {None}
    if not lives:
        return NotKnown.NOTHING_SOLD if not offered else NotKnown.RULE
    lives_on = next(iter(lives)) if len(lives) == 1 else None
    by_use = [life for life in lives if life is not None and life.since in _BY_USE]
    end = _end(line, at, lives_on, where)
    if end is None:
        return NotKnown.SINCE
    if end <= at:
        return NotKnown.LOST
    if by_use and lives_on is None:
        return NotKnown.RULE  # products that do not agree on what a number lives on are a catalogue to be looked at
    if lives_on is not None and by_use:
        return _by_use(line, at, end, until, offered, lives_on, where)
    shortest = min((life for life in lives if life is not None), key=lambda life: later(at, life.length, where))
    return _by_top_ups(line, at, end, until, offered, lives_on or shortest, where)


def _end(line: Line, at: datetime, life: NumberLife | None, where: ZoneInfo) -> datetime | None:
    """When the number falls silent, told or by the rule; None: nobody knows. Silent already: when it is lost."""
    if line.number_ends is not None:
        silent = line.number_ends <= at and line.number_lost is not None
        return line.number_lost if silent else line.number_ends
    if life is None:
        return None
    used = line.used_at if life.since in _BY_USE else None
    topped_up = line.topped_up_at if life.since is not Since.USE else None
    known = [one for one in (used, topped_up) if one is not None]
    return later(max(known), life.length, where) if known else None


def _last_day(end: datetime, where: ZoneInfo) -> date:
    """The last whole local day before an end."""
    return day_of(end, where) - _DAY


def _reaching(day: date, at: datetime, where: ZoneInfo) -> datetime:
    """The first instant of a day, or now: whoever does it later that day is not worse off."""
    return max(at, start_of(day, where))


def _by_top_ups(
    line: Line, at: datetime, end: datetime, until: datetime, offered: Sequence[Renewal], life: NumberLife,
    where: ZoneInfo,
) -> KeptAlive | NotKnown:  # fmt: skip
    """The cheapest list, by cost; of those that cost the same, the one whose end comes last."""
    order, refused, reached = count(), False, at
    waiting: list[tuple[int, int, timedelta, int, Line, tuple[Doing, ...]]] = []
    heappush(waiting, (0, 0, until - end, next(order), replace(line, number_ends=end), ()))
    while waiting:
        cost, made, missing, _, held, doings = heappop(waiting)
        end = until - missing
        if end >= until:
            only = all(r.effect.number_life is None or r.effect.number_life.since is Since.TOP_UP for r in offered)
            return KeptAlive(until, doings, cost, exact=only and not refused, lives_on=life)
        if end <= reached and doings:
            continue  # something as cheap lasts as long
        reached = max(reached, end)
        instant = _reaching(_last_day(end, where), at, where)
        for renewal in offered:
            done = apply(renewal.effect, evolve(held, instant), instant, plan=renewal.plan)
            refused = refused or not isinstance(done, Applied)
            after = done.line.number_ends if isinstance(done, Applied) else None
            if not isinstance(done, Applied) or after is None or after <= end:
                continue
            lost = tuple(losses(done.happened))
            doing = Doing(Step.TOP_UP, day_of(instant, where), after, renewal.cost_minor, renewal, lost)
            paid = cost + renewal.cost_minor
            heappush(waiting, (paid, made + 1, until - after, next(order), done.line, (*doings, doing)))
    return NotKnown.NOTHING_SOLD


def _by_use(
    line: Line, at: datetime, end: datetime, until: datetime, offered: Sequence[Renewal], life: NumberLife,
    where: ZoneInfo,
) -> KeptAlive | NotKnown:  # fmt: skip
    """Use it while there is credit; top up with the cheapest that gives some when there is none."""
    doings: list[Doing] = []
    held, rule = line, next(r.effect for r in offered if r.effect.number_life == life)
    giving = sorted((r for r in offered if r.effect.credit_minor), key=lambda renewal: renewal.cost_minor)
    while end < until:
        instant = _reaching(_last_day(end, where), at, where)
        day, held = day_of(instant, where), evolve(held, instant)
        if held.credit_at(instant) <= 0:
            topped = _topped_up(held, instant, giving)
            if topped is None:
                return NotKnown.NOTHING_SOLD
            renewal, done = topped
            held = done.line
            doings.append(
                Doing(
                    Step.TOP_UP, day, held.number_ends or end, renewal.cost_minor, renewal,
                    tuple(losses(done.happened)),
                )
            )  # fmt: skip
        alive = used(rule, replace(held, number_ends=None, number_lost=None), instant)
        if alive.number_ends is None or alive.number_ends <= end:
            return NotKnown.NOTHING_SOLD
        held, end = alive, alive.number_ends
        doings.append(Doing(Step.USE, day, end))
    return KeptAlive(until, tuple(doings), sum(one.cost_minor for one in doings), exact=False, lives_on=life)


def _topped_up(line: Line, at: datetime, giving: Iterable[Renewal]) -> tuple[Renewal, Applied] | None:
    for renewal in giving:
        done = apply(renewal.effect, line, at, plan=renewal.plan)
        if isinstance(done, Applied) and done.line.credit_at(at) > 0:
            return renewal, done
    return None
