"""The most of a need that so much money buys: whole days, wherever they lie; then data; then for the least money.

Days that are not covered still use what there is: nobody saves data for a better day. So every purchase at every
instant can matter, and every instant is tried; what keeps the search short is `_Most`, above which nothing can come.
`docs/explanation/planner.md` says why each figure of it is none too small.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import accumulate
from math import ceil, gcd
from typing import Final, NamedTuple

from opla.core.catalog.rules import AutoRenew
from opla.core.planner.bound import Bound
from opla.core.planner.charges import Left
from opla.core.planner.compiled import DATA, MET, Compiled, Offer, State, Three
from opla.core.planner.need import NEVER, UNLIMITED
from opla.core.planner.search import Bought, Search
from opla.core.planner.shape import Shape

#: Labels, and purchases looked at, after which the search ends; counts, because time is never the same twice.
MOST_LABELS: Final = 200
_MOST_LOOKED_AT: Final = 20_000
#: Steps into which money is divided where it is bounded.
_STEPS: Final = 400
_MOST_STEPS: Final = 2000
_MINUTES: Final = 24 * 60

#: What a plan within a budget is judged by: days that fail, data that fails (in thousandths of what is wanted in all,
#: so that a day's rounding decides nothing), money, purchases; less is better.
Key = tuple[int, int, int, int]
_PARTS: Final = 1000


@dataclass(frozen=True)
class Bits:
    """What a list of purchases leaves unmet: `missed`, of each day what fails on it. `exact`: no list leaves less."""

    bought: tuple[Bought, ...]
    cost: int
    missed: dict[int, Three]
    end: State
    grain_kb: int
    exact: bool
    labels: int

    @property
    def key(self) -> Key:
        data_kb = sum(short[DATA] for short in self.missed.values())
        return len(self.missed), data_kb // self.grain_kb, self.cost, len(self.bought)


class _Label(NamedTuple):
    """A state right after a purchase; `days` and `kb` failed before."""

    cost: int
    at: int
    state: State
    bought: tuple[Bought, ...]
    left: Left
    days: int
    kb: int


class _Stop(NamedTuple):
    """An instant at which something may be bought."""

    at: int
    state: State
    days: int
    kb: int


def most_for(
    compiled: Compiled,
    budget_minor: int,
    found: Sequence[Bought],
    above: Key | None = None,
    most_labels: int = MOST_LABELS,
) -> Bits:
    """The best list within this money; never a worse one than `found`, which is one.

    With `above`, lists that are no better than that are not looked for.
    """
    return _Budget(compiled, budget_minor, above).run(found, most_labels)


def step(compiled: Compiled, state: State, at: int, stop: int) -> tuple[State, Three]:
    """From after the purchases of an instant to before those of a later one of the same day or of its end; whatever can
    be drawn, is. What is unmet when the day ends, if it does."""
    horizon, short = compiled.horizon, MET
    day = horizon.day(at)
    while at < stop:
        event = compiled._next(state, at, stop)  # noqa: SLF001 - the same steps, one by one
        lots, boxes, pending, topped, lost = state
        wanted: Three | None = horizon.wanted[day] if pending is None else pending
        if wanted is not None and wanted != MET:
            boxes, lots, wanted = compiled._draw(boxes, lots, wanted, at, day, lost)  # noqa: SLF001
        at = event
        if at == horizon.starts[day + 1]:
            short, wanted = wanted or MET, None
        state, _ = compiled._arrive(State(lots, boxes, wanted, topped, lost), at)  # noqa: SLF001
    return state, short


def steps(compiled: Compiled, state: State, at: int, stop: int) -> tuple[State, dict[int, Three]]:
    """The same over many days, and what fails on each."""
    horizon, missed = compiled.horizon, {}
    while at < stop:
        walked = compiled.walk(state, at, stop)
        at, state = walked.at, walked.state
        if at == stop:
            break
        day = horizon.day(at)
        until = min(horizon.starts[day + 1], stop)
        state, short = step(compiled, state, at, until)
        if short != MET:
            missed[day] = short
        at = until
    return state, missed


class _Budget:
    def __init__(self, compiled: Compiled, budget_minor: int, above: Key | None) -> None:
        self.compiled, self.horizon, self.budget = compiled, compiled.horizon, budget_minor
        self.above = above
        self.grain_kb = max(1, self.horizon.sums[DATA][-1] // _PARTS)
        self.search = Search(compiled)
        self.offers = self.search.offers
        self.most = _Most(compiled, self.search.bound, budget_minor)
        self._front: dict[tuple[object, ...], list[tuple[Key, tuple[int, ...]]]] = {}
        self._queue: list[tuple[int, int, int, int, _Label, _Stop, Offer]] = []
        self._number = self._looked = 0

    def run(self, found: Sequence[Bought], most_labels: int) -> Bits:
        compiled, start = self.compiled, self.horizon.start
        state, _ = compiled._arrive(compiled.first, start)  # noqa: SLF001 - what ends as the first day begins
        none = _Label(0, start, state, (), compiled.charges.left, 0, 0)
        best = self._given(none, found)
        labels = 1
        best = self._expand(none, best)
        while self._queue:
            days, kb, cost, _, label, stop, offer = heappop(self._queue)
            if not self._better((days, kb, cost, len(label.bought) + 1), best):
                continue
            if labels >= most_labels or self._looked >= _MOST_LOOKED_AT:
                return replace(best, exact=False, labels=labels)
            made = self._bought(label, stop, offer)
            if made is not None:
                labels += 1
                best = self._expand(made, best)
        return replace(best, exact=self._looked < _MOST_LOOKED_AT, labels=labels)

    def _better(self, key: Key, best: Bits) -> bool:
        return key < best.key and (self.above is None or key < self.above)

    def _given(self, label: _Label, found: Sequence[Bought]) -> Bits:
        for one in found:
            state, missed = steps(self.compiled, label.state, label.at, one.at)
            days, kb = label.days + len(missed), label.kb + sum(short[DATA] for short in missed.values())
            made = self._bought(label, _Stop(one.at, state, days, kb), self.compiled.offers[one.offer])
            if made is None:
                raise ValueError("a purchase of the list that was found is refused")
            label = made
        self._front.clear()
        return self._whole(label)

    def _whole(self, label: _Label) -> Bits:
        """A label with nothing bought after it."""
        compiled, at = self.compiled, self.horizon.start
        missed: dict[int, Three] = {}
        state, _ = compiled._arrive(compiled.first, at)  # noqa: SLF001
        for one in label.bought:
            state, more = steps(compiled, state, at, one.at)
            missed |= more
            at, state = one.at, compiled.buy(state, one.at, compiled.offers[one.offer]) or state
        state, more = steps(compiled, state, at, self.horizon.end)
        return Bits(label.bought, label.cost, missed | more, state, self.grain_kb, exact=False, labels=0)

    def _bought(self, label: _Label, stop: _Stop, offer: Offer) -> _Label | None:
        state = self.compiled.buy(stop.state, stop.at, offer)
        if state is None:
            return None
        paid, left = self.compiled.charges.paid(offer.place, stop.at, label.left)
        cost = label.cost + paid
        if cost > self.budget:
            return None
        bought = (*label.bought, Bought(stop.at, offer.place))
        made = _Label(cost, stop.at, state, bought, left, stop.days, stop.kb)
        return None if self._dominated(made) else made

    def _expand(self, label: _Label, best: Bits) -> Bits:
        """Every purchase that may follow, in the queue by what it leaves unmet at least."""
        stops = list(self._stops(label))
        last = stops[-1]
        if (last.days, last.kb // self.grain_kb, label.cost, len(label.bought)) < best.key:
            best = self._whole(label)
        money = self.budget - label.cost
        count = len(label.bought) + 1
        for stop in stops[:-1]:
            self._looked += 1
            if not self._better((*self._unmet(stop, money), label.cost, count), best):
                continue
            for offer in self.offers:
                least = self.most.paid[offer.place]
                if least > money or self._looked >= _MOST_LOOKED_AT:
                    continue
                self._looked += 1
                unmet, cost, more = self._unmet(stop, money - least, offer), label.cost + least, 0
                if unmet == min(best.key, self.above or best.key)[:2]:
                    # As good as the best: then money decides, and how many purchases it takes.
                    cost += self._least(stop, money - least, offer, unmet)
                    more = self._unmet(stop, 0, offer) > unmet
                if self._better((*unmet, cost, count + more), best):
                    self._number += 1
                    heappush(self._queue, (*unmet, cost, self._number, label, stop, offer))
        return best

    def _unmet(self, stop: _Stop, money: int, offer: Offer | None = None) -> tuple[int, int]:
        """What fails at least in all, when this is bought now and so much money is left."""
        days, kb = self.most.unmet(stop.state, stop.at, money, offer)
        return stop.days + days, (stop.kb + kb) // self.grain_kb

    def _least(self, stop: _Stop, money: int, offer: Offer, unmet: tuple[int, int]) -> int:
        """The least of the money that is left with which no more than that fails: more money never fails more."""
        too_little, enough = -1, money
        while enough - too_little > 1:
            middle = (too_little + enough) // 2
            self._looked += 1
            if self._unmet(stop, middle, offer) <= unmet:
                enough = middle
            else:
                too_little = middle
        return enough

    def _stops(self, label: _Label) -> Iterator[_Stop]:
        """Each instant at which something may be bought, and the end, with what has failed before it."""
        _, at, state, _, _, days, kb = label
        horizon = self.horizon
        yield _Stop(at, state, days, kb)
        while at < horizon.end:
            tomorrow = horizon.starts[horizon.day(at) + 1]
            until = min([box[2] for box in state.boxes if at < box[2] < tomorrow], default=tomorrow)
            state, short = step(self.compiled, state, at, until)
            at, days, kb = until, days + (short != MET), kb + short[DATA]
            yield _Stop(at, state, days, kb)

    def _dominated(self, label: _Label) -> bool:
        """Whether another at this instant is worth as much, lost no more and cost no more."""
        same, amounts = self.search._worth(label.at, label.state)  # noqa: SLF001 - the same comparison
        amounts += label.left
        key = label.days, label.kb, label.cost, len(label.bought)
        if not self.search.monotone:
            same, amounts = (*same, amounts), ()
        front = self._front.setdefault(same, [])
        for other, more in front:
            if all(a <= b for a, b in zip(other, key, strict=True)) and all(
                a >= b for a, b in zip(more, amounts, strict=True)
            ):
                return True
        front.append((key, amounts))
        return False


class _Most:
    """What so much money buys at most: days, and of each kind how much."""

    def __init__(self, compiled: Compiled, bound: Bound, budget_minor: int) -> None:
        self.compiled, self.bound, self.horizon = compiled, bound, compiled.horizon
        self.paid = compiled.charges.lowest()
        # Of each kind, the least that so many days want, whichever days they are.
        columns = (sorted(wanted[kind] for wanted in self.horizon.wanted) for kind in range(3))
        self._fewest = [list(accumulate(column, initial=0)) for column in columns]
        self._wanting = self.horizon.wanting(tuple(kind for kind in range(3) if self.horizon.needed[kind]))
        # Use outside bundles, and what renews itself for nothing, have no bound here.
        renewing = {compiled.specs[box[3]].sku for box in compiled.first.boxes if box[5]}
        self.open = compiled.tariff is not None or any(
            (offer.effect.auto_renew is AutoRenew.BUILT_IN or offer.effect.sku in renewing)
            and offer.portions
            and not offer.effect.from_credit
            for offer in compiled.offers
        )
        offers = [offer for offer in compiled.offers if offer.on_sale]
        self._rate = self._money_of_credit(offers)
        # What is paid with money and also gives credit, with which something else is bought, counts twice.
        self._twice = self._rate > 0 and any(o.credit and o.portions for o in offers if not o.effect.from_credit)
        reach = self._reach(budget_minor, compiled.first)
        # In steps that every price is made of, where there are not too many.
        grain = gcd(*(self._price(offer) for offer in bound.giving)) or 1
        self._step = grain if reach // grain < _MOST_STEPS else max(1, -(-reach // _STEPS))
        giving = bound.giving
        self._giving = {offer.place for offer in giving}
        prices = [self._price(offer) // self._step for offer in giving]
        size = reach // self._step + 2
        self._alive = _filled(size, prices, [self._lasts(offer) for offer in giving], self.horizon.days)
        self._days = _filled(size, prices, [self._serves(offer) for offer in giving], self.horizon.days)
        wanted = sorted((wanted[DATA] for wanted in self.horizon.wanted), reverse=True)
        self._dearest = list(accumulate(wanted, initial=0))
        self._shared = [k for k in range(3) if self.horizon.needed[k] and k not in bound.exclusive]
        kinds = {DATA, *self._shared}
        self._amounts = {k: _filled(size, prices, [bound._gives(o, k) for o in giving], UNLIMITED) for k in kinds}  # noqa: SLF001

    def unmet(self, state: State, at: int, money: int, offer: Offer | None = None) -> tuple[int, int]:
        """At least so many days and so much data fail from this day on, with this money, when this is bought now."""
        horizon = self.horizon
        day = horizon.day(at)
        wanting = self._wanting[day]
        wanted = state.pending[DATA] if state.pending is not None else horizon.wanted[day][DATA]
        data = wanted + horizon.sums[DATA][-1] - horizon.sums[DATA][min(day + 1, horizon.days)]
        if self.open:
            return 0, 0
        reach = self._reach(money, state)
        gives, ends = None, False
        if offer is not None:
            if offer.effect.from_credit:
                # It is paid out of credit that is counted already.
                reach = max(0, reach - self._price(offer))
            elif self._rate and offer.credit:
                reach += ceil(offer.credit * self._rate)
            gives = offer if offer.place in self._giving else None
            # What runs lapses, when this is bought.
            replaces = self.bound.shape is Shape.REPLACING and offer.window is None
            ends = replaces and gives is not None and state.pending is None
        # Rounding every price down lets no more be bought: the sum of parts is no more than the part of the sum.
        place = min(reach // self._step, len(self._days) - 1)
        has_days = 0 if ends else self._has_days(state, at, day)
        alive = has_days + self._alive[place] + (self._lasts(gives) if gives else 0)
        days = has_days + self._days[place] + (self._serves(gives) if gives else 0)
        for kind in self._shared:
            amount = self._has(state, kind) + self._amounts[kind][place]
            amount += self.bound._gives(gives, kind) if gives else 0  # noqa: SLF001
            # The running day may be half met already.
            days = min(days, bisect_right(self._fewest[kind], amount) - 1 + (state.pending is not None))
        amount = (0 if ends else self._has(state, DATA)) + self._amounts[DATA][place]
        amount += self.bound._gives(gives, DATA) if gives else 0  # noqa: SLF001
        amount = min(amount, self._dearest[min(alive, horizon.days)])
        return max(0, wanting - days), max(0, data - amount)

    def _reach(self, money: int, state: State) -> int:
        """Money, and the credit there is as the money it would have taken."""
        if not self._rate:
            return money
        credit = sum(lot[0] for lot in state.lots)
        return money * (2 if self._twice else 1) + ceil(credit * self._rate)

    def _money_of_credit(self, offers: Sequence[Offer]) -> Fraction:
        """The least money for one unit of credit, where bundles are bought with it; 0: none are."""
        if not any(offer.effect.from_credit for offer in offers):
            return Fraction(0)
        rates = [Fraction(self.paid[o.place], o.credit) for o in offers if o.credit and not o.effect.from_credit]
        return min(rates, default=Fraction(1))

    def _price(self, offer: Offer) -> int:
        return int(offer.price * self._rate) if offer.effect.from_credit else self.paid[offer.place]

    def _lasts(self, offer: Offer) -> int:
        """On at most so many days something of it is there."""
        lasts, all_days = offer.effect.lasts, self.horizon.days
        if lasts.with_number:
            return all_days
        days = lasts.days or 31 * lasts.months or lasts.minutes // _MINUTES + 1
        return min(days + self._middle, all_days)

    def _serves(self, offer: Offer) -> int:
        """At most so many days are covered by it; by it alone, where only the last purchase counts."""
        days = self._lasts(offer)
        for kind in self.bound.exclusive:
            amount = self.bound._gives(offer, kind)  # noqa: SLF001
            days = min(days, bisect_right(self._fewest[kind], amount) - 1 + self._middle)
        return days

    @property
    def _middle(self) -> int:
        """One day more where it may begin in the middle of one."""
        return int(self.bound.middle or self.bound.shape is Shape.ANY)

    def _has_days(self, state: State, at: int, day: int) -> int:
        """On at most so many days from this one on something is there that is held today."""
        horizon = self.horizon
        if any(box[2] == NEVER for box in state.boxes):
            return horizon.days
        ends = max((box[2] for box in state.boxes if box[2] > at), default=at)
        if ends <= at:
            return int(state.pending is not None)
        until = horizon.days if ends >= horizon.end else horizon.day(ends - 1) + 1
        return self._wanting[day] - self._wanting[until] + (state.pending is not None)

    def _has(self, state: State, kind: int) -> int:
        has = 0
        for box in state.boxes:
            spec = self.compiled.specs[box[3]]
            if spec.kind == kind and spec.counts:
                has = UNLIMITED if spec.goes_on else has + box[0]
        return has


def _filled(size: int, prices: Sequence[int], gives: Sequence[int], most: int) -> list[int]:
    """For each amount of money, the most that any number of these give together."""
    if any(not price and given for price, given in zip(prices, gives, strict=True)):
        return [most] * size
    pairs = [(price, given) for price, given in zip(prices, gives, strict=True) if given]
    found = [0] * size
    for money in range(1, size):
        best = found[money - 1]
        for price, given in pairs:
            if price <= money:
                best = max(best, found[money - price] + given)
        found[money] = min(best, most)
    return found
