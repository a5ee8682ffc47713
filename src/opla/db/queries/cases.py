"""Orders, payments and refunds as the rules need them: each with what must be known beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from opla.core import attempt, order, payment, refund
from opla.core.delivery import Paid
from opla.core.fx import Conversion
from opla.core.gone import Code, Standing
from opla.core.money import Money
from opla.core.order import Order
from opla.core.payment import Payment
from opla.core.routing import NO_REFUSAL
from opla.db.queries.call import expect, select
from opla.db.queries.orders import ORDER, read_order

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

#: Somebody else has paid for what was asked for by text that order `o` is of, or payment `p` pays for it twice.
_BOUGHT = """EXISTS (SELECT FROM text_wish w WHERE w.quote_id = o.quote_id AND w.ask IS NOT NULL
                AND (opla_text_ask_bought(w.ask, o.id) OR EXISTS (
                    SELECT FROM text_wish v JOIN orders t ON t.quote_id = v.quote_id
                    JOIN allocation l ON l.order_id = t.id
                    WHERE v.ask = w.ask AND l.payment_id = p.id AND t.state = 'placed' AND t.id < o.id)))"""


#: The columns of payment `p` and its charge attempt `c`, as `_payment` reads them.
_PAYMENT = f"""p.receipt, p.id, p.state, p.provider, coalesce(c.provider_id, ''), p.amount_minor,
                   p.currency, p.captured_minor, p.refunded_minor, p.refunding_minor, p.charged_back_minor,
                   {_MAY_BE_OUT}, p.outside_minor, {_OTHERWISE}, c.fee_minor, coalesce(c.fee_on, '')"""


@dataclass(frozen=True)
class PaymentCase:
    """A payment with its orders (one into a float has none) and what a provider needs to be told about it."""

    payment: Payment
    orders: Mapping[UUID, Order]
    receipt: str
    language: str
    links: tuple[bytes, ...]  # sealed link secrets, in the order of `orders`
    in_stock: frozenset[UUID]  # the orders whose product lies on our own shelf now
    standings: Mapping[UUID, Standing]  # the orders it has paid; empty until it is captured
    bought: frozenset[UUID]  # the orders that wait, for what another order has bought meanwhile


#: Its product lies on our own shelf, or it was sold with a code from there already.
_IN_STOCK = """(EXISTS (SELECT FROM code k WHERE k.sku = o.sku AND k.state = 'stock')
                OR EXISTS (SELECT FROM offline_code h WHERE h.order_id = o.id))"""


def payment_cases(payment_ids: Sequence[UUID]) -> dict[UUID, PaymentCase]:
    """Payments by id, each with its allocated orders."""
    rows = select(
        f"""SELECT {ORDER}, o.link_sealed, {_IN_STOCK},
                   o.state = 'placed' AND {_BOUGHT},
                   a.amount_minor, {_PAYMENT}
            FROM payment p JOIN allocation a ON a.payment_id = p.id JOIN orders o ON o.id = a.order_id
            LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
            WHERE p.id = ANY (%s::uuid[]) ORDER BY p.id, o.id""",  # noqa: S608 - a constant of ours
        [list(payment_ids)],
    )
    cases: dict[UUID, PaymentCase] = {}
    for row in rows:
        sold, (link_sealed, in_stock, bought, allocated_minor, receipt, *columns) = read_order(row)
        before = cases.get(expect(columns[0], UUID))
        allocations = {**(before.payment.allocations if before else {}), sold.id: expect(allocated_minor, int)}
        paid = _payment(columns, allocations)
        cases[paid.id] = PaymentCase(
            paid,
            {**(before.orders if before else {}), sold.id: sold},
            expect(receipt, str),
            sold.language,
            (*(before.links if before else ()), bytes(expect(link_sealed, bytes))),
            (before.in_stock if before else frozenset()) | ({sold.id} if in_stock else set()),
            {},
            (before.bought if before else frozenset()) | ({sold.id} if bought else set()),
        )
    captured = [payment_id for payment_id, case in cases.items() if case.payment.captured_minor]
    for payment_id, held in _standings(captured).items():
        cases[payment_id] = replace(cases[payment_id], standings=held)
    return cases | _deposits([payment_id for payment_id in payment_ids if payment_id not in cases])


def _deposits(payment_ids: Sequence[UUID]) -> dict[UUID, PaymentCase]:
    """Those of these payments that pay into floats."""
    if not payment_ids:
        return {}
    rows = select(
        f"""SELECT d.reseller_id, d.key, d.language, {_PAYMENT}
            FROM deposit d JOIN payment p ON p.id = d.payment_id
            LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
            WHERE d.payment_id = ANY (%s::uuid[])""",  # noqa: S608 - a constant of ours
        [list(payment_ids)],
    )
    found = {}
    for reseller, key, language, receipt, *columns in rows:
        paid = replace(_payment(columns, {}), float_of=expect(reseller, str), float_key=expect(key, str))
        nothing: frozenset[UUID] = frozenset()
        found[paid.id] = PaymentCase(paid, {}, expect(receipt, str), expect(language, str), (), nothing, {}, nothing)
    return found


def _payment(columns: Sequence[object], allocations: Mapping[UUID, int]) -> Payment:
    (
        id_, state, provider, provider_id, amount, currency, captured, refunded, refunding, charged_back, may_be_out,
        outside, otherwise, fee, fee_on,
    ) = columns  # fmt: skip
    return Payment(
        expect(id_, UUID),
        payment.State(expect(state, str)),
        expect(provider, str),
        expect(provider_id, str),
        Money(expect(amount, int), expect(currency, str)),
        captured_minor=expect(captured, int),
        refunded_minor=expect(refunded, int),
        refunding_minor=expect(refunding, int),
        charged_back_minor=expect(charged_back, int),
        allocations=allocations,
        may_be_out_minor=expect(may_be_out, int),
        outside_minor=expect(outside, int),
        otherwise_minor=expect(otherwise, int),
        fee_minor=fee if isinstance(fee, int) else None,
        fee_on=expect(fee_on, str),
    )


#: This payment is not what paid the order: its share went back.
_PAID_NOTHING = """EXISTS (SELECT FROM refund r WHERE r.payment_id = p.id
                           AND (r.order_id = o.id AND r.reason IN ('second', 'late') OR r.reason = 'underpaid'))"""

_BACK = """(SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
            WHERE r.order_id = o.id AND r.reason IN ('choice', 'goodwill', 'unseen', 'card_lost', 'card_returned')
              AND r.state NOT IN ('asked', 'denied'))"""


def _standings(payment_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, Standing]]:
    """The orders each of these payments has paid, as they stand: sent or not, their code seen or not."""
    if not payment_ids:
        return {}
    rows = select(
        f"""SELECT {ORDER}, p.id, s.id, s.state, s.tries, coalesce(s.adapter, d.supplier, ''),
                   coalesce(d.cost_minor, 0), k.id, k.supplier,
                   opla_code_seen(o.id), {_BACK}
            FROM payment p JOIN allocation l ON l.payment_id = p.id JOIN orders o ON o.id = l.order_id
            LEFT JOIN attempt s ON s.order_id = o.id AND s.stands
            LEFT JOIN delivery d ON d.order_id = o.id
            LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id AND k.state = 'sold'
            WHERE p.id = ANY (%s::uuid[]) AND p.captured_minor >= p.amount_minor AND NOT {_PAID_NOTHING}""",  # noqa: S608
        [list(payment_ids)],
    )
    found: dict[UUID, dict[UUID, Standing]] = {}
    for row in rows:
        sold, more = read_order(row)
        payment_id, attempt_id, state, tries, adapter, cost_minor, code_id, supplier, seen, back_minor = more
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
    """An order to deliver, where its money lies, and which suppliers have refused it, each with its word."""

    order: Order
    paid: Paid
    refused_by: Mapping[str, str]
    in_stock: bool


def send_cases(order_ids: Sequence[UUID]) -> dict[UUID, SendCase]:
    """Orders by id with where their money lies; a reseller's has no payment."""
    rows = select(
        f"""SELECT {ORDER}, coalesce(d.cost_minor, 0),
                   ARRAY(SELECT s.adapter || ' ' || s.why FROM attempt s
                         WHERE s.order_id = o.id AND s.kind = 'send' AND s.state = 'declined' AND s.why <> ALL (%s)),
                   {_IN_STOCK}
            FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
            WHERE o.id = ANY (%s::uuid[])""",  # noqa: S608 - a constant of ours
        [list(NO_REFUSAL), list(order_ids)],
    )
    found = []
    for row in rows:
        sold, (cost_minor, refused_by, in_stock) = read_order(row)
        refused = dict(str(one).split(" ", 1) for one in expect(refused_by, list))
        found.append((sold, expect(cost_minor, int), refused, bool(in_stock)))
    paid = _paid([sold.id for sold, *_ in found if not sold.reseller])
    paid |= {sold.id: Paid(None, "", 0, cost_minor) for sold, cost_minor, *_ in found if sold.reseller}
    for order_id, back_minor in _given_back([sold.id for sold, *_ in found if sold.reseller and sold.state in _AFTER]):
        paid[order_id] = replace(paid[order_id], back_minor=back_minor)
    for order_id, made in _converted([sold.id for sold, *_ in found if sold.state is order.State.DELIVERED]).items():
        paid[order_id] = replace(paid[order_id], converted=made)
    return {
        sold.id: SendCase(sold, paid[sold.id], refused, stocked)
        for sold, _, refused, stocked in found
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
        f"""SELECT {ORDER}, coalesce(d.supplier, ''), coalesce(d.cost_minor, 0), k.id, k.supplier,
                   opla_code_seen(o.id), opla_given_back(o.id)
            FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
            LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id AND k.state = 'sold'
            WHERE o.id = %s AND o.reseller <> ''""",  # noqa: S608 - a constant of ours
        [order_id],
    )
    if not rows:
        return None
    sold, (supplier, cost_minor, code_id, whose, seen, back_minor) = read_order(rows[0])
    code = Code(code_id, whose == "code_stock", bool(seen)) if isinstance(code_id, UUID) else None
    return FloatCase(sold, expect(supplier, str), expect(cost_minor, int), code, expect(back_minor, int))


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
        expect(order_id, UUID): Conversion(
            Money(expect(foreign_minor, int), expect(foreign, str)),
            Money(expect(home_minor, int), expect(home, str)),
            expect(numerator, int),
            expect(denominator, int),
            expect(told, str),
        )
        for order_id, foreign_minor, foreign, home_minor, home, numerator, denominator, told in rows
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
        expect(order_id, UUID): Paid(
            expect(payment_id, UUID),
            expect(provider, str),
            expect(share_minor, int),
            expect(cost_minor, int),
            kept_minor=expect(kept_minor, int),
            charged_back_minor=expect(charged_back_minor, int),
            gone=bool(gone),
            back_minor=expect(back_minor, int),
            seen=expect(seen, str),
        )
        for (
            order_id, payment_id, provider, share_minor, cost_minor, kept_minor, charged_back_minor, gone, back_minor,
            seen,
        ) in rows
    }  # fmt: skip


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
    found = {}
    for row in rows:
        (
            id_, state, payment_id, provider, order_id, order_state, amount_minor, currency, reason, provider_id,
            receipt, made_at, kept_minor, charged_back_minor, seen, fee_minor,
        ) = row  # fmt: skip
        due = refund.Refund(
            expect(id_, UUID),
            refund.State(expect(state, str)),
            expect(payment_id, UUID),
            expect(provider, str),
            order_id if isinstance(order_id, UUID) else None,
            order.State(order_state) if isinstance(order_state, str) else None,
            Money(expect(amount_minor, int), expect(currency, str)),
            expect(reason, str),
            kept_minor=expect(kept_minor, int),
            charged_back_minor=expect(charged_back_minor, int),
            seen=expect(seen, str),
            fee_minor=fee_minor if isinstance(fee_minor, int) else None,
        )
        found[due.id] = RefundCase(due, expect(provider_id, str), expect(receipt, str), expect(made_at, datetime))
    return found


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
