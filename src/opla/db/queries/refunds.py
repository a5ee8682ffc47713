"""Refunds by choice: what they are decided from, and the ones that wait for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.choice import Case
from opla.core.money import Money
from opla.core.refund import State
from opla.db.queries import cases as loading
from opla.db.queries.call import Argument, call, expect, select


def order_by_ticket(ticket: str) -> UUID | None:
    """The order that a person reads out."""
    rows = select("SELECT id FROM orders WHERE ticket = upper(%s)", [ticket.strip()])
    return expect(rows[0][0], UUID) if rows else None


def choice(order_id: UUID) -> Case | None:
    """An order with the payment that paid it; one that nobody paid stands for itself, with nothing kept."""
    rows = select(
        """SELECT p.id FROM allocation l JOIN payment p ON p.id = l.payment_id WHERE l.order_id = %s
           ORDER BY p.captured_minor >= p.amount_minor DESC, p.id""",
        [order_id],
    )
    cases = loading.payment_cases([expect(row[0], UUID) for row in rows])
    found = next((case for case in cases.values() if order_id in case.standings), next(iter(cases.values()), None))
    if found is None:
        return _from_float(order_id)
    held, paid = found.standings.get(order_id), found.payment
    return Case(
        found.orders[order_id],
        paid.id,
        paid.provider,
        share_minor=paid.allocations[order_id],
        back_minor=held.back_minor if held else 0,
        kept_minor=paid.kept_minor if held else 0,
        seen=paid.seen,
        supplier=held.supplier if held else "",
        cost_minor=held.cost_minor if held else 0,
        code=held.code if held else None,
    )


def _from_float(order_id: UUID) -> Case | None:
    held = loading.float_case(order_id)
    if held is None:
        return None
    price_minor = held.order.price.total.amount_minor
    return Case(
        held.order,
        None,
        "",
        share_minor=price_minor,
        back_minor=held.back_minor,
        kept_minor=price_minor - held.back_minor,
        seen=str(held.back_minor),
        supplier=held.supplier,
        cost_minor=held.cost_minor,
        code=held.code,
    )


@dataclass(frozen=True)
class Chosen:
    """A refund by choice as it stands. `actor` asked for it."""

    id: UUID
    order_id: UUID
    amount: Money
    reason: str
    why: str
    evidence: str
    state: State
    actor: str
    made_at: datetime


_CHOSEN = """SELECT id, order_id, amount_minor, currency, reason, why, evidence, state, actor, made_at FROM refund
             WHERE reason IN ('choice', 'goodwill')"""


def chosen(refund_id: UUID) -> Chosen | None:
    return _first(select(f"{_CHOSEN} AND id = %s", [refund_id]))


def waiting(order_id: UUID) -> Chosen | None:
    """The refund of this order that waits for a second person, if one does."""
    return _first(select(f"{_CHOSEN} AND order_id = %s AND state = 'asked'", [order_id]))


def has(order_id: UUID, reason: str) -> bool:
    """Whether the order has a refund of this reason, whatever became of it."""
    return bool(select("SELECT 1 FROM refund WHERE order_id = %s AND reason = %s LIMIT 1", [order_id, reason]))


def _first(rows: list[tuple[object, ...]]) -> Chosen | None:
    if not rows:
        return None
    row = rows[0]
    return Chosen(
        expect(row[0], UUID),
        expect(row[1], UUID),
        Money(expect(row[2], int), expect(row[3], str)),
        expect(row[4], str),
        expect(row[5], str),
        expect(row[6], str),
        State(expect(row[7], str)),
        expect(row[8], str),
        expect(row[9], datetime),
    )


def ask(
    refund_id: UUID, case: Case, amount_minor: int, *, reason: str, why: str, evidence: str, actor: Actor, at: datetime
) -> str:
    """`asked`, `again`, `waits` or `lost`: see `opla_ask_refund`."""
    rows = call(
        "opla_ask_refund",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(refund_id, "uuid"),
        Argument(case.payment_id, "uuid"),
        Argument(case.order.id, "uuid"),
        Argument(amount_minor, "bigint"),
        Argument(case.order.price.total.currency, "text"),
        Argument(reason, "text"),
        Argument(why, "text"),
        Argument(evidence, "text"),
        Argument(case.seen, "text"),
    )
    return expect(rows[0][0], str)
