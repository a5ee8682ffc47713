"""What payment providers paid out: kept with its lines, beside what our own books say of the same payments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from opla.core import payout
from opla.core.actor import Actor
from opla.core.ledger import Transfer
from opla.core.money import Money
from opla.core.payout import Judged, Ours, State, Verdict, Waiting
from opla.core.ports import Movement, Payout, PayoutLine
from opla.db.queries.call import Argument, Row, call, columns, expect, select

# ── when ──


def anything_due(providers: Sequence[str], *, at: datetime) -> bool:
    """Whether one of these is to be asked: looked at often, so it writes nothing."""
    rows = select(
        """SELECT FROM unnest(%s::text[]) AS n (name) LEFT JOIN payout_look l ON l.provider = n.name
           WHERE coalesce(l.due_at, %s) <= %s LIMIT 1""",
        [list(providers), at, at],
    )
    return bool(rows)


def due(providers: Sequence[str], *, at: datetime, again_s: int) -> list[str]:
    rows = call(
        "opla_payouts_due", Argument(at, "timestamptz"), Argument(list(providers), "text[]"), Argument(again_s, "int")
    )
    return sorted(expect(name, str) for (name,) in rows)


def looked(provider: str, said: str, *, at: datetime, again_s: int) -> None:
    call(
        "opla_payouts_looked", Argument(at, "timestamptz"), Argument(provider, "text"), Argument(said, "text"),
        Argument(again_s, "int"),
    )  # fmt: skip


@dataclass(frozen=True)
class Look:
    """When a provider last gave a readable answer, and what came of the last look."""

    looked_at: datetime | None
    said: str


def looks() -> dict[str, Look]:
    rows = select("SELECT provider, looked_at, said FROM payout_look")
    return {
        expect(provider, str): Look(at if isinstance(at, datetime) else None, expect(said, str))
        for provider, at, said in rows
    }


def lock(provider: str) -> None:
    """One look at a provider at a time, until the end of the transaction."""
    select("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"payouts {provider}"])


# ── what is ours of it ──

_OURS = """p.id, p.provider, p.currency, p.captured_minor,
    ((SELECT coalesce(sum(r.amount_minor), 0) FROM refund r WHERE r.payment_id = p.id AND r.state = 'done')
        + p.outside_minor)::bigint,
    p.charged_back_minor, c.fee_minor, coalesce(c.fee_on, ''),
    coalesce(t.paid, 0)::bigint, coalesce(t.back, 0)::bigint, coalesce(t.charged_back, 0)::bigint,
    coalesce(t.fee, 0)::bigint"""
_TOLD = """LEFT JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
    LEFT JOIN LATERAL (
        SELECT sum(l.gross_minor) FILTER (WHERE l.kind = 'payment') AS paid,
               -sum(l.gross_minor) FILTER (WHERE l.kind = 'refund') AS back,
               -sum(l.gross_minor) FILTER (WHERE l.kind = 'charge_back') AS charged_back,
               sum(l.fee_minor) FILTER (WHERE l.kind IN ('payment', 'charge_back')) AS fee
        FROM payout_line l WHERE l.payment_id = p.id
    ) t ON true"""


def _ours(row: Row, refund_minor: object = None) -> Ours:
    id_, provider, currency, captured, back, charged_back, fee, fee_on, *told = row
    return Ours(
        expect(id_, UUID),
        expect(provider, str),
        expect(currency, str),
        expect(captured, int),
        expect(back, int),
        expect(charged_back, int),
        fee if isinstance(fee, int) else None,
        expect(fee_on, str),
        refund_minor if isinstance(refund_minor, int) else None,
        *(expect(minor, int) for minor in told),
    )


def ours(ways: Sequence[str], lines: Sequence[PayoutLine]) -> dict[str, Ours]:
    """By line the payment of ours that it names, with what earlier payouts told of it.

    `ways` are the ways of paying that are paid out together.
    """
    named = [line for line in lines if line.of]
    rows = select(
        f"""SELECT f.line,
                   (SELECT r.amount_minor FROM attempt a JOIN refund r ON r.id = a.refund_id
                    WHERE a.kind = 'refund' AND a.provider_id = f.refund AND f.refund <> '' AND r.payment_id = p.id
                    LIMIT 1),
                   {_OURS}
            FROM (
                SELECT w.line, w.refund, coalesce(
                    (SELECT a.payment_id FROM attempt a WHERE a.kind = 'charge' AND a.adapter = ANY (%s)
                       AND a.provider_id = w.of LIMIT 1),
                    (SELECT a.payment_id FROM every_attempt_evidence e
                     JOIN attempt a ON a.id = e.attempt_id AND a.kind = 'charge'
                     WHERE e.evidence ? 'their_payment' AND e.evidence ->> 'their_payment' = w.of
                       AND a.adapter = ANY (%s) LIMIT 1)) AS payment_id
                FROM unnest(%s::text[], %s::text[], %s::text[]) AS w (line, of, refund)
            ) f JOIN payment p ON p.id = f.payment_id {_TOLD}""",  # noqa: S608 - constants of ours
        [
            list(ways), list(ways), [line.id for line in named], [line.of for line in named],
            [line.refund_id for line in named],
        ],
    )  # fmt: skip
    return {expect(row[0], str): _ours(row[2:], row[1]) for row in rows}


# ── keeping ──


def known(provider: str, their_ids: Sequence[str]) -> dict[str, State]:
    """Those of these payouts that are here already."""
    rows = select(
        "SELECT their_id, state FROM payout WHERE provider = %s AND their_id = ANY (%s)", [provider, list(their_ids)]
    )
    return {expect(id_, str): State(expect(state, str)) for id_, state in rows}


def keep(
    id_: UUID,
    provider: str,
    told: Payout,
    judged: Sequence[Judged],
    journal: Sequence[Transfer],
    *,
    actor: Actor,
    at: datetime,
) -> bool:
    """False when it is here already."""
    [(done,)] = call(
        "opla_payout_keep",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(id_, "uuid"),
        Argument(provider, "text"),
        Argument(told.id, "text"),
        Argument(str(State.FAILED if told.failed else State.SENT), "text"),
        Argument(told.amount.amount_minor, "bigint"),
        Argument(told.amount.currency, "text"),
        Argument(told.paid_on, "date"),
        Argument(told.reference, "text"),
        *columns(
            [
                (
                    j.line.id, j.line.kind, j.line.gross_minor, j.line.fee_minor, j.line.of, j.line.refund_id,
                    j.payment_id, j.account, j.verdict,
                )
                for j in judged
            ],
            *("text", "text", "bigint", "bigint", "text", "text", "uuid", "text", "text"),
        ),
        *columns([(t.debit, t.credit, t.amount_minor, t.reason) for t in journal], "text", "text", "bigint", "text"),
    )  # fmt: skip
    return bool(done)


def failed(provider: str, their_ids: Sequence[str], *, actor: Actor, at: datetime) -> None:
    """They say that these did not arrive."""
    rows = select(
        "SELECT id FROM payout WHERE provider = %s AND their_id = ANY (%s) AND state = 'sent'",
        [provider, list(their_ids)],
    )
    if rows:
        call(
            "opla_payouts_failed", Argument(at, "timestamptz"), Argument(str(actor), "text"),
            *columns(rows, "uuid"),
        )  # fmt: skip


# ── the bank ──


def waiting() -> list[Waiting]:
    """Payouts that no statement has shown."""
    rows = select(
        """SELECT id, provider, amount_minor, currency, paid_on, reference FROM payout
           WHERE state = 'sent' AND amount_minor <> 0 ORDER BY paid_on, id"""
    )
    return [
        Waiting(
            expect(id_, UUID),
            expect(provider, str),
            Money(expect(minor, int), expect(currency, str)),
            expect(paid_on, date),
            expect(reference, str),
        )
        for id_, provider, minor, currency, paid_on, reference in rows
    ]


def arrived(pairs: Sequence[tuple[Waiting, UUID]], *, actor: Actor, at: datetime) -> int:
    """(payout, line of our bank account): what each moves. How many."""
    moved = [(one.id, line_id, payout.arrival(one.adapter, one.amount)) for one, line_id in pairs]
    if not moved:
        return 0
    [(count,)] = call(
        "opla_payouts_arrived",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        *columns(
            [(id_, line_id, t.debit, t.credit, t.reason) for id_, line_id, t in moved],
            *("uuid", "uuid", "text", "text", "text"),
        ),
    )
    return expect(count, int)


# ── judging again ──


@dataclass(frozen=True)
class Open:
    """A line that does not agree, of a payment of ours, with all that payouts told of it."""

    payout_id: UUID
    currency: str
    line: PayoutLine
    verdict: Verdict
    ours: Ours


def open_lines(provider: str) -> list[Open]:
    """What went to suspense is not among them: no news moves that."""
    rows = select(
        f"""SELECT y.id, y.currency, l.their_id, l.kind, l.gross_minor, l.fee_minor, l.of, l.refund_id, l.verdict,
                   (SELECT r.amount_minor FROM attempt a JOIN refund r ON r.id = a.refund_id
                    WHERE a.kind = 'refund' AND a.provider_id = l.refund_id AND l.refund_id <> ''
                      AND r.payment_id = p.id LIMIT 1),
                   {_OURS}
            FROM payout y JOIN payout_line l ON l.payout_id = y.id JOIN payment p ON p.id = l.payment_id {_TOLD}
            WHERE y.provider = %s AND l.verdict <> 'agrees' AND l.account LIKE 'psp_clearing:%%'""",  # noqa: S608
        [provider],
    )
    return [
        Open(
            expect(row[0], UUID), expect(row[1], str), _line(row[2:8]), Verdict(expect(row[8], str)),
            _ours(row[10:], row[9]),
        )
        for row in rows
    ]  # fmt: skip


def _line(row: Row) -> PayoutLine:
    id_, kind, gross, fee, of, refund_id = row
    return PayoutLine(
        expect(id_, str), Movement(expect(kind, str)), expect(gross, int), expect(fee, int), expect(of, str),
        expect(refund_id, str),
    )  # fmt: skip


@dataclass(frozen=True)
class Parked:
    """An item there is now."""

    kind: str
    subject: UUID
    payment_id: UUID | None
    at_risk: Money
    why: Mapping[str, str]


def judged(verdicts: Sequence[tuple[UUID, str, Verdict]]) -> None:
    """(payout, their line, what it is by now)."""
    if verdicts:
        call("opla_payouts_judged", *columns(verdicts, "uuid", "text", "text"))


def park(provider: str, items: Sequence[Parked], *, at: datetime) -> None:
    """All items there are of this provider's payouts."""
    call(
        "opla_payouts_parked",
        Argument(at, "timestamptz"),
        Argument(provider, "text"),
        *columns(
            [
                (i.kind, i.subject, i.payment_id, i.at_risk.amount_minor, i.at_risk.currency, json.dumps(dict(i.why)))
                for i in items
            ],
            *("text", "uuid", "uuid", "bigint", "text", "text"),
        ),
    )


@dataclass(frozen=True)
class Counted:
    """How many of a payout's lines are unknown and how many of other sums; `at_risk_minor` is theirs together."""

    id: UUID
    their_id: str
    reference: str
    currency: str
    unknown: int
    other: int
    at_risk_minor: int


def differing(provider: str) -> list[Counted]:
    rows = select(
        """SELECT y.id, y.their_id, y.reference, y.currency, (count(*) FILTER (WHERE l.verdict = 'unknown'))::int,
                  (count(*) FILTER (WHERE l.verdict <> 'unknown'))::int,
                  sum(abs(l.gross_minor - l.fee_minor))::bigint
           FROM payout y JOIN payout_line l ON l.payout_id = y.id
           WHERE y.provider = %s AND l.verdict <> 'agrees' GROUP BY y.id ORDER BY y.id""",
        [provider],
    )
    return [
        Counted(
            expect(row[0], UUID), expect(row[1], str), expect(row[2], str), expect(row[3], str), expect(row[4], int),
            expect(row[5], int), expect(row[6], int),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Late:
    """A payout that failed, or that no statement shows though it was sent long ago."""

    id: UUID
    their_id: str
    reference: str
    amount: Money
    paid_on: date
    failed: bool


def late(provider: str, before: date) -> list[Late]:
    rows = select(
        """SELECT y.id, y.their_id, y.reference, y.amount_minor, y.currency, y.paid_on, y.state = 'failed' FROM payout y
           WHERE y.provider = %s AND (y.state = 'sent' AND y.paid_on < %s AND y.amount_minor <> 0 OR y.state = 'failed')
           ORDER BY y.id""",
        [provider, before],
    )
    return [
        Late(
            expect(row[0], UUID), expect(row[1], str), expect(row[2], str),
            Money(expect(row[3], int), expect(row[4], str)), expect(row[5], date), bool(row[6]),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Missing:
    payment_id: UUID
    amount: Money
    made_at: datetime


def missing(ways: Sequence[str], older_s: int, limit: int = 200) -> list[Missing]:
    """Captured payments that no payout has brought, so much older than the newest one of the same way of paying that
    was brought. A way of paying that is not paid out like this, or not read yet, has none."""
    rows = select(
        """WITH brought AS (
               SELECT p.provider, max(p.made_at) AS newest, min(p.made_at) AS first
               FROM payout_line l JOIN payment p ON p.id = l.payment_id
               WHERE l.kind = 'payment' AND p.provider = ANY (%s) GROUP BY p.provider
           )
           SELECT p.id, p.captured_minor, p.currency, p.made_at FROM payment p JOIN brought b ON b.provider = p.provider
           WHERE p.captured_minor > 0
             AND p.made_at < b.newest - make_interval(secs => %s) AND p.made_at >= b.first
             AND NOT EXISTS (SELECT FROM payout_line l WHERE l.payment_id = p.id AND l.kind = 'payment')
           ORDER BY p.made_at, p.id LIMIT %s""",
        [list(ways), older_s, limit],
    )
    return [
        Missing(expect(id_, UUID), Money(expect(minor, int), expect(currency, str)), expect(made_at, datetime))
        for id_, minor, currency, made_at in rows
    ]


# ── fees ──


@dataclass(frozen=True)
class FeeDue:
    """The charge (or refund) attempt of a payment whose fee payouts told and the books do not have."""

    attempt_id: UUID
    due_at: datetime | None
    tries: int
    ours: Ours


def fees_due(ways: Sequence[str]) -> list[FeeDue]:
    """Of charges; `core.payout.fee_due` says of which the books can take it."""
    rows = select(
        f"""SELECT c.id, c.due_at, c.tries, {_OURS}
            FROM payment p {_TOLD}
            WHERE p.provider = ANY (%s) AND t.fee IS NOT NULL AND t.fee <> coalesce(c.fee_minor, 0)
              AND c.state = 'succeeded'
            ORDER BY p.id""",  # noqa: S608 - constants of ours
        [list(ways)],
    )
    return [
        FeeDue(
            expect(row[0], UUID), row[1] if isinstance(row[1], datetime) else None, expect(row[2], int), _ours(row[3:])
        )
        for row in rows
    ]


@dataclass(frozen=True)
class RefundFeeDue:
    attempt_id: UUID
    refund_id: UUID
    due_at: datetime | None
    tries: int
    fee_minor: int


def refund_fees_due(ways: Sequence[str]) -> list[RefundFeeDue]:
    """Refunds that are done, of which payouts told a fee and their provider has not."""
    rows = select(
        """SELECT a.id, r.id, a.due_at, a.tries, l.fee_minor
           FROM payout_line l JOIN payment p ON p.id = l.payment_id JOIN refund r ON r.payment_id = p.id
           JOIN attempt a ON a.refund_id = r.id AND a.kind = 'refund' AND a.provider_id = l.refund_id
           WHERE p.provider = ANY (%s) AND l.kind = 'refund' AND l.gross_minor < 0 AND l.refund_id <> ''
             AND l.fee_minor > 0 AND r.state = 'done' AND a.state = 'succeeded' AND a.fee_minor IS NULL
           ORDER BY a.id""",
        [list(ways)],
    )
    return [
        RefundFeeDue(
            expect(row[0], UUID), expect(row[1], UUID), row[2] if isinstance(row[2], datetime) else None,
            expect(row[3], int), expect(row[4], int),
        )
        for row in rows
    ]  # fmt: skip


# ── what the house sees ──


@dataclass(frozen=True)
class Shown:
    """A payout as its owner sees it. `fees_minor` is what was kept of its lines; `differs`: so many do not agree."""

    id: UUID
    provider: str
    their_id: str
    state: State
    amount: Money
    paid_on: date
    reference: str
    lines: int
    gross_minor: int
    fees_minor: int
    differs: int


_SHOWN = """SELECT y.id, y.provider, y.their_id, y.state, y.amount_minor, y.currency, y.paid_on, y.reference,
                   count(l.their_id)::int, coalesce(sum(l.gross_minor), 0)::bigint,
                   coalesce(sum(l.fee_minor), 0)::bigint,
                   (count(*) FILTER (WHERE l.verdict <> 'agrees'))::int
            FROM payout y LEFT JOIN payout_line l ON l.payout_id = y.id"""


def _shown(row: Row) -> Shown:
    return Shown(
        expect(row[0], UUID), expect(row[1], str), expect(row[2], str), State(expect(row[3], str)),
        Money(expect(row[4], int), expect(row[5], str)), expect(row[6], date), expect(row[7], str),
        expect(row[8], int), expect(row[9], int), expect(row[10], int), expect(row[11], int),
    )  # fmt: skip


def newest(*, limit: int) -> list[Shown]:
    rows = select(f"{_SHOWN} GROUP BY y.id ORDER BY y.paid_on DESC, y.id DESC LIMIT %s", [limit])
    return [_shown(row) for row in rows]


def one(payout_id: UUID) -> Shown | None:
    rows = select(f"{_SHOWN} WHERE y.id = %s GROUP BY y.id", [payout_id])
    return _shown(rows[0]) if rows else None


def by_their_id(their_id: str) -> list[Shown]:
    """Of several providers each may have one of this name."""
    return [_shown(row) for row in select(f"{_SHOWN} WHERE y.their_id = %s GROUP BY y.id", [their_id])]


@dataclass(frozen=True)
class ShownLine:
    """A line, and the orders of the payment of ours that it is for."""

    line: PayoutLine
    verdict: Verdict
    tickets: str


def lines(payout_id: UUID, *, limit: int) -> list[ShownLine]:
    """What does not agree first."""
    rows = select(
        """SELECT l.their_id, l.kind, l.gross_minor, l.fee_minor, l.of, l.refund_id, l.verdict,
                  coalesce((SELECT string_agg(o.ticket, ' ' ORDER BY o.ticket) FROM allocation a
                            JOIN orders o ON o.id = a.order_id WHERE a.payment_id = l.payment_id), '')
           FROM payout_line l WHERE l.payout_id = %s ORDER BY l.verdict = 'agrees', l.their_id LIMIT %s""",
        [payout_id, limit],
    )
    return [ShownLine(_line(row[:6]), Verdict(expect(row[6], str)), expect(row[7], str)) for row in rows]
