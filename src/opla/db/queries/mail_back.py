"""Addresses whose mail came back, under a keyed digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, call, expect, select


def refused(who: bytes, why: str, *, at: datetime, ends_at: datetime) -> None:
    call(
        "opla_mail_refused",
        Argument(at, "timestamptz"),
        Argument(who, "bytea"),
        Argument(why, "text"),
        Argument(ends_at, "timestamptz"),
    )


def came_back(reference: str, who: bytes, why: str, *, at: datetime, ends_at: datetime) -> None:
    """The same of a mail that was taken first; an item where something waits behind it."""
    call(
        "opla_mail_came_back",
        Argument(at, "timestamptz"),
        Argument(reference, "text"),
        Argument(who, "bytea"),
        Argument(why, "text"),
        Argument(ends_at, "timestamptz"),
    )


def dead(who: Sequence[bytes], *, at: datetime) -> list[bytes]:
    """Those of these that are not written to now."""
    rows = select("SELECT who FROM mail_back WHERE who = ANY (%s) AND ends_at > %s", [list(who), at])
    return [bytes(expect(row[0], bytes)) for row in rows]


@dataclass(frozen=True)
class Sent:
    """A mail of ours. `email` is its order's; a reminder's is sealed there."""

    reference: str
    email: str = field(repr=False)
    reminder_id: UUID | None


def sent_as(reference: str) -> Sent | None:
    """The mail that has this reference, written with or without hyphens."""
    rows = select(
        """SELECT b.reference, coalesce(o.email, ''), b.reminder_id
           FROM outbox b LEFT JOIN orders o ON o.id = b.order_id
           WHERE b.reference = ANY (%s) AND (o.id IS NULL OR o.reseller = '')""",
        [[reference, str(UUID(reference))]],
    )
    if not rows:
        return None
    return Sent(expect(rows[0][0], str), expect(rows[0][1], str), rows[0][2] if isinstance(rows[0][2], UUID) else None)
