"""Quotes, orders and payments: made, and loaded for the rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from opla.core import attempt, order, payment, refund
from opla.core.actor import Actor
from opla.core.delivery import Paid
from opla.core.fx import Conversion
from opla.core.gone import Code, Standing
from opla.core.money import Money
from opla.core.order import Order, Price
from opla.core.payment import Payment
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.db.queries.call import Argument, Row, call, columns, expect, select

# ── making ────────────────────────────────────────────────────────────────


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
    result: str  # placed | again | quote_unknown | quote_taken | quote_expired
    order_id: UUID | None


def place(
    orders: Sequence[NewOrder], payments: Sequence[NewPayment], *, actor: Actor, at: datetime, expires_at: datetime
) -> list[PlacedRow]:
    """Orders under payments, one row back per order, in their order."""
    rows = call(
        "opla_place",
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
    """A new payment per order: `placed`, or why not (`open`, `order_not_payable`, `not_found`)."""
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


# ── loading for the rules ─────────────────────────────────────────────────

_ORDER = """o.id, o.state, o.sku, o.operator, o.kind, o.face_minor, o.fee_minor, o.fee_vat_minor, o.currency, o.number,
            o.plan, o.language, o.reseller, o.discount_minor"""


def read_price(row: Row, places: tuple[int, int, int, int], currency: str) -> Price:
    """The price in a row: where face value, fee, VAT in the fee and discount stand, in minor units."""
    face, fee, vat, discount = (expect(row[place], int) for place in places)
    return Price(Money(face, currency), Money(fee, currency), Money(vat, currency), discount)


def _order(row: Row) -> Order:
    currency = expect(row[8], str)
    return Order(
        expect(row[0], UUID),
        order.State(expect(row[1], str)),
        expect(row[2], str),
        expect(row[3], str),
        Kind(expect(row[4], str)),
        read_price(row, (5, 6, 7, 13), currency),
        expect(row[9], str),
        expect(row[10], str),
        expect(row[11], str),
        expect(row[12], str),
    )


#: How much of the refunds of payment `p` may have left us.
_MAY_BE_OUT = """CASE WHEN p.refunding_minor = 0 THEN 0 ELSE (
                SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r JOIN attempt a ON a.refund_id = r.id
                WHERE r.payment_id = p.id AND r.state = 'due' AND a.state NOT IN ('new', 'claimed', 'declined')) END"""

#: What of the refunds of payment `p` was paid from our bank account: less than their sum where a part left without us.
_OTHERWISE = """CASE WHEN p.refunded_minor = 0 THEN 0 ELSE p.refunded_minor - (
                SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
                WHERE r.payment_id = p.id AND r.state = 'done') END"""

#: What may still be refunded of payment `p` (`Payment.kept_minor`).
_KEPT = "p.captured_minor - p.refunded_minor - p.refunding_minor - p.charged_back_minor - p.outside_minor"


@dataclass(frozen=True)
class PaymentCase:
    """A payment with its orders and what a provider needs to be told about it."""

    payment: Payment
    orders: Mapping[UUID, Order]
    receipt: str
    language: str
    links: tuple[bytes, ...]  # sealed link secrets, in the order of `orders`
    in_stock: frozenset[UUID]  # the orders whose product lies on our own shelf now
    standings: Mapping[UUID, Standing]  # the orders it has paid; empty until it is captured


def payment_cases(payment_ids: Sequence[UUID]) -> dict[UUID, PaymentCase]:
    """Payments by id, each with its allocated orders."""
    rows = select(
        f"""SELECT p.id, p.state, p.provider, coalesce(c.provider_id, ''), p.amount_minor, p.currency, p.captured_minor,
                   p.refunded_minor, p.refunding_minor, p.charged_back_minor, p.receipt, a.amount_minor, o.link_sealed,
                   EXISTS (SELECT FROM code k WHERE k.sku = o.sku AND k.state = 'stock'), {_MAY_BE_OUT},
                   p.outside_minor, {_OTHERWISE}, c.fee_minor, coalesce(c.fee_on, ''), {_ORDER}
            FROM payment p JOIN allocation a ON a.payment_id = p.id JOIN orders o ON o.id = a.order_id
            LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
            WHERE p.id = ANY (%s::uuid[]) ORDER BY p.id, o.id""",  # noqa: S608 - a constant of ours
        [list(payment_ids)],
    )
    cases: dict[UUID, PaymentCase] = {}
    for row in rows:
        sold = _order(row[19:])
        payment_id = expect(row[0], UUID)
        before = cases.get(payment_id)
        allocations = {**(before.payment.allocations if before else {}), sold.id: expect(row[11], int)}
        cases[payment_id] = PaymentCase(
            Payment(
                payment_id,
                payment.State(expect(row[1], str)),
                expect(row[2], str),
                expect(row[3], str),
                Money(expect(row[4], int), expect(row[5], str)),
                captured_minor=expect(row[6], int),
                refunded_minor=expect(row[7], int),
                refunding_minor=expect(row[8], int),
                charged_back_minor=expect(row[9], int),
                allocations=allocations,
                may_be_out_minor=expect(row[14], int),
                outside_minor=expect(row[15], int),
                otherwise_minor=expect(row[16], int),
                fee_minor=row[17] if isinstance(row[17], int) else None,
                fee_on=expect(row[18], str),
            ),
            {**(before.orders if before else {}), sold.id: sold},
            expect(row[10], str),
            sold.language,
            (*(before.links if before else ()), bytes(expect(row[12], bytes))),
            (before.in_stock if before else frozenset()) | ({sold.id} if row[13] else set()),
            {},
        )
    captured = [payment_id for payment_id, case in cases.items() if case.payment.captured_minor]
    for payment_id, held in _standings(captured).items():
        cases[payment_id] = replace(cases[payment_id], standings=held)
    return cases


#: This payment is not what paid the order: its share went back.
_PAID_NOTHING = """EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id
                           AND (r.order_id = o.id AND r.reason IN ('second', 'late') OR r.reason = 'underpaid'))"""

_BACK = """(SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
            WHERE r.order_id = o.id AND r.reason IN ('choice', 'goodwill') AND r.state NOT IN ('asked', 'denied'))"""


def _standings(payment_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Standing]]:
    """The orders each of these payments has paid, as they stand: sent or not, their code seen or not."""
    if not payment_ids:
        return {}
    rows = select(
        f"""SELECT {_ORDER}, p.id, s.id, s.state, s.tries, coalesce(s.adapter, d.supplier, ''),
                   coalesce(d.cost_minor, 0), k.id, k.supplier,
                   EXISTS (SELECT FROM reveal v WHERE v.order_id = o.id), {_BACK}
            FROM payment p JOIN allocation l ON l.payment_id = p.id JOIN orders o ON o.id = l.order_id
            LEFT JOIN attempt s ON s.order_id = o.id AND s.stands
            LEFT JOIN delivery d ON d.order_id = o.id
            LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id AND k.state = 'sold'
            WHERE p.id = ANY (%s::uuid[]) AND p.captured_minor >= p.amount_minor AND NOT {_PAID_NOTHING}""",  # noqa: S608
        [list(payment_ids)],
    )
    found: dict[UUID, dict[UUID, Standing]] = {}
    for row in rows:
        sold = _order(row)
        payment_id, attempt_id, state, tries, adapter, cost_minor, code_id, supplier, seen, back_minor = row[14:]
        code = Code(code_id, supplier == "code_stock", bool(seen)) if isinstance(code_id, UUID) else None
        found.setdefault(expect(payment_id, UUID), {})[sold.id] = Standing(
            sold,
            attempt_id if isinstance(attempt_id, UUID) else None,
            attempt.State(state) if isinstance(state, str) else None,
            tries if isinstance(tries, int) else 0,
            expect(adapter, str),
            expect(cost_minor, int),
            code,
            expect(back_minor, int),
        )
    return found


@dataclass(frozen=True)
class SendCase:
    """An order to deliver, where its money lies, and which suppliers have refused it."""

    order: Order
    paid: Paid
    refused_by: frozenset[str]
    in_stock: bool


def send_cases(order_ids: Sequence[UUID]) -> dict[UUID, SendCase]:
    """Orders by id with where their money lies; a reseller's has no payment."""
    rows = select(
        f"""SELECT {_ORDER}, coalesce(d.cost_minor, 0),
                   ARRAY(SELECT s.adapter FROM attempt s
                         WHERE s.order_id = o.id AND s.kind = 'send' AND s.state = 'declined'),
                   EXISTS (SELECT FROM code k WHERE k.sku = o.sku AND k.state = 'stock')
            FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
            WHERE o.id = ANY (%s::uuid[])""",  # noqa: S608 - a constant of ours
        [list(order_ids)],
    )
    found = [(_order(row), expect(row[14], int), frozenset(expect(row[15], list)), bool(row[16])) for row in rows]
    paid = _paid([sold.id for sold, *_ in found if not sold.reseller])
    paid |= {sold.id: Paid(None, "", 0, cost_minor) for sold, cost_minor, *_ in found if sold.reseller}
    for order_id, back_minor in _given_back([sold.id for sold, *_ in found if sold.reseller and sold.state in _AFTER]):
        paid[order_id] = replace(paid[order_id], back_minor=back_minor)
    for order_id, made in _converted([sold.id for sold, *_ in found if sold.state is order.State.DELIVERED]).items():
        paid[order_id] = replace(paid[order_id], converted=made)
    return {
        sold.id: SendCase(sold, paid[sold.id], refused_by, in_stock)
        for sold, _, refused_by, in_stock in found
        if sold.id in paid
    }


#: An order that value was given for; what is still on its way to be given has nothing to look up.
_AFTER = (order.State.DELIVERED, order.State.REFUNDED)


def _given_back(order_ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """How much of the price of these resellers' orders was given back by choice."""
    if not order_ids:
        return []
    rows = select("SELECT id, opla_given_back(id) FROM orders WHERE id = ANY (%s::uuid[])", [list(order_ids)])
    return [(expect(row[0], UUID), expect(row[1], int)) for row in rows]


@dataclass(frozen=True)
class FloatCase:
    """A reseller's order, what became of its value, and how much of its price was given back by choice."""

    order: Order
    supplier: str
    cost_minor: int
    code: Code | None
    back_minor: int


def float_case(order_id: UUID) -> FloatCase | None:
    """None for an order that is nobody's, or a customer's."""
    rows = select(
        f"""SELECT {_ORDER}, coalesce(d.supplier, ''), coalesce(d.cost_minor, 0), k.id, k.supplier,
                   EXISTS (SELECT FROM reveal v WHERE v.order_id = o.id), opla_given_back(o.id)
            FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
            LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id AND k.state = 'sold'
            WHERE o.id = %s AND o.reseller <> ''""",  # noqa: S608 - a constant of ours
        [order_id],
    )
    if not rows:
        return None
    supplier, cost_minor, code_id, whose, seen, back_minor = rows[0][14:]
    code = Code(code_id, whose == "code_stock", bool(seen)) if isinstance(code_id, UUID) else None
    return FloatCase(_order(rows[0]), expect(supplier, str), expect(cost_minor, int), code, expect(back_minor, int))


def _converted(order_ids: Sequence[UUID]) -> dict[UUID, Conversion]:
    """What was reckoned of these orders' costs, where their suppliers took another currency."""
    if not order_ids:
        return {}
    rows = select(
        """SELECT order_id, foreign_minor, foreign_currency, home_minor, home_currency, numerator, denominator, told
           FROM conversion WHERE order_id = ANY (%s::uuid[]) AND reason = 'cost'""",
        [list(order_ids)],
    )
    return {
        expect(row[0], UUID): Conversion(
            Money(expect(row[1], int), expect(row[2], str)),
            Money(expect(row[3], int), expect(row[4], str)),
            expect(row[5], int),
            expect(row[6], int),
            expect(row[7], str),
        )
        for row in rows
    }


def _paid(order_ids: Sequence[UUID]) -> dict[UUID, Paid]:
    """By order the payment that paid it (the one whose share was not sent back as second or late)."""
    if not order_ids:
        return {}
    rows = select(
        f"""SELECT o.id, p.id, p.provider, a.amount_minor, coalesce(d.cost_minor, 0), {_KEPT}, p.charged_back_minor,
                   p.charged_back_minor + p.outside_minor > 0 AND {_KEPT} <= 0, {_BACK}, opla_seen(p)
            FROM orders o
            JOIN LATERAL (
                SELECT a.payment_id, a.amount_minor FROM allocation a JOIN payment p ON p.id = a.payment_id
                WHERE a.order_id = o.id AND p.captured_minor >= p.amount_minor AND NOT {_PAID_NOTHING}
                ORDER BY p.id LIMIT 1
            ) a ON true
            JOIN payment p ON p.id = a.payment_id
            LEFT JOIN delivery d ON d.order_id = o.id
            WHERE o.id = ANY (%s::uuid[])""",  # noqa: S608 - a constant of ours
        [list(order_ids)],
    )
    return {
        expect(row[0], UUID): Paid(
            expect(row[1], UUID),
            expect(row[2], str),
            expect(row[3], int),
            expect(row[4], int),
            kept_minor=expect(row[5], int),
            charged_back_minor=expect(row[6], int),
            gone=bool(row[7]),
            back_minor=expect(row[8], int),
            seen=expect(row[9], str),
        )
        for row in rows
    }


@dataclass(frozen=True)
class RefundCase:
    refund: refund.Refund
    provider_id: str  # of the payment
    receipt: str
    made_at: datetime


def refund_cases(refund_ids: Sequence[UUID]) -> dict[UUID, RefundCase]:
    rows = select(
        f"""SELECT r.id, r.state, r.payment_id, p.provider, r.order_id, o.state, r.amount_minor, r.currency, r.reason,
                  coalesce(c.provider_id, ''), p.receipt, r.made_at, {_KEPT}, p.charged_back_minor, opla_seen(p),
                  (SELECT a.fee_minor FROM attempt a WHERE a.refund_id = r.id AND a.state = 'succeeded')
           FROM refund r JOIN payment p ON p.id = r.payment_id
           LEFT JOIN orders o ON o.id = r.order_id
           LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
           WHERE r.id = ANY (%s::uuid[])""",  # noqa: S608 - a constant of ours
        [list(refund_ids)],
    )
    return {
        expect(row[0], UUID): RefundCase(
            refund.Refund(
                expect(row[0], UUID),
                refund.State(expect(row[1], str)),
                expect(row[2], UUID),
                expect(row[3], str),
                row[4] if isinstance(row[4], UUID) else None,
                order.State(row[5]) if isinstance(row[5], str) else None,
                Money(expect(row[6], int), expect(row[7], str)),
                expect(row[8], str),
                kept_minor=expect(row[12], int),
                charged_back_minor=expect(row[13], int),
                seen=expect(row[14], str),
                fee_minor=row[15] if isinstance(row[15], int) else None,
            ),
            expect(row[9], str),
            expect(row[10], str),
            expect(row[11], datetime),
        )
        for row in rows
    }


def expired(at: datetime, limit: int) -> list[Order]:
    """Unpaid orders whose time is over, oldest first."""
    rows = select(
        f"""SELECT {_ORDER} FROM orders o WHERE o.state = 'placed' AND o.expires_at <= %s
            ORDER BY o.expires_at, o.id LIMIT %s""",  # noqa: S608 - a constant of ours
        [at, limit],
    )
    return [_order(row) for row in rows]


def refunded_by_rule_minor(since: datetime, currency: str) -> int:
    """How much left by rule since then, whenever it was decided. What waits longer than a month is a person's."""
    rows = select(
        """SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r JOIN attempt a ON a.refund_id = r.id
           WHERE r.made_at >= %(since)s - interval '31 days' AND r.currency = %(currency)s
             AND r.reason NOT IN ('choice', 'goodwill') AND r.state NOT IN ('refused', 'otherwise', 'outside')
             AND a.state <> 'declined'
             AND (a.tries > 0 OR a.state NOT IN ('new', 'claimed'))
             AND coalesce((SELECT min(e.at) FROM attempt_evidence e WHERE e.attempt_id = a.id), %(since)s)
                 >= %(since)s""",
        {"since": since, "currency": currency},
    )
    return expect(rows[0][0], int)
