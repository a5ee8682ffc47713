"""Webhooks and return pages only wake the poller: the state is fetched, never believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from opla.core.attempt import Kind
from opla.db.queries import attempts
from opla.db.queries.bank import Book
from opla.db.queries.cards import Shelves
from opla.db.queries.cash import Drawers
from opla.db.queries.terminals import Slips
from opla.operations.outside import Adapters
from opla.operations.shop import current


def wake_payment(provider: str, names: Sequence[str], *, at: datetime) -> int:
    """Ask about these payments (the provider's ids, or our references) now; how many were asleep."""
    return attempts.wake([Kind.CHARGE, Kind.REFUND], provider, names, at=at) if names else 0


def wake_order(order_id: UUID, *, at: datetime) -> int:
    """Ask about every payment of an order now: its customer has come back."""
    return attempts.wake_order(order_id, at=at)


def woken(provider: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> int:
    """A webhook of a provider: whom it names is asked about now. Malformed, forged or unknown ones change nothing.

    One at the address of an adapter, as its dashboard has it, is for every way of paying that belongs to it.
    """
    shop = current()
    ways = [way for way in shop.every_method if way == provider or way.startswith(f"{provider}_")]
    if not ways:
        return 0
    reader = Adapters(
        shop, Shelves(lambda: at), Book(lambda: at, shop.chance), Drawers(lambda: at, shop.chance), Slips(lambda: at)
    ).notifies(ways[0])
    names = reader.woken(headers, body) if reader is not None else ()
    return sum(wake_payment(way, names, at=at) for way in ways)
