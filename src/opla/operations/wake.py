"""Webhooks and return pages only wake the poller: the state is fetched, never believed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opla.core.attempt import Kind
from opla.db.queries import attempts


def wake_payment(provider: str, names: Sequence[str], *, at: datetime) -> int:
    """Ask about these payments (the provider's ids, or our references) now; how many were asleep."""
    return attempts.wake([Kind.CHARGE, Kind.REFUND], provider, names, at=at) if names else 0


def wake_delivery(supplier: str, names: Sequence[str], *, at: datetime) -> int:
    """Ask about these sends now."""
    return attempts.wake([Kind.SEND], supplier, names, at=at) if names else 0
