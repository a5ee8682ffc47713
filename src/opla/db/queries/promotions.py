"""Which promotions run here, and what is used of them: a statement or two for any number of quotes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.actor import Role
from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion import Channel, Purchase
from opla.db.queries.call import Row, expect, select


def active_promotions() -> int | None:
    """The one active version (a unique index sees to it), or None where there never was one."""
    rows = select("SELECT id FROM promotions_version WHERE active")
    return expect(rows[0][0], int) if rows else None


def lock() -> None:
    """Whoever changes which promotions run does so alone until the transaction ends."""
    select("SELECT pg_advisory_xact_lock(hashtextextended('promotions', 0))")


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


@dataclass(frozen=True)
class Version:
    """A version that counts or counted, or the proposal, without what is in it."""

    id: int
    active: bool
    proposed: bool
    base: int | None
    made_at: datetime
    made_by: str
    note: str
    approved_at: datetime | None
    approved_by: str


def versions(limit: int) -> list[Version]:
    """The newest of those that counted once; what was proposed and dropped, or grew into another, is none."""
    rows = select(
        """SELECT id, active, proposed, base, made_at, made_by, note, approved_at, approved_by FROM promotions_version
           WHERE active OR approved_at IS NOT NULL OR base IS NULL ORDER BY coalesce(approved_at, made_at) DESC, id DESC
           LIMIT %s""",
        [limit],
    )
    return [
        Version(
            expect(row[0], int), expect(row[1], bool), expect(row[2], bool),
            row[3] if isinstance(row[3], int) else None,
            expect(row[4], datetime), expect(row[5], str), expect(row[6], str),
            row[7] if isinstance(row[7], datetime) else None, expect(row[8], str),
        )
        for row in rows
    ]  # fmt: skip


def name_used(name: str) -> bool:
    """Whether anything was ever counted under this name, or a version that counted had it."""
    rows = select(
        """SELECT EXISTS (SELECT FROM promotion_count WHERE promotion = %(name)s)
               OR EXISTS (SELECT FROM promotions_version v
                          CROSS JOIN LATERAL (VALUES (v.document -> 'ours'), (v.document -> 'theirs')) AS s (entries)
                          WHERE (v.active OR v.approved_at IS NOT NULL OR v.base IS NULL)
                            AND s.entries @> jsonb_build_array(jsonb_build_object('id', %(name)s::text)))""",
        {"name": name},
    )
    return expect(rows[0][0], bool)


@dataclass(frozen=True)
class Cost:
    """What one promotion took off the prices of orders that gave value, and of how many. `fees_minor` is what was not
    charged: no cost in the books, and no income."""

    orders: int
    minor: int
    fees_minor: int


def costs(promotions: Collection[str]) -> dict[str, Cost]:
    """By the promotion's name: of orders whose part the books carry (delivered, or given back by choice), what each
    promotion in their price took off."""
    rows = select(
        """SELECT u.promotion, count(*)::int, coalesce(sum((part ->> 1)::bigint), 0)::bigint,
                  coalesce(sum((part ->> 2)::bigint), 0)::bigint
           FROM promotion_use u
           JOIN orders o ON o.id = u.order_id JOIN quote q ON q.id = o.quote_id
           CROSS JOIN LATERAL (SELECT part FROM jsonb_array_elements(q.offer -> 'applied') part
                               WHERE part ->> 0 = u.promotion) a
           WHERE u.customer = '' AND u.promotion = ANY (%s::text[]) AND u.given_back_at IS NULL
             AND o.state NOT IN ('placed', 'cancelled')
             AND (o.discount_minor = 0 AND o.state = 'delivered' OR EXISTS (
                 SELECT FROM transfer t WHERE t.order_id = o.id AND t.reason IN ('promotion', 'promotion_back')
                 HAVING coalesce(sum(t.amount_minor * CASE t.reason WHEN 'promotion' THEN 1 ELSE -1 END), 0) > 0))
           GROUP BY 1""",
        [sorted(promotions)],
    )
    return {
        expect(name, str): Cost(expect(orders, int), expect(minor, int), expect(fees, int))
        for name, orders, minor, fees in rows
    }


def cost_in_all(currency: str) -> Money:
    """What promotions cost altogether: the balance of their account."""
    rows = select(
        """SELECT coalesce(sum(debits_posted - credits_posted), 0)::bigint FROM account
           WHERE kind = 'promotions' AND currency = %s""",
        [currency],
    )
    return Money(expect(rows[0][0], int), currency)


def delivered_since(from_at: datetime, limit: int) -> list[Purchase]:
    """The newest orders since then that were delivered to customers, the oldest of them first: what each was, and whose
    as numbers that mean nothing elsewhere. Resellers' are none: no promotion is theirs."""
    rows = select(
        """SELECT o.id, o.ticket, o.product_name, o.placed_at, o.operator, o.sku, o.currency, o.face_minor,
                  o.fee_minor + coalesce(w.fees, 0), o.fee_vat_minor, o.discount_minor, e.actor,
                  lower(split_part(o.email, '@', 2)), coalesce(w.used, '{}'),
                  CASE WHEN o.email <> '' THEN 'e' || dense_rank() OVER (ORDER BY lower(o.email)) END,
                  CASE WHEN o.number <> '' THEN 'n' || dense_rank() OVER (ORDER BY o.number) END,
                  o.email <> '' AND NOT EXISTS (
                      SELECT FROM orders b WHERE b.reseller = '' AND lower(b.email) = lower(o.email)
                        AND b.placed_at < o.placed_at AND b.state NOT IN ('placed', 'cancelled'))
           FROM (SELECT * FROM orders WHERE placed_at >= %s AND reseller = '' AND state = 'delivered'
                 ORDER BY placed_at DESC LIMIT %s) o
           LEFT JOIN event e ON e.subject_id = o.id AND e.at = o.placed_at AND e.subject = 'order' AND e.name = 'placed'
           LEFT JOIN LATERAL (SELECT array_agg(part ->> 0) AS used, sum((part ->> 2)::bigint)::bigint AS fees
                              FROM quote q, jsonb_array_elements(q.offer -> 'applied') part
                              WHERE q.id = o.quote_id) w ON true
           ORDER BY o.placed_at, o.id""",
        [from_at, limit],
    )
    return [_purchase(row) for row in rows]


def _purchase(row: Row) -> Purchase:
    currency = expect(row[6], str)
    face, fee, vat, discount = (expect(row[n], int) for n in (7, 8, 9, 10))
    listed = row[13] if isinstance(row[13], list) else []
    return Purchase(
        id=expect(row[0], UUID),
        ticket=expect(row[1], str),
        product=expect(row[2], str),
        at=expect(row[3], datetime),
        operator=expect(row[4], str),
        sku=expect(row[5], str),
        price=Price(Money(face, currency), Money(fee, currency), Money(vat, currency)),
        paid_minor=face + expect(row[8], int) - discount,
        channel=_channel(str(row[11] or "")),
        first=row[16] is True,
        domain=expect(row[12], str),
        customers=tuple(str(who) for who in (row[14], row[15]) if who is not None),
        used=frozenset(str(name) for name in listed),
    )


def _channel(actor: str) -> Channel:
    """Where it was bought, by who placed it."""
    role, _, name = actor.partition(":")
    if role == Role.CUSTOMER and name == "terminal":
        return Channel.TERMINAL
    return {"clerk": Channel.TILL, "kiosk": Channel.KIOSK}.get(role, Channel.WEB)
