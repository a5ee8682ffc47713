"""New SIMs and eSIMs: which of them this shop can deliver now."""

from __future__ import annotations

from collections.abc import Iterable

from opla.core.catalog import Product
from opla.core.ports import Kind
from opla.core.routing import carries
from opla.db.queries import cards, floats
from opla.operations.shop import Shop


def left(starters: Iterable[Product], *, shop: Shop) -> frozenset[str]:
    """The names of those that somebody could have now. They are sold while they lie on our shelf, and no longer:
    nobody is to wait for a line that may never come."""
    named = {product.sku: Kind(str(product.delivery.value)) for product in starters}
    may = {sku for sku, kind in named.items() if any(carries(name, kind) for name in shop.routes)}
    shelved = floats.on_shelf(sorted(sku for sku in may if named[sku] is Kind.ESIM))
    free = {level.sku for level in cards.levels() if level.free} if Kind.SIM in named.values() else frozenset()
    return frozenset(sku for sku in may if sku in (free if named[sku] is Kind.SIM else shelved))
