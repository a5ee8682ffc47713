"""The order link: 128 bits that show an order's state, stored hashed (and sealed, for the notices that carry it)."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from opla.db.keyring import Keyring, digest
from opla.db.queries import pages

_LETTERS = 26  # 128 bits in base32, without padding


def write_link(secret: bytes) -> str:
    """The secret as it stands in an address: lower-case base32, so it survives being read out or retyped."""
    return base64.b32encode(secret).decode().rstrip("=").lower()


def read_link(link: str) -> bytes | None:
    """The secret of a link, or None when this is none."""
    if len(link) != _LETTERS or not link.isascii():
        return None
    try:
        return base64.b32decode(link.upper() + "=" * 6)
    except binascii.Error:
        return None


def hash_link(link: str) -> bytes | None:
    """How the database knows a link; None when it is malformed."""
    secret = read_link(link)
    return None if secret is None else digest(secret)


def device_hash(device: bytes) -> bytes:
    """How the database knows a device."""
    return digest(device)


def link_of(order_id: UUID, keyring: Keyring) -> str | None:
    """The link of an order, opened from its seal: for notices and for the ordering device."""
    sealed = pages.sealed_link(order_id)
    return None if sealed is None else link_from(sealed, order_id, keyring)


def link_from(sealed: bytes, order_id: UUID, keyring: Keyring) -> str:
    """The link whose sealed secret was read beside its order."""
    return write_link(keyring.open(sealed, order_id.bytes))
