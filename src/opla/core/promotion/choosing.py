"""The best legal combination of our promotions for one purchase, found exactly, and explained.

Legal: each applies by all its conditions; one that does not stack stands alone; of a group there is at most one.
Best: the lowest price; of equal prices the one that uses fewer promotions; of these the first by name.

Why the search is exact. What a promotion takes off depends on the face value and the fee alone, never on the others,
so a combination comes down to two figures: whether the fee is waived, and how much is taken off (cut where the price
has reached its floor). `_combined` walks the groups one by one and keeps for every such pair the best combination
that leads to it. Nothing is lost by forgetting the others: whatever is added later adds the same to two combinations
with the same pair, and leaves which of them is shorter or first by name as it was. (Of two lists of equal length the
first is the one that holds the smallest name that only one of them holds; adding a name to both changes nothing.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from opla.core.money import Money, share_half_up
from opla.core.order import Price
from opla.core.promotion.model import Channel, FeeWaived, Off, Percent, Promotion

#: No provider takes a payment of nothing, and what costs nothing is no sale: the least a customer pays, in minor units.
LEAST_MINOR: Final = 1

_Names = tuple[str, ...]


@dataclass(frozen=True)
class Used:
    """Uses that stand: orders in all, and orders of this customer."""

    total: int = 0
    each: int = 0


@dataclass(frozen=True)
class OnSale:
    """Amounts of one product that can be bought: from `least` to `most` by `step`, in minor units."""

    sku: str
    least: int
    most: int
    step: int = 1

    def from_minor(self, amount: int) -> int | None:
        """Its smallest amount that is not below this one."""
        steps = max(0, -(-(amount - self.least) // self.step))
        found = self.least + steps * self.step
        return found if found <= self.most else None


@dataclass(frozen=True)
class Facts:
    """One purchase, and whose it is. `opened`: promotions whose coupon was typed; `on_sale`: of the same operator."""

    operator: str
    sku: str
    channel: Channel = Channel.WEB
    first_purchase: bool = False
    groups: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    used: Mapping[str, Used] = field(default_factory=lambda: MappingProxyType({}))
    on_sale: Sequence[OnSale] = ()


def chosen_of(ours: Iterable[Promotion], price: Price, facts: Facts, at: datetime) -> tuple[Promotion, ...]:
    """The best legal combination, in the order of names."""
    able = [p for p in ours if p.window.runs(at) and applies(p, price, facts)]
    candidates = [_combined([p for p in able if p.stacks], price), *((p,) for p in able if not p.stacks)]
    return min(candidates, key=lambda found: (total_minor(price, found), *_rank(found)))


def applies(promotion: Promotion, price: Price, facts: Facts) -> bool:
    """Every condition but the time, and that it takes anything off at all."""
    used = facts.used.get(promotion.id, Used())
    return (
        promotion.sells(facts.operator, facts.sku)
        and price.face.amount_minor >= promotion.minimum_minor
        and (not promotion.channels or facts.channel in promotion.channels)
        and (facts.first_purchase or not promotion.first_purchase)
        and (not promotion.groups or bool(promotion.groups & facts.groups))
        and (not promotion.coupons or promotion.id in facts.opened)
        and (promotion.most_uses is None or used.total < promotion.most_uses)
        and (promotion.each is None or used.each < promotion.each)
        and total_minor(price, (promotion,)) < price.face.amount_minor + price.fee.amount_minor
    )


def reduced(price: Price, promotions: Iterable[Promotion]) -> Price:
    """The price with these. Never below its floor, and a fee that is waived was never charged."""
    chosen = tuple(promotions)
    if any(isinstance(promotion.benefit, FeeWaived) for promotion in chosen):
        price = replace(price, fee=_zero(price), fee_vat=_zero(price))
    whole_minor = price.face.amount_minor + price.fee.amount_minor
    return replace(price, discount_minor=whole_minor - total_minor(price, chosen))


def total_minor(price: Price, promotions: Iterable[Promotion]) -> int:
    """What is paid with these: `reduced(price, promotions).total`, without the parts it is made of."""
    fee_minor, off_minor = price.fee.amount_minor, 0
    for promotion in promotions:
        if isinstance(promotion.benefit, FeeWaived):
            fee_minor = 0
        off_minor += off(promotion, price)
    return max(price.face.amount_minor + fee_minor - off_minor, LEAST_MINOR)


def off(promotion: Promotion, price: Price) -> int:
    """What it takes off the face value, in minor units, whatever else applies."""
    match promotion.benefit:
        case Percent(percent):
            return share_half_up(price.face.amount_minor, percent, 100)
        case Off(amount):
            return amount.amount_minor
        case FeeWaived():
            return 0


def _combined(stacking: Sequence[Promotion], price: Price) -> tuple[Promotion, ...]:
    """The best of all combinations of promotions that stack. See the top of this file."""
    face_minor, fee_minor = price.face.amount_minor, price.fee.amount_minor
    floor_minor = face_minor + fee_minor - LEAST_MINOR
    known: dict[tuple[bool, int], tuple[Promotion, ...]] = {(False, 0): ()}
    for group in _groups(stacking):
        found = dict(known)
        for promotion in group:
            waives, takes_minor = isinstance(promotion.benefit, FeeWaived), off(promotion, price)
            for (waived, off_minor), before in known.items():
                key = (waived or waives, min(off_minor + takes_minor, floor_minor))
                with_it = (*before, promotion)
                if key not in found or _rank(with_it) < _rank(found[key]):
                    found[key] = with_it
        known = found
    costs = {key: max(face_minor + (0 if key[0] else fee_minor) - key[1], LEAST_MINOR) for key in known}
    least_minor = min(costs.values())
    best_of_all = min((known[key] for key, cost in costs.items() if cost == least_minor), key=_rank)
    return tuple(sorted(best_of_all, key=lambda promotion: promotion.id))


def _groups(stacking: Sequence[Promotion]) -> list[list[Promotion]]:
    """Those of one name together; one without a name is a group of its own."""
    named = sorted({promotion.group for promotion in stacking if promotion.group})
    return [
        *([promotion for promotion in stacking if promotion.group == name] for name in named),
        *([promotion] for promotion in stacking if not promotion.group),
    ]


def _rank(promotions: Sequence[Promotion]) -> tuple[int, _Names]:
    return len(promotions), tuple(sorted(promotion.id for promotion in promotions))


def _zero(price: Price) -> Money:
    return Money(0, price.face.currency)
