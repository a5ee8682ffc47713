"""What a reseller sees of its own, newest first. Everything here asks for the reseller: nobody else's is ever read."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from opla.core.money import Money
from opla.core.order import State
from opla.core.ports import Kind
from opla.core.refund import UNSEEN
from opla.core.reselling import GivenBack, Line, Sold, Which
from opla.db.queries.call import Row, expect, select
from opla.db.queries.orders import read_price

_SOLD = """
    SELECT o.id, o.reseller_key, o.ticket, o.state, o.sku, o.operator, o.product_name, o.kind, o.face_minor,
           o.fee_minor, o.fee_vat_minor, o.discount_minor, o.currency, o.number, o.plan, o.language, o.placed_at,
           d.at, o.ended_at, EXISTS (SELECT FROM reveal v WHERE v.order_id = o.id)
    FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
    WHERE o.reseller = %(reseller)s
"""


def order(reseller: str, order_id: UUID) -> Sold | None:
    """One of this reseller's orders; None for any other."""
    rows = select(f"{_SOLD} AND o.id = %(id)s", {"reseller": reseller, "id": order_id})
    return _sold(rows[0]) if rows else None


def orders(reseller: str, which: Which, *, after: UUID | None, limit: int) -> list[Sold]:
    """Those behind the cursor, which is the id of the last one that was shown."""
    wanted = [
        "AND o.id < %(after)s" if after else "",
        "AND o.state = %(state)s" if which.state else "",
        "AND o.number = %(number)s" if which.number else "",
        "AND o.id = (SELECT order_id FROM idempotency WHERE caller = %(reseller)s AND key = %(key)s)"
        if which.key
        else "",
    ]
    rows = select(
        f"{_SOLD} {' '.join(wanted)} ORDER BY o.id DESC LIMIT %(limit)s",
        {
            "reseller": reseller,
            "after": after,
            "state": which.state,
            "number": which.number,
            "key": which.key,
            "limit": limit,
        },
    )
    return [_sold(row) for row in rows]


def _sold(row: Row) -> Sold:
    return Sold(
        id=expect(row[0], UUID),
        key=expect(row[1], str),
        ticket=expect(row[2], str),
        state=State(expect(row[3], str)),
        sku=expect(row[4], str),
        operator=expect(row[5], str),
        product_name=expect(row[6], str),
        kind=Kind(expect(row[7], str)),
        price=read_price(row[8], row[9], row[10], row[11], expect(row[12], str)),
        number=expect(row[13], str),
        plan=expect(row[14], str),
        language=expect(row[15], str),
        placed_at=expect(row[16], datetime),
        delivered_at=_instant(row[17]),
        ended_at=_instant(row[18]),
        seen=expect(row[19], bool),
    )


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


_BACK = """
    SELECT r.id, r.amount_minor, r.currency, r.reason, r.state, r.made_at, r.ended_at
    FROM refund r JOIN orders o ON o.id = r.order_id
    WHERE o.reseller = %(reseller)s AND r.order_id = %(order)s
"""


def given_back(reseller: str, order_id: UUID, *, after: UUID | None, limit: int) -> list[GivenBack]:
    """Refunds of one of this reseller's orders."""
    rows = select(
        f"{_BACK} {'AND r.id < %(after)s' if after else ''} ORDER BY r.id DESC LIMIT %(limit)s",
        {"reseller": reseller, "order": order_id, "after": after, "limit": limit},
    )
    return [_back(row) for row in rows]


def taken_back(reseller: str, order_id: UUID) -> GivenBack | None:
    """The refund of an unseen code that was given back, where there is one."""
    rows = select(f"{_BACK} AND r.reason = %(reason)s", {"reseller": reseller, "order": order_id, "reason": UNSEEN})
    return _back(rows[0]) if rows else None


def _back(row: Row) -> GivenBack:
    return GivenBack(
        expect(row[0], UUID),
        Money(expect(row[1], int), expect(row[2], str)),
        expect(row[3], str),
        expect(row[4], str),
        expect(row[5], datetime),
        _instant(row[6]),
    )


def taken_back_minor(since: datetime, currency: str) -> int:
    """How much of unseen codes came back on floats since then."""
    rows = select(
        """SELECT coalesce(sum(amount_minor), 0)::bigint FROM refund
           WHERE made_at >= %s AND currency = %s AND reason = %s AND payment_id IS NULL""",
        [since, currency, UNSEEN],
    )
    return expect(rows[0][0], int)


class Place(NamedTuple):
    """Where a line stands on a statement."""

    at: datetime
    event_id: int


#: The first closed day that ends after all that is asked for left a balance that stays; without one it is today's. From
#: there down every line is counted, as far as the last one that is shown: no page reads much more than a day besides.
_LINES = """
    WITH me AS (
        SELECT id, currency, credits_posted - debits_posted AS balance, debits_pending AS holding
        FROM account WHERE code = %(account)s
    ), start AS (
        SELECT c.until_at, -b.closing_minor AS balance, b.held_minor AS holding
        FROM day_close c JOIN day_account b ON b.day = c.day
        WHERE b.account = %(account)s AND c.until_at >= least(%(until)s, %(after_at)s::timestamptz)
          AND c.until_at > coalesce(%(after_at)s::timestamptz, '-infinity')
        ORDER BY c.until_at LIMIT 1
    ), shown AS (
        SELECT at, event_id FROM (
            (SELECT t.at, t.event_id FROM every_transfer t
             WHERE t.debit = (SELECT id FROM me) AND t.at >= %(since)s AND t.at < %(until)s
               AND (t.at, t.event_id) < (coalesce(%(after_at)s, 'infinity'::timestamptz), %(after_event)s)
             ORDER BY t.at DESC, t.event_id DESC LIMIT %(postings)s)
            UNION ALL
            (SELECT t.at, t.event_id FROM every_transfer t
             WHERE t.credit = (SELECT id FROM me) AND t.at >= %(since)s AND t.at < %(until)s
               AND (t.at, t.event_id) < (coalesce(%(after_at)s, 'infinity'::timestamptz), %(after_event)s)
             ORDER BY t.at DESC, t.event_id DESC LIMIT %(postings)s)
        ) t GROUP BY at, event_id ORDER BY at DESC, event_id DESC LIMIT %(limit)s
    ), low AS (
        SELECT at, event_id FROM shown ORDER BY at, event_id LIMIT 1
    ), posted AS (
        SELECT at, event_id, max(order_id::text) AS order_id,
            coalesce(sum(amount) FILTER (WHERE phase = 'posted'), 0) AS moved,
            coalesce(-sum(CASE phase WHEN 'held' THEN amount WHEN 'released' THEN -amount END), 0) AS held
        FROM (
            SELECT t.at, t.event_id, t.order_id, t.phase, -t.amount_minor AS amount FROM every_transfer t
            WHERE t.debit = (SELECT id FROM me) AND t.at >= (SELECT at FROM low)
              AND t.at < coalesce((SELECT until_at FROM start), 'infinity')
            UNION ALL
            SELECT t.at, t.event_id, t.order_id, t.phase, t.amount_minor FROM every_transfer t
            WHERE t.credit = (SELECT id FROM me) AND t.at >= (SELECT at FROM low)
              AND t.at < coalesce((SELECT until_at FROM start), 'infinity')
        ) t GROUP BY at, event_id
    ), standing AS (
        SELECT p.*,
            coalesce((SELECT balance FROM start), (SELECT balance FROM me))
                - coalesce(sum(p.moved) OVER newer, 0) AS balance,
            coalesce((SELECT holding FROM start), (SELECT holding FROM me))
                - coalesce(sum(p.held) OVER newer, 0) AS holding
        FROM posted p
        WINDOW newer AS (ORDER BY p.at DESC, p.event_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    SELECT s.at, s.event_id, e.name, s.order_id, coalesce(o.reseller_key, e.why), s.moved::bigint, s.held::bigint,
           s.balance::bigint, s.holding::bigint, me.currency
    FROM standing s JOIN shown w ON w.at = s.at AND w.event_id = s.event_id CROSS JOIN me
    JOIN every_event e ON e.id = s.event_id AND e.at = s.at
    LEFT JOIN orders o ON o.id = s.order_id::uuid
    ORDER BY s.at DESC, s.event_id DESC
"""
#: No event posts more lines than this on one side of one account.
_POSTINGS: int = 8


def lines(
    reseller: str, currency: str, *, since: datetime, until: datetime, after: Place | None, limit: int
) -> list[Line]:
    """What moved on its float from `since` until before `until`, behind the cursor, with what each left there."""
    rows = select(
        _LINES,
        {
            "account": f"reseller_float:{reseller}:{currency}",
            "since": since,
            "until": until,
            "after_at": after.at if after else None,
            "after_event": after.event_id if after else 0,
            "limit": limit,
            "postings": limit * _POSTINGS,
        },
    )
    return [_line(row) for row in rows]


def _line(row: Row) -> Line:
    def money(value: object) -> Money:
        return Money(expect(value, int), expect(row[9], str))

    return Line(
        expect(row[0], datetime),
        expect(row[1], int),
        expect(row[2], str),
        UUID(row[3]) if isinstance(row[3], str) else None,
        expect(row[4], str),
        *map(money, row[5:9]),
    )
