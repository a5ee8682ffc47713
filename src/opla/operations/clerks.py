"""Clerks: named by the owner, signed in by a short PIN on a paired tablet.

A PIN is short, so it is worth something only on a tablet of ours, with few tries, and is kept keyed (the key lies
outside the database) and slow (scrypt, RFC 7914): whoever reads the table, or a backup of it, has no PIN.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor, Role
from opla.core.refusal import Code, Refusal
from opla.core.station import pin_refused, waits
from opla.db.keyring import Keyring
from opla.db.queries import stations as queries
from opla.db.queries.stations import Clerk, Station
from opla.operations.shop import Shop
from opla.operations.stations import NAME

_SALT_BYTES: Final = 16
#: 16 MiB and some 40 ms a try (RFC 7914 §2).
_COST: Final = {"n": 1 << 14, "r": 8, "p": 1}
_SHOWN_MAX: Final = 40
#: Minutes after one, two, three … wrong PINs; after more than these nothing is heard any more.
_WAITS: Final = [*(int(wait.total_seconds()) // 60 for n in range(1, 100) if (wait := waits(n)) is not None), 0]


@dataclass(frozen=True)
class Named:
    """A clerk as the owner wants them. An empty `pin`: the one they have. `place_id` None: at every place."""

    name: str
    shown: str
    pin: str = ""
    place_id: int | None = None
    manages: bool = False
    active: bool = True


def keep(actor: Actor, named: Named, *, shop: Shop, at: datetime) -> Refusal | None:
    """Name a clerk, change them, give them a PIN, or let them go. Who is let go is signed out at once."""
    if refused := actor.refused(Act.MANAGE_STATIONS):
        return refused
    shown = " ".join(named.shown.split())[:_SHOWN_MAX]
    if not NAME.fullmatch(named.name) or not shown:
        return Refusal(Code.CLERK_NAME_INVALID, "name", {"name": named.name})
    if named.pin and (weak := pin_refused(named.pin)):
        return weak
    known = queries.clerk(named.name)
    clerk_id = known.id if known else shop.chance.uuid(at)
    pin = hashed(named.pin, clerk_id, shop.keyring) if named.pin else None
    result = queries.keep_clerk(
        clerk_id, named.name, shown, named.place_id, manages=named.manages, active=named.active, pin=pin, actor=actor,
        at=at,
    )  # fmt: skip
    return pin_refused("") if result == "pin_missing" else None


def hashed(pin: str, clerk_id: UUID, keyring: Keyring, salt: bytes = b"") -> bytes:
    """The salt, and what the PIN comes to with it."""
    salt = salt or os.urandom(_SALT_BYTES)
    keyed = hmac.digest(keyring.fingerprint_key, b"clerk" + clerk_id.bytes + pin.encode(), "sha256")
    return salt + hashlib.scrypt(keyed, salt=salt, dklen=32, maxmem=1 << 25, **_COST)


def sign_in(name: str, pin: str, station: Station, *, shop: Shop, at: datetime) -> Clerk | Refusal:
    """Whose PIN this is, at a tablet of ours. Each try counts as wrong until it was right."""
    clerk = queries.clerk(name)
    if clerk is None or not clerk.active or clerk.place_id not in (None, station.place_id):
        return Refusal(Code.CLERK_UNKNOWN, "name")
    tried = queries.try_pin(clerk.id, _WAITS, at=at)
    if tried is None:
        return _unheard(queries.clerk(name), at)
    if not hmac.compare_digest(hashed(pin, clerk.id, shop.keyring, tried.pin[:_SALT_BYTES]), tried.pin):
        wait = waits(tried.wrong + 1)
        if wait is None:
            return Refusal(Code.PIN_ENDED, "pin")
        minutes = int(wait.total_seconds()) // 60
        return Refusal(Code.PIN_WAITS, "pin", {"minutes": str(minutes)}) if minutes else Refusal(Code.PIN_WRONG, "pin")
    queries.pin_right(clerk.id, station.id, actor=actor_of(clerk, station), at=at)
    return clerk


def _unheard(clerk: Clerk | None, at: datetime) -> Refusal:
    if clerk is None or clerk.not_before is None or clerk.wrong >= len(_WAITS):
        return Refusal(Code.PIN_ENDED, "pin")
    minutes = max(1, math.ceil((clerk.not_before - at).total_seconds() / 60))
    return Refusal(Code.PIN_WAITS, "pin", {"minutes": str(minutes)})


def actor_of(clerk: Clerk, station: Station) -> Actor:
    """Who acts, as events name them: the clerk, and where."""
    return Actor(Role.CLERK, f"{clerk.name}@{station.name}")
