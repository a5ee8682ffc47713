"""One verdict on one line: renew between two instants, wait, let it lapse, or ask, with what each costs.

The first row that fits decides. "Ends" is the first instant at which something the person wants is gone if nobody buys;
"free" is the first from which the purchase takes nothing away that is there, and is not refused.

| # | what is so                                                        | verdict                                      |
|---|-------------------------------------------------------------------|----------------------------------------------|
| 1 | the number is lost                                                | lapse: no top-up brings it back              |
| 2 | the person needs the line until a day, and nothing ends before it | lapse: what is there is enough               |
| 3 | nobody told what is on the line                                   | ask: take a reading                          |
| 4 | what the purchase does is not known                               | ask: the operator decides                    |
| 5 | only the number is wanted, and nobody knows when it ends          | ask: the operator decides                    |
| 6 | nothing ends that is foreseen                                     | wait, without a day                          |
| 7 | the purchase is never free                                        | wait, without a day: what is lost is told    |
| 8 | now is before it is free, or long before something ends           | wait until then                              |
| 9 | otherwise                                                         | renew, until the next thing ends             |

Nothing is ever told to be renewed while that takes something away: what is lost meanwhile by waiting is told instead,
and where another purchase saves it and takes nothing away, that one is proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from opla.core.calendar import day_of, later, start_of
from opla.core.catalog.rules import Length, Since
from opla.core.effects import Applied, Effect, Happened, Unknown, What, Why, apply, completed
from opla.core.effects.judging import gate
from opla.core.line import Bucket, Kind, Line
from opla.core.refusal import Code, Refusal
from opla.core.reminder import LEAD
from opla.core.reminder import Kind as Reminder
from opla.core.timeline import Event, Sign, Timeline, timeline

#: What ends later than this is not looked for: a number of thirteen months is.
HORIZON = timedelta(days=400)
_DAY = timedelta(days=1)


class Advice(StrEnum):
    """Published: surfaces and files speak by these."""

    RENEW = "renew"
    WAIT = "wait"
    LAPSE = "lapse"
    ASK = "ask"


class Aim(StrEnum):
    """What the person wants of the line."""

    USE = "use"
    NUMBER = "number"  # to keep the number, and nothing else


class Because(StrEnum):
    """Why the verdict is so: which row, or what ends."""

    NUMBER_LOST = "number_lost"  # row 1
    ENOUGH = "enough"  # row 2
    NOT_TOLD = "not_told"  # row 3
    NOT_KNOWN = "not_known"  # row 4, and 5 where the operator's rule is not known
    LAST_USE = "last_use"  # row 5 where the number lives on use, and nobody said when it was used
    LAST_TOP_UP = "last_top_up"  # row 5 where it lives on top-ups, and nobody said when the last one was
    NOTHING_ENDS = "nothing_ends"  # row 6
    ALWAYS_COSTS = "always_costs"  # row 7
    BENEFITS = "benefits"  # what ends
    CREDIT = "credit"
    NUMBER = "number"
    BONUS = "bonus"  # the days within which a top-up still gives its bonus
    OFFER = "offer"  # the last day on which what is bought could begin


#: So long before it ends a purchase is worth making: as long as its reminder is sent before.
BEFORE: Mapping[Because, timedelta] = {
    Because.BENEFITS: LEAD[Reminder.BENEFITS_EXPIRE],
    Because.CREDIT: LEAD[Reminder.CREDIT_LOST],
    Because.NUMBER: LEAD[Reminder.NUMBER_LOST],
    Because.BONUS: LEAD[Reminder.BENEFITS_EXPIRE],
    Because.OFFER: LEAD[Reminder.BENEFITS_EXPIRE],
}


@dataclass(frozen=True)
class Renewal:
    """A purchase that could be made. `cost_minor`: all that is paid for it, our fee with it."""

    effect: Effect
    cost_minor: int
    plan: str = ""


@dataclass(frozen=True)
class Dry:
    """A forecast says that this bucket is probably used up by `at`, before it expires."""

    at: datetime
    bucket: Bucket


@dataclass(frozen=True)
class Wish:
    """What the person wants of the line; `until`: they need it no longer than this instant."""

    aim: Aim = Aim.USE
    until: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """The verdict, and what each way costs. Instants are exclusive ends where they end something.

    because     what ends first, or which row decided
    since       from when to renew; None: no day can be said
    by          before this the purchase saves something (`because`); None: nothing more is lost later
    renewal     what it was computed with; None where there is nothing to buy
    instead     it is not the choice: that one would come too late or take something away
    used_up     `since` is when the data is probably used up: not before it is
    empty_from  from then on there is nothing of what the person wants, until they buy; None: never
    now_lost    what buying at once would take away; `now_refused`: why the operator refuses it now
    meanwhile   what lapses by itself until `since`: waiting costs it
    lapses      what is lost, and when, if nobody ever buys
    credit_minor  credit on the line now
    conditions  what must be so for the bonus, and nobody told
    unknown     cells that nobody knows, of the purchase or of the operator
    """

    advice: Advice
    because: Because
    since: datetime | None = None
    by: datetime | None = None
    renewal: Renewal | None = None
    instead: bool = False
    used_up: bool = False
    empty_from: datetime | None = None
    now_lost: tuple[Event, ...] = ()
    now_refused: Refusal | None = None
    meanwhile: tuple[Event, ...] = ()
    lapses: tuple[Event, ...] = ()
    credit_minor: int = 0
    conditions: tuple[Why, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def cost_minor(self) -> int:
        """What renewing costs, now or at its time."""
        return self.renewal.cost_minor if self.renewal else 0


def verdict(
    line: Line,
    at: datetime,
    choice: Renewal | Unknown | None,
    others: Sequence[Renewal] = (),
    *,
    where: ZoneInfo,
    wish: Wish = Wish(),
    dry: Dry | None = None,
    effects: Mapping[str, Effect] | None = None,
) -> Verdict:
    """The verdict at an instant.

    choice   what would be bought; None: there is nothing to buy
    others   what else could be, the cheapest first: looked at where the choice cannot save what ends, and to keep a
             number alone
    effects  by SKU, of what renews by itself on this line
    """
    if line.number_lost is not None and line.number_lost <= at:
        return Verdict(Advice.LAPSE, Because.NUMBER_LOST)
    known = choice if isinstance(choice, Renewal) else None
    line = completed(line, known.effect) if known else _with_number(line, others)
    case = _Case(line, at, where, wish, dry, effects or {})
    if line.number_lost is not None and line.number_lost <= at:
        return Verdict(Advice.LAPSE, Because.NUMBER_LOST)
    if case.enough(known):
        return case.lapse()
    if _tells_nothing(line):
        return Verdict(Advice.ASK, Because.NOT_TOLD, renewal=known)
    if wish.aim is Aim.NUMBER:
        return _number_alone(case, known, others)
    if known is None:
        cells = choice.cells if isinstance(choice, Unknown) else ()
        return case.said(Advice.ASK, Because.NOT_KNOWN, unknown=cells)
    found = case.judged(known)
    if found.meanwhile and (saving := _saving(case, found, others)):
        return saving
    return found


@dataclass(frozen=True)
class _Case:
    """One line at one instant, and what becomes of it if nobody buys."""

    line: Line
    at: datetime
    where: ZoneInfo
    wish: Wish
    dry: Dry | None
    effects: Mapping[str, Effect]

    @cached_property
    def idle(self) -> Timeline:
        found = timeline(self.line, self.at, self.at + HORIZON, effects=self.effects, where=self.where)
        if isinstance(found, Refusal):
            raise AssertionError("nothing is bought, so nothing is refused")  # noqa: TRY004  (not a wrong type)
        return found

    def said(
        self, advice: Advice, because: Because, renewal: Renewal | None = None, unknown: tuple[str, ...] = ()
    ) -> Verdict:
        lapses = tuple(_lapses(self.idle))
        return Verdict(
            advice, because, renewal=renewal, lapses=lapses, credit_minor=self.line.credit_at(self.at), unknown=unknown
        )

    def lapse(self) -> Verdict:
        return self.said(Advice.LAPSE, Because.ENOUGH)

    def enough(self, renewal: Renewal | None) -> bool:
        """Whether they need it no longer than what is there lasts."""
        until = self.wish.until
        if until is None or until <= self.at:
            return until is not None
        if _tells_nothing(self.line):
            return False
        if self.wish.aim is Aim.NUMBER:
            end = _number_end(self.line, self.at)
            return end is not None and end >= until
        idle, effect = self.idle, renewal.effect if renewal else None
        ends = [end for _, end in self.ends(idle, effect)]
        empty = self.empty_from(idle, effect)
        return min([*ends, *([empty] if empty else [])], default=until) >= until

    def empty_from(self, idle: Timeline, effect: Effect | None) -> datetime | None:
        """The first instant from which on a kind that the line is about has nothing any more; None: there is none."""
        kinds = {bucket.kind for bucket in self.line.buckets} or {p.kind for p in (effect.portions if effect else ())}
        found = [self.dry.at] if self.dry else []
        for kind in kinds:
            there = [any(line.usable(kind, at)) for at, line in idle.states]
            if not there[-1]:
                found.append(idle.states[len(there) - there[::-1].index(True)][0] if any(there) else self.at)
        if not kinds and not self.line.credit_at(self.at):
            return self.at
        return max(min(found), self.at) if found else None

    def ends(self, idle: Timeline, effect: Effect | None) -> Iterator[tuple[Because, datetime]]:
        """What a purchase can save, and when it ends."""
        for event in idle.events:
            if event.sign is Sign.CREDIT_LOST and event.amount:
                yield Because.CREDIT, event.at
        if number := _number_end(self.line, self.at):
            yield Because.NUMBER, number
        if effect is None or not effect.portions:
            return
        if effect.bonus_window_days is not None and self.line.topped_up_at is not None:
            end = later(self.line.topped_up_at, Length(days=effect.bonus_window_days), effect.zone)
            yield Because.BONUS, end
        if effect.use_by is not None:
            yield Because.OFFER, start_of(effect.use_by + _DAY, effect.zone)

    def judged(self, renewal: Renewal) -> Verdict:
        """Rows 6 to 9 for one purchase."""
        idle = self.idle
        renewal, conditions = self._relaxed(renewal, idle)
        lost_now, refused = _taken(renewal, idle.at(self.at), self.at)
        empty = self.empty_from(idle, renewal.effect)
        base = replace(
            self.said(Advice.WAIT, Because.NOTHING_ENDS, renewal, _silent(renewal.effect)),
            now_lost=lost_now, now_refused=refused, conditions=conditions, empty_from=empty,
        )  # fmt: skip
        free, used_up = self.free_from(renewal, idle), self._used_up(renewal, idle)
        ends = sorted((end, because) for because, end in self.ends(idle, renewal.effect) if end > self.at)
        if free is None and used_up is None:
            return replace(base, because=Because.ALWAYS_COSTS) if ends or empty else base
        if used_up is not None and (free is None or used_up < free):
            by = next((end for end, _ in ends if end > used_up), None)
            return self._at(replace(base, because=Because.BENEFITS, used_up=True), used_up, by)
        if free is None:
            raise AssertionError("one of the two is known")
        if empty is not None and empty > free:
            ends = sorted([*ends, (empty, Because.BENEFITS)])
        by, because = next(((end, because) for end, because in ends if end > free), (None, Because.BENEFITS))
        if empty is not None and empty <= free:
            return self._at(replace(base, because=because), free, self.stops(renewal, idle, free, by))
        if by is None:
            return base
        since = max(free, by - BEFORE[because])
        return self._at(replace(base, because=because), since, self.stops(renewal, idle, since, by))

    def _at(self, base: Verdict, since: datetime, by: datetime | None) -> Verdict:
        """Renew from an instant on, or wait for it; what lapses until then although buying at once would save it."""
        destroyed = {(event.kind, event.until) for event in base.now_lost}
        meanwhile = tuple(
            event
            for event in base.lapses
            if event.at <= since and (event.kind is None or (event.kind, event.at) not in destroyed)
        )
        # Only looking tells whether it is used up, so until then it is waited for.
        advice = Advice.WAIT if since > self.at or base.used_up else Advice.RENEW
        return replace(base, advice=advice, since=since, by=by, meanwhile=meanwhile)

    def _relaxed(self, renewal: Renewal, idle: Timeline) -> tuple[Renewal, tuple[Why, ...]]:
        """The purchase as if what nobody told were as it must be; and what that is."""
        line, effect = idle.at(self.at), renewal.effect
        line = replace(line, plan=renewal.plan or line.plan)
        conditions: list[Why] = []
        while (why := gate(effect, line, self.at)) in (Why.PLAN_UNKNOWN, Why.WINDOW_UNKNOWN) and effect.portions:
            conditions.append(why)
            if why is Why.PLAN_UNKNOWN:
                effect = replace(effect, bonus_plans=None)
            else:
                effect = replace(effect, bonus_window_days=None)
        return replace(renewal, effect=effect), tuple(conditions)

    def free_from(self, renewal: Renewal, idle: Timeline) -> datetime | None:
        """The first instant from which the purchase takes nothing away and is not refused; None: there is none."""
        tomorrow = start_of(day_of(self.at, self.where) + _DAY, self.where)
        instants = sorted({self.at, tomorrow, *(at for at, _ in idle.states)})
        return next((at for at in instants if _free(renewal, idle, at)), None)

    def _used_up(self, renewal: Renewal, idle: Timeline) -> datetime | None:
        """When the purchase takes nothing away because the data is probably used up by then; None: no forecast."""
        if self.dry is None:
            return None
        at = max(self.dry.at, self.at)
        line = idle.at(at)
        gone = replace(line, buckets=tuple(b for b in line.buckets if not _same(b, self.dry.bucket)))
        if len(gone.buckets) == len(line.buckets):
            return None
        taken, refused = _taken(renewal, gone, at)
        return at if not taken and refused is None else None

    def stops(self, renewal: Renewal, idle: Timeline, since: datetime, by: datetime | None) -> datetime | None:
        """`by`, or the first instant before it at which the purchase is free no more."""
        use_by, end = renewal.effect.use_by, by or idle.until
        instants = {at for at, _ in idle.states} | ({start_of(use_by + _DAY, self.where)} if use_by else set())
        return next((at for at in sorted(instants) if since < at < end and not _free(renewal, idle, at)), by)


def _number_alone(case: _Case, choice: Renewal | None, others: Sequence[Renewal]) -> Verdict:
    """The cheapest purchase that keeps the number and takes nothing away, shortly before it ends."""
    offered = sorted([*([choice] if choice else []), *others], key=lambda renewal: renewal.cost_minor)
    end = _number_end(case.line, case.at)
    if end is None:
        lives = {r.effect.number_life.since for r in offered if r.effect.number_life}
        because = Because.NOT_KNOWN
        if lives:
            because = Because.LAST_USE if lives <= {Since.USE, Since.USE_OR_PURCHASE} else Because.LAST_TOP_UP
        return case.said(Advice.ASK, because, unknown=() if lives else ("number_life",))
    since, idle = max(case.at, end - BEFORE[Because.NUMBER]), case.idle
    if since > case.at + HORIZON:
        return case.said(Advice.WAIT, Because.NOTHING_ENDS)
    for renewal in offered:
        done = apply(renewal.effect, idle.at(since), since, plan=renewal.plan)
        if not isinstance(done, Applied) or not _free(renewal, idle, since):
            continue
        if done.line.number_ends is not None and done.line.number_ends > end:
            advice = Advice.RENEW if since <= case.at else Advice.WAIT
            base = case.said(advice, Because.NUMBER, renewal)
            stop = case.stops(renewal, idle, since, end)
            return replace(base, since=since, by=stop, instead=renewal is not choice)
    return case.said(Advice.ASK, Because.NOT_KNOWN, unknown=("number_life",))


def _saving(case: _Case, found: Verdict, others: Sequence[Renewal]) -> Verdict | None:
    """The cheapest other purchase that saves credit or the number, which waiting for the choice would lose."""
    ends = [e.at for e in found.meanwhile if e.sign in (Sign.CREDIT_LOST, Sign.NUMBER_ENDS, Sign.NUMBER_LOST)]
    if not ends:
        return None
    end, idle = min(ends), case.idle
    because = next(
        Because.CREDIT if e.sign is Sign.CREDIT_LOST else Because.NUMBER for e in found.meanwhile if e.at == end
    )
    since = max(case.at, end - BEFORE[because])
    for renewal in others:
        if since >= end or not _free(renewal, idle, since):
            continue
        done = apply(renewal.effect, idle.at(since), since, plan=renewal.plan)
        if isinstance(done, Applied) and not _ends_at(done.line, end, because):
            advice = Advice.RENEW if since <= case.at else Advice.WAIT
            stop = case.stops(renewal, idle, since, end)
            return replace(
                case.said(advice, because, renewal, _silent(renewal.effect)), since=since, by=stop, instead=True
            )
    return None


def _ends_at(line: Line, end: datetime, because: Because) -> bool:
    if because is Because.CREDIT:
        return any(lot.ends == end and lot.amount_minor for lot in line.credit)
    return line.number_ends is None or line.number_ends <= end


def _free(renewal: Renewal, idle: Timeline, at: datetime) -> bool:
    taken, refused = _taken(renewal, idle.at(at), at)
    return not taken and refused is None


def _taken(renewal: Renewal, line: Line, at: datetime) -> tuple[tuple[Event, ...], Refusal | None]:
    """What buying at this instant takes away (a bonus that is not given, because one runs, too); or why it is
    refused."""
    done = apply(renewal.effect, line, at, plan=renewal.plan)
    if isinstance(done, Refusal):
        return (), done
    if not renewal.effect.on_sale:
        return (), Refusal(Code.PRODUCT_WITHDRAWN, "product", {"sku": renewal.effect.sku})
    return tuple(losses(done.happened)), None


def losses(facts: Iterable[Happened]) -> Iterator[Event]:
    """What a purchase takes away, or does not give because something of it runs."""
    for fact in facts:
        match fact.what:
            case What.BUCKET_LOST:
                yield Event(
                    Sign.BENEFIT_LOST, fact.at, fact.sku, fact.kind, fact.amount, fact.slow_kbps, until=fact.was
                )
            case What.CREDIT_LOST if fact.amount:
                yield Event(Sign.CREDIT_LOST, fact.at, fact.sku, amount=fact.amount)
            case What.BONUS_NOT_GIVEN if fact.why is Why.STILL_RUNNING:
                yield Event(Sign.BONUS_NOT_GIVEN, fact.at, fact.sku, why=fact.why)
            case _:
                pass


def _lapses(idle: Timeline) -> Iterator[Event]:
    """What is lost if nobody buys: benefits that still held something, credit, the number."""
    for event in (event for event in idle.events if event.at > idle.start):
        match event.sign:
            case Sign.BUCKET_EXPIRES if event.amount is None or event.amount or event.slow_kbps is not None:
                yield event
            case Sign.CREDIT_LOST if event.amount:
                yield event
            case Sign.NUMBER_ENDS | Sign.NUMBER_LOST:
                yield event
            case _:
                pass


def _number_end(line: Line, at: datetime) -> datetime | None:
    """When the number falls silent, or is lost where it is silent already; None: nobody knows."""
    return next((end for end in (line.number_ends, line.number_lost) if end is not None and end > at), None)


def _with_number(line: Line, others: Sequence[Renewal]) -> Line:
    """The end of the number by the operator's rule, where all that can be bought agrees on one."""
    ends = {(c.number_ends, c.number_lost) for c in (completed(line, other.effect) for other in others)}
    if len(ends) != 1:
        return line
    [(end, lost)] = ends
    return replace(line, number_ends=end, number_lost=lost)


def _silent(effect: Effect) -> tuple[str, ...]:
    """What of the end of credit and number nobody knows, so that "it lasts" is not said."""
    return tuple(cell for cell in ("number_life", "credit_lasts") if cell in effect.silent)


def _tells_nothing(line: Line) -> bool:
    return not (line.buckets or line.credit or line.topped_up_at or line.number_ends)


def _same(one: Bucket, other: Bucket) -> bool:
    return (one.kind, one.ends, one.left) == (other.kind, other.ends, other.left) and one.kind is Kind.DATA
