"""What clerks sold at tills, and prices that people bring there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.db.queries import pages
from opla.db.queries.call import Argument, Row, call, expect, select

# ── sales ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sale:
    """A sale at a till. `n` counts those of its station. `left`: its money went back, or some of it."""

    id: UUID
    station_id: UUID
    n: int
    clerk: str
    clerk_shown: str
    payment_id: UUID
    order_id: UUID
    quote_id: UUID
    method: str
    at: datetime
    ticket: str
    product_name: str
    kind: Kind
    number: str
    state: str
    total: Money
    drawer: str
    left: bool


_SALE: Final = """
    SELECT s.id, s.station_id, s.n, c.name, c.shown, p.id, o.id, o.quote_id,
           CASE p.provider WHEN 'cash' THEN 'cash' ELSE 'card' END, s.at, o.ticket,
           o.product_name, o.kind, o.number, o.state, p.amount_minor, p.currency, h.drawer,
           opla_sale_left(p.id)
    FROM counter_sale s JOIN clerk c ON c.id = s.clerk_id JOIN shift h ON h.id = s.shift_id
    JOIN payment p ON p.id = opla_sale_payment(s.payment_id)
    JOIN allocation a ON a.payment_id = s.payment_id JOIN orders o ON o.id = a.order_id
"""


def sale(sale_id: UUID) -> Sale | None:
    return _one(select(f"{_SALE} WHERE s.id = %s", [sale_id]))


def numbered(station_id: UUID, n: int) -> Sale | None:
    """What this station sold under this number."""
    return _one(select(f"{_SALE} WHERE s.station_id = %s AND s.n = %s::numeric", [station_id, n]))


def of_order(order_id: UUID) -> Sale | None:
    return _one(select(f"{_SALE} WHERE o.id = %s", [order_id]))


def of_ticket(station_id: UUID, ticket: str) -> Sale | None:
    """What this station sold under this order number."""
    return _one(select(f"{_SALE} WHERE s.station_id = %s AND o.ticket = %s", [station_id, ticket]))


def newest(station_id: UUID, *, limit: int) -> list[Sale]:
    return [
        _sale(row) for row in select(f"{_SALE} WHERE s.station_id = %s ORDER BY s.n DESC LIMIT %s", [station_id, limit])
    ]


def _one(rows: Sequence[Row]) -> Sale | None:
    return _sale(rows[0]) if rows else None


def _sale(row: Row) -> Sale:
    (
        id_, station_id, n, clerk, shown, payment_id, order_id, quote_id, method, at, ticket, product_name, kind,
        number, state, amount, currency, drawer, left,
    ) = row  # fmt: skip
    return Sale(
        expect(id_, UUID), expect(station_id, UUID), expect(n, int), expect(clerk, str), expect(shown, str),
        expect(payment_id, UUID), expect(order_id, UUID), expect(quote_id, UUID), expect(method, str),
        expect(at, datetime), expect(ticket, str), expect(product_name, str), Kind(expect(kind, str)),
        expect(number, str), expect(state, str), Money(expect(amount, int), expect(currency, str)),
        expect(drawer, str), bool(left),
    )  # fmt: skip


def record(
    sale_id: UUID, station_id: UUID, clerk_id: UUID, payment_id: UUID, method: str, *, at: datetime
) -> int | None:
    """Its number at this station; None while no shift is open there."""
    [(n,)] = call(
        "opla_counter_sale", Argument(at, "timestamptz"), Argument(sale_id, "uuid"), Argument(station_id, "uuid"),
        Argument(clerk_id, "uuid"), Argument(payment_id, "uuid"), Argument(method, "text"),
    )  # fmt: skip
    return n if isinstance(n, int) else None


def charge_of(order_id: UUID) -> tuple[UUID, str]:
    """The payment that an order was placed under, and the reference of its charge."""
    [(payment_id, reference)] = select(
        """SELECT a.payment_id, a.reference FROM allocation l
           JOIN attempt a ON a.payment_id = l.payment_id AND a.kind = 'charge' WHERE l.order_id = %s
           ORDER BY a.made_at, a.id LIMIT 1""",
        [order_id],
    )
    return expect(payment_id, UUID), expect(reference, str)


@dataclass(frozen=True)
class Often:
    """What a till sells often."""

    operator: str
    sku: str
    face: Money


def sold_most(station_id: UUID, since: datetime, *, limit: int) -> list[Often]:
    """What this till sold most since then, the most first."""
    rows = select(
        """SELECT o.operator, o.sku, o.face_minor, o.currency FROM counter_sale s
           JOIN allocation a ON a.payment_id = s.payment_id JOIN orders o ON o.id = a.order_id
           WHERE s.station_id = %s AND s.at >= %s
           GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, max(s.n) DESC LIMIT %s""",
        [station_id, since, limit],
    )
    return [
        Often(expect(operator, str), expect(sku, str), Money(expect(face, int), expect(currency, str)))
        for operator, sku, face, currency in rows
    ]


@dataclass(frozen=True)
class Sold:
    """What one clerk sold in a shift by one method, and how much of it went back."""

    clerk: str
    method: str
    times: int
    amount: Money
    undone: int


def in_shift(shift_id: UUID, currency: str) -> list[Sold]:
    rows = select(
        """SELECT c.shown, w.method, count(*), sum(p.amount_minor)::bigint, count(*) FILTER (WHERE opla_sale_left(p.id))
           FROM counter_sale s JOIN clerk c ON c.id = s.clerk_id
           JOIN payment p ON p.id = opla_sale_payment(s.payment_id)
           CROSS JOIN LATERAL (SELECT CASE p.provider WHEN 'cash' THEN 'cash' ELSE 'card' END AS method) w
           WHERE s.shift_id = %s AND opla_sale_paid(p.id)
           GROUP BY c.name, c.shown, w.method ORDER BY c.shown, w.method""",
        [shift_id],
    )
    return [
        Sold(
            expect(clerk, str), expect(method, str), expect(times, int), Money(expect(amount, int), currency),
            expect(undone, int),
        )
        for clerk, method, times, amount, undone in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """The first and the last number that a station gave out in a shift: none between them is left out."""

    station: str
    first: int
    last: int


def numbers_in(shift_id: UUID) -> list[Numbers]:
    rows = select(
        """SELECT t.name, min(s.n), max(s.n) FROM counter_sale s JOIN station t ON t.id = s.station_id
           WHERE s.shift_id = %s GROUP BY t.name ORDER BY t.name""",
        [shift_id],
    )
    return [Numbers(expect(name, str), expect(first, int), expect(last, int)) for name, first, last in rows]


@dataclass(frozen=True)
class Did:
    """Something that was done at a till and moved no money."""

    what: str
    at: datetime
    actor: str
    why: str


def done_at(station_id: UUID, names: Sequence[str], since: datetime, until: datetime) -> list[Did]:
    rows = select(
        """SELECT name, at, actor, why FROM every_event
           WHERE subject = 'station' AND subject_id = %s AND name = ANY (%s) AND at BETWEEN %s AND %s ORDER BY id""",
        [station_id, list(names), since, until],
    )
    return [
        Did(expect(name, str), expect(at, datetime), expect(actor, str), expect(why, str))
        for name, at, actor, why in rows
    ]


# ── prices that people bring ──────────────────────────────────────────────


def keep_quote(code: str, quote_id: UUID, *, until: datetime) -> str | None:
    """The digits that find this quote; None: these are another's."""
    [(kept,)] = call(
        "opla_counter_quote", Argument(code, "text"), Argument(quote_id, "uuid"), Argument(until, "timestamptz")
    )
    return kept if isinstance(kept, str) else None


def brought(code: str, *, at: datetime) -> Quote | None:
    """The quote that these digits find, while they do."""
    rows = select(
        """SELECT q.id, q.device_hash FROM counter_quote c JOIN quote q ON q.id = c.quote_id
           WHERE c.code = %s AND c.until > %s""",
        [code, at],
    )
    if not rows:
        return None
    quote_id, device_hash = rows[0]
    return pages.quote(expect(quote_id, UUID), bytes(expect(device_hash, bytes)))


# ── for the owner ─────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Today:
    """What a till sold since midnight, of what was paid for."""

    sales: int
    cash: Money
    card: Money
    last_at: datetime | None


def today(since: datetime, currency: str) -> dict[UUID, Today]:
    """By station; of one that sold nothing there is none."""
    rows = select(
        """SELECT s.station_id, count(*), coalesce(sum(p.amount_minor) FILTER (WHERE p.provider = 'cash'), 0)::bigint,
                  coalesce(sum(p.amount_minor) FILTER (WHERE p.provider <> 'cash'), 0)::bigint, max(s.at)
           FROM counter_sale s JOIN payment p ON p.id = opla_sale_payment(s.payment_id)
           WHERE s.at >= %s AND opla_sale_paid(p.id) GROUP BY s.station_id""",
        [since],
    )
    return {
        expect(station_id, UUID): Today(
            expect(sales, int), Money(expect(cash, int), currency), Money(expect(card, int), currency),
            last_at if isinstance(last_at, datetime) else None,
        )
        for station_id, sales, cash, card, last_at in rows
    }  # fmt: skip


@dataclass(frozen=True)
class Trace:
    """Something that was done at a tablet. `about`: the number of the order, where it is about one."""

    at: datetime
    actor: str
    what: str
    why: str
    about: str


def trail(station_id: UUID, *, limit: int) -> list[Trace]:
    """Who did what at a tablet, and why; the newest first. Pairing, signing in, shifts, the drawer's lines that sell
    nothing, looks at codes, slips."""
    rows = select(
        """WITH one AS (SELECT * FROM station WHERE id = %(id)s),
           said AS (
               SELECT e.at, e.actor, e.name AS what, e.why, '' AS about FROM every_event e, one
               WHERE e.subject_id = one.id OR e.subject_id IN (SELECT h.id FROM shift h WHERE h.station_id = one.id)
               UNION ALL
               SELECT l.at, l.actor, l.kind, l.why, '' FROM drawer_line l, one
               WHERE l.drawer = one.drawer AND l.kind <> 'taken'
               UNION ALL
               SELECT v.at, v.actor, 'revealed', '', o.ticket
               FROM counter_sale s JOIN allocation a ON a.payment_id = s.payment_id
               JOIN orders o ON o.id = a.order_id JOIN reveal v ON v.order_id = o.id WHERE s.station_id = %(id)s
               UNION ALL
               SELECT j.asked_at, j.asked_by, CASE WHEN j.copy THEN 'copied' ELSE 'printed' END, j.why, o.ticket
               FROM print_job j JOIN orders o ON o.id = j.order_id, one WHERE j.station = one.name
           )
           SELECT at, actor, what, why, about FROM said ORDER BY at DESC, what LIMIT %(limit)s""",
        {"id": station_id, "limit": limit},
    )
    return [
        Trace(expect(at, datetime), expect(actor, str), expect(what, str), expect(why, str), expect(about, str))
        for at, actor, what, why, about in rows
    ]
