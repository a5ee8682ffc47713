"""Showing a code: only to the ordering device, after a one-time proof of the order's e-mail, or to the customer who
signed in with that very address.

The row that says who looked is committed before the code leaves the database.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import codes, pages
from opla.db.queries.codes import Revealed
from opla.operations import limits
from opla.operations.links import device_hash
from opla.operations.shop import Shop

PROOF_VALID = timedelta(minutes=15)
#: Whoever scanned the link at a kiosk may be on the way home, and a delivery may take its time.
SHOWN_VALID = timedelta(days=1)


def reveal(
    actor: Actor, order_id: UUID, *, device: bytes, shop: Shop, at: datetime, customer: UUID | None = None
) -> Revealed | Refusal:
    """The code of a delivered order, for a device or a signed-in customer that may see it."""
    if refused := actor.refused(Act.REVEAL):
        return refused
    found = codes.reveal(order_id, device_hash(device), actor=actor, at=at, keyring=shop.keyring, customer=customer)
    return Refusal(Code(found)) if isinstance(found, str) else found


def ask_proof(actor: Actor, order_id: UUID, *, shop: Shop, at: datetime, address: str = "") -> Refusal | None:
    """Send six digits to the order's e-mail. At most once a minute; asking sooner leaves the last ones good.

    An e-mail that never ordered may stand on many orders, so what one e-mail is sent in a day is limited too; and what
    one visitor's `address` asks for, as signing in is.
    """
    if refused := actor.refused(Act.REVEAL) or limits.by_address(limits.SIGN_INS, address, shop=shop, at=at):
        return refused
    page = pages.order_by_id(order_id)
    if page is None or not page.email:  # nobody could read them
        return Refusal(Code.NOT_FOUND)
    if limited := limits.by_email(limits.PROOFS, page.email, shop=shop, at=at):
        return limited
    digits = shop.chance.proof()
    made = codes.ask_proof(
        order_id,
        code_hash=_hash(order_id, digits),
        sealed=shop.keyring.seal(digits.encode(), order_id.bytes),
        reference=shop.chance.reference(),
        at=at,
        expires_at=at + PROOF_VALID,
    )
    return None if made else Refusal(Code.TOO_MANY_TRIES, "proof")


def show_proof(actor: Actor, order_id: UUID, *, device: bytes, shop: Shop, at: datetime) -> str | Refusal:
    """Six digits that whoever ordered at a kiosk types on a phone of their own, once; to the ordering device alone.

    They come from its secret, so that asking again shows the same; the order's link, with its 128 bits, goes along.
    """
    if refused := actor.refused(Act.REVEAL):
        return refused
    page = pages.order_by_id(order_id, device_hash(device))
    if page is None or not page.proven:
        return Refusal(Code.NOT_FOUND)
    digits = f"{int.from_bytes(hashlib.sha256(device + order_id.bytes).digest()[:8]) % 1_000_000:06d}"
    codes.show_proof(
        order_id,
        code_hash=_hash(order_id, digits),
        sealed=shop.keyring.seal(digits.encode(), order_id.bytes),
        at=at,
        expires_at=at + SHOWN_VALID,
    )
    return digits


def prove(actor: Actor, order_id: UUID, typed: str, *, device: bytes, at: datetime) -> Refusal | None:
    """None when these are the digits: this device may reveal from now on. Five tries, then new digits are needed."""
    if refused := actor.refused(Act.REVEAL):
        return refused
    digits = "".join(str(int(c)) for c in typed if c.isdecimal())
    result = codes.prove(order_id, _hash(order_id, digits), device_hash(device), at=at)
    return None if result == "proved" else Refusal(Code(result), "proof")


def _hash(order_id: UUID, digits: str) -> bytes:
    # Six digits are guessed in a blink by whoever holds the table; five tries and fifteen minutes protect them here.
    return hashlib.sha256(order_id.bytes + digits.encode()).digest()
