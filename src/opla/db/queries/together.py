"""What was bought together: the orders that share a payment, for their pages, their receipt, another try at paying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core import order
from opla.core.money import Money
from opla.core.order import Price
from opla.core.ports import Kind
from opla.db.queries.call import Row, expect, select
from opla.db.queries.orders import read_price


@dataclass(frozen=True)
class Share:
    """One order of a payment. `sealed` is its link's secret, sealed about its id."""

    order_id: UUID
    ticket: str
    state: order.State
    operator: str
    product_name: str
    kind: Kind
    number: str
    sample: bool
    price: Price
    serial: str
    refunded: Money  # of this order's money, by now
    sealed: bytes = field(repr=False)


#: The payment that an order's page shows: the one that paid it, else the latest.
_SHOWN = """(SELECT p.id FROM allocation l JOIN payment p ON p.id = l.payment_id WHERE l.order_id = %(order)s
             ORDER BY (p.state = 'captured') DESC, p.id DESC LIMIT 1)"""


def shares(order_id: UUID, device_hash: bytes, customer: UUID | None = None) -> list[Share]:
    """The orders under the payment of this one, itself among them, as far as this device and customer may know of them.

    Of the others it knows those that it ordered, or was proven to belong to; and once it was proven to belong to this
    order, those of the same e-mail.
    """
    rows = select(
        f"""WITH mine AS (
                SELECT o.id, lower(o.email) AS email, opla_may_act(o.id, %(device)s, %(customer)s::uuid) AS proven
                FROM orders o WHERE o.id = %(order)s
            )
            SELECT o.id, o.ticket, o.state, o.operator, o.product_name, o.number, o.sample, o.face_minor, o.fee_minor,
                   o.fee_vat_minor, o.discount_minor, o.currency, coalesce(k.serial, ''),
                   (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
                    WHERE r.order_id = o.id AND r.payment_id = l.payment_id
                      AND r.state IN ('done', 'otherwise', 'outside')), o.link_sealed, o.kind
            FROM mine m JOIN allocation l ON l.payment_id = {_SHOWN} JOIN orders o ON o.id = l.order_id
            LEFT JOIN delivery d ON d.order_id = o.id
            LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id
            WHERE o.id = m.id OR o.device_hash = %(device)s OR m.proven AND lower(o.email) = m.email
               OR EXISTS (SELECT FROM order_device x WHERE x.order_id = o.id AND x.device_hash = %(device)s)
            ORDER BY o.id""",  # noqa: S608 - a constant of ours
        {"order": order_id, "device": device_hash, "customer": customer},
    )
    return [_share(row) for row in rows]


def _share(row: Row) -> Share:
    id_, ticket, state, operator, product, number, sample, face, fee, vat, discount, currency, serial, *more = row
    back, sealed, kind = more
    return Share(
        expect(id_, UUID),
        expect(ticket, str),
        order.State(expect(state, str)),
        expect(operator, str),
        expect(product, str),
        Kind(expect(kind, str)),
        expect(number, str),
        expect(sample, bool),
        read_price(face, fee, vat, discount, expect(currency, str)),
        expect(serial, str),
        Money(expect(back, int), expect(currency, str)),
        bytes(expect(sealed, bytes)),
    )


@dataclass(frozen=True)
class Paid:
    """A payment as its receipt shows it. `beside` went back of what was paid beyond the orders' sum."""

    receipt: str
    provider: str
    amount: Money
    beside: Money
    orders: int
    paid_at: datetime | None  # None: no money has arrived


def paid(order_id: UUID) -> Paid:
    """The payment of an order's page. Raises LookupError for an order without one."""
    rows = select(
        f"""SELECT p.receipt, p.provider, p.amount_minor, p.currency,
                   (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r WHERE r.payment_id = p.id
                    AND r.order_id IS NULL AND r.state IN ('done', 'otherwise', 'outside')),
                   (SELECT count(*) FROM allocation l WHERE l.payment_id = p.id),
                   (SELECT min(e.at) FROM (
                        SELECT at FROM event WHERE subject_id = p.id AND name = 'captured'
                        UNION ALL SELECT at FROM opla_archived_events(p.id, p.made_at) WHERE name = 'captured') e)
            FROM payment p WHERE p.id = {_SHOWN}""",  # noqa: S608 - a constant of ours
        {"order": order_id},
    )
    if not rows:
        raise LookupError(f"order {order_id} has no payment")
    receipt, provider, amount, currency, beside, orders, paid_at = rows[0]
    return Paid(
        expect(receipt, str),
        expect(provider, str),
        Money(expect(amount, int), expect(currency, str)),
        Money(expect(beside, int), expect(currency, str)),
        expect(orders, int),
        paid_at if isinstance(paid_at, datetime) else None,
    )


def unpaid(order_id: UUID, at: datetime) -> list[UUID]:
    """The orders that another try would pay: those of this one's latest payment that still wait for money, and for
    which no other payment is open. Itself always, whatever its state: placing the payment says why not."""
    rows = select(
        """SELECT o.id FROM allocation l JOIN orders o ON o.id = l.order_id
           WHERE l.payment_id = (SELECT payment_id FROM allocation WHERE order_id = %(order)s
                                 ORDER BY payment_id DESC LIMIT 1)
             AND o.id <> %(order)s AND o.state = 'placed' AND o.expires_at > %(at)s
             AND NOT EXISTS (SELECT FROM allocation x JOIN payment p ON p.id = x.payment_id
                             WHERE x.order_id = o.id AND p.state IN ('opening', 'open'))
           ORDER BY o.id""",
        {"order": order_id, "at": at},
    )
    return [order_id, *(expect(row[0], UUID) for row in rows)]


@dataclass(frozen=True)
class Bought:
    """What a quote has become."""

    order_id: UUID
    ticket: str
    sealed: bytes = field(repr=False)


def bought(quote_ids: Sequence[UUID], device_hash: bytes) -> dict[UUID, Bought]:
    """By quote the order it has become, of those ordered by this device."""
    if not quote_ids:
        return {}
    rows = select(
        """SELECT quote_id, id, ticket, link_sealed FROM orders
           WHERE quote_id = ANY (%s::uuid[]) AND device_hash = %s""",
        [list(quote_ids), device_hash],
    )
    return {
        expect(quote_id, UUID): Bought(expect(id_, UUID), expect(ticket, str), bytes(expect(sealed, bytes)))
        for quote_id, id_, ticket, sealed in rows
    }
