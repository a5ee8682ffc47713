"""What the shop charges above the face value: asked for every price, so it is one plain statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opla.core.money import Money
from opla.db.queries.call import expect, select


def active_fee() -> tuple[int, Money] | None:
    """The version that counts (a unique index sees to it); None: nobody ever approved one, so the settings say."""
    rows = select("SELECT id, fee_minor, currency FROM fee_version WHERE state = 'active'")
    if not rows:
        return None
    id_, minor, currency = rows[0]
    return expect(id_, int), Money(expect(minor, int), expect(currency, str))


def lock() -> None:
    """Whoever changes the fee does so alone until the transaction ends."""
    select("SELECT pg_advisory_xact_lock(hashtextextended('fee', 0))")


@dataclass(frozen=True)
class Sold:
    """Delivered orders by the fee in their price, resellers' too. `waived`: of how many a promotion took it off."""

    fee: Money
    orders: int
    waived: int


def sold_since(from_at: datetime, currency: str) -> list[Sold]:
    """Orders since then by the fee in their price, the most frequent first."""
    rows = select(
        """SELECT o.fee_minor, count(*)::int,
                  (count(*) FILTER (WHERE EXISTS (
                      SELECT FROM quote q, jsonb_array_elements(q.offer -> 'applied') part
                      WHERE q.id = o.quote_id AND (part ->> 2)::bigint > 0)))::int
           FROM orders o WHERE o.placed_at >= %s AND o.state = 'delivered' AND o.currency = %s
           GROUP BY 1 ORDER BY 2 DESC, 1""",
        [from_at, currency],
    )
    return [
        Sold(Money(expect(minor, int), currency), expect(orders, int), expect(waived, int))
        for minor, orders, waived in rows
    ]
