"""What a product costs at an instant with our promotions counted, and whether waiting makes it cheaper.

Prices change only where a promotion begins or ends, so those instants, and now, are all there are to ask about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion.choosing import Facts, chosen_of, total_minor
from opla.core.promotion.model import Promotions


@dataclass(frozen=True)
class Context:
    """Whose purchase it is, and the price without promotions of every amount: face value and our own fee."""

    promotions: Promotions
    facts: Facts
    fee: Money
    fee_vat: Money


@dataclass(frozen=True)
class Cheaper:
    """The first instant at which it costs the least. `saves`: against buying at once."""

    at: datetime
    price: Money
    saves: Money


def price_at(sku: str, operator: str, face: Money, at: datetime, context: Context) -> Money:
    """What a customer pays at this instant, fee and promotions counted."""
    facts = context.facts
    if (facts.sku, facts.operator) != (sku, operator):
        facts = replace(facts, sku=sku, operator=operator)
    price = Price(face, context.fee, context.fee_vat)
    return Money(total_minor(price, chosen_of(context.promotions.ours, price, facts, at)), face.currency)


def changes_between(promotions: Promotions, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """The instants after `start`, up to and with `end`, at which a price may change, in order."""
    found = {
        instant
        for promotion in promotions.ours
        for instant in (promotion.window.start, promotion.window.until)
        if instant is not None and start < instant <= end
    }
    return tuple(sorted(found))


def cheaper_later(
    sku: str, operator: str, face: Money, at: datetime, wait: timedelta, context: Context
) -> Cheaper | None:
    """The lowest price of the coming time and the first instant that has it; None where now is as cheap.

    Whether waiting is safe (what lapses meanwhile) is the timeline's to say; a cap may be used up by then, too.
    """
    now = price_at(sku, operator, face, at, context)
    later = [
        (price_at(sku, operator, face, instant, context).amount_minor, instant)
        for instant in changes_between(context.promotions, at, at + wait)
    ]
    if not later or min(later)[0] >= now.amount_minor:
        return None
    least_minor, instant = min(later)
    price = Money(least_minor, face.currency)
    return Cheaper(instant, price, now - price)
