"""The judge: what the outside truly did, against what our database says, order by order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from opla.counterparts.standins import Gives, Taken, Takes
from opla.db.queries.books import books
from opla.db.queries.call import expect, select


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
    renewed: int = 0  # orders that nobody placed: they came again by themselves
    by: dict[str, int] = field(default_factory=dict)  # payments that each provider took, values that each supplier gave
    final: list[str] = field(default_factory=list)  # for the trace: every order's end

    @property
    def clean(self) -> bool:
        broken = self.lost + self.undecided + self.unbalanced + self.revealed_to_stranger
        return broken == 0 and self.sends_per_order_max <= 1 and self.payments_per_order_max <= 1


class Looks(Protocol):
    """What came of people looking at codes."""

    revealed_to_stranger: int
    wrong_code: int
    read: dict[UUID, str]  # the codes that their owners have seen


class KeepBooks(Protocol):
    """Those who wrote down what they did: resellers who order from floats, our bank, who agreed to be charged again."""

    def differences(self) -> list[str]: ...


class Judged(Protocol):
    """What the judge needs to see of a simulation."""

    tills: dict[str, Takes]

    @property
    def suppliers(self) -> Mapping[str, Gives]: ...

    @property
    def customers(self) -> Looks: ...

    @property
    def resellers(self) -> KeepBooks: ...

    @property
    def bank(self) -> KeepBooks: ...

    @property
    def renewers(self) -> KeepBooks: ...

    def now(self) -> datetime: ...


_MOST_EXAMPLES = 5


@dataclass
class _Truth:
    """What the outside truly did about one order."""

    sends: int = 0
    taken_back: int = 0
    payments: int = 0  # of which money is still kept for it
    kept_minor: int = 0
    left: bool = False  # money of a payment of its left without us: charged back, or refunded in the dashboard


def judge(world: Judged) -> Verdict:
    looks = world.customers
    verdict = Verdict(revealed_to_stranger=looks.revealed_to_stranger + looks.wrong_code)
    truths: dict[UUID, _Truth] = defaultdict(_Truth)
    _given(world, truths)
    beyond = _kept(world, truths)
    _floated(truths)
    _given_back_unseen(world, truths)
    known = _on_a_list()
    untold = _ids(
        """SELECT o.id FROM orders o WHERE o.state IN ('delivered', 'refunded')
             AND NOT EXISTS (SELECT FROM outbox b WHERE b.order_id = o.id AND b.topic = o.state)"""
    )
    both = looks.read.keys() & _ids("SELECT order_id FROM refund WHERE reason = 'unseen' AND state <> 'refused'")
    early = _ids("SELECT o.id FROM orders o JOIN delivery d ON d.order_id = o.id WHERE d.at < o.deliver_at")
    for row in select("SELECT id, state, ticket, face_minor + fee_minor - discount_minor FROM orders ORDER BY id"):
        order_id, state, ticket = expect(row[0], UUID), expect(row[1], str), expect(row[2], str)
        truth, has_item = truths[order_id], order_id in known
        verdict.states[state] = verdict.states.get(state, 0) + 1
        verdict.final.append(f"{ticket} {state} {truth.sends} {truth.payments}")
        lost = [] if has_item else _not_true(state, truth)
        if order_id in untold:
            lost.append(f"{state}, and the commit left no message")
        if order_id in early:
            lost.append("delivered before the day it was bought for")
        if order_id in both:
            lost.append("its code was read, and its price went back as if nobody had")
        if beyond.get(order_id) and not has_item:
            lost.append(beyond[order_id])
        twice = [f"value was given {truth.sends} times"] if truth.sends > 1 else []
        if not has_item:
            if truth.kept_minor > expect(row[3], int):
                truth.payments = max(truth.payments, 2)  # a second one within a session counts as one more
            if truth.payments > 1:
                twice.append(f"{truth.payments} payments are kept")
            verdict.payments_per_order_max = max(verdict.payments_per_order_max, truth.payments)
        verdict.sends_per_order_max = max(verdict.sends_per_order_max, truth.sends)
        verdict.lost += bool(lost)
        if (lost or twice) and len(verdict.examples) < _MOST_EXAMPLES:
            verdict.examples.append(f"order {ticket}: {'; '.join([*twice, *lost])}\n{history(order_id)}")
    verdict.renewed = len(_ids("SELECT order_id FROM renewal_period WHERE order_id IS NOT NULL"))
    _count_undecided(world, verdict)
    _check_books(world, verdict)
    return verdict


def _not_true(state: str, truth: _Truth) -> list[str]:
    """Why this end is none, or is not true; of an order that is on nobody's list."""
    net = truth.sends - truth.taken_back
    if state in ("placed", "paid", "refunding"):
        return [f"still {state}, and nobody knows"]
    if state == "delivered" and (net < 1 or (truth.payments < 1 and not truth.left)):
        return ["delivered, yet nothing was given or nothing is kept"]
    if state in ("refunded", "cancelled") and (net > 0 or truth.payments > 0):
        return [f"{state}, yet value was given ({net}) or money is kept ({truth.kept_minor})"]
    return []


def _ids(sql: str) -> set[UUID]:
    return {expect(row[0], UUID) for row in select(sql)}


def _on_a_list() -> set[UUID]:
    """Orders that a person has on a list, themselves or by one of their payments. And those of which a person has said
    that the loss is ours: money that left without us, seen and explained, or a price given back by choice."""
    return _ids(
        """WITH listed AS (
               SELECT i.order_id, i.payment_id FROM item i WHERE i.closed_at IS NULL OR i.kind = 'outside_refund'
                  AND EXISTS (SELECT FROM item_evidence e WHERE e.item_id = i.id AND e.step = 'resolved')
           )
           SELECT order_id FROM listed WHERE order_id IS NOT NULL
           UNION SELECT l.order_id FROM listed JOIN allocation l USING (payment_id)
           UNION SELECT order_id FROM refund WHERE reason = 'choice' AND state IN ('done', 'otherwise')"""
    )


def _count_undecided(world: Judged, verdict: Verdict) -> None:
    rows = select(
        """SELECT a.kind, a.adapter, a.reference, a.state FROM attempt a
           WHERE a.state IN ('sending', 'unknown', 'pending')
             AND a.made_at < %s::timestamptz - interval '2 hours' AND a.kind <> 'charge'
             AND NOT EXISTS (SELECT FROM item i WHERE i.attempt_id = a.id AND i.closed_at IS NULL)
           ORDER BY a.id""",
        [world.now()],
    )
    verdict.undecided = len(rows)
    verdict.examples += [f"undecided: {' '.join(map(str, row))}" for row in rows[:_MOST_EXAMPLES]]


def _check_books(world: Judged, verdict: Verdict) -> None:
    for check in books(world.now()):
        if not check.holds:
            verdict.unbalanced += 1
            verdict.examples.append(f"books: {check.name}: {check.wrong} wrong, such as {check.example}")
    for name, keeper in (("float", world.resellers), ("bank", world.bank), ("renewal", world.renewers)):
        for difference in keeper.differences():
            verdict.unbalanced += 1
            verdict.examples.append(f"{name}: {difference}")
    verdict.by = {
        **{name: sum(one.captured_minor > 0 for one in till.taken.values()) for name, till in world.tills.items()},
        **{name: sum(supplier.given.values()) for name, supplier in world.suppliers.items()},
    }
    verdict.items = {
        expect(kind, str): expect(count, int)
        for kind, count in select("SELECT kind, count(*) FROM item WHERE closed_at IS NULL GROUP BY kind ORDER BY kind")
    }


def _given(world: Judged, truths: dict[UUID, _Truth]) -> None:
    """How often value was given, and how much of that was taken back, by the suppliers' own logs."""
    logs = {name: (supplier.given, supplier.taken_back) for name, supplier in world.suppliers.items()}
    for order_id, adapter, reference in select("SELECT order_id, adapter, reference FROM attempt WHERE kind = 'send'"):
        given, taken_back = logs.get(expect(adapter, str), ({}, {}))
        truth = truths[expect(order_id, UUID)]
        truth.sends += given.get(expect(reference, str), 0)
        truth.taken_back += taken_back.get(expect(reference, str), 0)
    for order_id, count in select(
        "SELECT order_id, count(*) FROM code WHERE supplier = 'code_stock' AND state = 'sold' GROUP BY order_id"
    ):
        truths[expect(order_id, UUID)].sends += expect(count, int)


def _given_back_unseen(world: Judged, truths: dict[UUID, _Truth]) -> None:
    """A supplier's code that its buyer gave back unseen is blocked: nobody has it, and its cost is our loss."""
    for order_id in _ids(
        """SELECT r.order_id FROM refund r JOIN delivery d ON d.order_id = r.order_id JOIN code c ON c.id = d.code_id
           WHERE r.reason = 'unseen' AND c.supplier <> 'code_stock' AND c.state = 'blocked'"""
    ):
        truth = truths[order_id]
        truth.taken_back = max(truth.taken_back, int(order_id not in world.customers.read))


def _kept(world: Judged, truths: dict[UUID, _Truth]) -> dict[UUID, str]:
    """What the provider still keeps for each order, by its own log; and what of its orders' payments is not right.

    A payment is divided over its orders as it was allocated; what was truly refunded is theirs for whom it was.
    """
    truly_back = {reference for till in world.tills.values() for reference in till.given_back}
    taken = {session.reference: session for till in world.tills.values() for session in till.taken.values()}
    given_back: dict[tuple[str, UUID | None], int] = defaultdict(int)
    otherwise: dict[str, int] = defaultdict(int)
    for reference, order_id, amount_minor, charge in select(
        """SELECT a.reference, r.order_id, r.amount_minor, c.reference FROM refund r
           JOIN attempt a ON a.refund_id = r.id JOIN attempt c ON c.payment_id = r.payment_id"""
    ):
        if expect(reference, str) in truly_back:
            whose = order_id if isinstance(order_id, UUID) else None
            given_back[expect(charge, str), whose] += expect(amount_minor, int)
    for order_id, amount_minor, charge in select(
        """SELECT r.order_id, r.amount_minor, c.reference FROM refund r JOIN attempt c ON c.payment_id = r.payment_id
           WHERE r.state = 'otherwise'"""
    ):
        # A person sent it from the bank account: the provider never hears of it.
        given_back[expect(charge, str), order_id if isinstance(order_id, UUID) else None] += expect(amount_minor, int)
        otherwise[expect(charge, str)] += expect(amount_minor, int)
    shares: dict[str, list[tuple[UUID, int]]] = defaultdict(list)
    books_say: dict[str, tuple[int, int]] = {}
    fees: dict[str, tuple[int, str]] = {}
    for charge, order_id, share_minor, captured_minor, charged_back_minor, fee_minor, fee_on in select(
        """SELECT a.reference, l.order_id, l.amount_minor, p.captured_minor, p.charged_back_minor, a.fee_minor, a.fee_on
           FROM attempt a JOIN payment p ON p.id = a.payment_id JOIN allocation l ON l.payment_id = p.id
           ORDER BY a.id, l.order_id"""
    ):
        shares[expect(charge, str)].append((expect(order_id, UUID), expect(share_minor, int)))
        books_say[expect(charge, str)] = expect(captured_minor, int), expect(charged_back_minor, int)
        if isinstance(fee_minor, int):
            fees[expect(charge, str)] = fee_minor, expect(fee_on, str)
    wrong: dict[UUID, str] = {}
    for charge, divided in shares.items():
        session = taken.get(charge)
        if session is None:
            continue
        if books_say[charge] != (session.captured_minor, session.charged_back_minor):
            says = f"captured {session.captured_minor}, charged back {session.charged_back_minor}"
            wrong[divided[0][0]] = f"the provider has {says}; we know of {books_say[charge]}"
        fee_minor, fee_on = fees.get(charge, (0, ""))
        told_of_all_of_it = fee_on == f"{session.captured_minor}/{session.charged_back_minor}"
        if told_of_all_of_it and fee_minor != session.fee_minor:
            wrong[divided[0][0]] = f"the provider keeps {session.fee_minor}; we know of {fee_minor}"
        _divide(session, session.kept_minor - otherwise[charge], divided, given_back, truths)
    return wrong


def _floated(truths: dict[UUID, _Truth]) -> None:
    """What each reseller's order has cost its float, by the lines that moved it: there is no provider to ask."""
    for order_id, kept_minor in select(
        """SELECT t.order_id, sum(CASE WHEN d.code LIKE 'reseller_float:%%' THEN t.amount_minor ELSE 0 END
                                  - CASE WHEN c.code LIKE 'reseller_float:%%' THEN t.amount_minor ELSE 0 END)::bigint
           FROM transfer t JOIN account d ON d.id = t.debit JOIN account c ON c.id = t.credit
           JOIN orders o ON o.id = t.order_id AND o.reseller <> ''
           WHERE t.phase = 'posted' GROUP BY t.order_id"""
    ):
        truth = truths[expect(order_id, UUID)]
        truth.kept_minor += expect(kept_minor, int)
        truth.payments += expect(kept_minor, int) > 0


def _divide(
    session: Taken,
    left: int,
    divided: list[tuple[UUID, int]],
    given_back: Mapping[tuple[str, UUID | None], int],
    truths: dict[UUID, _Truth],
) -> None:
    gone = session.charged_back_minor > 0 or session.outside_minor > 0
    for n, (order_id, share_minor) in enumerate(divided):
        last = n == len(divided) - 1
        # What is kept beyond the shares lies with the last: it belongs to none of them.
        of_it = left if last else min(max(share_minor - given_back.get((session.reference, order_id), 0), 0), left)
        left -= of_it
        truth = truths[order_id]
        truth.kept_minor += of_it
        truth.payments += of_it > 0
        truth.left = truth.left or gone


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
