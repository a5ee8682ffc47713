"""Browsers that asked to be told, and the short messages that wait for them. What a browser gave us is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, call, columns, expect, select


@dataclass(frozen=True)
class About:
    """What a browser wants to be told of: one order, or one reminder."""

    order_id: UUID | None = None
    reminder_id: UUID | None = None


@dataclass(frozen=True)
class Waiting:
    """One message for one browser, leased to this worker. `ticket` is the order's; empty for a reminder."""

    reference: str
    subscription_id: UUID
    topic: str
    tries: int
    made_at: datetime
    sealed: bytes = field(repr=False)
    reminder_id: UUID | None
    ticket: str
    language: str


def keep(about: About, id_: UUID, endpoint_hash: bytes, sealed: bytes, *, at: datetime, most: int, days: int) -> None:
    """Of more than `most` browsers of one the oldest go; those of orders go after `days`."""
    call(
        "opla_push_keep",
        Argument(at, "timestamptz"),
        Argument(id_, "uuid"),
        Argument(about.order_id, "uuid"),
        Argument(about.reminder_id, "uuid"),
        Argument(endpoint_hash, "bytea"),
        Argument(sealed, "bytea"),
        Argument(most, "int"),
        Argument(days, "int"),
    )


def stop(about: About, endpoint_hash: bytes) -> None:
    call(
        "opla_push_stop",
        Argument(about.order_id, "uuid"),
        Argument(about.reminder_id, "uuid"),
        Argument(endpoint_hash, "bytea"),
    )


def claim(*, at: datetime, limit: int, lease_s: int) -> list[Waiting]:
    rows = call("opla_push_claim", Argument(at, "timestamptz"), Argument(limit, "int"), Argument(lease_s, "int"))
    return [
        Waiting(
            expect(row[0], str), expect(row[1], UUID), expect(row[2], str), expect(row[3], int),
            expect(row[4], datetime), bytes(expect(row[5], bytes)), row[6] if isinstance(row[6], UUID) else None,
            expect(row[7], str), expect(row[8], str),
        )
        for row in rows
    ]  # fmt: skip


def done(ended: Sequence[tuple[str, UUID, datetime | None]], gone: Sequence[UUID]) -> None:
    """(reference, subscription, when to try again or None), and the subscriptions whose browsers have gone."""
    call("opla_push_done", *columns(ended, "text", "uuid", "timestamptz"), Argument(list(gone), "uuid[]"))


def kept(about: About) -> int:
    """How many browsers are told of it."""
    [(count,)] = select(
        "SELECT count(*)::int FROM push_subscription WHERE order_id = %s OR reminder_id = %s",
        [about.order_id, about.reminder_id],
    )
    return expect(count, int)
