"""Which promotions run here, and what is used of them: a statement or two for any number of quotes."""

from __future__ import annotations

from collections.abc import Collection

from opla.db.queries.call import expect, select


def active_promotions() -> int | None:
    """The one active version (a unique index sees to it), or None where there never was one."""
    rows = select("SELECT id FROM promotions_version WHERE active")
    return expect(rows[0][0], int) if rows else None


def uses(promotions: Collection[str], customers: Collection[bytes]) -> dict[tuple[str, bytes], int]:
    """How often each promotion was used by each of these; by everybody together under the empty name."""
    rows = select(
        """SELECT promotion, customer, uses FROM promotion_count
           WHERE promotion = ANY (%s::text[]) AND customer = ANY (%s::bytea[])""",
        [sorted(promotions), [b"", *sorted(customers)]],
    )
    return {(expect(row[0], str), bytes(expect(row[1], bytes))): expect(row[2], int) for row in rows}


def bought_before(emails: Collection[str]) -> frozenset[str]:
    """Those of these addresses (in small letters) that paid for an order here before."""
    rows = select(
        """SELECT DISTINCT lower(email) FROM orders
           WHERE reseller = '' AND lower(email) = ANY (%s::text[]) AND state NOT IN ('placed', 'cancelled')""",
        [sorted(emails)],
    )
    return frozenset(expect(row[0], str) for row in rows)
