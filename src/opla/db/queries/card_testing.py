"""Payments that visitors ask for, counted by what they have in common: under digests that say nothing, for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.card_testing import SMALL_MINOR, Seen, Source, Window
from opla.core.money import Money
from opla.db.queries.call import Argument, call, columns, expect, select

#: A payment, what it has in common with others, the digest of that, its amount in minor units.
Try = tuple[UUID, Source, bytes, int]


def seen(tries: Sequence[Try], quotes: Sequence[UUID], since: Mapping[Window, datetime], *, at: datetime) -> list[Seen]:
    """Note these tries; say what their sources did within each window. Nothing where a quote is an order already."""
    windows = list(since)
    rows = call(
        "opla_card_try",
        Argument(at, "timestamptz"),
        Argument(SMALL_MINOR, "bigint"),
        *columns([(when,) for when in since.values()], "timestamptz"),
        *columns([(quote,) for quote in quotes], "uuid"),
        *columns(tries, "uuid", "text", "bytea", "bigint"),
    )
    return [
        Seen(Source(expect(what, str)), windows[expect(n, int) - 1], *(expect(figure, int) for figure in figures))
        for what, n, *figures in rows
    ]


def stopped(
    payments: Sequence[UUID], what: Source, who: bytes, subject: UUID, currency: str, *, since: datetime, at: datetime
) -> None:
    """Forget these payments, which are never made, and tell a person: once for each `subject`."""
    call(
        "opla_card_stopped",
        Argument(at, "timestamptz"),
        Argument(since, "timestamptz"),
        *columns([(payment,) for payment in payments], "uuid"),
        Argument(str(what), "text"),
        Argument(who, "bytea"),
        Argument(subject, "uuid"),
        Argument(currency, "text"),
    )


@dataclass(frozen=True)
class Payable:
    """An order that another payment would pay."""

    email: str
    number: str
    total: Money


def payable(order_ids: Sequence[UUID], at: datetime) -> list[Payable]:
    """Those of them that wait for a payment, and have none open."""
    rows = select(
        """SELECT o.email, o.number, o.face_minor + o.fee_minor - o.discount_minor, o.currency FROM orders o
           WHERE o.id = ANY (%s::uuid[]) AND o.state = 'placed' AND o.expires_at > %s
             AND NOT EXISTS (SELECT FROM allocation a JOIN payment p ON p.id = a.payment_id
                             WHERE a.order_id = o.id AND p.state IN ('opening', 'open')) ORDER BY o.id""",
        [list(order_ids), at],
    )
    return [Payable(expect(e, str), expect(n, str), Money(expect(m, int), expect(c, str))) for e, n, m, c in rows]
