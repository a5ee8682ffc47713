"""What waits for a person, and all that is known about it. Nothing here opens anything sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core import attempt
from opla.core.fee import share_minor
from opla.core.item import Kind, Resolution, Step
from opla.core.money import Money
from opla.db.queries.call import Row, expect, select


@dataclass(frozen=True)
class Item:
    """One line of a person's list. `ticket` and `state` are its order's, where it is about one; `file` is the one in
    which a bank was asked for it, of a transfer."""

    id: int
    kind: Kind
    at_risk: Money
    why: str
    params: Mapping[str, str]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    subject: UUID
    order_id: UUID | None
    payment_id: UUID | None
    attempt_id: UUID | None
    ticket: str
    state: str
    adapter: str
    reference: str
    proposed: bool  # one person has decided, and a second one is needed
    file: UUID | None
    reseller: str  # whose float its payment pays into; empty: it pays orders

    @property
    def open(self) -> bool:
        return self.closed_at is None


_ITEM = """
    SELECT i.id, i.kind, i.amount_minor, i.currency, i.why::text, i.opened_at, i.closed_at, i.closed_by, i.subject,
           i.order_id, i.payment_id, i.attempt_id,
           coalesce(o.ticket, (SELECT string_agg(x.ticket, ' ' ORDER BY x.ticket) FROM allocation l
                               JOIN orders x ON x.id = l.order_id WHERE l.payment_id = i.payment_id), ''),
           coalesce(o.state, ''), coalesce(a.adapter, ''), coalesce(a.reference, ''),
           EXISTS (SELECT FROM item_evidence e WHERE e.item_id = i.id AND e.step = 'proposed'),
           (SELECT l.file_id FROM transfer_file_line l WHERE l.number = i.why ->> 'reference' AND l.freed_at IS NULL
            AND i.kind IN ('transfer_due', 'line_back')), coalesce(d.reseller_id, '')
    FROM item i LEFT JOIN deposit d ON d.payment_id = i.payment_id
    LEFT JOIN orders o ON o.id = i.order_id LEFT JOIN attempt a ON a.id = i.attempt_id
"""


def open_items(kind: Kind | None = None, *, by_money: bool = False, limit: int = 200) -> list[Item]:
    """Open items, oldest first or most money first; of one kind, or of all."""
    where = "i.closed_at IS NULL AND (%(kind)s::text IS NULL OR i.kind = %(kind)s)"
    asked = {"kind": kind, "limit": limit}
    order = "i.amount_minor DESC, i.opened_at" if by_money else "i.opened_at"
    return [_item(row) for row in select(f"{_ITEM} WHERE {where} ORDER BY {order}, i.id LIMIT %(limit)s", asked)]


def item(item_id: int) -> Item | None:
    """One item, open or closed."""
    rows = select(f"{_ITEM} WHERE i.id = %s", [item_id])
    return _item(rows[0]) if rows else None


def _item(row: Row) -> Item:
    why = _texts(row[4])
    order_id, payment_id, attempt_id = (value if isinstance(value, UUID) else None for value in row[9:12])
    ticket, state, adapter, reference = (expect(value, str) for value in row[12:16])
    return Item(
        expect(row[0], int),
        Kind(expect(row[1], str)),
        Money(expect(row[2], int), expect(row[3], str)),
        why.pop("why", ""),
        why,
        expect(row[5], datetime),
        row[6] if isinstance(row[6], datetime) else None,
        expect(row[7], str),
        expect(row[8], UUID),
        order_id,
        payment_id,
        attempt_id,
        ticket,
        state,
        adapter,
        reference,
        expect(row[16], bool),
        row[17] if isinstance(row[17], UUID) else None,
        expect(row[18], str),
    )


def _texts(value: object) -> dict[str, str]:
    return {str(name): str(text) for name, text in json.loads(expect(value, str)).items()}


@dataclass(frozen=True)
class Sold:
    """What the item's order is: a customer's, or (with a `reseller`) one from a float, which has no payment."""

    product_name: str
    number: str
    total: Money
    email: str
    reseller: str
    earned: Money  # margin and our own fee without VAT, less what was given by choice
    provider_fee: Money  # its share of what the provider keeps of its payment and for its refunds

    @property
    def left(self) -> Money:
        """What is left of the order for us."""
        return self.earned - self.provider_fee


def sold(order_id: UUID) -> Sold:
    [row] = select(
        """SELECT product_name, number, face_minor + fee_minor - discount_minor, currency, email, reseller,
                  (SELECT coalesce(sum(CASE WHEN c.kind IN ('margin', 'service_fee', 'promotions') THEN t.amount_minor
                                            ELSE -t.amount_minor END), 0)::bigint
                   FROM every_transfer t JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
                   WHERE t.order_id = o.id AND t.phase = 'posted'
                     AND (c.kind IN ('margin', 'service_fee', 'promotions'))
                         <> (d.kind IN ('margin', 'service_fee', 'promotions')))
           FROM orders o WHERE id = %s""",
        [order_id],
    )
    currency = expect(row[3], str)
    total, earned = Money(expect(row[2], int), currency), Money(expect(row[6], int), currency)
    kept = Money(_provider_fee_minor(order_id), currency)
    return Sold(expect(row[0], str), expect(row[1], str), total, expect(row[4], str), expect(row[5], str), earned, kept)


def _provider_fee_minor(order_id: UUID) -> int:
    """Of a payment for several orders each bears its share of the fee; a refund's is its own order's."""
    rows = select(
        """SELECT c.fee_minor, ARRAY(SELECT l.order_id FROM allocation l WHERE l.payment_id = c.payment_id ORDER BY 1),
                  ARRAY(SELECT l.amount_minor FROM allocation l WHERE l.payment_id = c.payment_id ORDER BY l.order_id)
           FROM allocation o JOIN attempt c ON c.payment_id = o.payment_id
           WHERE o.order_id = %s AND c.fee_minor IS NOT NULL""",
        [order_id],
    )
    shares = (
        share_minor(expect(f, int), list(zip(expect(o, list), expect(a, list), strict=True)), order_id)
        for f, o, a in rows
    )
    [(refunds,)] = select(
        """SELECT coalesce(sum(a.fee_minor), 0)::bigint FROM refund r JOIN attempt a ON a.refund_id = r.id
           WHERE r.order_id = %s""",
        [order_id],
    )
    return sum(shares) + expect(refunds, int)


@dataclass(frozen=True)
class About:
    """What to tell the story of, where it is no item's: an order, for one."""

    order_id: UUID | None
    payment_id: UUID | None = None
    attempt_id: UUID | None = None


@dataclass(frozen=True)
class Answered:
    """One answer about an attempt."""

    at: datetime
    answer: str
    why: str
    evidence: Mapping[str, str]


@dataclass(frozen=True)
class Tried:
    """One attempt of the item's order or payment, with its newest answers, oldest first."""

    id: UUID
    kind: attempt.Kind
    state: attempt.State
    adapter: str
    reference: str
    provider_id: str
    made_at: datetime
    due_at: datetime | None
    answers: tuple[Answered, ...]


_ANSWERS = 20


def attempts_about(found: Item | About) -> list[Tried]:
    """Every attempt that this item's order, payment or attempt belongs to, oldest first."""
    rows = select(
        """WITH paid AS (
               SELECT l.payment_id FROM allocation l WHERE l.order_id = %(order)s UNION SELECT %(payment)s::uuid
           )
           SELECT a.id, a.kind, a.state, a.adapter, a.reference, a.provider_id, a.made_at, a.due_at,
                  (SELECT coalesce(json_agg(json_build_array(e.at, e.answer, e.why, e.evidence) ORDER BY e.at), '[]')
                   FROM (SELECT * FROM every_attempt_evidence v WHERE v.attempt_id = a.id
                         ORDER BY v.at DESC LIMIT %(limit)s) e)::text
           FROM attempt a
           WHERE a.id = %(attempt)s OR a.order_id = %(order)s OR a.payment_id IN (SELECT payment_id FROM paid)
              OR a.refund_id IN (SELECT r.id FROM refund r JOIN paid USING (payment_id)
                                 WHERE r.order_id IS NULL OR %(order)s::uuid IS NULL OR r.order_id = %(order)s)
           ORDER BY a.made_at, a.id""",
        {
            "order": found.order_id,
            "payment": found.payment_id,
            "attempt": found.attempt_id,
            "limit": _ANSWERS,
        },
    )
    return [_tried(row) for row in rows]


def _tried(row: Row) -> Tried:
    answers = (
        Answered(datetime.fromisoformat(at), answer, why, {str(k): str(v) for k, v in evidence.items()})
        for at, answer, why, evidence in json.loads(expect(row[8], str))
    )
    return Tried(
        expect(row[0], UUID),
        attempt.Kind(expect(row[1], str)),
        attempt.State(expect(row[2], str)),
        expect(row[3], str),
        expect(row[4], str),
        expect(row[5], str),
        expect(row[6], datetime),
        row[7] if isinstance(row[7], datetime) else None,
        tuple(answers),
    )


@dataclass(frozen=True)
class Event:
    """One move of the item's order or of its payments."""

    at: datetime
    subject: str
    name: str
    actor: str
    why: str


def events_about(found: Item | About) -> list[Event]:
    """What happened to the order and its payments, oldest first; to the orders it paid, where it is a payment's."""
    rows = select(
        """SELECT e.at, e.subject, e.name, e.actor, e.why FROM every_event e
           WHERE e.subject_id IN (
               SELECT %(order)s::uuid UNION SELECT %(payment)s::uuid
               UNION SELECT l.payment_id FROM allocation l WHERE l.order_id = %(order)s
               UNION SELECT l.order_id FROM allocation l WHERE l.payment_id = %(payment)s AND %(order)s::uuid IS NULL
           ) ORDER BY e.id""",
        {"order": found.order_id, "payment": found.payment_id},
    )
    return [Event(expect(row[0], datetime), *(expect(value, str) for value in row[1:5])) for row in rows]


def paid_by(payment_id: UUID) -> list[tuple[UUID, str, str]]:
    """The orders that a payment is for: id, number and state."""
    rows = select(
        """SELECT o.id, o.ticket, o.state FROM allocation l JOIN orders o ON o.id = l.order_id
           WHERE l.payment_id = %s ORDER BY o.ticket""",
        [payment_id],
    )
    return [(expect(id_, UUID), expect(ticket, str), expect(state, str)) for id_, ticket, state in rows]


@dataclass(frozen=True)
class Evidence:
    """What a person said of an item, and the file they kept with it."""

    id: int
    at: datetime
    actor: str
    step: Step
    resolution: Resolution
    note: str
    facts: Mapping[str, str]
    answers: int | None
    file_name: str
    sha256: str


def evidence(item_id: int) -> list[Evidence]:
    """Everything said of an item, oldest first."""
    rows = select(
        """SELECT id, at, actor, step, resolution, note, facts::text, answers, file_name,
                  coalesce(encode(file_sha256, 'hex'), '')
           FROM item_evidence WHERE item_id = %s ORDER BY id""",
        [item_id],
    )
    return [
        Evidence(
            expect(row[0], int),
            expect(row[1], datetime),
            expect(row[2], str),
            Step(expect(row[3], str)),
            Resolution(expect(row[4], str)),
            expect(row[5], str),
            _texts(row[6]),
            row[7] if isinstance(row[7], int) else None,
            expect(row[8], str),
            expect(row[9], str),
        )
        for row in rows
    ]


def evidence_file(item_id: int, evidence_id: int) -> tuple[str, bytes] | None:
    """The name and the bytes of a kept file."""
    rows = select(
        "SELECT file_name, file FROM item_evidence WHERE item_id = %s AND id = %s AND file IS NOT NULL",
        [item_id, evidence_id],
    )
    return (expect(rows[0][0], str), bytes(expect(rows[0][1], bytes))) if rows else None


def message_topic(reference: UUID) -> str:
    """What a message that was given up was about; empty when there is none."""
    rows = select("SELECT topic FROM outbox WHERE reference = %s", [reference.hex])
    return expect(rows[0][0], str) if rows else ""
