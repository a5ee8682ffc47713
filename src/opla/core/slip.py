"""An order slip: a sheet that somebody fills in by hand and sends back by post, paid by a bank transfer of its own.

    out ──entered──▶ ordered        an ordinary order, waiting for the transfer under the slip's number
     └────sent_back──▶ sent_back    it cannot be done, and a letter says why; what was paid for it goes back

Its number is the structured communication that stands on it, and the barcode: so one slip is one order, however often
it is scanned, and money under its number is never anybody else's. What can be ticked is kept as it was printed: another
price than that is not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from opla.core import structured
from opla.core.catalog import Product
from opla.core.money import Money
from opla.core.order import Price
from opla.core.ports import Kind
from opla.core.quote import Terms, price
from opla.core.refusal import Code, Refusal

#: What fits on the sheet, and is quickly ticked.
MOST_OFFERS: Final = 6
#: As many slips as are printed in one go.
MOST_SLIPS: Final = 100
#: The amounts of a product of any amount, as far as they can be had.
_ROUND_MINOR: Final = (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000)
#: How long it is known who sent a slip, after its order has ended: as long as of a SIM card (`core.card`).
ADDRESS_KEPT: Final = timedelta(days=90)


class State(StrEnum):
    OUT = "out"  # printed, and nobody has brought it back
    ORDERED = "ordered"
    SENT_BACK = "sent_back"


class Reason(StrEnum):
    """Why a slip is sent back. Kept, and said in the letter."""

    UNREADABLE = "unreadable"
    NUMBER_WRONG = "number_wrong"
    NOTHING_TICKED = "nothing_ticked"
    NOT_SIGNED = "not_signed"
    PRICE_CHANGED = "price_changed"
    NOT_SOLD = "not_sold"  # any more


@dataclass(frozen=True)
class Offer:
    """One box to tick: so much credit of this product, and what is to be transferred for it."""

    sku: str
    name: str
    kind: Kind
    face: Money
    total: Money


def offers(products: Sequence[Product], terms: Terms) -> list[Offer]:
    """What a slip of these products can offer: credit and codes, cheapest first. A plan that may change is kept."""
    found = [
        _offer(product, price(Money(minor, product.currency), terms))
        for product in products
        if product.delivery.value is not None and not product.is_starter
        for minor in _amounts(product)
    ]
    return sorted(found, key=lambda one: (one.face.amount_minor, one.sku))[:MOST_OFFERS]


def _amounts(product: Product) -> list[int]:
    return [minor for minor in {product.min_minor, *_ROUND_MINOR} if product.accepts(minor) is None]


def _offer(product: Product, asked: Price) -> Offer:
    delivery = product.delivery.value
    if delivery is None:
        raise ValueError(f"nobody knows how {product.sku} is delivered")
    return Offer(product.sku, product.name, Kind(delivery), asked.face, asked.total)


def read(scanned: str) -> str | Refusal:
    """The number of a slip from its barcode, or typed as it stands on the sheet."""
    digits = "".join(c for c in scanned if c not in "+*/-. \t")
    return digits if structured.is_number(digits) else Refusal(Code.SLIP_UNKNOWN, "slip")
