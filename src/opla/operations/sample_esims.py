"""The sandbox's shelf is filled with eSIMs that no phone can install, so that there is one to buy.

Each is computed from its running number and this shop's key: two processes that fill at once store the same ones, once.
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
from opla.db.queries import codes
from opla.db.queries.codes import NewCode
from opla.operations import catalogue
from opla.operations.shop import Shop
from opla.operations.stock_codes import SANDBOX_SERVERS

#: So many of each are left whenever the shop starts.
LEFT: Final = 40
#: What one costs us per thousand of its price: invented, as all of it.
_COST_PER_MILLE: Final = 900
#: No country's calling code begins with a zero, so no card in the world has such a serial number.
_SERIAL: Final = "8900"


def fill(*, shop: Shop, at: datetime) -> int:
    """How many were new. Nothing in a real shop, and nothing where enough are left."""
    if not shop.sandbox:
        return 0
    _, catalog = catalogue.active()
    sold = [p for p in catalog.starters if p.on_sale and p.delivery.value is Kind.ESIM]
    left, known = codes.stock_levels(), codes.ever_stocked([p.sku for p in sold])
    new = [
        _one(product, n, shop=shop, at=at)
        for product in sold
        for n in range(known.get(product.sku, 0), known.get(product.sku, 0) + LEFT - left.get(product.sku, 0))
    ]
    return sum(codes.stock(new, batch=shop.chance.uuid(at), actor=SYSTEM, at=at, keyring=shop.keyring))


def _one(product: Product, n: int, *, shop: Shop, at: datetime) -> NewCode:
    name = f"{product.sku} {n}".encode()
    digest = hashlib.blake2b(name, key=shop.keyring.fingerprint_key, person=b"sample esim", digest_size=16).digest()
    secret = digest[:8].hex().upper()
    body = f"{_SERIAL}{int.from_bytes(digest[8:]) % 10**14:014d}"
    return NewCode(
        shop.chance.uuid(at),
        product.sku,
        f"LPA:1$rsp{SANDBOX_SERVERS}${'-'.join(secret[i : i + 4] for i in range(0, 16, 4))}",
        body + luhn.calc_check_digit(body),
        share_half_up(product.min_minor, _COST_PER_MILLE, 1000),
        product.currency,
        None,
    )
