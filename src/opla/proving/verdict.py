"""The judge: what the outside truly did, against what our database says, order by order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from opla.db.queries.books import books
from opla.db.queries.call import expect, select
from opla.proving.world import Provider, Supplier


@dataclass
class Verdict:
    """Promise 2 and its neighbours, as figures: all zeros, and both maxima at most one."""

    sends_per_order_max: int = 0
    payments_per_order_max: int = 0
    lost: int = 0
    undecided: int = 0
    unbalanced: int = 0
    revealed_to_stranger: int = 0
    examples: list[str] = field(default_factory=list)  # what broke, with the order's whole history
    states: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    final: list[str] = field(default_factory=list)  # for the trace: every order's end

    @property
    def clean(self) -> bool:
        broken = self.lost + self.undecided + self.unbalanced + self.revealed_to_stranger
        return broken == 0 and self.sends_per_order_max <= 1 and self.payments_per_order_max <= 1


class Judged(Protocol):
    """What the judge needs to see of a simulation."""

    provider: Provider
    revealed_to_stranger: int
    wrong_code: int

    @property
    def suppliers(self) -> Mapping[str, Supplier]: ...

    def now(self) -> datetime: ...


_MOST_EXAMPLES = 5


def judge(world: Judged) -> Verdict:
    verdict = Verdict(revealed_to_stranger=world.revealed_to_stranger + world.wrong_code)
    orders = {
        expect(row[0], UUID): (str(row[1]), bool(row[2]), str(row[3]), expect(row[4], int))
        for row in select(
            """SELECT o.id, o.state, EXISTS (SELECT FROM item i WHERE i.closed_at IS NULL AND (i.order_id = o.id
                      OR i.payment_id IN (SELECT l.payment_id FROM allocation l WHERE l.order_id = o.id))), o.ticket,
                      o.face_minor + o.fee_minor
               FROM orders o ORDER BY o.id"""
        )
    }
    untold = {
        expect(row[0], UUID)
        for row in select(
            """SELECT o.id FROM orders o WHERE o.state IN ('delivered', 'refunded')
                 AND NOT EXISTS (SELECT FROM outbox b WHERE b.order_id = o.id AND b.topic = o.state)"""
        )
    }
    given = _given(world)
    kept, kept_minor = _kept(world)
    for order_id, (state, has_item, ticket, total_minor) in orders.items():
        verdict.states[state] = verdict.states.get(state, 0) + 1
        verdict.final.append(f"{ticket} {state} {given[order_id][0]} {kept[order_id]}")
        sends, net = given[order_id]
        wrong = []
        if sends > 1:
            wrong.append(f"value was given {sends} times")
        if kept[order_id] > 1 and not has_item:
            wrong.append(f"{kept[order_id]} payments are kept")
        if order_id in untold:
            wrong.append(f"{state}, and the commit left no message")
            verdict.lost += 1
        if state == "delivered" and kept_minor[order_id] > total_minor and not has_item:
            wrong.append(f"{kept_minor[order_id]} is kept for a price of {total_minor}")
            kept[order_id] = max(kept[order_id], 2)  # a second payment within one session counts as one more
        if state in ("placed", "paid", "refunding") and not has_item:
            wrong.append(f"still {state}, and nobody knows")
            verdict.lost += 1
        if state == "delivered" and (net < 1 or kept[order_id] < 1) and not has_item:
            wrong.append("delivered, yet nothing was given or nothing is kept")
            verdict.lost += 1
        if state in ("refunded", "cancelled") and (net > 0 or kept[order_id] > 0) and not has_item:
            wrong.append(f"{state}, yet value was given ({net}) or money is kept ({kept[order_id]})")
            verdict.lost += 1
        verdict.sends_per_order_max = max(verdict.sends_per_order_max, sends)
        if not has_item:
            verdict.payments_per_order_max = max(verdict.payments_per_order_max, kept[order_id])
        if wrong and len(verdict.examples) < _MOST_EXAMPLES:
            verdict.examples.append(f"order {ticket}: {'; '.join(wrong)}\n{history(order_id)}")
    verdict.undecided = expect(
        select(
            """SELECT count(*) FROM attempt a WHERE a.state IN ('sending', 'unknown', 'pending')
                 AND a.made_at < %s::timestamptz - interval '2 hours' AND a.kind <> 'charge'
                 AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.closed_at IS NULL)""",
            [world.now()],
        )[0][0],
        int,
    )
    for check in books(world.now()):
        if not check.holds:
            verdict.unbalanced += 1
            verdict.examples.append(f"books: {check.name}: {check.wrong} wrong, such as {check.example}")
    verdict.items = {
        str(kind): expect(count, int)
        for kind, count in select("SELECT kind, count(*) FROM item WHERE closed_at IS NULL GROUP BY kind ORDER BY kind")
    }
    return verdict


def _given(world: Judged) -> dict[UUID, tuple[int, int]]:
    """Per order: how often value was given, and how much of that was not taken back."""
    found: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for order_id, adapter, reference in select(
        "SELECT order_id, adapter, reference FROM attempt WHERE kind = 'send' ORDER BY id"
    ):
        supplier = world.suppliers.get(str(adapter))
        if supplier is None:
            continue
        times, back = supplier.given.get(str(reference), 0), supplier.taken_back.get(str(reference), 0)
        before = found[expect(order_id, UUID)]
        found[expect(order_id, UUID)] = (before[0] + times, before[1] + times - back)
    for order_id, count in select(
        "SELECT order_id, count(*) FROM code WHERE supplier = 'code_stock' AND state = 'sold' GROUP BY order_id"
    ):
        before = found[expect(order_id, UUID)]
        found[expect(order_id, UUID)] = (before[0] + expect(count, int), before[1] + expect(count, int))
    return found


def _kept(world: Judged) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Per order: how many payments the provider's own log still keeps money of, and how much (in minor units)."""
    found: dict[UUID, int] = defaultdict(int)
    minor: dict[UUID, int] = defaultdict(int)
    for order_id, reference in select(
        """SELECT l.order_id, a.reference FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id
           WHERE a.kind = 'charge'"""
    ):
        session = world.provider.sessions.get(str(reference))
        if session is not None and session.kept_minor > 0:
            found[expect(order_id, UUID)] += 1
            minor[expect(order_id, UUID)] += session.kept_minor
    return found, minor


def history(order_id: UUID) -> str:
    """Everything that happened to an order: events, attempts and what was answered."""
    rows = select(
        """SELECT e.at, e.subject || ' ' || e.name || ' ' || e.source || '→' || e.target || ' ' || e.why FROM event e
           WHERE e.subject_id = %(order)s
              OR e.subject_id IN (SELECT payment_id FROM allocation WHERE order_id = %(order)s)
              OR e.subject_id IN (SELECT id FROM refund WHERE order_id = %(order)s)
           UNION ALL
           SELECT v.at, a.kind || ' at ' || a.adapter || ' ' || a.reference || ': ' || v.answer || ' ' || v.why
           FROM attempt a JOIN attempt_evidence v ON v.attempt_id = a.id
           WHERE a.order_id = %(order)s
              OR a.payment_id IN (SELECT payment_id FROM allocation WHERE order_id = %(order)s)
              OR a.refund_id IN (SELECT id FROM refund WHERE order_id = %(order)s)
           ORDER BY 1""",
        {"order": order_id},
    )
    return "\n".join(f"  {at}  {line}" for at, line in rows)
