"""Quotes become orders under payments. What the rules need of them then is loaded by `cases`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core import order
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.order import Order, Price
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Use:
    """What an order made from this quote uses of a promotion: everybody's (`customer` empty), or one customer's.

    `most` is the cap that was promised; None: none.
    """

    quote_id: UUID
    promotion: str
    customer: bytes
    most: int | None


def save_quotes(quotes: Sequence[tuple[Quote, bytes]], uses: Sequence[Use] = ()) -> None:
    """Keep quotes as they were shown, each with the hash of the device it was shown on."""
    if not quotes:
        return
    rows = [
        (
            q.id,
            device_hash,
            q.sku,
            q.operator,
            q.product_name,
            str(q.kind),
            q.price.face.amount_minor,
            q.price.fee.amount_minor,
            q.price.fee_vat.amount_minor,
            q.price.face.currency,
            q.number,
            q.plan,
            q.email,
            q.language,
            q.catalog_version,
            q.sample,
        )
        for q, device_hash in quotes
    ]
    call(
        "opla_quote",
        *columns(rows, "uuid", "bytea", *["text"] * 4, *["bigint"] * 3, *["text"] * 5, "bigint", "boolean"),
        Argument(quotes[0][0].made_at, "timestamptz"),
        Argument([q.expires_at for q, _ in quotes], "timestamptz[]"),
        Argument([q.price.discount_minor for q, _ in quotes], "bigint[]"),
        Argument([json.dumps(q.promotions.document) if q.promotions else "" for q, _ in quotes], "text[]"),
        Argument([q.deliver_at for q, _ in quotes], "timestamptz[]"),
        Argument([q.device for q, _ in quotes], "text[]"),
        *columns([(u.quote_id, u.promotion, u.customer, u.most) for u in uses], "uuid", "text", "bytea", "int"),
    )


@dataclass(frozen=True)
class NewOrder:
    """One quote on its way to be an order. `link_sealed` is the link's secret, sealed about the order's id."""

    quote_id: UUID
    device_hash: bytes
    order_id: UUID
    ticket: str
    link_hash: bytes
    link_sealed: bytes = field(repr=False)
    payment_id: UUID


@dataclass(frozen=True)
class NewPayment:
    payment_id: UUID
    receipt: str
    provider: str
    attempt_id: UUID
    reference: str


@dataclass(frozen=True)
class PlacedRow:
    #: placed | again | quote_unknown | quote_taken | quote_expired | promotion_used_up | bought_already |
    #: basket_changed
    result: str
    order_id: UUID | None


def place(
    orders: Sequence[NewOrder],
    payments: Sequence[NewPayment],
    *,
    actor: Actor,
    at: datetime,
    expires_at: datetime,
    together: bool = False,
) -> list[PlacedRow]:
    """Orders under payments, one row back per order, in their order. `together`: all of them, or none."""
    rows = call(
        "opla_place_together" if together else "opla_place",
        Argument(at, "timestamptz"),
        Argument(expires_at, "timestamptz"),
        Argument(str(actor), "text"),
        *columns(
            [
                (o.quote_id, o.device_hash, o.order_id, o.ticket, o.link_hash, o.link_sealed, o.payment_id)
                for o in orders
            ],
            *("uuid", "bytea", "uuid", "text", "bytea", "bytea", "uuid"),
        ),
        *columns(
            [(p.payment_id, p.receipt, p.provider, p.attempt_id, p.reference) for p in payments],
            *("uuid", "text", "text", "uuid", "text"),
        ),
    )
    return [
        PlacedRow(expect(result, str), order_id if isinstance(order_id, UUID) else None) for _, result, order_id in rows
    ]


def pay_again(tries: Sequence[tuple[UUID, NewPayment]], *, at: datetime, expires_at: datetime) -> list[str]:
    """A new payment for each order: `placed`, or why not (`open`, `order_not_payable`, `not_found`).

    Orders beside the same payment are paid by it together, or not at all.
    """
    rows = call(
        "opla_pay_again",
        Argument(at, "timestamptz"),
        Argument(expires_at, "timestamptz"),
        *columns(
            [(o, p.payment_id, p.receipt, p.provider, p.attempt_id, p.reference) for o, p in tries],
            *("uuid", "uuid", "text", "text", "uuid", "text"),
        ),
    )
    return [expect(result, str) for _, result in rows]


#: The columns of an order `o`, as `read_order` takes them off the beginning of a row.
ORDER = """o.id, o.state, o.sku, o.operator, o.kind, o.number, o.plan, o.language, o.reseller, o.face_minor,
           o.fee_minor, o.fee_vat_minor, o.discount_minor, o.currency, o.deliver_at"""


def read_order(row: Row) -> tuple[Order, Row]:
    """The order that a row begins with, and the columns after it."""
    id_, state, sku, operator, kind, number, plan, language, reseller, face, fee, vat, discount, currency, *more = row
    due, *rest = more
    found = Order(
        id=expect(id_, UUID),
        state=order.State(expect(state, str)),
        sku=expect(sku, str),
        operator=expect(operator, str),
        kind=Kind(expect(kind, str)),
        price=read_price(face, fee, vat, discount, expect(currency, str)),
        number=expect(number, str),
        plan=expect(plan, str),
        language=expect(language, str),
        reseller=expect(reseller, str),
        deliver_at=due if isinstance(due, datetime) else None,
    )
    return found, tuple(rest)


def read_price(face: object, fee: object, vat: object, discount: object, currency: str) -> Price:
    """A price from its columns, in minor units: face value, fee, VAT in the fee, discount."""
    return Price(
        Money(expect(face, int), currency),
        Money(expect(fee, int), currency),
        Money(expect(vat, int), currency),
        expect(discount, int),
    )


def expired(at: datetime, limit: int) -> list[Order]:
    """Unpaid orders whose time is over, oldest first."""
    rows = select(
        f"""SELECT {ORDER} FROM orders o WHERE o.state = 'placed' AND o.expires_at <= %s
            ORDER BY o.expires_at, o.id LIMIT %s""",  # noqa: S608 - a constant of ours
        [at, limit],
    )
    return [read_order(row)[0] for row in rows]
