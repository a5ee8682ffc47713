"""The sandbox's shelf is filled with SIM cards that are nowhere, so that there is one to buy and to pack.

Each ICCID is computed from its running number: two processes that fill at once store the same ones, once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from stdnum import luhn

from opla.core.actor import SYSTEM
from opla.core.catalog import Product
from opla.core.money import share_half_up
from opla.core.ports import Kind
from opla.db.queries import cards
from opla.db.queries.cards import NewCard
from opla.operations import catalogue
from opla.operations.card_files import SANDBOX_PREFIX
from opla.operations.shop import Shop

#: So many of each are on the shelf when the shop starts for the first time.
LEFT: Final = 20
#: What one costs us per thousand of its price: invented, as all of it.
_COST_PER_MILLE: Final = 700


def fill(*, shop: Shop, at: datetime) -> int:
    """How many were new. Nothing in a real shop, and nothing of a product that has had cards."""
    if not shop.sandbox:
        return 0
    had = {level.sku for level in cards.levels()}
    _, catalog = catalogue.active()
    sold = [p for p in catalog.starters if p.on_sale and p.delivery.value is Kind.SIM and p.sku not in had]
    new = [_one(product, n, shop=shop, at=at) for product in sold for n in range(LEFT)]
    return sum(cards.stock(new, batch=shop.chance.uuid(at), actor=SYSTEM, at=at))


def _one(product: Product, n: int, *, shop: Shop, at: datetime) -> NewCard:
    digest = hashlib.blake2b(f"{product.sku} {n}".encode(), person=b"sample card", digest_size=8).digest()
    body = f"{SANDBOX_PREFIX}{int.from_bytes(digest) % 10**14:014d}"
    cost_minor = share_half_up(product.min_minor, _COST_PER_MILLE, 1000)
    return NewCard(shop.chance.uuid(at), body + luhn.calc_check_digit(body), product.sku, cost_minor, product.currency)
