"""What the rest of a plan costs at least: the money and the number of purchases that no list can do without.

Each bound leaves out rules and keeps amounts, so that whatever covers the need satisfies it; why, is written in
`docs/explanation/planner.md`. Whole numbers throughout.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import combinations
from math import gcd

from opla.core.planner.compiled import DATA, Compiled, Offer, State, Walked
from opla.core.planner.need import KINDS, UNLIMITED
from opla.core.planner.shape import Shape

_IMPOSSIBLE = 1 << 50
_ONE_AT_A_TIME = frozenset({Shape.REPLACING, Shape.BLOCKING, Shape.BUNDLES})


class Bound:
    """Lower bounds for one operator and need."""

    def __init__(self, compiled: Compiled, shape: Shape) -> None:
        self.compiled, self.shape = compiled, shape
        self.horizon = compiled.horizon
        offers = [offer for offer in compiled.offers if offer.on_sale]
        # What is withdrawn may still renew itself, from the credit.
        some = compiled.offers if shape is Shape.BUNDLES else offers
        self.giving = [offer for offer in some if offer.portions and offer.gives and offer.plan_fits]
        self.grain = gcd(*(offer.paid for offer in offers)) or 1
        self.middle = self._middle()
        self.exclusive = self._exclusive()
        self.wanting = self.horizon.wanting(self.exclusive or (DATA,))
        self.lengths = {offer.place: self._length(offer) for offer in self.giving}
        longest = max(self.lengths.values(), default=0)
        self.longest = longest
        self.money_gives_nothing = shape is Shape.BUNDLES
        self.by_days: list[int] = []
        self.by_amount: dict[int, list[tuple[int, int]]] = {}
        self.edges: list[tuple[int, int, int]] = []
        if shape is Shape.BUNDLES:
            top_ups = [o for o in offers if not o.effect.from_credit and o.credit]
            self.rates = [(o.paid, o.credit or 1) for o in top_ups]
            self.least = min((o.paid for o in top_ups), default=_IMPOSSIBLE)
            self.most_credit = max((o.credit or 0 for o in top_ups), default=1)
        self.outside = self._outside()
        self.given = [any(self._gives(offer, kind) for offer in compiled.offers) for kind in range(3)]
        self.covers = self._coverable() if shape in _ONE_AT_A_TIME else []
        self.dearest = max((offer.price for offer in compiled.offers), default=0)
        if shape is not Shape.ANY:
            self._table()
        if shape is Shape.ROLLING:
            self.edges = self._edges()

    def rest(self, state: State, at: int, walked: Walked) -> tuple[int, int]:
        """At least so much money and so many purchases after this state; (0, 0) where nothing is known."""
        if walked.fails == self.horizon.days:
            return 0, 0
        days = self.wanting[walked.fails]
        match self.shape:
            case Shape.ANY:
                return 0, 1
            case Shape.BESIDE:
                return self._by_amounts(state, at)
            case Shape.ROLLING:
                return self._rolling(state, at, walked)
            case Shape.BUNDLES:
                return self._bundles(state, walked, days)
            case _:
                return self._days(days)

    def hopeless(self, walked: Walked) -> bool:
        """Whether nothing that can be bought helps on the day that fails."""
        day = walked.fails
        wanted = self.horizon.wanted[day]
        if self.shape in _ONE_AT_A_TIME:
            if not self.middle and not self.covers[day]:
                return True
            if self.shape is not Shape.REPLACING:
                # What still runs keeps everything else from beginning that day.
                return any(box[2] >= self.horizon.starts[day + 1] for box in walked.state.boxes)
            return False
        tariff = self.compiled.tariff
        later = {self.compiled.specs[box[3]].kind for box in walked.state.boxes if box[1] > walked.at}
        return any(
            wanted[kind] and not self.given[kind] and kind not in later
            and (tariff is None or tariff.price(KINDS[kind]) is None)
            for kind in range(3)
        )  # fmt: skip

    def most_spent(self, day: int) -> int:
        """Credit above this can never be spent."""
        if self.shape is Shape.BUNDLES:
            return (self.horizon.days - day + 1) * self.dearest
        return self.outside[max(0, day - 1)] if self.outside else UNLIMITED

    def _outside(self) -> list[int]:
        """What all use from each day on costs outside every bundle, where credit buys nothing else."""
        tariff = self.compiled.tariff
        if tariff is None or any(offer.effect.from_credit for offer in self.compiled.offers):
            return []
        found = [0]
        for wanted in reversed(self.horizon.wanted):
            cost = 0
            for kind, amount in zip(KINDS, wanted, strict=True):
                minor, per = tariff.price(kind) or (0, 1)
                cost += -(-amount * minor // per)
            found.append(found[-1] + cost)
        return found[::-1]

    def _covers(self, day: int) -> bool:
        """Whether one purchase alone is enough for this day."""
        wanted, abroad = self.horizon.wanted[day], self.horizon.abroad[day]
        return any(all(self._serves(o, k, wanted[k], abroad=abroad) for k in range(3)) for o in self.giving)

    def _serves(self, offer: Offer, kind: int, wanted: int, *, abroad: bool) -> bool:
        has = 0
        for place, amount, eu in offer.portions:
            spec = self.compiled.specs[place]
            if spec.kind == kind and spec.counts:
                if spec.goes_on and not (abroad and eu < UNLIMITED):
                    return True
                has += min(amount, eu) if abroad else amount
        return has >= wanted

    def _days(self, days: int) -> tuple[int, int]:
        if not self.longest:
            return _IMPOSSIBLE, _IMPOSSIBLE
        return self.by_days[days], -(-days // self.longest)

    def _bundles(self, state: State, walked: Walked, days: int) -> tuple[int, int]:
        if not self.longest:
            return _IMPOSSIBLE, _IMPOSSIBLE
        credit = self.by_days[days] - (sum(lot[0] for lot in state.lots) - walked.spent)
        if credit <= 0:
            return 0, 1
        money = min((-(-credit * paid // gives) for paid, gives in self.rates), default=_IMPOSSIBLE)
        return max(self._round(money), self.least), -(-credit // self.most_credit)

    def _rolling(self, state: State, at: int, walked: Walked) -> tuple[int, int]:
        horizon = self.horizon
        if self.exclusive:
            days = self.wanting[walked.fails]
        else:
            alive = max((box[2] for box in state.boxes if self.compiled.specs[box[3]].kind == DATA), default=at)
            dead = horizon.day(min(alive, horizon.end) - 1) + 1 if alive > at else horizon.day(at)
            days = self.wanting[min(dead + (alive <= at and state.pending is not None), horizon.days)]
        if not self.longest:
            return _IMPOSSIBLE, _IMPOSSIBLE
        data = self._lacks(state, at, DATA)
        money = max(self.by_days[days], self._amount(DATA, data))
        for u, v, per in self.edges:
            money = max(money, self._round(-(-(u * days + v * data) // per)))
        return money, max(-(-days // self.longest), 1)

    def _by_amounts(self, state: State, at: int) -> tuple[int, int]:
        return max(self._amount(kind, self._lacks(state, at, kind)) for kind in range(3)), 1

    def _lacks(self, state: State, at: int, kind: int) -> int:
        """What will be wanted and is not there: never more than must be bought."""
        horizon = self.horizon
        if not horizon.needed[kind]:
            return 0
        day = horizon.day(at) + (state.pending is not None)
        wanted = horizon.sums[kind][-1] - horizon.sums[kind][day]
        for box in state.boxes:
            spec = self.compiled.specs[box[3]]
            if spec.kind == kind and spec.counts:
                if spec.goes_on:
                    return 0
                wanted -= box[0]
        return max(0, wanted)

    def _amount(self, kind: int, amount: int) -> int:
        """The least money that buys this much of a kind."""
        if not amount:
            return 0
        best = _IMPOSSIBLE
        for paid, gives in self.by_amount[kind]:
            money = paid if gives >= amount else -(-amount * paid // gives)
            best = min(best, max(money, paid))
        return self._round(best)

    def _round(self, money: int) -> int:
        return -(-money // self.grain) * self.grain

    # ── tables, once ────────────────────────────────────────────────────────

    def _coverable(self) -> list[bool]:
        known: dict[tuple[object, ...], bool] = {}
        found = []
        for day, wanted in enumerate(self.horizon.wanted):
            key = (wanted, self.horizon.abroad[day])
            if key not in known:
                known[key] = self._covers(day)
            found.append(known[key])
        return found

    def _middle(self) -> bool:
        """Whether something may be bought in the middle of a day, whose rest it then covers besides whole days."""
        start = self.horizon.is_start
        return any(0 < box[2] <= self.horizon.end and not start(box[2]) for box in self.compiled.first.boxes)

    def _exclusive(self) -> tuple[int, ...]:
        """Kinds of which only the last purchase counts."""
        needed = [kind for kind in range(3) if self.horizon.needed[kind]]
        if self.shape in (Shape.REPLACING, Shape.BLOCKING, Shape.BUNDLES):
            return tuple(needed)
        return tuple(k for k in needed if k != DATA) if self.shape is Shape.ROLLING else ()

    def _length(self, offer: Offer) -> int:
        """At most so many days are covered by one of these."""
        lasts = offer.effect.lasts
        days = lasts.days or 31 * lasts.months
        for kind in self.exclusive:
            total, on = 0, False
            for spec, amount, _ in offer.portions:
                if self.compiled.specs[spec].kind == kind and self.compiled.specs[spec].counts:
                    total += amount
                    on = on or self.compiled.specs[spec].goes_on
            if not on:
                days = min(days, bisect_right(self.horizon.fewest[kind], total) - 1)
        return days + self.middle

    def _price(self, offer: Offer) -> int:
        return offer.price if self.shape is Shape.BUNDLES else offer.paid

    def _table(self) -> None:
        useful: dict[int, int] = {}
        for offer in self.giving:
            length = self.lengths[offer.place]
            if length and self._price(offer) < useful.get(length, _IMPOSSIBLE):
                useful[length] = self._price(offer)
        costs = [0]
        pairs = list(useful.items())
        for days in range(1, self.horizon.days + 1):
            costs.append(min((cost + costs[max(0, days - n)] for n, cost in pairs), default=_IMPOSSIBLE))
        self.by_days = costs
        for kind in range(3):
            pairs = []
            for offer in self.giving:
                gives = self._gives(offer, kind)
                if gives:
                    pairs.append((offer.paid, gives))
            self.by_amount[kind] = pairs

    def _gives(self, offer: Offer, kind: int) -> int:
        gives = 0
        for spec, amount, _ in offer.portions:
            kept = self.compiled.specs[spec]
            if kept.kind == kind and kept.counts:
                gives = UNLIMITED if kept.goes_on else gives + amount
        return gives

    def _edges(self) -> list[tuple[int, int, int]]:
        """Corners of {u, v ≥ 0: u·days + v·data ≤ price of every product}, as (u, v, per): prices of days and data."""
        most = self.horizon.sums[DATA][-1] or 1
        lines = [(self.lengths[o.place], min(self._gives(o, DATA), most), o.paid) for o in self.giving]
        found = []
        for (a1, b1, c1), (a2, b2, c2) in combinations([*lines, (1, 0, 0), (0, 1, 0)], 2):
            per = a1 * b2 - a2 * b1
            if not per:
                continue
            u, v = c1 * b2 - c2 * b1, a1 * c2 - a2 * c1
            if per < 0:
                u, v, per = -u, -v, -per
            if u >= 0 and v >= 0 and all(u * a + v * b <= c * per for a, b, c in lines):
                found.append((u, v, per))
        return found
