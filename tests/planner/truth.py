"""What happens to a line, computed slowly by nothing but `effects` and `drawing`: the judge of the planner.

Nothing of `opla.core.planner` is used here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from opla.core.calendar import day_of, start_of, zone
from opla.core.drawing import ANY, Demand, Quality, Tariff, draw
from opla.core.effects import Applied, Effect, apply, next_renewal, renewals
from opla.core.line import Line, evolve
from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion import Facts, Promotion, Promotions, Used, best

WHERE = zone("Europe/Brussels")

#: How often each promotion was used, and how often something was bought at all.
Uses = frozenset[tuple[str, int]]
NONE: Uses = frozenset()
BOUGHT = "(bought)"
ANYBODY = Facts("", "")


@dataclass
class World:
    """A need on a calendar, one operator's effects, the withdrawn ones too, and how a shop sells them."""

    effects: Sequence[Effect]
    demands: Sequence[Demand]
    first: date
    quality: Quality = ANY
    tariff: Tariff | None = None
    fee_minor: int = 0
    promotions: tuple[Promotion, ...] = ()
    facts: Facts = ANYBODY
    by_sku: Mapping[str, Effect] = field(init=False)
    starts: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.by_sku = {effect.sku: effect for effect in self.effects}
        self.starts = [start_of(self.first + timedelta(days=n), WHERE) for n in range(len(self.demands) + 1)]

    @property
    def start(self) -> datetime:
        return self.starts[0]

    @property
    def end(self) -> datetime:
        return self.starts[-1]

    def charge(self, effect: Effect, at: datetime, before: Uses) -> tuple[int, Uses]:
        """What the shop asks, after what was bought before; and what has been used then."""
        if effect.from_credit:
            return 0, before
        used = dict(self.facts.used)
        for name, uses in before:
            used[name] = Used(used.get(name, Used()).total + uses, used.get(name, Used()).each + uses)
        facts = replace(
            self.facts, operator=effect.operator, sku=effect.sku, used=used,
            first_purchase=self.facts.first_purchase and not before,
        )  # fmt: skip
        price = Price(Money(effect.price_minor, "EUR"), Money(self.fee_minor, "EUR"), Money(0, "EUR"))
        offer = best(Promotions("EUR", self.promotions), price, facts, at)
        uses = Counter(dict(before)) + Counter([BOUGHT, *(one.id for one in offer.applied)])
        if not self.promotions:
            return offer.price.total.amount_minor, before
        return offer.price.total.amount_minor, frozenset(uses.items())

    def cost(self, bought: Sequence[tuple[datetime, str]]) -> int:
        """What a list of purchases costs, one after the other."""
        total, uses = 0, NONE
        for at, sku in bought:
            paid, uses = self.charge(self.by_sku[sku], at, uses)
            total += paid
        return total

    def day(self, at: datetime) -> int:
        return (day_of(at, WHERE) - self.first).days

    def next_purchase(self, line: Line, at: datetime) -> datetime:
        """The next instant at which something may be bought: a day begins, or a bucket ends."""
        ends = [b.ends for b in line.buckets if b.ends is not None and b.ends > at]
        return min([s for s in self.starts if s > at] + ends)

    def use(self, line: Line, pending: Demand | None, at: datetime) -> tuple[Line, Demand]:
        wanted = self.demands[self.day(at)] if pending is None else pending
        drawn = draw(line, wanted, at, pay_per_use=self.tariff, quality=self.quality)
        return drawn.line, drawn.unmet

    def pass_time(
        self, line: Line, pending: Demand | None, at: datetime, stop: datetime, short: list[int] | None = None
    ) -> tuple[Line, Demand | None, list[int]]:
        """From after the purchases of an instant to before those of a later one; days that stayed unmet, and in `short`
        the data that they lacked."""
        failed = []
        while at < stop:
            line, unmet = self.use(line, pending, at)
            begin = [b.starts for b in line.buckets] + [c.starts for c in line.credit if c.starts is not None]
            renewal = next_renewal(line)
            tomorrow = min(s for s in [*self.starts, self.end + timedelta(days=1)] if s > at)
            event = min([e for e in [*begin, renewal, tomorrow, stop] if e is not None and e > at])
            if event >= tomorrow and not unmet.met:
                failed.append(self.day(at))
                if short is not None:
                    short.append(unmet.data_kb)
            pending = None if event == tomorrow else unmet
            at = event
            line = evolve(renewals(line, self.by_sku, at).line, at)
        return line, pending, failed

    def live(
        self, line: Line, bought: Sequence[tuple[datetime, str]], until: datetime | None = None
    ) -> tuple[Line, list[int], bool]:
        """The line at the end after these purchases, the days that failed, and whether every purchase was taken."""
        at, pending, failed, taken = self.start, None, [], True
        line = evolve(renewals(line, self.by_sku, at).line, at)
        for when, sku in bought:
            line, pending, more = self.pass_time(line, pending, at, when)
            failed += more
            at = when
            done = apply(self.by_sku[sku], line, at)
            taken = taken and isinstance(done, Applied)
            line = done.line if isinstance(done, Applied) else line
        line, pending, more = self.pass_time(line, pending, at, until or self.end)
        return line, failed + more, taken


Key = tuple[int, int, tuple[int, ...]]


class TooLargeError(Exception):
    """More states than a test has time for."""


class BruteForce:
    """Every list of up to `most` purchases at every allowed instant. Cheapest, then fewest, then latest."""

    def __init__(self, world: World, most: int, states: int = 4000) -> None:
        self.world, self.most, self.states = world, most, states
        self.memo: dict[tuple[Line, Demand | None, datetime, int, Uses], tuple[Key, tuple[str, ...]] | None] = {}
        self.credit_counts = world.tariff is not None or any(e.from_credit for e in world.effects)
        self.offers = [e for e in world.effects if e.on_sale]

    def best(self, line: Line) -> tuple[Key, tuple[str, ...]] | None:
        line = evolve(renewals(line, self.world.by_sku, self.world.start).line, self.world.start)
        return self._best(line, None, self.world.start, self.most, NONE)

    def at_once(self, line: Line) -> int | None:
        """The least that a list costs whose first purchase is made when the first day begins."""
        at = self.world.start
        line, costs = evolve(renewals(line, self.world.by_sku, at).line, at), []
        for effect in self.offers:
            done = apply(effect, line, at)
            paid, uses = self.world.charge(effect, at, NONE)
            if isinstance(done, Applied) and (rest := self._best(done.line, None, at, self.most - 1, uses)):
                costs.append(paid + rest[0][0])
        return min(costs, default=None)

    def _best(
        self, line: Line, pending: Demand | None, at: datetime, most: int, uses: Uses
    ) -> tuple[Key, tuple[str, ...]] | None:
        if at == self.world.end:
            return (0, 0, ()), ()
        if not self.credit_counts:
            line = replace(line, credit=())
        key = (line, pending, at, most, uses)
        if key in self.memo:
            return self.memo[key]
        found = []
        stop = self.world.next_purchase(line, at)
        after, left, failed = self.world.pass_time(line, pending, at, stop)
        if not failed and (rest := self._best(after, left, stop, most, uses)):
            found.append(rest)
        for effect in self.offers if most else ():
            done = apply(effect, line, at)
            if not isinstance(done, Applied):
                continue
            paid, now = self.world.charge(effect, at, uses)
            if rest := self._best(done.line, pending, at, most - 1, now):
                (cost, count, times), skus = rest
                seconds = -int(at.timestamp())
                found.append(((cost + paid, count + 1, (seconds, *times)), (effect.sku, *skus)))
        self.memo[key] = min(found, default=None)
        if len(self.memo) > self.states:
            raise TooLargeError
        return self.memo[key]


#: Days that fail, data that fails, money, purchases: less is better.
Missed = tuple[int, int, int, int]


class BruteBudget:
    """Every list of up to `most` purchases within a budget: the most whole days, the most data, cheapest, fewest."""

    def __init__(self, world: World, most: int, budget: int, states: int = 4000) -> None:
        self.world, self.most, self.budget, self.states = world, most, budget, states
        self.memo: dict[tuple[Line, Demand | None, datetime, int, Uses, int], Missed] = {}
        self.credit_counts = world.tariff is not None or any(e.from_credit for e in world.effects)
        self.offers = [e for e in world.effects if e.on_sale]

    def best(self, line: Line) -> Missed:
        line = evolve(renewals(line, self.world.by_sku, self.world.start).line, self.world.start)
        return self._best(line, None, self.world.start, self.most, NONE, self.budget)

    def _best(self, line: Line, pending: Demand | None, at: datetime, most: int, uses: Uses, money: int) -> Missed:
        if at == self.world.end:
            return 0, 0, 0, 0
        if not self.credit_counts:
            line = replace(line, credit=())
        key = (line, pending, at, most, uses, money)
        if key in self.memo:
            return self.memo[key]
        short: list[int] = []
        stop = self.world.next_purchase(line, at)
        after, left, failed = self.world.pass_time(line, pending, at, stop, short)
        days, kb, cost, count = self._best(after, left, stop, most, uses, money)
        best = (days + len(failed), kb + sum(short), cost, count)
        for effect in self.offers if most else ():
            done = apply(effect, line, at)
            paid, now = self.world.charge(effect, at, uses)
            if isinstance(done, Applied) and paid <= money:
                days, kb, cost, count = self._best(done.line, pending, at, most - 1, now, money - paid)
                best = min(best, (days, kb, cost + paid, count + 1))
        self.memo[key] = best
        if len(self.memo) > self.states:
            raise TooLargeError
        return best

    def judge(self, line: Line, bought: Sequence[tuple[datetime, str]]) -> Missed:
        """What a list of purchases leaves unmet, and costs; each must be taken."""
        world, at, pending = self.world, self.world.start, None
        days, short = 0, []
        line = evolve(renewals(line, world.by_sku, at).line, at)
        for when, sku in [*bought, (world.end, "")]:
            line, pending, failed = world.pass_time(line, pending, at, when, short)
            days, at = days + len(failed), when
            if sku:
                done = apply(world.by_sku[sku], line, at)
                assert isinstance(done, Applied), (when, sku, done)
                line = done.line
        return days, sum(short), world.cost(bought), len(bought)
