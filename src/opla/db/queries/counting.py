"""Purchases that their buyers want counted in on what they are reminded of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core import order
from opla.core.ports import Kind
from opla.core.promotion import Kept as KeptPromotions
from opla.db.queries.call import Argument, Row, call, expect, select
from opla.db.queries.reminders import Kept


@dataclass(frozen=True)
class Bought:
    """One that is over: delivered at `delivered_at`, or never (None). `said_at`: when its buyer wanted it counted."""

    kept: Kept
    order_id: UUID
    sku: str
    kind: Kind
    face_minor: int
    plan: str
    catalog_version: int
    promotions: KeptPromotions | None
    delivered_at: datetime | None
    said_at: datetime


def count_in(order_id: UUID, link_hash: bytes, *, at: datetime) -> bool:
    """False where there is no confirmed reminder of this link."""
    [(done,)] = call(
        "opla_reminder_count_in",
        Argument(at, "timestamptz"),
        Argument(order_id, "uuid"),
        Argument(link_hash, "bytea"),
    )
    return expect(done, bool)


def counted(bought: Bought, sealed: bytes | None, *, at: datetime) -> bool:
    """What the line holds with it (None: as before); False when something newer was said meanwhile."""
    [(done,)] = call(
        "opla_reminder_counted",
        Argument(at, "timestamptz"),
        Argument(bought.order_id, "uuid"),
        Argument(bought.kept.id, "uuid"),
        Argument(bought.kept.version, "int"),
        Argument(sealed, "bytea"),
    )
    return expect(done, bool)


def over(limit: int) -> list[Bought]:
    """Those to be counted whose order came to its end, the oldest first; one per reminder, as each changes it."""
    rows = select(
        """SELECT DISTINCT ON (r.id) r.id, r.version, r.sealed, r.language, o.id, o.sku, o.kind, o.face_minor, o.plan,
                  o.catalog_version, q.offer::text, CASE o.state WHEN %s THEN d.at END, c.at
           FROM reminder_order c
           JOIN reminder r ON r.id = c.reminder_id
           JOIN orders o ON o.id = c.order_id
           LEFT JOIN quote q ON q.id = o.quote_id
           LEFT JOIN delivery d ON d.order_id = o.id
           WHERE c.done_at IS NULL AND o.state = ANY (%s::text[])
           ORDER BY r.id, c.at LIMIT %s""",
        [order.State.DELIVERED, [order.State.DELIVERED, order.State.REFUNDED, order.State.CANCELLED], limit],
    )
    return [_bought(row) for row in rows]


def wanted(order_id: UUID) -> bool:
    """Whether this order is, or was, to be counted in."""
    return bool(select("SELECT 1 FROM reminder_order WHERE order_id = %s", [order_id]))


def _bought(row: Row) -> Bought:
    id_, version, sealed, language, order_id, sku, kind, face_minor, plan, catalog_version, offer, delivered, said = row
    return Bought(
        kept=Kept(expect(id_, UUID), expect(version, int), bytes(expect(sealed, bytes)), True, expect(language, str)),
        order_id=expect(order_id, UUID),
        sku=expect(sku, str),
        kind=Kind(expect(kind, str)),
        face_minor=expect(face_minor, int),
        plan=expect(plan, str),
        catalog_version=expect(catalog_version, int),
        promotions=KeptPromotions.read(json.loads(offer)) if isinstance(offer, str) else None,
        delivered_at=delivered if isinstance(delivered, datetime) else None,
        said_at=expect(said, datetime),
    )
