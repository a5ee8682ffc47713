"""Closed months, and what is exported of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from opla.core import vat
from opla.core.actor import Actor
from opla.core.money import Money
from opla.db.queries import days
from opla.db.queries.call import Argument, Row, call, expect, select
from opla.db.queries.days import AccountDay, Line


@dataclass(frozen=True)
class ClosedMonth:
    """A month as it was fixed, from its first day (or the shop's first) to its last.

    `items`: how many waited for a person from before its end, when it was closed. `sha256` is of all that was fixed.
    """

    month: date
    from_day: date
    until_day: date
    from_at: datetime
    until_at: datetime
    items: int
    closed_at: datetime
    closed_by: str
    sha256: str


def close_month(month: date, *, actor: Actor, at: datetime) -> str:
    """`closed`, `again`, `days_open` or `month_out_of_order`."""
    rows = call("opla_close_month", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(month, "date"))
    return expect(rows[0][0], str)


_MONTH = """SELECT m.month, m.from_day, m.until_day, f.from_at, u.until_at,
                   (SELECT count(*) FROM month_item i WHERE i.month = m.month), m.closed_at, m.closed_by,
                   encode(m.sha256, 'hex')
            FROM month_close m JOIN day_close f ON f.day = m.from_day JOIN day_close u ON u.day = m.until_day"""


def closed(month: date) -> ClosedMonth | None:
    rows = select(f"{_MONTH} WHERE m.month = %s", [month])
    return _month(rows[0]) if rows else None


def closed_months() -> list[ClosedMonth]:
    """Newest first."""
    return [_month(row) for row in select(f"{_MONTH} ORDER BY m.month DESC")]


def _month(row: Row) -> ClosedMonth:
    return ClosedMonth(
        expect(row[0], date), expect(row[1], date), expect(row[2], date), expect(row[3], datetime),
        expect(row[4], datetime), expect(row[5], int), expect(row[6], datetime), expect(row[7], str),
        expect(row[8], str),
    )  # fmt: skip


def last_closed() -> date | None:
    rows = select("SELECT max(month) FROM month_close")
    return rows[0][0] if isinstance(rows[0][0], date) else None


def accounts(month: date) -> list[AccountDay]:
    """Every account of a closed month, by its code: the trial balance."""
    rows = select(
        """SELECT account, currency, opening_minor, debits_minor, credits_minor, closing_minor, held_minor
           FROM month_account WHERE month = %s ORDER BY account COLLATE "C" """,
        [month],
    )
    return [
        AccountDay(expect(row[0], str), *(Money(expect(minor, int), expect(row[1], str)) for minor in row[2:7]))
        for row in rows
    ]


@dataclass(frozen=True)
class Item:
    """What waited for a person when the month was closed. `settled_at`: None while it still does."""

    id: int
    kind: str
    amount: Money
    opened_at: datetime
    settled_at: datetime | None


def items(month: date) -> list[Item]:
    """The oldest first."""
    rows = select(
        """SELECT m.item_id, m.kind, m.amount_minor, m.currency, m.opened_at, i.closed_at
           FROM month_item m JOIN item i ON i.id = m.item_id WHERE m.month = %s ORDER BY m.opened_at, m.item_id""",
        [month],
    )
    return [
        Item(
            expect(row[0], int), expect(row[1], str), Money(expect(row[2], int), expect(row[3], str)),
            expect(row[4], datetime), row[5] if isinstance(row[5], datetime) else None,
        )
        for row in rows
    ]  # fmt: skip


def journal(one: ClosedMonth) -> Iterator[Line]:
    """All that was posted in it, day by day, each in the order it was written. A day at a time is in memory."""
    rows = select(
        "SELECT from_at, until_at FROM day_close WHERE day BETWEEN %s AND %s ORDER BY day",
        [one.from_day, one.until_day],
    )
    for from_at, until_at in rows:
        yield from days.journal(expect(from_at, datetime), expect(until_at, datetime))


def waiting(month: date) -> int:
    """How many items would be kept with this month, if it were closed now."""
    rows = select(
        """SELECT count(*) FROM item WHERE closed_at IS NULL
           AND opened_at < (%s + interval '1 month') AT TIME ZONE 'Europe/Brussels'""",
        [month],
    )
    return expect(rows[0][0], int)


def own_fees(one: ClosedMonth) -> list[vat.Fees]:
    """What our own fee came to, by the fee and the VAT in it that its orders' prices had."""
    rows = select(
        """SELECT o.fee_minor, o.fee_vat_minor, t.currency,
                  count(DISTINCT t.order_id) FILTER (WHERE t.reason = 'fee')::int,
                  coalesce(sum(CASE t.reason WHEN 'fee' THEN t.amount_minor
                                             WHEN 'fee_back' THEN -t.amount_minor END), 0)::bigint,
                  coalesce(sum(CASE t.reason WHEN 'fee_vat' THEN t.amount_minor
                                             WHEN 'fee_vat_back' THEN -t.amount_minor END), 0)::bigint
           FROM every_transfer t JOIN orders o ON o.id = t.order_id
           WHERE t.at >= %s AND t.at < %s AND t.reason IN ('fee', 'fee_back', 'fee_vat', 'fee_vat_back')
           GROUP BY 1, 2, 3 ORDER BY 3, 1, 2""",
        [one.from_at, one.until_at],
    )
    found = []
    for fee, fee_vat, currency, orders, base, vat_minor in rows:
        base_money, vat_money = (Money(expect(minor, int), expect(currency, str)) for minor in (base, vat_minor))
        found.append(vat.Fees(expect(fee, int), expect(fee_vat, int), expect(orders, int), base_money, vat_money))
    return found


@dataclass(frozen=True)
class Sold:
    """What one month's deliveries came to, for one `name` of one kind (`by`), less what was taken back of them.

    `face` = `cost` + `margin`; `goodwill` was given back by choice out of the margin. An empty name: the shop itself.
    """

    by: str
    name: str
    orders: int
    face: Money
    cost: Money
    margin: Money
    fee: Money
    vat: Money
    promotions: Money
    goodwill: Money


#: In this order on pages and in files.
DIMENSIONS = ("reseller", "till", "partner", "supplier", "operator")

# Every reason that says what a delivery came to, with the column it counts in and which way. Where an order was paid
# for: the drawer its coins went into, or the machine its card was held to; else nowhere of ours.
_SOLD = """
    WITH counts (reason, part, sign) AS (
        VALUES ('cost', 'cost', 1), ('cost_back', 'cost', -1), ('margin', 'margin', 1), ('margin_back', 'margin', -1),
            ('loss', 'margin', -1), ('loss_back', 'margin', 1), ('fee', 'fee', 1), ('fee_back', 'fee', -1),
            ('fee_vat', 'vat', 1), ('fee_vat_back', 'vat', -1), ('promotion', 'promotions', 1),
            ('promotion_back', 'promotions', -1), ('goodwill', 'goodwill', 1), ('goodwill_back', 'goodwill', -1)
    ), line AS (
        SELECT t.order_id, t.currency, (t.at AT TIME ZONE 'Europe/Brussels')::date AS day,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'cost'), 0) AS cost,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'margin'), 0) AS margin,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'fee'), 0) AS fee,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'vat'), 0) AS vat,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'promotions'), 0) AS promotions,
            coalesce(sum(t.amount_minor * c.sign) FILTER (WHERE c.part = 'goodwill'), 0) AS goodwill,
            bool_or(t.reason IN ('cost', 'margin', 'loss')) AS earned
        FROM every_transfer t JOIN counts c ON c.reason = t.reason
        WHERE t.at >= %(from)s AND t.at < %(until)s AND t.order_id IS NOT NULL
        GROUP BY 1, 2, 3
    ), bought AS (
        SELECT DISTINCT order_id FROM line
    ), counter AS (
        SELECT DISTINCT ON (b.order_id) b.order_id, coalesce(c.till, m.till) AS till,
               coalesce(c.place_id, m.place_id) AS place_id
        FROM bought b JOIN allocation a ON a.order_id = b.order_id
        JOIN payment y ON y.id = a.payment_id AND y.captured_minor > 0
        LEFT JOIN LATERAL (
            SELECT l.drawer AS till, d.place_id
            FROM attempt x JOIN cash_code k ON k.attempt = x.reference JOIN drawer_line l ON l.code = k.code
            JOIN drawer d ON d.name = l.drawer
            WHERE x.payment_id = y.id AND x.kind = 'charge' AND l.kind = 'taken' ORDER BY l.n DESC LIMIT 1
        ) c ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(k.drawer, k.station) AS till, coalesce(d.place_id, s.place_id) AS place_id
            FROM terminal_payment p JOIN terminal k ON k.name = p.terminal
            LEFT JOIN drawer d ON d.name = k.drawer LEFT JOIN station s ON s.name = k.station
            WHERE p.payment_id = y.id
        ) m ON true
        WHERE coalesce(c.till, m.till) IS NOT NULL ORDER BY b.order_id, y.id
    ), named AS (
        SELECT l.*, o.reseller, coalesce(c.till, '') AS till,
            coalesce((SELECT p.partner FROM partner_place p
                      WHERE p.place_id = c.place_id AND l.day <@ daterange(p.from_on, p.until_on)), '') AS partner,
            coalesce(x.adapter, '') AS supplier, o.operator
        FROM line l JOIN orders o ON o.id = l.order_id LEFT JOIN counter c ON c.order_id = l.order_id
        LEFT JOIN delivery v ON v.order_id = l.order_id LEFT JOIN attempt x ON x.id = v.attempt_id
    )
    SELECT CASE 0 WHEN grouping(reseller) THEN 'reseller' WHEN grouping(till) THEN 'till'
                  WHEN grouping(partner) THEN 'partner' WHEN grouping(supplier) THEN 'supplier' ELSE 'operator' END,
           coalesce(reseller, till, partner, supplier, operator), currency,
           (count(DISTINCT order_id) FILTER (WHERE earned))::int,
           sum(cost + margin)::bigint, sum(cost)::bigint, sum(margin)::bigint, sum(fee)::bigint, sum(vat)::bigint,
           sum(promotions)::bigint, sum(goodwill)::bigint
    FROM named
    GROUP BY GROUPING SETS ((currency, reseller), (currency, till), (currency, partner), (currency, supplier),
                            (currency, operator))
"""


def sold(one: ClosedMonth) -> list[Sold]:
    """By each dimension in turn; within one by name and currency."""
    found = []
    for by, name, currency, orders, *sums in select(_SOLD, {"from": one.from_at, "until": one.until_at}):
        amounts = (Money(expect(minor, int), expect(currency, str)) for minor in sums)
        found.append(Sold(expect(by, str), expect(name, str), expect(orders, int), *amounts))
    return sorted(found, key=lambda row: (DIMENSIONS.index(row.by), row.name, row.face.currency))
