"""Resellers' keys at the door of the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, call, expect


@dataclass(frozen=True)
class Entered:
    """Whose key it is, as its owner made it. `went`: its bucket had what the call costs; `tokens` is what is left."""

    key_id: int
    reseller: str
    email: str
    scopes: tuple[str, ...]
    addresses: tuple[str, ...]
    expires_at: datetime | None
    sandbox: bool
    went: bool
    tokens: float


def enter(key_hash: bytes, cost: int, *, most: int, per_s: int, at: datetime) -> Entered | None:
    """None: nobody's key, a revoked one, or one of a reseller that may not order now."""
    rows = call(
        "opla_api_enter",
        Argument(at, "timestamptz"),
        Argument(key_hash, "bytea"),
        Argument(cost, "int"),
        Argument(most, "int"),
        Argument(per_s, "int"),
    )
    if not rows:
        return None
    [(key_id, reseller, email, scopes, addresses, expires_at, sandbox, went, tokens)] = rows
    return Entered(
        expect(key_id, int),
        expect(reseller, str),
        expect(email, str),
        _texts(scopes),
        _texts(addresses),
        expires_at if isinstance(expires_at, datetime) else None,
        expect(sandbox, bool),
        expect(went, bool),
        expect(tokens, float),
    )


def keyed(caller: str, key: str, fields: bytes, new_id: UUID, *, at: datetime) -> tuple[UUID, bytes]:
    """What stands under this key, kept now where nothing did: its id, and the digests of what was asked."""
    [(found, known)] = call(
        "opla_keyed",
        Argument(at, "timestamptz"),
        Argument(caller, "text"),
        Argument(key, "text"),
        Argument(fields, "bytea"),
        Argument(new_id, "uuid"),
    )
    return expect(found, UUID), expect(known, bytes)


def _texts(value: object) -> tuple[str, ...]:
    texts: Sequence[object] = expect(value, list)
    return tuple(expect(text, str) for text in texts)
