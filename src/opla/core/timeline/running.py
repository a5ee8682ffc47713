"""A line over time: every instant at which something begins, ends, is bought or is used, one after another.

                          ┌ what ends: lapses, unless it renews itself from the credit
    at each instant, in   ├ what is bought then
    this order            ├ the use of a day that begins, or what of today's is unmet when something came
                          └ what the owner has topped up when the credit is low

What happens at the last instant, `until`, is not part of it: the line then is where the next timeline begins.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from opla.core.calendar import day_of, start_of
from opla.core.catalog.rules import Since
from opla.core.drawing import ANY, Demand, Quality, Tariff, Usage, draw
from opla.core.effects import Applied, Effect, Happened, What, apply, next_renewal, renewals, top_up_due, used
from opla.core.line import Bucket, Kind, Line, evolve
from opla.core.refusal import Code, Refusal
from opla.core.timeline.event import Event, Sign
from opla.core.timeline.gaps import gaps

_MOMENT = timedelta(microseconds=1)
_TOGETHER = 5  # top-ups by themselves at one instant; a rule that asks for more is broken


@dataclass(frozen=True, slots=True)
class Purchase:
    """One product bought at an instant: a top-up, or a bundle paid from the credit. The rest as in `effects.apply`.

    at  when it reaches the line: of a code, when it is entered
    """

    at: datetime
    effect: Effect
    plan: str = ""
    renew: bool = False
    code_last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Wants:
    """What the person uses, and how: see `opla.core.drawing`. `owed`: what of the first day was unmet before."""

    usage: Usage
    pay_per_use: Tariff | None = None
    quality: Quality = ANY
    owed: Demand = field(default_factory=Demand)


@dataclass(frozen=True)
class Timeline:
    """What a line holds from `start` until `until`, and what happens to it.

    states              the line from each instant on, in order; the first is at `start`
    unmet               of each local day that was not wholly met, what is missing
    owed                what of the last day is unmet so far: a timeline that goes on from here begins with it
    met                 everything that was used
    credit_spent_minor  on use outside the buckets
    """

    start: datetime
    until: datetime
    states: tuple[tuple[datetime, Line], ...]
    events: tuple[Event, ...]
    unmet: Mapping[date, Demand]
    owed: Demand
    met: Demand
    credit_spent_minor: int

    def at(self, instant: datetime) -> Line:
        """The line at an instant between `start` and `until`, both included. Raises ValueError outside.

        At `until` what ends then is gone, and nothing else has happened yet.
        """
        if not self.start <= instant <= self.until:
            raise ValueError("nothing is computed before the beginning and after the end")
        place = bisect_right(self.states, instant, key=lambda state: state[0])
        return evolve(self.states[place - 1][1], instant)

    @property
    def line(self) -> Line:
        """The line just before `until`: with it the next timeline begins."""
        return self.states[-1][1]


def timeline(
    line: Line,
    start: datetime,
    until: datetime,
    *,
    purchases: Sequence[Purchase] = (),
    wants: Wants | None = None,
    effects: Mapping[str, Effect] | None = None,
    where: tzinfo,
) -> Timeline | Refusal:
    """The course of a line, or why a purchase is refused (its `params` name the `sku` and the instant, `at`).

    purchases  those from `start` until before `until` count; at one instant in the order given
    effects    by SKU, of all that may renew or be topped up by itself, besides what is bought here
    where      whose local days are counted
    """
    if until <= start:
        raise ValueError("a timeline ends after it begins")
    known = {purchase.effect.sku: purchase.effect for purchase in purchases} | dict(effects or {})
    run = _Run(line, start.astimezone(UTC), until.astimezone(UTC), known, wants, where)
    if refusal := run.through(purchases):
        return refusal
    return run.told()


class _Run:
    """A timeline being made."""

    def __init__(
        self,
        line: Line,
        start: datetime,
        until: datetime,
        effects: Mapping[str, Effect],
        wants: Wants | None,
        where: tzinfo,
    ) -> None:
        self.start, self.until, self.effects, self.wants, self.where = start, until, effects, wants, where
        self.events: list[Event] = []
        self.states: list[tuple[datetime, Line]] = []
        self.unmet: dict[date, Demand] = {}
        self.missed: dict[Kind, datetime] = {}
        self.owed = wants.owed if wants else Demand()
        if not self.owed.met:
            self.unmet[day_of(self.start, where)] = self.owed
        self.met = [0, 0, 0]
        self.spent_minor = 0
        self.cut: dict[tuple[str, Kind | None, datetime], Happened] = {}
        self.life = next((e for e in effects.values() if _lives_on_use(e) and e.operator == line.operator), None)
        self.line = self._as_of_start(line)

    def _as_of_start(self, line: Line) -> Line:
        """What ended before the beginning is no news; what ends with it is."""
        before = self.start - _MOMENT
        if (due := next_renewal(line)) is not None and due <= before:
            line = renewals(line, self.effects, before).line
        return evolve(line, before)

    def through(self, purchases: Sequence[Purchase]) -> Refusal | None:
        within = (p for p in purchases if self.start <= p.at < self.until)
        coming = sorted(within, key=lambda purchase: purchase.at)[::-1]  # so that those of one instant keep their order
        at = self.start
        while at < self.until:
            came = self._end(at)
            while coming and coming[-1].at <= at:
                if refusal := self._buy(coming.pop(), at):
                    return refusal
                came = True
            if self._begin_day(at) or came:
                self._draw(at)
            self._top_up(at)
            self.states.append((at, self.line))
            at = min(self._next(at), coming[-1].at.astimezone(UTC) if coming else self.until)
        return None

    def told(self) -> Timeline:
        events = [*self.events, *gaps(self.states, self.missed)]
        return Timeline(
            self.start, self.until, tuple(self.states), tuple(sorted(events, key=lambda event: event.at)),
            {day: demand for day, demand in self.unmet.items() if not demand.met}, self.owed,
            Demand(self.met[0], self.met[1], self.met[2]), self.spent_minor,
        )  # fmt: skip

    def _next(self, at: datetime) -> datetime:
        """The next instant at which anything may change by itself."""
        line = self.line
        instants = [self.until, line.number_ends, line.number_lost]
        for bucket in line.buckets:
            instants += (bucket.starts, bucket.ends)
        for lot in line.credit:
            instants += (lot.starts, lot.ends)
        if self.wants:
            instants.append(start_of(day_of(at, self.where) + timedelta(days=1), self.where))
        return min(instant for instant in instants if instant is not None and instant > at)

    def _end(self, at: datetime) -> bool:
        """What is over; whether something came in its place, or begins now."""
        line = self.line
        if line.number_lost is not None and line.number_lost <= at:
            return self._lose_number(at)
        if line.number_ends == at:
            self.events.append(Event(Sign.NUMBER_ENDS, at, until=line.number_lost))
        for bucket in line.buckets:
            if bucket.ended(at):
                self._say_ended(bucket, at)
        for lot in line.credit:
            if lot.ended(at) and lot.amount_minor:
                self.events.append(Event(Sign.CREDIT_LOST, at, amount=lot.amount_minor))
        begun = at in {bucket.starts for bucket in line.buckets} | {lot.starts for lot in line.credit}
        renewed = self._renew(at)
        self.line = evolve(self.line, at)
        return begun or renewed

    def _lose_number(self, at: datetime) -> bool:
        if self.line.buckets or self.line.credit or self.line.number_lost == at:
            self.events.append(Event(Sign.NUMBER_LOST, at))
            for bucket in self.line.buckets:
                self._say_ended(bucket, at)
            for lot in self.line.credit:
                self.events.append(Event(Sign.CREDIT_LOST, at, amount=lot.amount_minor))
        self.line = evolve(self.line, at)
        return False

    def _say_ended(self, bucket: Bucket, at: datetime) -> None:
        """Its end by itself, or by a purchase that cut it short while it still ran."""
        cut = self.cut.get((bucket.sku, bucket.kind, bucket.ends)) if bucket.ends else None
        sign = Sign.BENEFIT_LOST if cut and bucket.holds else Sign.BUCKET_EXPIRES
        until = cut.was if cut and bucket.holds else None
        self.events.append(Event(sign, at, bucket.sku, bucket.kind, bucket.left, bucket.slow_kbps, until))

    def _renew(self, at: datetime) -> bool:
        if next_renewal(self.line) != at:
            return False
        done = renewals(self.line, self.effects, at)
        self.line = done.line
        for fact in done.happened:
            if fact.what is What.NOT_RENEWED:
                self.events.append(Event(Sign.NOT_RENEWED, at, fact.sku, why=fact.why))
        for sku in dict.fromkeys(fact.sku for fact in done.happened if fact.what is not What.NOT_RENEWED):
            facts = tuple(fact for fact in done.happened if fact.sku == sku)
            paid = sum(fact.amount or 0 for fact in facts if fact.what is What.CREDIT_TAKEN)
            until = next((fact.until for fact in facts if fact.what is What.BUCKET_ADDED), None)
            self.events.append(Event(Sign.RENEWED, at, sku, amount=paid, until=until, happened=facts))
            self._say_facts(facts, at)
        return bool(done.happened)

    def _buy(self, purchase: Purchase, at: datetime) -> Refusal | None:
        effect = purchase.effect
        done: Applied | Refusal
        if effect.on_sale:
            done = apply(
                effect, self.line, at, plan=purchase.plan, renew=purchase.renew, code_last_day=purchase.code_last_day
            )
        else:
            done = Refusal(Code.PRODUCT_WITHDRAWN, "product", {"sku": effect.sku})
        if isinstance(done, Refusal):
            return replace(done, params={**done.params, "sku": effect.sku, "at": at.isoformat()})
        self.line = done.line
        self.events.append(Event(Sign.BOUGHT, at, effect.sku, amount=effect.paid_minor, happened=done.happened))
        self._say_facts(done.happened, at)
        return None

    def _say_facts(self, facts: Sequence[Happened], at: datetime) -> None:
        """The events among what a purchase did. What it will cut short only later is said when that comes."""
        for fact in facts:
            match fact.what:
                case What.STARTS_LATE | What.QUEUED:
                    self.events.append(Event(Sign.STARTS_LATE, at, fact.sku, until=fact.until))
                case What.BONUS_NOT_GIVEN:
                    self.events.append(Event(Sign.BONUS_NOT_GIVEN, at, fact.sku, why=fact.why))
                case What.CREDIT_LOST:
                    self.events.append(Event(Sign.CREDIT_LOST, at, fact.sku, amount=fact.amount))
                case What.BUCKET_LOST if fact.at > at and self._still_has(fact):
                    self.cut[fact.sku, fact.kind, fact.at] = fact
                case What.BUCKET_LOST:
                    figures = (fact.sku, fact.kind, fact.amount, fact.slow_kbps, fact.was)
                    self.events.append(Event(Sign.BENEFIT_LOST, at, *figures))
                case _:
                    pass

    def _still_has(self, fact: Happened) -> bool:
        return any((b.sku, b.kind, b.ends) == (fact.sku, fact.kind, fact.at) for b in self.line.buckets)

    def _begin_day(self, at: datetime) -> bool:
        """A local day brings its demand; what yesterday's was short of stays unmet."""
        day = day_of(at, self.where)
        if self.wants is None or at != start_of(day, self.where):
            return False
        self.owed = self.wants.usage(day)
        return True

    def _draw(self, at: datetime) -> None:
        if self.wants is None:
            return
        before, demand = self.line, self.owed
        if not demand.met:
            wants = self.wants
            self.line, self.owed, spent = draw(before, demand, at, pay_per_use=wants.pay_per_use, quality=wants.quality)
            self.spent_minor += spent
        if self.owed != demand:
            self._say_used(before, at)
            self.met = [had + a - b for had, a, b in zip(self.met, demand[:3], self.owed[:3], strict=True)]
            self.line = used(self.life, self.line, at) if self.life else replace(self.line, used_at=at)
        self.unmet[day_of(at, self.where)] = self.owed
        self.missed |= {kind: at for kind in Kind if self.owed.of(kind)}

    def _say_used(self, before: Line, at: datetime) -> None:
        for was, now in zip(before.buckets, self.line.buckets, strict=True):
            if now.left == 0 and was.left:
                sign = Sign.BUCKET_EMPTY if now.slow_kbps is None else Sign.THROTTLED
                until = now.ends
                self.events.append(Event(sign, at, now.sku, now.kind, slow_kbps=now.slow_kbps, until=until))

    def _top_up(self, at: datetime) -> None:
        """What the owner has topped up by itself when the credit is low, until it is not low any more."""
        for _ in range(_TOGETHER):
            effect = self.effects.get(top_up_due(self.line, at) or "")
            done = apply(effect, self.line, at) if effect and effect.on_sale and effect.credit_minor else None
            if effect is None or not isinstance(done, Applied):
                return
            self.line = done.line
            self.events.append(Event(Sign.TOPPED_UP, at, effect.sku, amount=effect.paid_minor, happened=done.happened))
            self._say_facts(done.happened, at)
            self._draw(at)


def _lives_on_use(effect: Effect) -> bool:
    return effect.number_life is not None and effect.number_life.since is Since.USE
