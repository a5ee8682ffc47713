"""Closed days, and the journal of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from opla.core.actor import Actor
from opla.core.ledger import Reason
from opla.core.money import Money
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class AccountDay:
    """One account on one day. Balances are debits minus credits; `held` is pending when the day ended."""

    account: str
    opening: Money
    debits: Money
    credits: Money
    closing: Money
    held: Money


@dataclass(frozen=True)
class ClosedDay:
    """A day as it was fixed. `holding`: orders whose money was held when it ended, like `items_open`."""

    day: date
    from_at: datetime
    until_at: datetime
    placed: int
    delivered: int
    refunded: int
    holding: int
    items_opened: int
    items_closed: int
    items_open: int
    closed_at: datetime
    closed_by: str


def close_day(day: date, from_at: datetime, until_at: datetime, *, actor: Actor, at: datetime) -> str:
    """`closed`, `again` or `day_out_of_order`."""
    rows = call(
        "opla_close_day",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(day, "date"),
        Argument(from_at, "timestamptz"),
        Argument(until_at, "timestamptz"),
    )
    return expect(rows[0][0], str)


_DAY = """SELECT day, from_at, until_at, placed, delivered, refunded, holding, items_opened, items_closed, items_open,
                 closed_at, closed_by FROM day_close"""


def closed(day: date) -> ClosedDay | None:
    rows = select(f"{_DAY} WHERE day = %s", [day])
    return _day(rows[0]) if rows else None


def closed_days(limit: int = 100) -> list[ClosedDay]:
    """Newest first."""
    return [_day(row) for row in select(f"{_DAY} ORDER BY day DESC LIMIT %s", [limit])]


def _day(row: Row) -> ClosedDay:
    placed, delivered, refunded, holding, opened, settled, still_open = (expect(value, int) for value in row[3:10])
    return ClosedDay(
        expect(row[0], date),
        expect(row[1], datetime),
        expect(row[2], datetime),
        placed,
        delivered,
        refunded,
        holding,
        opened,
        settled,
        still_open,
        expect(row[10], datetime),
        expect(row[11], str),
    )


def last_closed() -> date | None:
    rows = select("SELECT max(day) FROM day_close")
    return rows[0][0] if isinstance(rows[0][0], date) else None


def first_event_at() -> datetime | None:
    """When this shop's first event happened; None in a shop where nothing has."""
    rows = select("SELECT min(at) FROM event")
    return rows[0][0] if isinstance(rows[0][0], datetime) else None


def accounts(day: date) -> list[AccountDay]:
    """Every account of a closed day, by its code."""
    rows = select(
        """SELECT account, currency, opening_minor, debits_minor, credits_minor, closing_minor, held_minor
           FROM day_account WHERE day = %s ORDER BY account""",
        [day],
    )
    found = []
    for row in rows:
        opening, debited, credited, closing, held = (
            Money(expect(value, int), expect(row[1], str)) for value in row[2:7]
        )
        found.append(AccountDay(expect(row[0], str), opening, debited, credited, closing, held))
    return found


@dataclass(frozen=True)
class Line:
    """One posted line of the journal. `entry` joins the lines that one event posted together."""

    at: datetime
    entry: int
    debit: str
    credit: str
    amount: Money
    reason: Reason
    ticket: str
    receipt: str
    event: str  # `order delivered`: what happened to what


def journal(from_at: datetime, until_at: datetime) -> list[Line]:
    """What was posted between two instants, in the order it was written. Money that was only held is not in it."""
    rows = select(
        """SELECT t.at, t.event_id, d.code, c.code, t.amount_minor, t.currency, t.reason, coalesce(o.ticket, ''),
                  coalesce(p.receipt, ''), e.subject || ' ' || e.name
           FROM every_transfer t JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
           JOIN every_event e ON e.id = t.event_id AND e.at = t.at
           LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN payment p ON p.id = t.payment_id
           WHERE t.at >= %s AND t.at < %s AND t.phase = 'posted' ORDER BY t.id""",
        [from_at, until_at],
    )
    return [
        Line(
            expect(row[0], datetime),
            expect(row[1], int),
            expect(row[2], str),
            expect(row[3], str),
            Money(expect(row[4], int), expect(row[5], str)),
            Reason(expect(row[6], str)),
            expect(row[7], str),
            expect(row[8], str),
            expect(row[9], str),
        )
        for row in rows
    ]
