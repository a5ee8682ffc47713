"""A link for whom an order is for: it shows what they need and nothing of the buyer, and ends by itself.

With the code only where the buyer said so, and then to one device: what a stolen link opens, its owner finds used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.keyring import digest
from opla.db.queries import aftercare, pages
from opla.db.queries.aftercare import Share
from opla.db.queries.codes import Revealed
from opla.db.queries.pages import OrderPage
from opla.operations.links import device_hash, hash_link, write_link
from opla.operations.shop import Shop

LASTS: Final = timedelta(days=7)


@dataclass(frozen=True)
class Shared:
    """A link that was just made. The database keeps its hash alone, so nobody can show it again."""

    url: str = field(repr=False)
    with_code: bool
    ends_at: datetime


def share(
    actor: Actor, order_id: UUID, *, with_code: bool, device: bytes, shop: Shop, at: datetime,
    customer: UUID | None = None,
) -> Shared | Refusal:  # fmt: skip
    """A new link; the one before it ends. From the ordering device, one that proved the e-mail, or its `customer`."""
    if refused := actor.refused(Act.SHARE):
        return refused
    secret = shop.chance.secret()
    result = aftercare.share(
        shop.chance.uuid(at),
        order_id,
        device_hash(device),
        customer,
        digest(secret),
        with_code=with_code,
        ends_at=at + LASTS,
        actor=actor,
        at=at,
    )
    if result != "shared":
        return Refusal(Code(result))
    return Shared(f"{shop.base_url}/s/{write_link(secret)}/", with_code, at + LASTS)


def end(actor: Actor, order_id: UUID, *, device: bytes, at: datetime, customer: UUID | None = None) -> Refusal | None:
    """Take the link back; there may be none."""
    if refused := actor.refused(Act.SHARE):
        return refused
    result = aftercare.end_share(order_id, device_hash(device), customer, at=at)
    return None if result == "ended" else Refusal(Code(result))


def find(link: str, *, device: bytes) -> tuple[Share, OrderPage] | None:
    """What this link shows; None for a guess."""
    link_hash = hash_link(link)
    found = aftercare.share_by_link(link_hash, device_hash(device)) if link_hash else None
    page = pages.order_by_id(found.order_id) if found else None
    return (found, page) if found and page else None


def reveal(actor: Actor, link: str, *, device: bytes, shop: Shop, at: datetime) -> Revealed | Refusal:
    """The code, where the link was made for it, for the first device that looks. Written down before it leaves."""
    if refused := actor.refused(Act.REVEAL):
        return refused
    link_hash = hash_link(link)
    if link_hash is None:
        return Refusal(Code.NOT_FOUND)
    found = aftercare.reveal_shared(link_hash, device_hash(device), actor=actor, at=at, keyring=shop.keyring)
    return Refusal(Code(found)) if isinstance(found, str) else found
