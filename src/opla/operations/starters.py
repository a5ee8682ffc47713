"""New SIMs and eSIMs: which of them this shop can deliver now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from opla.core.catalog import Product
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.routing import State, carries
from opla.db.queries import cards, floats, suppliers
from opla.db.queries.suppliers import Approved
from opla.operations.routes import cost_of
from opla.operations.shop import Shop


def left(starters: Iterable[Product], *, shop: Shop, at: datetime) -> frozenset[str]:
    """The names of those that somebody could have now: they lie on our shelf, or a supplier sells them that answers and
    has our money. Nobody is to wait for a line that may never come."""
    named = {product.sku: product for product in starters}
    kinds = {sku: Kind(str(product.delivery.value)) for sku, product in named.items()}
    may = {sku for sku, kind in kinds.items() if any(carries(name, kind) for name in shop.routes)}
    esims = [named[sku] for sku in sorted(may) if kinds[sku] is Kind.ESIM]
    shelved = floats.on_shelf([one.sku for one in esims]) | _supplied(esims, shop, at) if esims else frozenset()
    free = {level.sku for level in cards.levels() if level.free} if Kind.SIM in kinds.values() else frozenset()
    return frozenset(sku for sku in may if sku in (free if kinds[sku] is Kind.SIM else shelved))


def _supplied(esims: list[Product], shop: Shop, at: datetime) -> frozenset[str]:
    """Those that a supplier lists under a name that a person approved. What one that takes our own names has, nobody
    knows."""
    names = [name for name in shop.routes if name in shop.mapped]
    if not names:
        return frozenset()
    states = suppliers.states(names)
    listed = suppliers.approved(names, [one.sku for one in esims], listed_only=True)
    faces = {one.sku: Money(one.min_minor, one.currency) for one in esims}
    return frozenset(
        sku
        for (name, sku), theirs in listed.items()
        if theirs.terms.sells(faces[sku]) and _ready(states.get(name, State()), theirs, faces[sku], at)
    )


def _ready(state: State, theirs: Approved, face: Money, at: datetime) -> bool:
    """Whether it answers, and has our money for it as far as they have said."""
    return not (state.silent(at) or state.too_little(cost_of(theirs, face.amount_minor) or face, at))
