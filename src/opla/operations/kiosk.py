"""Whether a kiosk sells now: how one can pay at it, what somebody could deliver, and where it is closed, why.

| closed because  | when                                                                        |
|-----------------|-----------------------------------------------------------------------------|
| `no_way_to_pay` | no card machine stands at it, and nobody sells at a till                    |
| `no_contact`    | whoever has something is silent just now, and nothing lies on our own shelf |
| `nothing_left`  | nobody has anything                                                         |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core import order
from opla.core.actor import Act, Actor
from opla.core.catalog import Product, sellable
from opla.core.ledger import CASH, SHELVES
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.routing import State
from opla.db.queries import codes, floats, pages, suppliers, terminals
from opla.db.queries.stations import Station
from opla.db.queries.terminals import Terminal
from opla.operations import catalogue, counter_sale, limits, order_texts, terminal
from opla.operations.cash import Counter, may_pay
from opla.operations.links import device_hash
from opla.operations.shop import Shop

#: What the text is about that brings an order's link to a phone.
LINK: Final = "kiosk_link"
#: Nobody paid for these, so no text is sent about them.
NOT_TEXTED: Final = frozenset({order.State.PLACED, order.State.CANCELLED})

#: After this long nobody stands there any more who could look at a code; longer ago than the other, it was told of.
_LEFT: Final = timedelta(minutes=15)
_LOOKED_BACK: Final = timedelta(days=30)


class Closed(StrEnum):
    """Why nothing is sold at a kiosk now. Published."""

    NO_WAY_TO_PAY = "no_way_to_pay"
    NO_CONTACT = "no_contact"
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True)
class Standing:
    """A kiosk at one moment: the card machines at it, the tills where a clerk takes money, and what can be had."""

    machines: Sequence[Terminal]
    tills: Sequence[Counter]
    had: frozenset[str]  # product names (sku)
    closed: Closed | None


def standing(station: Station, *, shop: Shop, at: datetime) -> Standing:
    machines, tills = terminal.terminals_at(shop, station=station.name), tills_for(shop)
    products = [one for one in catalogue.active()[1].products if sellable(one, sandbox=shop.sandbox) is None]
    had = _had(products, shop, at)
    closed = None
    if not machines and not tills:
        closed = Closed.NO_WAY_TO_PAY
    elif not had:
        closed = Closed.NO_CONTACT if _had(products, shop, None) else Closed.NOTHING_LEFT
    return Standing(machines, tills, had, closed)


def tills_for(shop: Shop) -> list[Counter]:
    """Where a clerk reads the digits of a price that was chosen here, sells it and hands it over."""
    return counter_sale.tills(shop) if may_pay(CASH, shop) else []


def _had(products: Sequence[Product], shop: Shop, at: datetime | None) -> frozenset[str]:
    """Those of these products that somebody could deliver; without `at`, whoever is silent would answer."""
    skus = [one.sku for one in products]
    names = [name for name in shop.routes if name not in SHELVES]
    known = suppliers.states(names) if at and names else {}
    asked = [name for name in names if at is None or not known.get(name, State()).silent(at)]
    if any(name not in shop.mapped for name in asked):  # it takes our own names: nobody knows what it has
        return frozenset(skus)
    approved = suppliers.approved(asked, skus) if asked else {}
    shelf = floats.on_shelf(skus) if "code_stock" in shop.routes else frozenset()
    return frozenset(
        one.sku
        for one in products
        if (one.delivery.value is Kind.CODE and one.sku in shelf)
        or any(
            (found := approved.get((name, one.sku))) and found.terms.sells(Money(one.min_minor, one.currency))
            for name in asked
        )
    )


def taken(machine: str, quote_id: UUID) -> Refusal | None:
    """Why no payment for this quote may begin on this machine: one of somebody who was here before has not ended, and
    the next card would pay for that."""
    busy = terminals.busy(machine, but=quote_id)
    return Refusal(Code.MACHINE_WAITS, "machine") if busy else None


def watch(*, at: datetime) -> int:
    """Tell a person of codes that were paid at a kiosk by somebody who went away without them; of how many."""
    return codes.left_behind(at=at, until=at - _LEFT, since=at - _LOOKED_BACK)


def text_link(
    actor: Actor, order_id: UUID, typed: str, *, device: bytes, address: str, shop: Shop, at: datetime
) -> Refusal | None:
    """Send an order's link, and never its code, to a phone that whoever bought it at a kiosk named."""
    if refused := actor.refused(Act.SAY):
        return refused
    page = pages.order_by_id(order_id, device_hash(device))
    if page is None or not page.proven or page.state in NOT_TEXTED:
        return Refusal(Code.NOT_FOUND)
    number = order_texts.read_number(typed)
    if isinstance(number, Refusal):
        return number
    for one in (f"order {order_id}", f"number {number.e164}"):
        if tired := limits.by_name(limits.LINKS_BY_TEXT, one, shop=shop, at=at):
            return tired
    about = {"sku": page.sku, "total": str(page.price.total.amount_minor), "link": address}
    order_texts.post(LINK, number.e164, page.language, about, shop=shop, at=at)
    return None
