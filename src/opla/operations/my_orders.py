"""Every order of an address that somebody has proven, bought with the account or before there was one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from opla.db.models import Customer
from opla.db.queries import pages
from opla.db.queries.pages import Listed
from opla.operations.links import write_link
from opla.operations.shop import Shop

PAGE: Final = 50


@dataclass(frozen=True)
class Mine:
    """One of them, with the link that opens its page."""

    order: Listed
    link: str = field(repr=False)


def mine(customer: Customer, *, shop: Shop, after: int = 0) -> tuple[list[Mine], bool]:
    """The newest `PAGE` of them without the first `after`, and whether there are older ones."""
    found = pages.orders_of(customer.email, limit=PAGE + 1, after=after)
    opened = [Mine(one, write_link(shop.keyring.open(one.link_sealed, one.id.bytes))) for one in found[:PAGE]]
    return opened, len(found) > PAGE
