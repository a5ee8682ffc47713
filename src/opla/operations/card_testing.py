"""Whoever asks for too many payments waits, and a person is told. Resellers pay from a float, so no card is tested
there; a terminal is its owner's. The rule and its figures are `core.card_testing`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import card_testing
from opla.core.card_testing import Source, Window
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.db.queries import card_testing as queries
from opla.operations.limits import digest_of, networks
from opla.operations.shop import Shop

#: What is said of the time to wait: it shows neither which limit it was, nor how far beyond.
_SAID: Final = {
    Window.TEN_MINUTES: {"minutes": "10"},
    Window.HOUR: {"minutes": "60"},
    Window.DAY: {"until": "tomorrow"},
}


@dataclass(frozen=True)
class Asked:
    """One order that a payment is asked for."""

    payment_id: UUID
    email: str
    number: str
    total: Money


def too_much(
    asked: Sequence[Asked], *, quotes: Sequence[UUID] = (), device: bytes, address: str, shop: Shop, at: datetime
) -> Refusal | None:
    """PAYMENTS_PAUSED for whoever asked for too many payments, and an item for a person; None lets through."""
    if not (asked and address):
        return None
    tries = _tries(asked, device, address, shop)
    since = card_testing.starts(at)
    stopped = card_testing.decide(queries.seen(tries, quotes, since, at=at))
    if stopped is None:
        return None
    who = next(digest for _, source, digest, _ in tries if source is stopped.source)
    hour = at.strftime("%Y-%m-%dT%H")
    queries.stopped(
        list({one.payment_id for one in asked}),
        stopped.source,
        who,
        UUID(bytes=digest_of(f"alert {who.hex()} {hour}", shop)),
        asked[0].total.currency,
        since=since[Window.DAY],
        at=at,
    )
    return Refusal(Code.PAYMENTS_PAUSED, "", _SAID[stopped.wait])


def _tries(asked: Sequence[Asked], device: bytes, address: str, shop: Shop) -> list[queries.Try]:
    """Each payment with everything it has in common with others, once."""
    totals: dict[UUID, int] = {}
    for one in asked:
        totals[one.payment_id] = totals.get(one.payment_id, 0) + one.total.amount_minor
    around = [*zip((Source.ADDRESS, Source.NETWORK), networks(address), strict=False), (Source.DEVICE, device.hex())]
    found = {
        (payment, source, digest_of(f"card {source} {who}", shop), totals[payment])
        for payment in totals
        for source, who in around
    }
    for one in asked:
        for source, who in ((Source.EMAIL, one.email.lower()), (Source.NUMBER, one.number)):
            if who:
                found.add((one.payment_id, source, digest_of(f"card {source} {who}", shop), totals[one.payment_id]))
    return sorted(found)
