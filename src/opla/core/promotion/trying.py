"""What orders that were sold would have cost, had other promotions run: asked before a change counts.

On the side of today every promotion has the time, the uses and the coupons that it really had: one with a cap, or with
a coupon, is in the price of those orders alone that used it. On the other side each promotion that is changed runs all
the time, its caps are counted from the first of these orders on, and everybody has typed its coupon: so it is the most
that a change could cost of these sales. What more people would buy because of it, nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion.choosing import Facts, Used, chosen_of, total_minor
from opla.core.promotion.editing import changed
from opla.core.promotion.model import Channel, Promotion, Promotions, Window

_ALWAYS: Final = Window(datetime.min.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Purchase:
    """One order as it was sold. `price` is before promotions, its fee included; `paid_minor` after them.

    customers  whose uses it takes, as names that say nothing beyond these purchases; `domain` of the e-mail
    used       the promotions in its price
    """

    id: UUID
    ticket: str
    product: str
    at: datetime
    operator: str
    sku: str
    price: Price
    paid_minor: int
    channel: Channel
    first: bool
    domain: str
    customers: tuple[str, ...]
    used: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tried:
    """An order that would cost something else. `by`: the promotions that are in it then."""

    purchase: Purchase
    now: Money
    then: Money
    by: tuple[str, ...]


def tried(purchases: Iterable[Purchase], old: Promotions, new: Promotions, at: datetime) -> list[Tried]:
    """Those of these orders, the oldest first, whose price differs between `old` as it ran and `new`."""
    other = frozenset(name for name in changed(old, new) if _another(old.find(name), new.find(name), at))
    over = frozenset(one.id for one in new.ours if one.window.over(at) and one != old.find(one.id))
    ours = [replace(one, window=_ALWAYS) if one.id in other else one for one in new.ours if one.id not in over]
    taken: Counter[tuple[str, str]] = Counter()
    found = []
    for purchase in purchases:
        now_minor = total_minor(purchase.price, _chosen(purchase, old, old.ours, _really(purchase, old.ours)))
        used = _really(purchase, ours) | _counted(purchase, ours, other, taken)
        chosen = _chosen(purchase, new, ours, used, other)
        for name in (one.id for one in chosen if one.id in other):
            taken.update((name, customer) for customer in ("", *purchase.customers))
        then_minor = total_minor(purchase.price, chosen)
        if now_minor != then_minor:
            currency = purchase.price.face.currency
            by = tuple(one.id for one in chosen)
            found.append(Tried(purchase, Money(now_minor, currency), Money(then_minor, currency), by))
    return found


def _another(old: Promotion | None, new: Promotion | None, at: datetime) -> bool:
    """Whether it is another price now, and not the same one at another time."""
    if new is None or new.window.over(at):
        return False
    return old is None or new.groups != frozenset() or replace(new, window=old.window) != old


def _chosen(
    purchase: Purchase,
    promotions: Promotions,
    ours: Sequence[Promotion],
    used: Mapping[str, Used],
    typed: frozenset[str] = frozenset(),
) -> tuple[Promotion, ...]:
    facts = Facts(
        purchase.operator,
        purchase.sku,
        purchase.channel,
        purchase.first,
        promotions.groups_of(f"@{purchase.domain}"),
        purchase.used | typed,
        used,
    )
    return chosen_of(ours, purchase.price, facts, purchase.at)


def _really(purchase: Purchase, ours: Iterable[Promotion]) -> dict[str, Used]:
    """Whether a cap let this order in is known by whether it used it."""
    return {
        one.id: Used() if one.id in purchase.used else Used(one.most_uses or 0, one.each or 0)
        for one in ours
        if one.most_uses is not None or one.each is not None
    }


def _counted(
    purchase: Purchase, ours: Iterable[Promotion], names: frozenset[str], taken: Mapping[tuple[str, str], int]
) -> dict[str, Used]:
    """Of whom nobody knows who they are, each has had their share, as when a price is made."""
    return {
        one.id: Used(
            taken.get((one.id, ""), 0),
            max((taken.get((one.id, who), 0) for who in purchase.customers), default=one.each or 0),
        )
        for one in ours
        if one.id in names
    }
