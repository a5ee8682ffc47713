"""What currencies are worth in each other, as somebody told; and our own money on its way to a supplier."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.fx import FRESH, Rate
from opla.core.money import Money
from opla.db.queries.call import Argument, call, expect, select


def tell(rate: Rate, *, actor: Actor, at: datetime) -> bool:
    """Keep a rate for ever; False when another one was told for the same instant."""
    [(kept,)] = call(
        "opla_tell_rate",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(rate.base, "text"),
        Argument(rate.quote, "text"),
        Argument(rate.micros, "bigint"),
        Argument(rate.source, "text"),
        Argument(rate.as_of, "timestamptz"),
    )
    return expect(kept, bool)


def rate(one: str, other: str, *, at: datetime) -> Rate | None:
    """The newest rate between two currencies, either way round; None when there is none that is fresh."""
    rows = select(
        """SELECT base, quote, micros, source, as_of FROM rate
           WHERE (base, quote) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))
             AND as_of <= %(at)s AND as_of > %(old)s
           ORDER BY as_of DESC, told_at DESC LIMIT 1""",
        {"one": one, "other": other, "at": at, "old": at - FRESH},
    )
    return (
        Rate(
            expect(rows[0][0], str),
            expect(rows[0][1], str),
            expect(rows[0][2], int),
            expect(rows[0][3], str),
            expect(rows[0][4], datetime),
        )
        if rows
        else None
    )


def fill_float(
    supplier: str,
    key: str,
    fields: bytes,
    filled_id: UUID,
    *,
    paid: Money,
    arrived: Money,
    actor: Actor,
    at: datetime,
) -> tuple[str, bytes]:
    """Record our own money on its way: `filled`, or `again` with the digests of what was recorded under this key."""
    [(result, known)] = call(
        "opla_fill_float",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(supplier, "text"),
        Argument(key, "text"),
        Argument(fields, "bytea"),
        Argument(filled_id, "uuid"),
        Argument(paid.amount_minor, "bigint"),
        Argument(paid.currency, "text"),
        Argument(arrived.amount_minor, "bigint"),
        Argument(arrived.currency, "text"),
    )
    return expect(result, str), expect(known, bytes)
