"""The cheapest list of purchases for one line: a best-first search over labels, each a state after a purchase.

Labels come in the order of what their plan will cost at least, then of how many purchases, then the later first; so
the first complete one is the answer. A label is dropped when another at the same instant is worth at least as much
and cost no more. What "worth at least as much" may mean depends on the shape; `docs/explanation/planner.md` proves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush
from operator import ge
from typing import NamedTuple

from opla.core.planner.bound import Bound, Lacks
from opla.core.planner.charges import Left
from opla.core.planner.compiled import MET, Compiled, Offer, State, Walked
from opla.core.planner.need import LONG_AGO, UNLIMITED
from opla.core.planner.reach import HOPELESS
from opla.core.planner.shape import Instants, Shape

#: What a plan is judged by: money, purchases, and the instants, negated so that less is better.
Key = tuple[int, int, tuple[int, ...]]

_MONOTONE = frozenset({Shape.REPLACING, Shape.ROLLING, Shape.BESIDE})


class Label(NamedTuple):
    """A plan so far. `lacks`: what the rest must still provide, as `Bound` counts it; `times`: instants, negated;
    `left`: uses of limited promotions."""

    cost: int
    at: int
    state: State
    walked: Walked
    bought: tuple[Bought, ...]
    times: tuple[int, ...]
    lacks: Lacks
    left: Left


class Choice(NamedTuple):
    """An offer: what it and the rest cost at least, how many more purchases follow it, and by when each at the latest
    (negated)."""

    money: int
    purchases: int
    times: tuple[int, ...]
    offer: Offer


class Choices:
    """What may be bought where so much is lacking, the most promising first; ranked no further than is asked for.

    saved  what promotions with few uses may take off in all, beside the least prices that the bound knows
    """

    def __init__(self, bound: Bound, lacks: Lacks, saved: int) -> None:
        self._bound = bound
        self._ranked: list[Choice] = []
        self._all = []
        for offer in bound.compiled.offers:
            if not offer.on_sale:
                continue
            after = bound.after(lacks, offer)
            money, count = bound.rest(after)
            if money < HOPELESS:
                self._all.append(((max(0, offer.paid + money - saved), count), offer.place, offer, after))
        self._all.sort()

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, place: int) -> Choice:
        while place >= len(self._ranked):
            self._rank()
        return self._ranked[place]

    def _rank(self) -> None:
        """The next that promise the same, by the instants that are left to them."""
        promise = money, count = self._all[len(self._ranked)][0]
        alike = [one for one in self._all[len(self._ranked) :] if one[0] == promise]
        self._ranked += sorted(
            (Choice(money, count, self._bound.latest(after, count), offer) for _, _, offer, after in alike),
            key=_times,
        )


class Entry(NamedTuple):
    """A place in the queue: less is sooner, of equals what has more purchases; and `number` is never the same twice.

    Without choices it is the label itself. With them it is what buying the one at `place` at least leads to, which
    is not computed before its turn; its next sibling waits until then.
    """

    money: int
    purchases: int
    times: tuple[int, ...]
    depth: int
    number: int
    label: Label
    at: int = 0
    state: State | None = None
    choices: Choices | None = None
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
        self._choices: dict[tuple[int, int, Lacks], Choices] = {}
        self._number = self._made = 0

    def run(self, most_labels: int, *, at_once: bool = False) -> Found | NotFound:
        """At most so many labels are made; that is the limit, because time would not be the same twice.

        `at_once`: of the lists whose first purchase is made when the first day begins.
        """
        compiled, horizon = self.compiled, self.horizon
        queue: list[Entry] = []
        state, _ = compiled._arrive(compiled.first, horizon.start)  # noqa: SLF001 - what ends as the first day begins
        label = self._label(None, horizon.start, state)
        if label is not None and at_once:
            self._best.clear()
            self._front.clear()
            for offer in self.offers:
                bought = compiled.buy(label.state, label.at, offer)
                made = None if bought is None else self._label(label, label.at, bought, offer)
                if made is not None:
                    self._push(queue, made)
        elif label is not None:
            self._push(queue, label)
        furthest = 0
        while queue:
            entry = heappop(queue)
            label = entry.label
            if entry.state is None or entry.choices is None:
                if label.walked.fails == horizon.days:
                    return Found(label.cost, label.bought, label.walked.state, exact=not self.hasty, labels=self._made)
                furthest = max(furthest, label.walked.fails)
                if self._made >= most_labels:
                    return NotFound(furthest, exact=False, labels=self._made)
                self._expand(queue, label)
                continue
            made = self._bought(queue, entry, entry.state, entry.choices)
            if made is not None:
                self._push(queue, made)
        return NotFound(furthest, exact=True, labels=self._made)

    def _push(self, queue: list[Entry], label: Label) -> None:
        bound = self._bound_from(label.at)
        money, count = bound.rest(label.lacks)
        if money >= HOPELESS:
            return
        money = max(0, money - self.charges.saved(label.left))
        self._number += 1
        times = label.times
        if label.walked.fails < self.horizon.days:
            # The next purchase is no later than the day that fails: whoever lasts longer comes first.
            last = max(label.at, self.horizon.starts[label.walked.fails], *label.walked.ends)
            times = (*times, *bound.latest(label.lacks, count, last))
        if self.hasty:
            money = self._haste(label)
        bought = len(label.bought)
        heappush(queue, Entry(label.cost + money, bought + count, times, -bought, self._number, label))

    def _haste(self, label: Label) -> int:
        return label.cost * self.horizon.days // (label.walked.fails + 1) - label.cost

    def _expand(self, queue: list[Entry], label: Label) -> None:
        """Every purchase that may follow, in the queue at what it leads to at least."""
        compiled, saved = self.compiled, self.charges.saved(label.left)
        epoch, bound = self.charges.epoch(label.at), self._bound_from(label.at)
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
            lacks = bound.by_then(label.lacks, state, at)
            choices = self._choices.get((epoch, saved, lacks))
            if choices is None:
                choices = self._choices[epoch, saved, lacks] = Choices(bound, lacks, saved)
            if len(choices):
                self._wait(queue, label, at, state, choices, 0)

    def _wait(self, queue: list[Entry], label: Label, at: int, state: State, choices: Choices, place: int) -> None:
        choice = choices[place]
        money = choice.offer.paid + self._haste(label) if self.hasty else choice.money
        bought = len(label.bought) + 1
        times = (*label.times, -at, *choice.times)
        self._number += 1
        money, purchases = label.cost + money, bought + choice.purchases
        heappush(queue, Entry(money, purchases, times, -bought, self._number, label, at, state, choices, place))

    def _bound_from(self, at: int) -> Bound:
        """At the least prices from an instant on; the same one as long as they are the same."""
        if not self.charges.turns:
            return self.bound
        least = self.charges.least(self.charges.epoch(at))
        bound = self._later.get(least)
        if bound is None:
            bound = self._later[least] = Bound(self.compiled.from_epoch(self.charges.epoch(at)), self.shape)
        return bound

    def _bought(self, queue: list[Entry], entry: Entry, before: State, choices: Choices) -> Label | None:
        offer, label = choices[entry.place].offer, entry.label
        if entry.place + 1 < len(choices):
            self._wait(queue, label, entry.at, before, choices, entry.place + 1)
        state = self.compiled.buy(before, entry.at, offer)
        if state is None:
            return None
        return self._label(label, entry.at, state, offer)

    def _label(self, before: Label | None, at: int, state: State, offer: Offer | None = None) -> Label | None:
        cost, bought, times = (before.cost, before.bought, before.times) if before else (0, (), ())
        left = before.left if before else self.charges.left
        if offer is not None:
            paid, left = self.charges.paid(offer.place, at, left)
            cost, bought, times = cost + paid, (*bought, Bought(at, offer.place)), (*times, -at)
        key = (cost, len(bought), times)
        if self._dominated(key, at, state, left):
            return None
        self._made += 1
        walked = self.compiled.walk(state, at)
        if walked.fails < self.horizon.days and self.bound.hopeless(walked):
            return None
        return Label(cost, at, state, walked, bought, times, self.bound.lacks(state, at, walked), left)

    # ── dominance ───────────────────────────────────────────────────────────

    def _dominated(self, key: Key, at: int, state: State, left: Left) -> bool:
        """Whether a label at this instant is worth as much and cost no more; otherwise this one is remembered."""
        same, amounts = self._worth(at, state)
        amounts += left
        if not self.monotone:
            whole = (*same, amounts)
            known = self._best.get(whole)
            if known is not None and known <= key:
                return True
            self._best[whole] = key
            return False
        front = self._front.setdefault(same, [])
        for other, more in front:
            if other <= key and all(map(ge, more, amounts)):
                return True
        front[:] = [(other, less) for other, less in front if not (key <= other and all(map(ge, amounts, less)))]
        front.append((key, amounts))
        return False

    def _worth(self, at: int, state: State) -> tuple[tuple[object, ...], tuple[int, ...]]:
        """What must be equal, and amounts of which more is never worse; nothing above what can still be used."""
        horizon, specs, alike_to = self.horizon, self.compiled.specs, self.compiled.alike
        day = horizon.day(at) + (state.pending is not None)
        pending, end, away = state.pending or MET, horizon.end, horizon.away
        merged: dict[tuple[int, ...], tuple[int, int]] = {}
        for left, starts, ends, place, eu, renews, bought in state.boxes:
            spec = specs[place]
            kind = spec.kind
            if self.monotone and not (spec.counts and horizon.needed[kind]):
                continue
            sums = horizon.sums[kind]
            use = sums[-1] - sums[day] + pending[kind]
            alike: tuple[int, ...] = max(starts, at), min(ends, end), place if renews else alike_to[place]
            if renews or bought != LONG_AGO or away:
                alike = (*alike, renews, bought, len(merged) if eu < UNLIMITED and away else 0)
            has, abroad = merged.get(alike, (0, 0))
            merged[alike] = min(has + left, use), min(abroad + eu, use) if away else 0
        there = sorted(merged.items())
        amounts = [amount for _, pair in there for amount in pair]
        ends_of_lots: list[tuple[int, int]] = []
        most = self.bound.most_spent(day)
        for amount, ends, starts in state.lots:
            amounts.append(min(amount, most))
            ends_of_lots.append((min(ends, end), max(starts, at)))
        same = (at, state.pending, state.topped_up, min(state.lost, end + 1), *(alike for alike, _ in there))
        return (*same, *ends_of_lots), tuple(amounts)


def _times(choice: Choice) -> tuple[int, ...]:
    return choice.times


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
