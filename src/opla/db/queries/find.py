"""Finding an order by whatever a person has in hand, and the story of one. Every way in is an index; none is a scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.item import Kind
from opla.core.ledger import Reason
from opla.core.money import Money
from opla.db.queries.call import expect, select
from opla.db.queries.items import About, Item


@dataclass(frozen=True)
class Sought:
    """What somebody typed, read in every way it can be read; empty where it cannot."""

    text: str
    ticket: str
    email: str
    number: str  # E.164
    structured: str  # twelve digits


@dataclass(frozen=True)
class Hit:
    """An order that was found, and by what of it: words of `presenting.found`."""

    id: UUID
    by: tuple[str, ...]
    ticket: str
    state: str
    product_name: str
    reseller: str
    total: Money
    placed_at: datetime


_FOUND = """
    WITH RECURSIVE named AS (  -- every kind and adapter there is, each found by one step down the index
        (SELECT kind, adapter FROM attempt WHERE provider_id <> '' ORDER BY kind, adapter LIMIT 1)
        UNION ALL
        SELECT n.kind, n.adapter FROM named, LATERAL (
            SELECT a.kind, a.adapter FROM attempt a
            WHERE a.provider_id <> '' AND (a.kind, a.adapter) > (named.kind, named.adapter)
            ORDER BY a.kind, a.adapter LIMIT 1) n
    ), tried AS (
        SELECT a.id, 'reference' AS by FROM attempt a WHERE a.reference = %(text)s
        UNION ALL
        SELECT a.id, 'their_number' FROM named
        JOIN attempt a ON a.kind = named.kind AND a.adapter = named.adapter AND a.provider_id = %(text)s
        WHERE %(text)s <> ''
        UNION ALL
        SELECT a.id, 'their_number' FROM every_attempt_evidence e JOIN attempt a ON a.id = e.attempt_id
        WHERE e.evidence ? 'their_payment' AND e.evidence ->> 'their_payment' = %(text)s
        UNION ALL
        SELECT a.id, 'bank_number' FROM bank_reference b JOIN attempt a ON a.reference = b.attempt
        WHERE b.number = %(structured)s
        UNION ALL
        SELECT a.id, 'bank_line' FROM (SELECT DISTINCT account FROM bank_statement) s
        JOIN bank_line l ON l.account = s.account AND l.bank_ref = %(text)s AND l.bank_ref <> ''
        JOIN bank_reference b ON b.number = l.number JOIN attempt a ON a.reference = b.attempt
    ), found (id, by) AS (
        SELECT id, 'ticket' FROM orders WHERE ticket = %(ticket)s
        UNION ALL SELECT id, 'email' FROM orders WHERE %(email)s <> '' AND lower(email) = %(email)s AND reseller = ''
        UNION ALL SELECT id, 'number' FROM orders WHERE number = %(number)s AND number <> '' AND reseller = ''
        UNION ALL SELECT o.id, 'number' FROM reseller r JOIN orders o ON o.reseller = r.id
            AND o.number = %(number)s AND o.number <> '' AND o.reseller <> ''
        UNION ALL SELECT l.order_id, 'receipt' FROM payment p JOIN allocation l ON l.payment_id = p.id
            WHERE p.receipt = upper(%(text)s)
        UNION ALL SELECT order_id, 'serial' FROM code WHERE serial = %(text)s AND serial <> '' AND order_id IS NOT NULL
        UNION ALL SELECT order_id, 'serial' FROM card WHERE iccid = %(text)s AND order_id IS NOT NULL
        UNION ALL SELECT order_id, 'their_key' FROM reseller r
            JOIN idempotency i ON i.caller = r.id AND i.key = %(text)s
        UNION ALL SELECT coalesce(a.order_id, r.order_id, l.order_id), t.by FROM tried t JOIN attempt a ON a.id = t.id
            LEFT JOIN refund r ON r.id = a.refund_id
            LEFT JOIN allocation l ON l.payment_id = coalesce(a.payment_id, r.payment_id) AND r.order_id IS NULL
    )
    SELECT o.id, array_agg(DISTINCT f.by ORDER BY f.by), o.ticket, o.state, o.product_name, o.reseller,
           o.face_minor + o.fee_minor - o.discount_minor, o.currency, o.placed_at
    FROM found f JOIN orders o ON o.id = f.id GROUP BY o.id ORDER BY o.placed_at DESC, o.id LIMIT %(limit)s
"""


def orders(sought: Sought, *, limit: int) -> list[Hit]:
    """Newest first."""
    rows = select(
        _FOUND,
        {
            "text": sought.text,
            "ticket": sought.ticket,
            "email": sought.email,
            "number": sought.number,
            "structured": sought.structured,
            "limit": limit,
        },
    )
    return [
        Hit(
            expect(id_, UUID),
            tuple(str(one) for one in expect(by, list)),
            expect(ticket, str),
            expect(state, str),
            expect(product, str),
            expect(reseller, str),
            Money(expect(minor, int), expect(currency, str)),
            expect(placed_at, datetime),
        )
        for id_, by, ticket, state, product, reseller, minor, currency, placed_at in rows
    ]


@dataclass(frozen=True)
class Known:
    """What an order is, without the payment that a reseller's has none of. `code`: nothing, hidden, or looked at."""

    id: UUID
    ticket: str
    state: str
    kind: str
    sku: str
    product_name: str
    operator: str
    number: str
    email: str
    language: str
    reseller: str
    placed_at: datetime
    deliver_at: datetime | None
    supplier: str
    serial: str
    code: str


def order(order_id: UUID) -> Known | None:
    rows = select(
        """SELECT o.id, o.ticket, o.state, o.kind, o.sku, o.product_name, o.operator, o.number, o.email, o.language,
                  o.reseller, o.placed_at, o.deliver_at, coalesce(d.supplier, ''), coalesce(k.serial, ''),
                  CASE WHEN k.id IS NULL THEN '' WHEN opla_code_seen(o.id) THEN 'seen' ELSE 'hidden' END
           FROM orders o LEFT JOIN delivery d ON d.order_id = o.id
           LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id WHERE o.id = %s""",
        [order_id],
    )
    if not rows:
        return None
    [row] = rows
    return Known(
        id=expect(row[0], UUID),
        ticket=expect(row[1], str),
        state=expect(row[2], str),
        kind=expect(row[3], str),
        sku=expect(row[4], str),
        product_name=expect(row[5], str),
        operator=expect(row[6], str),
        number=expect(row[7], str),
        email=expect(row[8], str),
        language=expect(row[9], str),
        reseller=expect(row[10], str),
        placed_at=expect(row[11], datetime),
        deliver_at=row[12] if isinstance(row[12], datetime) else None,
        supplier=expect(row[13], str),
        serial=expect(row[14], str),
        code=expect(row[15], str),
    )


@dataclass(frozen=True)
class Told:
    """One line of an order's story: `what` is the source, `word` a name of it, `about` what it is of."""

    at: datetime
    what: str
    word: str
    about: str
    actor: str


_STORY = """
    WITH paid AS (SELECT payment_id FROM allocation WHERE order_id = %(order)s),
    mine AS (
        SELECT id, kind, adapter FROM attempt WHERE order_id = %(order)s
        UNION ALL SELECT a.id, a.kind, a.adapter FROM paid JOIN attempt a ON a.payment_id = paid.payment_id
        UNION ALL SELECT a.id, a.kind, a.adapter FROM paid JOIN refund r ON r.payment_id = paid.payment_id
            AND (r.order_id IS NULL OR r.order_id = %(order)s) JOIN attempt a ON a.refund_id = r.id
    )
    SELECT at, what, word, about, actor FROM (
    SELECT at, 'event' AS what, name AS word, why AS about, actor, id AS nth FROM every_event
    WHERE subject_id IN (SELECT %(order)s::uuid UNION ALL SELECT payment_id FROM paid)
    UNION ALL SELECT e.at, 'answer', e.answer, m.kind || ' ' || m.adapter, '', 0 FROM mine m
        JOIN every_attempt_evidence e ON e.attempt_id = m.id
    UNION ALL SELECT at, 'reveal', 'reveal', '', actor, id FROM reveal WHERE order_id = %(order)s
    UNION ALL SELECT asked_at, 'print', state, why, asked_by, 0 FROM print_job WHERE order_id = %(order)s
    UNION ALL SELECT opened_at, 'item', kind, id::text, '', id FROM item WHERE order_id = %(order)s
    UNION ALL SELECT closed_at, 'item_closed', kind, id::text, closed_by, id FROM item
        WHERE order_id = %(order)s AND closed_at IS NOT NULL
    UNION ALL SELECT m.at, 'message', m.side, '', m.actor, 0 FROM thread t JOIN thread_message m ON m.thread_id = t.id
        WHERE t.order_id = %(order)s
    ) told ORDER BY at, what, nth, word LIMIT 1000
"""


def story(order_id: UUID) -> list[Told]:
    """Everything that is written down about an order, oldest first, at most a thousand lines."""
    return [
        Told(expect(at, datetime), *(expect(value, str) for value in rest))
        for at, *rest in select(_STORY, {"order": order_id})
    ]


@dataclass(frozen=True)
class Posted:
    """One line of the journal of an order."""

    at: datetime
    reason: Reason
    debit: str
    credit: str
    amount: Money
    phase: str


def postings(about: About | Item) -> list[Posted]:
    """Of the order, and of the payments that paid it where a line names no order, oldest first. Of a payment's item all
    that it has moved, for whichever order."""
    rows = select(
        """SELECT t.at, t.reason, d.code, c.code, t.amount_minor, t.currency, t.phase
           FROM every_transfer t JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
           WHERE t.order_id = %(order)s
              OR t.order_id IS NULL AND t.payment_id IN (SELECT payment_id FROM allocation WHERE order_id = %(order)s)
              OR %(order)s::uuid IS NULL AND t.payment_id = %(payment)s
              OR %(order)s::uuid IS NULL
                 AND t.order_id IN (SELECT order_id FROM allocation WHERE payment_id = %(payment)s)
           ORDER BY t.id""",
        {"order": about.order_id, "payment": about.payment_id},
    )
    return [
        Posted(
            expect(at, datetime),
            Reason(expect(reason, str)),
            expect(debit, str),
            expect(credit, str),
            Money(expect(minor, int), expect(currency, str)),
            expect(phase, str),
        )
        for at, reason, debit, credit, minor, currency, phase in rows
    ]


def open_items(order_id: UUID) -> list[tuple[int, Kind]]:
    """Items of the order, or of the payments that paid it, that wait for a person."""
    rows = select(
        """SELECT id, kind FROM item WHERE closed_at IS NULL AND (order_id = %(order)s
               OR payment_id IN (SELECT payment_id FROM allocation WHERE order_id = %(order)s)) ORDER BY id""",
        {"order": order_id},
    )
    return [(expect(id_, int), Kind(expect(kind, str))) for id_, kind in rows]
