"""What the owner's first page counts. Everything is of orders placed in a span of time, or open right now.

Orders are found by when they were placed and whatever belongs to them by their id, so nothing here reads old orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.day import ZONE
from opla.core.item import Kind
from opla.core.money import Money
from opla.db.queries.call import expect, select

#: How old is old, for what is under way: the ends of the first columns; the last one has none.
AGES = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))


@dataclass(frozen=True)
class Hour:
    """Orders placed in one hour of the day, 0 to 23 in the shop's zone: how many, and those that were delivered."""

    hour: int
    placed: int
    delivered: int
    sold: Money


def hours(from_at: datetime, until_at: datetime) -> list[Hour]:
    """Hours in which something was ordered, by hour and currency."""
    rows = select(
        """SELECT extract(hour FROM placed_at AT TIME ZONE %(zone)s)::int AS hour, currency, count(*)::int,
                  (count(*) FILTER (WHERE state = 'delivered'))::int,
                  coalesce(sum(face_minor + fee_minor - discount_minor) FILTER (WHERE state = 'delivered'), 0)::bigint
           FROM orders WHERE placed_at >= %(from)s AND placed_at < %(until)s GROUP BY 1, 2 ORDER BY 1, 2""",
        {"zone": str(ZONE), "from": from_at, "until": until_at},
    )
    return [
        Hour(
            expect(hour, int),
            expect(placed, int),
            expect(delivered, int),
            Money(expect(minor, int), expect(currency, str)),
        )
        for hour, currency, placed, delivered, minor in rows
    ]


@dataclass(frozen=True)
class Earned:
    """What came to one kind of account of income or cost, positive where it is ours to keep."""

    kind: str
    amount: Money


#: Accounts of what is earned and spent by selling (`core.ledger`).
_EARNING = ("margin", "service_fee", "promotions", "psp_fees", "commissions", "chargebacks", "stock_losses",
            "code_losses", "offline_losses", "cash_differences")  # fmt: skip


def earned(from_at: datetime, until_at: datetime) -> list[Earned]:
    """What was posted to them in this time: the books' own figures."""
    rows = select(
        """SELECT a.kind, a.currency, sum(m.minor)::bigint
           FROM account a CROSS JOIN LATERAL (
               SELECT -coalesce(sum(t.amount_minor), 0) AS minor FROM transfer t
               WHERE t.debit = a.id AND t.at >= %(from)s AND t.at < %(until)s AND t.phase = 'posted'
               UNION ALL
               SELECT coalesce(sum(t.amount_minor), 0) FROM transfer t
               WHERE t.credit = a.id AND t.at >= %(from)s AND t.at < %(until)s AND t.phase = 'posted') m
           WHERE a.kind = ANY (%(kinds)s) GROUP BY 1, 2 HAVING sum(m.minor) <> 0
           ORDER BY array_position(%(kinds)s, a.kind), 2""",
        {"from": from_at, "until": until_at, "kinds": list(_EARNING)},
    )
    return [Earned(expect(kind, str), Money(expect(minor, int), expect(cur, str))) for kind, cur, minor in rows]


@dataclass(frozen=True)
class Supplier:
    """What was asked of one supplier for the orders of a span of time, by what it has come to."""

    name: str
    succeeded: int
    declined: int
    undecided: int

    @property
    def asked(self) -> int:
        return self.succeeded + self.declined + self.undecided


def suppliers(from_at: datetime, until_at: datetime) -> list[Supplier]:
    """Those that were asked at all, by name."""
    rows = select(
        """SELECT a.adapter, (count(*) FILTER (WHERE a.state = 'succeeded'))::int,
                  (count(*) FILTER (WHERE a.state = 'declined'))::int,
                  (count(*) FILTER (WHERE a.state NOT IN ('succeeded', 'declined')))::int
           FROM orders o JOIN attempt a ON a.order_id = o.id
           WHERE o.placed_at >= %s AND o.placed_at < %s GROUP BY 1 ORDER BY 1""",
        [from_at, until_at],
    )
    return [
        Supplier(expect(name, str), expect(done, int), expect(no, int), expect(still, int))
        for name, done, no, still in rows
    ]


@dataclass(frozen=True)
class Waited:
    """From when an order's money was there (its first send is made with it) to its delivery, orders of one hour."""

    hour: int
    delivered: int
    half_s: float  # half of them took no longer
    most_s: float  # 99 of 100 took no longer


def waited(from_at: datetime, until_at: datetime) -> list[Waited]:
    """By hour of placing; the last line is of all of them together, with hour -1. Nothing delivered: no line."""
    rows = select(
        """SELECT coalesce(hour, -1), count(*)::int,
                  percentile_disc(0.5) WITHIN GROUP (ORDER BY s)::float,
                  percentile_disc(0.99) WITHIN GROUP (ORDER BY s)::float
           FROM (SELECT extract(hour FROM o.placed_at AT TIME ZONE %(zone)s)::int AS hour,
                        extract(epoch FROM d.at - (SELECT min(a.made_at) FROM attempt a WHERE a.order_id = o.id)) AS s
                 FROM orders o JOIN delivery d ON d.order_id = o.id
                 WHERE o.placed_at >= %(from)s AND o.placed_at < %(until)s AND o.deliver_at IS NULL) one
           WHERE s IS NOT NULL GROUP BY GROUPING SETS ((hour), ()) HAVING count(*) > 0 ORDER BY (hour IS NULL), 1""",
        {"zone": str(ZONE), "from": from_at, "until": until_at},
    )
    return [
        Waited(expect(hour, int), expect(count, int), expect(half, float), expect(most, float))
        for hour, count, half, most in rows
    ]


@dataclass(frozen=True)
class Underway:
    """What is asked about by itself: attempts of a kind in one column of age (`len(AGES)`: older than all of them)."""

    kind: str
    unknown: bool  # it left, and nobody has said what became of it
    age: int
    count: int
    amount: Money


def underway(at: datetime) -> list[Underway]:
    """Every attempt that a worker will look at again, unless it waits for a person already."""
    rows = select(
        """SELECT a.kind, a.state IN ('sending', 'unknown'), width_bucket(%(at)s - a.made_at, %(ages)s::interval[]),
                  m.currency, count(*)::int, sum(m.minor)::bigint
           FROM attempt a
           LEFT JOIN orders o ON o.id = a.order_id LEFT JOIN payment p ON p.id = a.payment_id
           LEFT JOIN refund r ON r.id = a.refund_id
           CROSS JOIN LATERAL (
               SELECT coalesce(o.currency, p.currency, r.currency) AS currency,
                      coalesce(o.face_minor + o.fee_minor - o.discount_minor, p.amount_minor, r.amount_minor)
           ) m (currency, minor)
           WHERE a.due_at IS NOT NULL
             AND a.state IN ('new', 'claimed', 'sending', 'pending', 'unknown')
             AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.closed_at IS NULL)
           GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
        {"at": at, "ages": list(AGES)},
    )
    return [
        Underway(
            expect(kind, str),
            expect(unknown, bool),
            expect(age, int),
            expect(count, int),
            Money(expect(minor, int), expect(currency, str)),
        )
        for kind, unknown, age, currency, count, minor in rows
    ]


@dataclass(frozen=True)
class OnItsWay:
    """One of them: the orders it is about (id and number; none of a float's payment), and when it is looked at next."""

    kind: str
    unknown: bool
    adapter: str
    reference: str
    their_id: str
    amount: Money
    made_at: datetime
    due_at: datetime
    orders: tuple[tuple[UUID, str], ...]


def on_its_way(kind: str, age: int | None, at: datetime, *, unknown: bool, limit: int = 200) -> list[OnItsWay]:
    """What one cell of `underway` counts, oldest first; of every age where none is given."""
    rows = select(
        """SELECT a.kind, a.state IN ('sending', 'unknown'), a.adapter, a.reference, a.provider_id, m.minor, m.currency,
                  a.made_at, a.due_at, ARRAY(SELECT x.id FROM orders x WHERE x.id = ANY (m.orders) ORDER BY x.ticket),
                  ARRAY(SELECT x.ticket FROM orders x WHERE x.id = ANY (m.orders) ORDER BY x.ticket)
           FROM attempt a
           LEFT JOIN orders o ON o.id = a.order_id LEFT JOIN payment p ON p.id = a.payment_id
           LEFT JOIN refund r ON r.id = a.refund_id
           CROSS JOIN LATERAL (
               SELECT coalesce(o.currency, p.currency, r.currency),
                      coalesce(o.face_minor + o.fee_minor - o.discount_minor, p.amount_minor, r.amount_minor),
                      CASE WHEN coalesce(o.id, r.order_id) IS NOT NULL THEN ARRAY[coalesce(o.id, r.order_id)]
                           ELSE ARRAY(SELECT l.order_id FROM allocation l
                                      WHERE l.payment_id = coalesce(p.id, r.payment_id)) END
           ) m (currency, minor, orders)
           WHERE a.due_at IS NOT NULL AND a.kind = %(kind)s
             AND a.state = ANY (%(states)s)
             AND (%(age)s::int IS NULL OR width_bucket(%(at)s - a.made_at, %(ages)s::interval[]) = %(age)s)
             AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.closed_at IS NULL)
           ORDER BY a.made_at, a.id LIMIT %(limit)s""",
        {
            "kind": kind,
            "states": ["sending", "unknown"] if unknown else ["new", "claimed", "pending"],
            "age": age,
            "at": at,
            "ages": list(AGES),
            "limit": limit,
        },
    )
    return [
        OnItsWay(
            expect(row[0], str),
            expect(row[1], bool),
            expect(row[2], str),
            expect(row[3], str),
            expect(row[4], str),
            Money(expect(row[5], int), expect(row[6], str)),
            expect(row[7], datetime),
            expect(row[8], datetime),
            tuple(zip(expect(row[9], list), expect(row[10], list), strict=True)),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Waiting:
    """Open items of one kind. `only` is the one there is, where there is one."""

    kind: Kind
    count: int
    at_risk: Money
    oldest_at: datetime
    only: int | None
    answer_by: datetime | None  # the first day on which a charge-back cannot be answered any more


def waiting() -> list[Waiting]:
    """By kind and currency: most money first, then the oldest."""
    rows = select(
        """SELECT kind, currency, count(*)::int, sum(amount_minor)::bigint, min(opened_at), min(id),
                  min((why ->> 'answer_by')::timestamptz)
           FROM item WHERE closed_at IS NULL GROUP BY 1, 2 ORDER BY 4 DESC, 5"""
    )
    return [
        Waiting(
            Kind(expect(kind, str)),
            expect(count, int),
            Money(expect(minor, int), expect(currency, str)),
            expect(oldest, datetime),
            expect(first, int) if count == 1 else None,
            until if isinstance(until, datetime) else None,
        )
        for kind, currency, count, minor, oldest, first, until in rows
    ]


@dataclass(frozen=True)
class Lying:
    """Our money, or somebody's with us, on the accounts of one kind: debits less credits."""

    kind: str
    amount: Money


def lying(kinds: Sequence[str]) -> list[Lying]:
    """In the order of the kinds; accounts that were never used are left out."""
    rows = select(
        """SELECT kind, currency, sum(debits_posted - credits_posted)::bigint FROM account
           WHERE kind = ANY (%(kinds)s) GROUP BY 1, 2 ORDER BY array_position(%(kinds)s, kind), 2""",
        {"kinds": list(kinds)},
    )
    return [Lying(expect(kind, str), Money(expect(minor, int), expect(cur, str))) for kind, cur, minor in rows]
