"""What a purchase costs with the promotions of this moment, and in which words to say it: what applied, what nearly did
and what it lacks, until when.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion.choosing import Facts, applies, chosen_of, off, reduced
from opla.core.promotion.model import FeeWaived, OperatorPromotion, Promotion, Promotions

#: How far ahead "starts soon" looks.
SOON: Final = timedelta(days=14)


@dataclass(frozen=True)
class Applied:
    """A promotion that is in the price: what it takes off, and the fee it saves. The sums are the whole difference."""

    id: str
    off_minor: int
    fee_minor: int = 0


class Lack(StrEnum):
    """The one thing that a promotion waits for."""

    AMOUNT = "amount"  # it needs a larger amount, and there is one
    TIME = "time"  # it starts soon
    OTHERS = "others"  # it does not combine with what saves more


@dataclass(frozen=True)
class Nearly:
    """A promotion that is not in the price, and what it lacks.

    AMOUNT: `sku` at `amount_minor` has it, `more_minor` above what is bought now. TIME: from `starts_at`.
    `saves_minor`: what it takes off then; 0 for an operator's, which gives things and not money.
    """

    id: str
    lack: Lack
    ours: bool = True
    sku: str = ""
    amount_minor: int = 0
    more_minor: int = 0
    saves_minor: int = 0
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Offer:
    """What a purchase costs and why. `until`: the first instant at which something that applied is over."""

    price: Price
    applied: tuple[Applied, ...] = ()
    nearly: tuple[Nearly, ...] = ()
    given: tuple[OperatorPromotion, ...] = ()
    until: datetime | None = None


def best(promotions: Promotions, price: Price, facts: Facts, at: datetime) -> Offer:
    """The lowest price at this instant, and what is nearly there."""
    chosen = chosen_of(promotions.ours, price, facts, at)
    given = tuple(p for p in promotions.theirs if _is_given(p, price.face.amount_minor, facts, at))
    ends = [p.window.until for p in chosen if p.window.until is not None]
    ends += [p.until.value for p in given if p.until.value is not None]
    return Offer(
        reduced(price, chosen),
        _applied(price, chosen),
        (*_nearly(promotions.ours, chosen, price, facts, at), *_nearly_given(promotions.theirs, price, facts, at)),
        given,
        min(ends, default=None),
    )


def _applied(price: Price, chosen: Sequence[Promotion]) -> tuple[Applied, ...]:
    """Each with its part, in the order of names. Where the floor cut the sum, the last ones gave less."""
    lower = reduced(price, chosen)
    left_minor, fee_minor = lower.discount_minor, (price.fee - lower.fee).amount_minor
    found = []
    for promotion in chosen:
        part_minor = min(off(promotion, price), left_minor)
        waived_minor = fee_minor if isinstance(promotion.benefit, FeeWaived) else 0
        left_minor, fee_minor = left_minor - part_minor, fee_minor - waived_minor
        found.append(Applied(promotion.id, part_minor, waived_minor))
    return tuple(found)


def _nearly(
    ours: Sequence[Promotion], chosen: Sequence[Promotion], price: Price, facts: Facts, at: datetime
) -> list[Nearly]:
    """Ours that lack one thing. What needs a coupon nobody typed is not told: knowing of it is what the coupon is."""
    found = []
    for promotion in ours:
        if promotion in chosen or (promotion.coupons and promotion.id not in facts.opened):
            continue
        starts_at = promotion.window.start
        if promotion.window.runs(at) and applies(promotion, price, facts):
            found.append(Nearly(promotion.id, Lack.OTHERS, saves_minor=_saves(promotion, price)))
        elif at < starts_at <= at + SOON and promotion in chosen_of(ours, price, facts, starts_at):
            lack = Nearly(promotion.id, Lack.TIME, saves_minor=_saves(promotion, price), starts_at=starts_at)
            found.append(lack)
        elif promotion.window.runs(at) and (larger := _larger(promotion, price, facts)) is not None:
            sku, amount_minor = larger
            then = replace(price, face=Money(amount_minor, price.face.currency))
            if promotion in chosen_of(ours, then, replace(facts, sku=sku), at):
                found.append(_more(promotion.id, sku, amount_minor, price, saves_minor=_saves(promotion, then)))
    return found


def _saves(promotion: Promotion, price: Price) -> int:
    return (price.total - reduced(price, (promotion,)).total).amount_minor


def _larger(promotion: Promotion | OperatorPromotion, price: Price, facts: Facts) -> tuple[str, int] | None:
    """The nearest amount on sale above this one that reaches its minimum, where that is what is missing."""
    if price.face.amount_minor >= promotion.minimum_minor:
        return None
    reach = [
        (amount_minor, sale.sku)
        for sale in facts.on_sale
        if promotion.sells(facts.operator, sale.sku)
        and (amount_minor := sale.from_minor(promotion.minimum_minor)) is not None
    ]
    return min(reach)[::-1] if reach else None


def _more(
    promotion_id: str, sku: str, amount_minor: int, price: Price, *, saves_minor: int, ours: bool = True
) -> Nearly:
    more_minor = amount_minor - price.face.amount_minor
    return Nearly(promotion_id, Lack.AMOUNT, ours, sku, amount_minor, more_minor, saves_minor)


def _is_given(promotion: OperatorPromotion, amount_minor: int, facts: Facts, at: datetime) -> bool:
    return promotion.runs(at) and promotion.sells(facts.operator, facts.sku) and amount_minor >= promotion.minimum_minor


def _nearly_given(theirs: Sequence[OperatorPromotion], price: Price, facts: Facts, at: datetime) -> list[Nearly]:
    """Theirs that a larger amount reaches, or that start soon."""
    found = []
    for promotion in theirs:
        starts_at = promotion.start.value
        if starts_at is not None and at < starts_at <= at + SOON:
            if _is_given(promotion, price.face.amount_minor, facts, starts_at):
                found.append(Nearly(promotion.id, Lack.TIME, ours=False, starts_at=starts_at))
        elif promotion.runs(at) and (larger := _larger(promotion, price, facts)) is not None:
            sku, amount_minor = larger
            found.append(_more(promotion.id, sku, amount_minor, price, saves_minor=0, ours=False))
    return found
