"""What the rest of a plan costs at least: the money and the number of purchases that no list can do without.

Each bound leaves out rules and keeps amounts, so that whatever covers the need satisfies it; why, is written in
`docs/explanation/planner.md`. Whole numbers throughout.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import NamedTuple

from opla.core.catalog.rules import AutoRenew
from opla.core.planner.both import Both
from opla.core.planner.compiled import DATA, Compiled, Offer, State, Three, Walked
from opla.core.planner.need import KINDS, UNLIMITED
from opla.core.planner.reach import HOPELESS, Giving, Reach
from opla.core.planner.shape import Shape

_NONE = (0, 0, 0)
#: Shapes whose bounds do not count days.
_UNTIMED = frozenset({Shape.ANY, Shape.BESIDE})
_ONE_AT_A_TIME = frozenset({Shape.REPLACING, Shape.BLOCKING, Shape.BUNDLES})


class Lacks(NamedTuple):
    """What is lacking, as far as a bound looks: days, amounts of each kind (of bundles: credit), and purchases."""

    days: int
    amounts: Three
    least: int


_NOTHING = Lacks(0, _NONE, 0)


class Bound:
    """Lower bounds for one operator and need."""

    def __init__(self, compiled: Compiled, shape: Shape) -> None:
        self.compiled, self.shape = compiled, shape
        self.horizon = compiled.horizon
        offers = [offer for offer in compiled.offers if offer.on_sale]
        # What is withdrawn may still renew itself, where the line has it.
        renewing = {compiled.specs[box[3]].sku for box in compiled.first.boxes if box[5]}
        some = [offer for offer in compiled.offers if offer.on_sale or offer.effect.sku in renewing]
        self.giving = [offer for offer in some if offer.portions and offer.gives and offer.plan_fits]
        self.grain = gcd(*(offer.paid for offer in offers)) or 1
        self.middle = self._middle()
        self.exclusive = self._exclusive()
        if shape is Shape.BUNDLES:
            top_ups = [o for o in offers if not o.effect.from_credit and o.credit]
            rates = [Fraction(o.paid, o.credit or 1) for o in top_ups]
            self.rate = min(rates, default=None)
            self.least = min((o.paid for o in top_ups), default=HOPELESS)
            self.most_credit = max((o.credit or 0 for o in top_ups), default=1)
        self._given: dict[tuple[int, int], int] = {}
        self._credit: dict[int, tuple[int, int]] = {}
        self.outside = self._outside()
        tariff = compiled.tariff
        self._not_sold = [
            kind
            for kind in range(3)
            if (tariff is None or tariff.price(KINDS[kind]) is None)
            and not any(self._gives(offer, kind) for offer in compiled.offers)
        ]
        self._passes: dict[int, bool] = {}
        self._renews = bool(renewing) or any(o.effect.auto_renew is AutoRenew.BUILT_IN for o in self.giving)
        lasts = [offer.effect.lasts for offer in compiled.offers if offer.portions]
        self.shortest = min((length.days or 28 * length.months for length in lasts), default=1) or 1
        self.dearest = max((offer.price for offer in compiled.offers), default=0)
        if shape is Shape.BESIDE:
            self.by_amount = [self._by_amount(kind) for kind in range(3)]
        elif shape is not Shape.ANY:
            self._once = {offer.place: self._giving(offer) for offer in self.giving}

    def lacks(self, state: State, at: int, walked: Walked) -> Lacks:
        """What a state leaves to be bought."""
        if walked.fails == self.horizon.days:
            return _NOTHING
        days = 0 if self.shape in _UNTIMED else self.reach.wanting[walked.fails]
        match self.shape:
            case Shape.ANY:
                return Lacks(0, _NONE, 1)
            case Shape.BESIDE:
                return Lacks(0, (self._wants(state, at, 0), self._wants(state, at, 1), self._wants(state, at, 2)), 1)
            case Shape.ROLLING:
                return Lacks(days, (self._wants(state, at, DATA), 0, 0), 1)
            case Shape.BUNDLES:
                credit = self.reach.money[days] - (sum(lot[0] for lot in state.lots) - walked.spent)
                return self.by_then(Lacks(days, (credit, 0, 0), 0), state, at)
            case _:
                return Lacks(days, _NONE, 1)

    def by_then(self, lacks: Lacks, state: State, at: int) -> Lacks:
        """What a label lacks once it has lived to this state: what renewed itself, or was rolled, may have ended."""
        if self.shape is Shape.BUNDLES and not lacks.least and not any(box[5] for box in state.boxes):
            return lacks._replace(least=1 if self._renews else self.reach.fewest[lacks.days])
        if self.shape is Shape.ROLLING:
            return lacks._replace(amounts=(self._wants(state, at, DATA), 0, 0))
        return lacks

    def rest(self, lacks: Lacks) -> tuple[int, int]:
        """At least so much money and so many purchases provide what is lacking."""
        if lacks is _NOTHING:
            return 0, 0
        days, amounts, least = lacks
        if self.shape is Shape.BUNDLES:
            return self._bundles(amounts[0], least)
        if self.shape is Shape.ROLLING:
            money, count = self.both(days, amounts[DATA])
            return money, max(count, least)
        if self.shape is Shape.ANY:
            return 0, least
        if self.shape is Shape.BESIDE:
            return max(self._amount(kind, amounts[kind]) for kind in range(3)), least
        return self.reach.money[days], max(self.reach.count[days], least)

    def after(self, lacks: Lacks, offer: Offer) -> Lacks:
        """What is lacking once this has been bought too, without looking at when: what it can provide is taken off."""
        days, amounts, least = lacks
        if self.shape is Shape.BUNDLES and not offer.effect.from_credit:  # of which there may be one for each euro
            return Lacks(days, (amounts[0] - (offer.credit or 0), 0, 0), least)
        if self.shape is Shape.ANY:
            return _NOTHING
        if self.shape is Shape.BESIDE:
            left = [max(0, amounts[kind] - self._gives(offer, kind)) for kind in range(3)]
            return Lacks(0, (left[0], left[1], left[2]), 0)
        once = self._once.get(offer.place)
        less = self.reach.left(days, once) if once else days
        if self.shape is Shape.BUNDLES:
            credit = amounts[0] + offer.price - self.reach.money[days] + self.reach.money[less]
            return Lacks(less, (credit, 0, 0), 0 if self._renews else self.reach.fewest[less])
        data = max(0, amounts[DATA] - self._gives(offer, DATA)) if once else amounts[DATA]
        return Lacks(less, (data, 0, 0), 0)

    def latest(self, lacks: Lacks, count: int, last: int | None = None) -> tuple[int, ...]:
        """By when each of the next `count` purchases is made at the latest, if there are no more; the first also by
        `last`. Negated, so that less is better."""
        if self.shape in _UNTIMED or not count:
            return () if last is None else (-last,)
        if self.shape is Shape.BUNDLES and self._renews:
            times = tuple(-self._by(lacks, before) for before in range(count))
        else:
            times = self.reach.chain(lacks.days)[:count]
            times += (-self.horizon.end,) * (count - len(times))
        return times if last is None else (max(times[0], -last), *times[1:])

    def _by(self, lacks: Lacks, before: int) -> int:
        """The latest instant of a purchase before which so many others are made, where bundles renew themselves."""
        days, amounts, by_hand = lacks
        reach = self.reach
        if before < by_hand:
            return reach.fails(days)
        # With no more bought by hand, credit comes before what it renews has ended.
        has = reach.money[days] - amounts[0] + (before - by_hand) * self.most_credit
        return reach.fails(days - max(0, bisect_right(reach.money, has) - 1), earlier=not self.middle)

    def _bundles(self, credit: int, least: int) -> tuple[int, int]:
        if credit <= 0:
            return 0, least
        if (known := self._credit.get(credit)) is not None:
            return known[0], known[1] + least
        if credit >= HOPELESS // 2 or self.rate is None:  # whatever credit is there
            return HOPELESS, HOPELESS
        money = max(self._round(-(-credit * self.rate.numerator // self.rate.denominator)), self.least)
        count = -(-credit // self.most_credit)
        self._credit[credit] = money, count
        return money, count + least

    def hopeless(self, walked: Walked) -> bool:
        """Whether nothing that can be bought helps on the day that fails."""
        day = walked.fails
        wanted = self.horizon.wanted[day]
        if self.shape in _ONE_AT_A_TIME:
            if not self.middle and not self._can_pass(day):
                return True
            if self.shape is not Shape.REPLACING:
                # What still runs keeps everything else from beginning that day.
                return any(box[2] >= self.horizon.starts[day + 1] for box in walked.state.boxes)
            return False
        if not any(wanted[kind] for kind in self._not_sold):
            return False
        later = {self.compiled.specs[box[3]].kind for box in walked.state.boxes if box[1] > walked.at}
        return any(wanted[kind] and kind not in later for kind in self._not_sold)

    def most_spent(self, day: int) -> int:
        """Credit above this can never be spent."""
        if self.shape is Shape.BUNDLES:
            return ((self.horizon.days - day) // self.shortest + 2) * self.dearest
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

    def _can_pass(self, day: int) -> bool:
        """Whether one purchase alone is enough for this day; and where a running one keeps the next from beginning,
        and this is the only instant to buy it at, for all its life."""
        known = self._passes.get(day)
        if known is None:
            blocked = self.shape is not Shape.REPLACING and (day == 0 or any(self.horizon.wanted[day - 1]))
            known = self._passes[day] = any(
                self._serves(offer, day) and not (blocked and self._runs_dry(offer, day)) for offer in self.giving
            )
        return known

    def _runs_dry(self, offer: Offer, day: int) -> bool:
        """Whether it is used up before it ends."""
        horizon = self.horizon
        ends = min(horizon.later(horizon.starts[day], offer.effect.lasts), horizon.end)
        last = horizon.day(ends - 1) + 1
        for kind in range(3):
            sums = horizon.sums[kind]
            if sums[last] - sums[day] > self._gives(offer, kind):
                return True
        return False

    def _serves(self, offer: Offer, day: int) -> bool:
        wanted, abroad = self.horizon.wanted[day], self.horizon.abroad[day]
        return all(self._has(offer, kind, wanted[kind], abroad=abroad) for kind in range(3) if wanted[kind])

    def _has(self, offer: Offer, kind: int, wanted: int, *, abroad: bool) -> bool:
        has = 0
        for place, amount, eu in offer.portions:
            spec = self.compiled.specs[place]
            if spec.kind == kind and spec.counts:
                if spec.goes_on and not (abroad and eu < UNLIMITED):
                    return True
                has += min(amount, eu) if abroad else amount
        return has >= wanted

    def _wants(self, state: State, at: int, kind: int) -> int:
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
        best = HOPELESS
        for paid, gives in self.by_amount[kind]:
            money = paid if gives >= amount else -(-amount * paid // gives)
            best = min(best, max(money, paid))
        return self._round(best)

    def _round(self, money: int) -> int:
        return -(-money // self.grain) * self.grain

    # ── tables, once ────────────────────────────────────────────────────────

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

    def _giving(self, offer: Offer) -> Giving:
        price = offer.price if self.shape is Shape.BUNDLES else offer.paid
        return Giving(price, offer.effect.lasts, tuple(self._gives(offer, kind) for kind in self.exclusive))

    def _by_amount(self, kind: int) -> list[tuple[int, int]]:
        return [(offer.paid, gives) for offer in self.giving if (gives := self._gives(offer, kind))]

    def _gives(self, offer: Offer, kind: int) -> int:
        """How much of a kind it gives that counts."""
        known = self._given.get((offer.place, kind))
        if known is not None:
            return known
        gives = 0
        for spec, amount, _ in offer.portions:
            kept = self.compiled.specs[spec]
            if kept.kind == kind and kept.counts:
                gives = UNLIMITED if kept.goes_on else gives + amount
        self._given[offer.place, kind] = gives
        return gives

    @cached_property
    def reach(self) -> Reach:
        return Reach(self.horizon, self.exclusive, self._once.values(), self.middle)

    @cached_property
    def both(self) -> Both:
        # One that covers no day alone may still bring data to another: it is counted as if it covered one.
        offers = [(max(1, self.reach.longest(self._once[o.place])), self._gives(o, DATA), o.paid) for o in self.giving]
        return Both(offers, len(self.reach.least) - 1, max(1, self.horizon.sums[DATA][-1]))
