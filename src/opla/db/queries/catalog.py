"""Which catalogue is sold from: asked for every page, so it is one plain statement and not a model's query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opla.core.money import Money
from opla.db.queries.call import expect, select


def active_version() -> int | None:
    """The one active version (a unique index sees to it), or None in a database without a catalogue."""
    rows = select("SELECT id FROM catalog_version WHERE state = 'active'")
    return expect(rows[0][0], int) if rows else None


@dataclass(frozen=True)
class Version:
    """A version as it is listed, without what is in it."""

    id: int
    state: str
    made_at: datetime
    made_by: str
    note: str


def newest_versions(limit: int) -> list[Version]:
    rows = select("SELECT id, state, made_at, made_by, note FROM catalog_version ORDER BY id DESC LIMIT %s", [limit])
    return [
        Version(expect(id_, int), expect(state, str), expect(at, datetime), expect(by, str), expect(note, str))
        for id_, state, at, by, note in rows
    ]


def sold_since(from_at: datetime) -> dict[str, tuple[int, Money]]:
    """What was delivered of each product since then, and for how much in all."""
    rows = select(
        """SELECT sku, currency, count(*)::int, sum(face_minor + fee_minor - discount_minor)::bigint FROM orders
           WHERE placed_at >= %s AND state = 'delivered' GROUP BY 1, 2""",
        [from_at],
    )
    return {
        expect(sku, str): (expect(count, int), Money(expect(minor, int), expect(currency, str)))
        for sku, currency, count, minor in rows
    }
