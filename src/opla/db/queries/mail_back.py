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
    """A mail of ours. `email` is its order's; that of a reminder, or of the notice of a renewal, is sealed there."""

    reference: str
    email: str = field(repr=False)
    reminder_id: UUID | None
    renewal_id: UUID | None


def sent_as(reference: str) -> Sent | None:
    """The mail that has this reference, written with or without hyphens.

    That of a notice is kept by its period: the letter itself is forgotten once it has left.
    """
    rows = select(
        """SELECT d.notice AS reference, '', NULL::uuid, d.renewal_id FROM renewal_period d
           WHERE d.notice = ANY (%(as)s)
           UNION ALL
           SELECT b.reference, coalesce(o.email, ''), b.reminder_id, NULL::uuid
           FROM outbox b LEFT JOIN orders o ON o.id = b.order_id
           WHERE b.reference = ANY (%(as)s) AND (o.id IS NULL OR o.reseller = '')
           ORDER BY renewal_id LIMIT 1""",
        {"as": [reference, str(UUID(reference))]},
    )
    if not rows:
        return None
    found, email, reminder, renewal = rows[0]
    return Sent(
        expect(found, str),
        expect(email, str),
        reminder if isinstance(reminder, UUID) else None,
        renewal if isinstance(renewal, UUID) else None,
    )
