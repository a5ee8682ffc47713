"""The cheapest list of purchases for one line: a best-first search over labels, each a state after a purchase.

Labels come in the order of what their plan will cost at least, then of how many purchases, then the later first; so
the first complete one is the answer. A label is dropped when another at the same instant is worth at least as much
and cost no more. What "worth at least as much" may mean depends on the shape; `docs/explanation/planner.md` proves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import NamedTuple

from opla.core.planner.bound import HOPELESS, Bound, Lacks
from opla.core.planner.charges import Left
from opla.core.planner.compiled import MET, Compiled, Offer, State, Walked
from opla.core.planner.need import UNLIMITED
from opla.core.planner.shape import Instants, Shape

#: What a plan is judged by: money, purchases, and the instants, negated so that less is better.
Key = tuple[int, int, tuple[int, ...]]

_MONOTONE = frozenset({Shape.REPLACING, Shape.ROLLING, Shape.BESIDE})


class Label(NamedTuple):
    """A plan so far. `lacks`: what the rest must still provide, as `Bound` counts it. `left`: of promotions."""

    cost: int
    at: int
    state: State
    walked: Walked
    bought: tuple[Bought, ...]
    lacks: Lacks
    left: Left


#: Offers after a label, the most promising first: money and purchases at least, and the offer.
Choices = Sequence[tuple[int, int, Offer]]


class Entry(NamedTuple):
    """A place in the queue: less is sooner, and `number` is never the same twice.

    Without choices it is the label itself. With them it is what buying the one at `place` at least leads to, which
    is not computed before its turn; its next sibling waits until then.
    """

    money: int
    purchases: int
    times: tuple[int, ...]
    number: int
    label: Label
    at: int = 0
    state: State | None = None
    choices: Choices = ()
    place: int = 0


class Bought(NamedTuple):
    at: int
    offer: int


@dataclass(frozen=True)
class Found:
    """The best list of purchases. `exact` is False when the search was cut off before it could know that."""

    cost: int
    bought: tuple[Bought, ...]
    end: State
    exact: bool
    labels: int


@dataclass(frozen=True)
class NotFound:
    """No list covers the need; `exact` False: none was found before the search was cut off. `day` is the furthest."""

    day: int
    exact: bool
    labels: int


class Search:
    """`hasty`: by what a covered day cost so far, so that something is found soon; it is then not known to be best."""

    def __init__(self, compiled: Compiled, *, hasty: bool = False) -> None:
        self.hasty = hasty
        self.compiled, self.horizon = compiled, compiled.horizon
        self.instants = Instants(compiled)
        self.shape = self.instants.shape
        if hasty and self.shape is Shape.ANY:
            self.instants.shape = Shape.ROLLING  # few instants, which is all that haste has time for
        self.bound = Bound(compiled, self.shape)
        self.charges = compiled.charges
        self._later = {self.charges.least(): self.bound}
        self.offers = [offer for offer in compiled.offers if offer.on_sale]
        self.monotone = self.shape in _MONOTONE
        self._best: dict[tuple[object, ...], Key] = {}
        self._front: dict[tuple[object, ...], list[tuple[Key, tuple[int, ...]]]] = {}
        self._number = self._made = 0

    def run(self, most_labels: int, *, at_once: bool = False) -> Found | NotFound:
        """At most so many labels are made; that is the limit, because time would not be the same twice.

        `at_once`: of the lists whose first purchase is made when the first day begins.
        """
        compiled, horizon = self.compiled, self.horizon
        queue: list[Entry] = []
        state, _ = compiled._arrive(compiled.first, horizon.start)  # noqa: SLF001 - what ends as the first day begins
        label = self._label(0, horizon.start, state, (), self.charges.left)
        if label is not None and at_once:
            self._best.clear()
            self._front.clear()
            for offer in self.offers:
                made = self._bought(queue, Entry(0, 0, (), 0, label, horizon.start, state, [(0, 0, offer)]))
                if made is not None:
                    self._push(queue, made)
        elif label is not None:
            self._push(queue, label)
        furthest = 0
        while queue:
            entry = heappop(queue)
            label = entry.label
            if entry.state is None:
                if label.walked.fails == horizon.days:
                    return Found(label.cost, label.bought, label.walked.state, exact=not self.hasty, labels=self._made)
                furthest = max(furthest, label.walked.fails)
                if self._made >= most_labels:
                    return NotFound(furthest, exact=False, labels=self._made)
                self._expand(queue, label)
                continue
            made = self._bought(queue, entry)
            if made is not None:
                self._push(queue, made)
        return NotFound(furthest, exact=True, labels=self._made)

    def _push(self, queue: list[Entry], label: Label) -> None:
        money, count = self._bound_from(label.at).rest(label.lacks)
        if money >= HOPELESS:
            return
        if label.left:
            money = max(0, money - self.charges.saved(label.left))
        self._number += 1
        times = tuple(-purchase.at for purchase in label.bought)
        if label.walked.fails < self.horizon.days:
            # The next purchase is no later than the day that fails: whoever lasts longer comes first.
            times = (*times, -max(label.at, self.horizon.starts[label.walked.fails], *label.walked.ends))
        if self.hasty:
            money = label.cost * self.horizon.days // (label.walked.fails + 1) - label.cost
        heappush(queue, Entry(label.cost + money, len(label.bought) + count, times, self._number, label))

    def _expand(self, queue: list[Entry], label: Label) -> None:
        """Every purchase that may follow, in the queue at what it leads to at least."""
        compiled, bound, saved = self.compiled, self._bound_from(label.at), self.charges.saved(label.left)
        paid = [offer.paid for offer in bound.compiled.offers]
        bought = len(label.bought) + 1
        choices = []
        for offer in self.offers:
            money, count = bound.after(label.lacks, offer)
            if money < HOPELESS:
                if self.hasty:
                    money = label.cost * self.horizon.days // (label.walked.fails + 1) - label.cost
                money += paid[offer.place]
                choices.append((label.cost + max(0, money - saved), bought + count, offer))
        if not choices:
            return
        choices.sort(key=_promise)
        for at in self.instants.after(label.state, label.at, label.walked):
            if at == label.at:
                state = label.state
            elif at == label.walked.at:
                state = label.walked.state
            else:
                there = compiled.walk(label.state, label.at, at)
                if there.at != at:
                    continue
                state = there.state
            times = (*(-purchase.at for purchase in label.bought), -at)
            self._wait(queue, Entry(0, 0, times, 0, label, at, state, choices))

    def _wait(self, queue: list[Entry], entry: Entry) -> None:
        self._number += 1
        money, count, _ = entry.choices[entry.place]
        heappush(queue, entry._replace(money=money, purchases=count, number=self._number))

    def _bound_from(self, at: int) -> Bound:
        """At the least prices from an instant on; the same one as long as they are the same."""
        if not self.charges.turns:
            return self.bound
        least = self.charges.least(self.charges.epoch(at))
        bound = self._later.get(least)
        if bound is None:
            bound = self._later[least] = Bound(self.compiled.from_epoch(self.charges.epoch(at)), self.shape)
        return bound

    def _bought(self, queue: list[Entry], entry: Entry) -> Label | None:
        if entry.place + 1 < len(entry.choices):
            self._wait(queue, entry._replace(place=entry.place + 1))
        offer, label = entry.choices[entry.place][2], entry.label
        state = None if entry.state is None else self.compiled.buy(entry.state, entry.at, offer)
        if state is None:
            return None
        paid, left = self.charges.paid(offer.place, entry.at, label.left)
        bought = (*label.bought, Bought(entry.at, offer.place))
        return self._label(label.cost + paid, entry.at, state, bought, left)

    def _label(self, cost: int, at: int, state: State, bought: tuple[Bought, ...], left: Left) -> Label | None:
        key = (cost, len(bought), tuple(-purchase.at for purchase in bought))
        if self._dominated(key, at, state, left):
            return None
        self._made += 1
        walked = self.compiled.walk(state, at)
        if walked.fails < self.horizon.days and self.bound.hopeless(walked):
            return None
        return Label(cost, at, state, walked, bought, self.bound.lacks(state, at, walked), left)

    # ── dominance ───────────────────────────────────────────────────────────

    def _dominated(self, key: Key, at: int, state: State, left: Left) -> bool:
        """Whether a label at this instant is worth as much and cost no more; otherwise this one is remembered."""
        same, amounts = self._worth(at, state)
        amounts = (*amounts, *left) if left else amounts
        if not self.monotone:
            whole = (*same, amounts)
            known = self._best.get(whole)
            if known is not None and known <= key:
                return True
            self._best[whole] = key
            return False
        front = self._front.setdefault(same, [])
        for other, more in front:
            if other <= key and all(a >= b for a, b in zip(more, amounts, strict=True)):
                return True
        front[:] = [
            (other, less)
            for other, less in front
            if not (key <= other and all(a >= b for a, b in zip(amounts, less, strict=True)))
        ]
        front.append((key, amounts))
        return False

    def _worth(self, at: int, state: State) -> tuple[tuple[object, ...], tuple[int, ...]]:
        """What must be equal, and amounts of which more is never worse; nothing above what can still be used."""
        horizon = self.horizon
        day = horizon.day(at) + (state.pending is not None)
        pending = state.pending or MET
        end = horizon.end
        specs, end, away = self.compiled.specs, horizon.end, horizon.away
        merged: dict[tuple[object, ...], tuple[int, int]] = {}
        for left, starts, ends, place, eu, renews, bought in state.boxes:
            kind = specs[place].kind
            if self.monotone and not (horizon.needed[kind] and specs[place].counts):
                continue
            use = horizon.sums[kind][-1] - horizon.sums[kind][day] + pending[kind]
            alike = (
                max(starts, at),
                min(ends, end),
                place,
                renews,
                bought,
                len(merged) if eu < UNLIMITED and away else 0,
            )
            has, abroad = merged.get(alike, (0, 0))
            merged[alike] = min(has + left, use), min(abroad + eu, use) if away else 0
        amounts = [amount for pair in merged.values() for amount in pair]
        ends_of_lots: list[tuple[int, int]] = []
        most = self.bound.most_spent(day)
        for amount, ends, starts in state.lots:
            amounts.append(min(amount, most))
            ends_of_lots.append((min(ends, end), max(starts, at)))
        same = (at, state.pending, state.topped_up, min(state.lost, end + 1), *merged, *ends_of_lots)
        return same, tuple(amounts)


def _promise(choice: tuple[int, int, Offer]) -> tuple[int, int]:
    return choice[0], choice[1]


def search(compiled: Compiled, most_labels: int) -> Found | NotFound:
    """The cheapest, when the search ends within so many labels; else whatever as many again find."""
    exact = Search(compiled)
    # Where every instant is tried, a label takes many times as long.
    found = exact.run(most_labels if exact.shape is not Shape.ANY else most_labels // 8)
    if isinstance(found, NotFound) and not found.exact:
        tried = [Search(compiled, hasty=True).run(most_labels)]
        if compiled.charges.ours:
            tried.append(_charged(compiled, Search(compiled.without_promotions()).run(most_labels)))
        return min((one for one in tried if isinstance(one, Found)), key=lambda one: one.cost, default=found)
    return found


def _charged(compiled: Compiled, found: Found | NotFound) -> Found | NotFound:
    """What was found at other prices, at what it costs; it is not known to be the best then."""
    if isinstance(found, NotFound):
        return found
    cost, left = 0, compiled.charges.left
    for one in found.bought:
        paid, left = compiled.charges.paid(one.offer, one.at, left)
        cost += paid
    return replace(found, cost=cost, exact=False)
