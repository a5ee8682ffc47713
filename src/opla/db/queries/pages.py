"""What surfaces show, read in one statement each. Nothing here opens anything sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from opla.core import order, payment
from opla.core.money import Money
from opla.core.order import Price
from opla.core.ports import Kind
from opla.core.promotion import Kept
from opla.core.quote import Quote
from opla.db.queries.call import Row, expect, select
from opla.db.queries.orders import read_price


def quote(quote_id: UUID, device_hash: bytes) -> Quote | None:
    """A quote, for the device it was shown on; None for anybody else."""
    return quotes([quote_id], device_hash).get(quote_id)


def quotes(quote_ids: Sequence[UUID], device_hash: bytes) -> dict[UUID, Quote]:
    """Those of these quotes that were shown on this device."""
    rows = select(
        """SELECT id, sku, operator, product_name, kind, face_minor, fee_minor, fee_vat_minor, currency, number, plan,
                  email, language, catalog_version, sample, made_at, expires_at,
                  discount_minor, offer::text, deliver_at, device
           FROM quote WHERE id = ANY (%s::uuid[]) AND device_hash = %s""",
        [list(quote_ids), device_hash],
    )
    return {(q := _quote(row)).id: q for row in rows}


def _quote(row: Row) -> Quote:
    currency = expect(row[8], str)
    return Quote(
        id=expect(row[0], UUID),
        sku=expect(row[1], str),
        operator=expect(row[2], str),
        product_name=expect(row[3], str),
        kind=Kind(expect(row[4], str)),
        price=read_price(row[5], row[6], row[7], row[17], currency),
        number=expect(row[9], str),
        plan=expect(row[10], str),
        email=expect(row[11], str),
        language=expect(row[12], str),
        catalog_version=expect(row[13], int),
        sample=expect(row[14], bool),
        made_at=expect(row[15], datetime),
        expires_at=expect(row[16], datetime),
        promotions=Kept.read(json.loads(row[18])) if isinstance(row[18], str) else None,
        deliver_at=row[19] if isinstance(row[19], datetime) else None,
        device=expect(row[20], str),
    )


@dataclass(frozen=True)
class Happened:
    """One line of an order's life, as its owner may read it."""

    at: datetime
    name: str
    why: str


@dataclass(frozen=True)
class OrderPage:
    """An order as its page shows it: state, never the code. `payment_state` is of the latest payment."""

    id: UUID
    ticket: str
    state: order.State
    sku: str
    operator: str
    product_name: str
    kind: Kind
    price: Price
    number: str
    plan: str
    email: str
    language: str
    catalog_version: int
    sample: bool
    placed_at: datetime
    expires_at: datetime  # of an unpaid one
    ended_at: datetime | None
    payment_id: UUID
    payment_state: payment.State
    payment_why: str
    payment_total: Money  # what it asks: more than the price where others are paid with it
    receipt: str
    provider: str
    redirect_url: str  # where the customer pays; empty until a worker has it
    by_consent: bool  # it is charged by itself: there is no page on which to pay
    asking: bool  # a send is out and its answer is not known yet
    parked: bool  # a person is looking at it
    deliver_at: datetime | None  # not before then, where it was bought for a date
    delivered_at: datetime | None
    serial: str
    code_valid_until: date | None
    revealed: bool  # somebody has looked at the code already
    proven: bool  # this device or this customer may look
    refunding: Money  # on its way back
    refunded: Money
    events: tuple[Happened, ...]
    bought: bool  # it waits for what was asked for by text, and somebody else has paid for that


_PAGE = """
    SELECT o.id, o.ticket, o.state, o.sku, o.operator, o.product_name, o.kind, o.face_minor, o.fee_minor,
           o.fee_vat_minor, o.currency, o.number, o.plan, o.email, o.language, o.catalog_version, o.sample, o.placed_at,
           coalesce(o.expires_at, o.placed_at), o.ended_at, p.id, p.state, coalesce(c.why, ''), p.receipt, p.provider,
           coalesce(c.redirect_url, ''),
           EXISTS (SELECT FROM attempt a WHERE a.order_id = o.id AND a.state IN ('sending', 'pending', 'unknown')),
           EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.closed_at IS NULL
                   AND i.kind NOT IN ('message_given_up', 'reservation', 'cash_due', 'slip_due')),
           d.at, coalesce(k.serial, ''), k.valid_until, opla_code_seen(o.id),
           opla_may_act(o.id, %(device)s, %(customer)s::uuid),
           (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
            WHERE r.state IN ('due', 'refused')
              AND (r.order_id = o.id OR (r.order_id IS NULL AND r.payment_id = p.id))),
           (SELECT coalesce(sum(r.amount_minor), 0)::bigint FROM refund r
            WHERE r.state IN ('done', 'otherwise', 'outside')
              AND (r.order_id = o.id OR (r.order_id IS NULL AND r.payment_id = p.id))),
           ARRAY(SELECT e.at::text || '|' || e.name || '|' || e.why FROM (
                     SELECT id, at, name, why FROM event WHERE subject_id = o.id
                     UNION ALL SELECT id, at, name, why FROM opla_archived_events(o.id, o.placed_at)) e ORDER BY e.id),
           o.discount_minor, p.amount_minor, o.deliver_at,
           (EXISTS (SELECT FROM renewal_period n WHERE n.payment_id = p.id)
           OR EXISTS (SELECT FROM text_pay t WHERE t.payment_id = p.id)),
           o.state = 'placed' AND EXISTS (SELECT FROM text_wish w WHERE w.quote_id = o.quote_id AND w.ask IS NOT NULL
                                          AND opla_text_ask_bought(w.ask, o.id))
    FROM orders o
    JOIN LATERAL (
        -- the payment that paid it, else the latest one
        SELECT p.* FROM allocation l JOIN payment p ON p.id = l.payment_id
        WHERE l.order_id = o.id ORDER BY (p.state = 'captured') DESC, p.id DESC LIMIT 1
    ) p ON true
    LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
    LEFT JOIN delivery d ON d.order_id = o.id
    LEFT JOIN code k ON k.id = d.code_id AND k.order_id = o.id
"""


def order_by_link(link_hash: bytes, device_hash: bytes, customer: UUID | None = None) -> OrderPage | None:
    """The order whose link this is; None when it is nobody's. `customer`: who has signed in on this device."""
    asked = {"device": device_hash, "customer": customer, "link": link_hash}
    rows = select(f"{_PAGE} WHERE o.link_hash = %(link)s", asked)
    return _page(rows[0]) if rows else None


def order_by_id(order_id: UUID, device_hash: bytes = b"", customer: UUID | None = None) -> OrderPage | None:
    """An order by its id: for workers, the terminal and the owner, never for a stranger's address."""
    rows = select(f"{_PAGE} WHERE o.id = %(id)s", {"device": device_hash, "customer": customer, "id": order_id})
    return _page(rows[0]) if rows else None


@dataclass(frozen=True)
class Addressed:
    """An order's page with what its messages need: both sealed, about the order's id."""

    page: OrderPage
    link_sealed: bytes
    proof_sealed: bytes | None
    agreed: str = ""  # the words about stepping back that the buyer agreed to


def addressed(order_ids: Sequence[UUID]) -> dict[UUID, Addressed]:
    """Orders by id, for the workers that write to their owners."""
    sealed = {
        expect(row[0], UUID): (
            bytes(expect(row[1], bytes)),
            bytes(row[2]) if isinstance(row[2], bytes) else None,
            expect(row[3], str),
        )
        for row in select(
            """SELECT o.id, o.link_sealed, p.sealed, coalesce(c.said, '')
               FROM orders o LEFT JOIN proof p ON p.order_id = o.id LEFT JOIN consent c ON c.quote_id = o.quote_id
               WHERE o.id = ANY (%s::uuid[])""",
            [list(order_ids)],
        )
    }
    rows = select(
        f"{_PAGE} WHERE o.id = ANY (%(ids)s::uuid[])", {"device": b"", "customer": None, "ids": list(order_ids)}
    )
    return {(page := _page(row)).id: Addressed(page, *sealed[page.id]) for row in rows}


def _page(row: Row) -> OrderPage:
    currency = expect(row[10], str)
    happened = []
    for line in expect(row[35], list):
        at, name, why = str(line).split("|", 2)
        happened.append(Happened(datetime.fromisoformat(at), name, why))
    return OrderPage(
        id=expect(row[0], UUID),
        ticket=expect(row[1], str),
        state=order.State(expect(row[2], str)),
        sku=expect(row[3], str),
        operator=expect(row[4], str),
        product_name=expect(row[5], str),
        kind=Kind(expect(row[6], str)),
        price=read_price(row[7], row[8], row[9], row[36], currency),
        number=expect(row[11], str),
        plan=expect(row[12], str),
        email=expect(row[13], str),
        language=expect(row[14], str),
        catalog_version=expect(row[15], int),
        sample=expect(row[16], bool),
        placed_at=expect(row[17], datetime),
        expires_at=expect(row[18], datetime),
        ended_at=row[19] if isinstance(row[19], datetime) else None,
        payment_id=expect(row[20], UUID),
        payment_state=payment.State(expect(row[21], str)),
        payment_why=expect(row[22], str),
        payment_total=Money(expect(row[37], int), currency),
        receipt=expect(row[23], str),
        provider=expect(row[24], str),
        redirect_url=expect(row[25], str),
        by_consent=expect(row[39], bool),
        asking=expect(row[26], bool),
        parked=expect(row[27], bool),
        deliver_at=row[38] if isinstance(row[38], datetime) else None,
        delivered_at=row[28] if isinstance(row[28], datetime) else None,
        serial=expect(row[29], str),
        code_valid_until=row[30] if isinstance(row[30], date) else None,
        revealed=expect(row[31], bool),
        proven=expect(row[32], bool),
        refunding=Money(expect(row[33], int), currency),
        refunded=Money(expect(row[34], int), currency),
        events=tuple(happened),
        bought=expect(row[40], bool),
    )


@dataclass(frozen=True)
class Listed:
    """An order as its owner's list shows it; `link_sealed` about the order's id."""

    id: UUID
    ticket: str
    state: order.State
    operator: str
    product_name: str
    kind: Kind
    price: Price
    number: str
    language: str
    placed_at: datetime
    ended_at: datetime | None
    link_sealed: bytes


def orders_of(email: str, *, limit: int, after: int = 0) -> list[Listed]:
    """The orders of an address in lower case, the newest first, without the first `after`."""
    rows = select(
        """SELECT id, ticket, state, operator, product_name, kind, face_minor, fee_minor, fee_vat_minor, discount_minor,
                  currency, number, language, placed_at, ended_at, link_sealed
           FROM orders WHERE reseller = '' AND lower(email) = %s AND email <> ''
           ORDER BY placed_at DESC, id DESC LIMIT %s OFFSET %s""",
        [email, limit, after],
    )
    return [
        Listed(
            id=expect(row[0], UUID),
            ticket=expect(row[1], str),
            state=order.State(expect(row[2], str)),
            operator=expect(row[3], str),
            product_name=expect(row[4], str),
            kind=Kind(expect(row[5], str)),
            price=read_price(row[6], row[7], row[8], row[9], expect(row[10], str)),
            number=expect(row[11], str),
            language=expect(row[12], str),
            placed_at=expect(row[13], datetime),
            ended_at=row[14] if isinstance(row[14], datetime) else None,
            link_sealed=bytes(expect(row[15], bytes)),
        )
        for row in rows
    ]


def sealed_link(order_id: UUID) -> bytes | None:
    """The order's link secret, sealed about the order's id."""
    rows = select("SELECT link_sealed FROM orders WHERE id = %s", [order_id])
    return bytes(expect(rows[0][0], bytes)) if rows else None
