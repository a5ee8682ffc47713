"""What is known of this shop's suppliers now, for a batch of orders: loaded once, then only looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import routing
from opla.core.fx import Rate, convert
from opla.core.ledger import SHELVES
from opla.core.money import MINOR_DIGITS, Money
from opla.core.order import Order
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.routing import Considered, Known, Market
from opla.db.queries import floats, rates, suppliers
from opla.db.queries.suppliers import Approved, Sent
from opla.operations.shop import Shop

_NOTHING: Mapping[str, str] = {}
#: What a supplier took the last time is believed for so long; then what it lists is.
LEARNED_FOR: Final = timedelta(days=30)


def nobody_has(quotes: Sequence[Quote], *, shop: Shop) -> frozenset[UUID]:
    """Those quotes that nobody of this shop could deliver now: better said before the money comes than after. Of
    suppliers that take our own names nobody knows what they have; they say so when they are asked.
    """
    names = [name for name in shop.routes if name not in SHELVES]
    if not quotes or any(name not in shop.mapped for name in names):
        return frozenset()
    skus = sorted({quote.sku for quote in quotes})
    sold = suppliers.approved(names, skus) if names else {}
    shelf = floats.on_shelf(skus) if "code_stock" in shop.routes else frozenset()
    return frozenset(
        quote.id
        for quote in quotes
        if not (quote.kind is Kind.CODE and quote.sku in shelf)
        and not any((one := sold.get((name, quote.sku))) and one.terms.sells(quote.price.face) for name in names)
    )


#: Product, kind, face value, whether it lies on our shelf, who is tried.
_Key = tuple[str, Kind, Money, bool, str | None]


@dataclass(frozen=True)
class Routes:
    """The suppliers of a shop at one moment. `supplied` is by (supplier, our sku)."""

    shop: Shop
    at: datetime
    states: Mapping[str, routing.State]
    supplied: Mapping[tuple[str, str], Approved]
    learned: Mapping[Sent, Money] = field(default_factory=dict)
    _rates: dict[tuple[str, str], Rate | None] = field(default_factory=dict)
    _ranked: dict[_Key, list[Considered]] = field(default_factory=dict)

    def ranked(
        self, sold: Order, *, refused_by: Mapping[str, str] = _NOTHING, in_stock: bool, trying: str | None = None
    ) -> list[Considered]:
        """Who is asked first stands first. Of one whose circuit was opened: `trying` is who lets this one through, at
        the moment of a send (empty: nobody does); None long before it."""
        key = (sold.sku, sold.kind, sold.price.face, in_stock, trying)
        if not refused_by and (found := self._ranked.get(key)) is not None:
            return found
        known = {name: self._known(name, sold, trying) for name in self.shop.routes if name not in SHELVES}
        ranked = Market(self.shop.routes, known).ranked(sold, refused_by=refused_by, in_stock=in_stock)
        if not refused_by:
            self._ranked[key] = ranked  # orders of one batch are of a handful of products
        return ranked

    def first(self, sold: Order, *, in_stock: bool) -> str:
        """Whom an order is given to when it is paid."""
        return routing.first(self.ranked(sold, in_stock=in_stock))

    def state(self, supplier: str) -> routing.State:
        return self.states.get(supplier, _UNKNOWN)

    def theirs(self, supplier: str, sku: str) -> str:
        """What ours is called there; empty where they take our names, or have none for it."""
        approved = self.supplied.get((supplier, sku))
        return approved.their_sku if approved else ""

    def _known(self, name: str, sold: Order, trying: str | None) -> Known:
        state, face = self.state(name), sold.price.face
        approved = self.supplied.get((name, sold.sku))
        if approved is not None and not approved.terms.sells(face):
            approved = None  # the catalogue has changed since somebody said so
        cost = self.learned.get((name, sold.sku, face)) if approved else None
        cost = cost or cost_of(approved, face.amount_minor)
        return Known(
            approved=approved is not None or name not in self.shop.mapped,
            sku=approved.their_sku if approved else "",
            cost=self._in(face.currency, cost) if cost else None,
            silent=state.silent(self.at) if trying is None else state.open_until is not None and name != trying,
            float_low=state.too_little(self._needed(state, cost or face), self.at),
        )

    def _needed(self, state: routing.State, cost: Money) -> Money | None:
        """What must lie there, in the currency of what does; None where nobody can say. A cost that is not known is at
        most the face value, or nearly so."""
        return self._in(state.left.currency, cost) if state.left else None

    def _in(self, currency: str, money: Money) -> Money | None:
        if money.currency == currency:
            return money
        pair = money.currency, currency
        if pair not in self._rates:
            self._rates[pair] = rates.rate(money.currency, currency, at=self.at)
        rate = self._rates[pair]
        return convert(money, currency, rate).home if rate else None


_UNKNOWN = routing.State()


def load(skus: Iterable[str], *, shop: Shop, at: datetime) -> Routes:
    """For orders of these products of ours."""
    others = [name for name in shop.routes if name not in SHELVES]
    known = suppliers.states(others) if others else {}
    supplied = suppliers.approved(sorted(shop.mapped), sorted(set(skus))) if shop.mapped else {}
    learned = suppliers.learned(sorted(shop.mapped), sorted(set(skus)), at - LEARNED_FOR) if shop.mapped else {}
    return Routes(shop, at, known, supplied, learned)


def learn(*, at: datetime) -> int:
    """Keep what suppliers really took lately. For workers."""
    return suppliers.learn_costs(at - LEARNED_FOR, sorted(SHELVES))


def cost_of(approved: Approved | None, face_minor: int) -> Money | None:
    """What a face value costs there, as it was approved; None where nobody knows."""
    if approved is None or approved.terms.cost_currency not in MINOR_DIGITS:
        return None
    cost_minor = approved.terms.cost_of(face_minor)
    return None if cost_minor is None else Money(cost_minor, approved.terms.cost_currency)
