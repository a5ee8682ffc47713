"""What our shop asks for each purchase of a plan: by its instant, and by what the purchases before it used up.

Prices change only where a promotion begins or ends (a *turn*); between two turns (an *epoch*) they change only when a
limited one, of which a customer has so many uses, has none left. `docs/explanation/planner.md` says what follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import Final

from opla.core.effects import Effect
from opla.core.money import Money
from opla.core.order import Price
from opla.core.planner.need import micro, moment
from opla.core.planner.selling import Selling
from opla.core.promotion import Applied, Facts, Promotion, Promotions, Used, best
from opla.core.promotion.choosing import applies, chosen_of, total_minor

#: How many uses of each limited promotion are left.
Left = tuple[int, ...]

#: One with more uses than this is taken for unlimited where a price is bounded from below.
_FEW: Final = 3


@dataclass(frozen=True)
class _Sold:
    """What one effect is sold at, before promotions."""

    price: Price
    facts: Facts


class Charges:
    """The prices of one operator's effects from `start` to `end` (microseconds).

    left     uses that are left when the plan begins
    turns    instants within, at which some price may change
    tried    turns that a purchase may be made before on purpose: some price rises, or something limited changes
    orderly  a use that is left over never makes a later purchase dearer
    """

    def __init__(self, effects: Sequence[Effect], selling: Selling, start: int, end: int) -> None:
        self.selling, self._start = selling, start
        self._effects = effects
        self._plain = [0 if effect.from_credit else effect.price_minor + selling.fee_minor for effect in effects]
        self._sold: list[_Sold | None] = []
        self.ours: tuple[Promotion, ...] = ()
        if selling.promotions:
            self._sold = [_sold(effect, selling) for effect in effects]
            self.ours = tuple(p for p in selling.promotions if _runs_within(p, start, end) and self._applies(p))
        self._limited = tuple(p for p in self.ours if _uses_left(p, selling.facts) is not None)
        self.left: Left = tuple(_uses_left(p, selling.facts) or 0 for p in self._limited)
        self.turns = _turns(self.ours, start, end)
        self.orderly = len(self._limited) < 2 or not any(p.stacks for p in self._limited)
        self._known: dict[tuple[int, int, tuple[bool, ...]], tuple[int, tuple[bool, ...]]] = {}
        self._few = [most <= _FEW for most in self.left]
        self._saves = [self._most_saved(p) if few else 0 for p, few in zip(self._limited, self._few, strict=True)]
        self._least = self._leasts()
        self.tried = self.turns if self._limited else self._rises()

    def paid(self, place: int, at: int, left: Left) -> tuple[int, Left]:
        """What is paid at this instant, and the uses that are left then."""
        if not self.ours or self._sold[place] is None:
            return self._plain[place], left
        minor, used = self._charged(place, self.epoch(at), tuple(map(bool, left)))
        after = (
            0 if promotion.first_purchase else has - uses
            for promotion, has, uses in zip(self._limited, left, used, strict=True)
        )
        return minor, self.lasting(tuple(after), at)

    def applied(self, place: int, at: int, left: Left) -> tuple[Applied, ...]:
        """Which promotions are in that price, each with its part."""
        sold = self._sold[place] if self.ours else None
        if sold is None:
            return ()
        ours = tuple(self._open(tuple(map(bool, left))))
        return best(Promotions(sold.price.face.currency, ours), sold.price, sold.facts, moment(at)).applied

    def sure(self, applied: Sequence[Applied]) -> bool:
        """Whether all of these are still there when the time comes, whatever others buy."""
        names = {one.id for one in applied}
        return not any(p.most_uses is not None for p in self.ours if p.id in names)

    def lasting(self, left: Left, at: int) -> Left:
        """Without the uses of what is over at this instant: they change nothing any more."""
        if not any(left):
            return left
        now = moment(at)
        return tuple(0 if p.window.over(now) else has for p, has in zip(self._limited, left, strict=True))

    # ── what is paid at least ───────────────────────────────────────────────

    def epoch(self, at: int) -> int:
        return bisect_right(self.turns, at) if self.turns else 0

    def least(self, epoch: int = 0) -> tuple[int, ...]:
        """Of each effect, the least that is paid from this epoch on, when `saved` is counted besides."""
        return self._least[epoch]

    def lowest(self) -> tuple[int, ...]:
        """Of each effect, the least that is ever paid, with every promotion there is."""
        every = tuple(True for _ in self.left)
        return tuple(map(min, zip(*(self._prices(e, every) for e in range(len(self.turns) + 1)), strict=True)))

    def saved(self, left: Left) -> int:
        """At most so much less than `least` is paid in all, because of promotions with few uses."""
        return sum(map(mul, left, self._saves)) if left else 0

    # ── once ────────────────────────────────────────────────────────────────

    def _applies(self, promotion: Promotion) -> bool:
        return any(
            sold is not None and effect.on_sale and applies(promotion, sold.price, sold.facts)
            for effect, sold in zip(self._effects, self._sold, strict=True)
        )

    def _open(self, has: tuple[bool, ...]) -> list[Promotion]:
        none = {p.id for p, some in zip(self._limited, has, strict=True) if not some}
        return [p for p in self.ours if p.id not in none]

    def _charged(self, place: int, epoch: int, has: tuple[bool, ...]) -> tuple[int, tuple[bool, ...]]:
        """What is paid in an epoch, and which of the limited ones it uses."""
        key = (place, epoch, has)
        known = self._known.get(key)
        if known is None:
            sold = self._sold[place]
            if sold is None:
                return self._plain[place], has
            now = moment(self.turns[epoch - 1] if epoch else self._start)
            chosen = chosen_of(self._open(has), sold.price, sold.facts, now)
            names = {promotion.id for promotion in chosen}
            known = total_minor(sold.price, chosen), tuple(p.id in names for p in self._limited)
            self._known[key] = known
        return known

    def _most_saved(self, promotion: Promotion) -> int:
        """What one use of it takes off at most."""
        return max(
            total_minor(sold.price, ()) - total_minor(sold.price, (promotion,))
            for sold in self._sold
            if sold is not None and promotion.sells(sold.facts.operator, sold.facts.sku)
        )

    def _prices(self, epoch: int, has: tuple[bool, ...]) -> list[int]:
        if not self.ours:
            return self._plain
        return [self._charged(place, epoch, has)[0] for place in range(len(self._plain))]

    def _leasts(self) -> list[tuple[int, ...]]:
        """From the last epoch back."""
        many = tuple(not few for few in self._few)
        found = [tuple(self._prices(len(self.turns), many))]
        for epoch in range(len(self.turns) - 1, -1, -1):
            found.append(tuple(map(min, self._prices(epoch, many), found[-1])))
        return found[::-1]

    def _rises(self) -> list[int]:
        prices = [self._prices(epoch, ()) for epoch in range(len(self.turns) + 1)]
        return [
            turn
            for turn, before, after in zip(self.turns, prices, prices[1:], strict=False)
            if any(b < a for b, a in zip(before, after, strict=True))
        ]


def _sold(effect: Effect, selling: Selling) -> _Sold | None:
    if effect.from_credit:
        return None
    face, fee = Money(effect.price_minor, effect.currency), Money(selling.fee_minor, effect.currency)
    # The VAT inside the fee changes nothing of what is paid.
    price = Price(face, fee, Money(0, effect.currency))
    return _Sold(price, replace(selling.facts, operator=effect.operator, sku=effect.sku))


def _runs_within(promotion: Promotion, start: int, end: int) -> bool:
    return promotion.window.start < moment(end) and not promotion.window.over(moment(start))


def _turns(ours: Sequence[Promotion], start: int, end: int) -> list[int]:
    instants = {micro(at) for p in ours for at in (p.window.start, p.window.until) if at is not None}
    return sorted(at for at in instants if start < at < end)


def _uses_left(promotion: Promotion, facts: Facts) -> int | None:
    """How often one customer may still use it, as far as is known today; None: as often as they like."""
    used = facts.used.get(promotion.id, Used())
    left = [most - uses for most, uses in ((promotion.each, used.each), (promotion.most_uses, used.total)) if most]
    return min(left, default=None)
