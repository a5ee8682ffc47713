"""Card machines in the database, and slips; and `core.ports.SlipBook` over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from opla.core import attempt, payment
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.ports import Slip, SlipBack
from opla.core.terminal import Kind, Sums, Unpaid
from opla.db.queries.call import Argument, Row, call, expect, select


class Slips:
    """`core.ports.SlipBook`: what clerks told of charges and refunds."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def slip(self, reference: str) -> Slip | None:
        rows = select(
            """SELECT p.currency,
                      coalesce((SELECT sum(l.minor) FROM terminal_line l WHERE l.attempt = a.reference), 0)::bigint,
                      EXISTS (SELECT FROM terminal_line l WHERE l.attempt = a.reference),
                      EXISTS (SELECT FROM allocation s JOIN orders o ON o.id = s.order_id
                              WHERE s.payment_id = p.id AND o.state = 'placed')
               FROM attempt a JOIN payment p ON p.id = a.payment_id
               WHERE a.reference = %s AND a.adapter = 'terminal' AND a.kind = 'charge'""",
            [reference],
        )
        if not rows:
            return None
        currency, captured, told, waiting = rows[0]
        return Slip(expect(currency, str), expect(captured, int), bool(told), bool(waiting))

    def owe(self, reference: str) -> None:
        call("opla_slip_owe", Argument(self._now(), "timestamptz"), Argument(reference, "text"))

    def paid_back(self, reference: str) -> SlipBack | None:
        rows = select(
            """SELECT EXISTS (SELECT FROM terminal_line l WHERE l.attempt = d.attempt), d.withdrawn_at IS NOT NULL
               FROM terminal_due d WHERE d.attempt = %s""",
            [reference],
        )
        return SlipBack(bool(rows[0][0]), bool(rows[0][1])) if rows else None


# ── machines ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Terminal:
    """A card machine. It stands at a `drawer` or, where there is none, at a `station`; `their_id` is its provider's."""

    name: str
    method: str
    their_id: str
    drawer: str
    station: str
    open: bool


_TERMINAL: Final = "SELECT name, method, their_id, coalesce(drawer, ''), station, state = 'open' FROM terminal"


def terminals() -> list[Terminal]:
    return [_terminal(row) for row in select(f"{_TERMINAL} ORDER BY name")]


def terminal(name: str) -> Terminal | None:
    rows = select(f"{_TERMINAL} WHERE name = %s", [name])
    return _terminal(rows[0]) if rows else None


def _terminal(row: Row) -> Terminal:
    name, method, their_id, drawer, station, is_open = row
    return Terminal(
        expect(name, str), expect(method, str), expect(their_id, str), expect(drawer, str), expect(station, str),
        bool(is_open),
    )  # fmt: skip


def keep(wanted: Terminal, *, actor: Actor, at: datetime) -> str:
    """`opened`, `changed`, or why not (`opla_terminal`)."""
    [(result,)] = call(
        "opla_terminal",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(wanted.name, "text"),
        Argument(wanted.method, "text"),
        Argument(wanted.their_id, "text"),
        Argument(wanted.drawer or None, "text"),
        Argument(wanted.station, "text"),
        Argument("open" if wanted.open else "closed", "text"),
    )
    return expect(result, str)


def rings(terminal: str, payments: Sequence[UUID]) -> None:
    """These payments, made in this transaction, are made on this machine."""
    call("opla_terminal_rings", Argument(terminal, "text"), Argument(list(payments), "uuid[]"))


def busy(terminal: str, *, but: UUID) -> bool:
    """Whether a payment on this machine has begun and has not ended, for anything but what became of this quote."""
    return bool(
        select(
            """SELECT 1 FROM terminal_payment t JOIN payment p ON p.id = t.payment_id
               WHERE t.terminal = %s AND p.state IN ('opening', 'open')
                 AND NOT EXISTS (SELECT FROM allocation a JOIN orders o ON o.id = a.order_id
                                 WHERE a.payment_id = p.id AND o.quote_id = %s) LIMIT 1""",
            [terminal, but],
        )
    )


def rung(payments: Sequence[UUID]) -> dict[UUID, str]:
    """By payment their id of the machine it is made on; those made on none of theirs are left out."""
    rows = select(
        """SELECT p.payment_id, t.their_id FROM terminal_payment p JOIN terminal t ON t.name = p.terminal
           WHERE p.payment_id = ANY (%s) AND t.their_id <> ''""",
        [list(payments)],
    )
    return {expect(id_, UUID): expect(their_id, str) for id_, their_id in rows}


# ── payments on them ──────────────────────────────────────────────────────


@dataclass(frozen=True)
class OnTerminal:
    """A payment on a machine, as its clerk sees it. `why` it did not go through; `slip` what was told of it; `page` is
    of one that is only tried."""

    payment_id: UUID
    amount: Money
    captured_minor: int
    state: payment.State
    asking: attempt.State
    why: str
    reference: str
    terminal: Terminal
    slip: UUID | None
    page: str


def on_terminal(payment_id: UUID) -> OnTerminal | None:
    rows = select(
        """SELECT p.id, p.amount_minor, p.currency, p.captured_minor, p.state, a.state, coalesce(a.why, ''),
                  a.reference, (SELECT l.id FROM terminal_line l WHERE l.attempt = a.reference AND l.undoes IS NULL),
                  coalesce(a.redirect_url, ''),
                  t.name, t.method, t.their_id, coalesce(t.drawer, ''), t.station, t.state = 'open'
           FROM payment p JOIN attempt a ON a.payment_id = p.id AND a.kind = 'charge'
           JOIN terminal_payment r ON r.payment_id = p.id JOIN terminal t ON t.name = r.terminal
           WHERE p.id = %s""",
        [payment_id],
    )
    if not rows:
        return None
    id_, amount, currency, captured, state, asking, why, reference, slip, page, *machine = rows[0]
    return OnTerminal(
        expect(id_, UUID),
        Money(expect(amount, int), expect(currency, str)),
        expect(captured, int),
        payment.State(expect(state, str)),
        attempt.State(expect(asking, str)),
        expect(why, str),
        expect(reference, str),
        _terminal(tuple(machine)),
        slip if isinstance(slip, UUID) else None,
        expect(page, str),
    )


def payment_of(order_id: UUID) -> UUID | None:
    """The newest payment of an order that is made on a machine."""
    rows = select(
        """SELECT s.payment_id FROM allocation s JOIN terminal_payment r ON r.payment_id = s.payment_id
           WHERE s.order_id = %s ORDER BY s.payment_id DESC LIMIT 1""",
        [order_id],
    )
    return expect(rows[0][0], UUID) if rows else None


def orders(payment_id: UUID) -> list[UUID]:
    """What it pays for."""
    rows = select("SELECT order_id FROM allocation WHERE payment_id = %s ORDER BY order_id", [payment_id])
    return [expect(id_, UUID) for (id_,) in rows]


# ── slips ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Kept:
    """A slip as it was kept. `undone`: it was an approval, and was voided."""

    id: UUID
    drawer: str
    kind: Kind
    amount: Money
    attempt: str
    payment_id: UUID
    receipt: str
    why: str
    at: datetime
    actor: str
    undone: bool


_KEPT: Final = """
    SELECT l.id, l.drawer, l.kind, l.minor, l.currency, l.attempt, coalesce(a.payment_id, r.payment_id), l.receipt,
           l.why, l.at, l.actor, EXISTS (SELECT FROM terminal_line v WHERE v.undoes = l.id)
    FROM terminal_line l JOIN attempt a ON a.reference = l.attempt LEFT JOIN refund r ON r.id = a.refund_id
"""


def slips(drawer: str, *, limit: int) -> list[Kept]:
    """The newest first."""
    return [_kept(row) for row in select(f"{_KEPT} WHERE l.drawer = %s ORDER BY l.n DESC LIMIT %s", [drawer, limit])]


def slip(slip_id: UUID) -> Kept | None:
    rows = select(f"{_KEPT} WHERE l.id = %s", [slip_id])
    return _kept(rows[0]) if rows else None


def _kept(row: Row) -> Kept:
    id_, drawer, kind, minor, currency, reference, payment_id, receipt, why, at, actor, undone = row
    return Kept(
        expect(id_, UUID),
        expect(drawer, str),
        Kind(expect(kind, str)),
        Money(expect(minor, int), expect(currency, str)),
        expect(reference, str),
        expect(payment_id, UUID),
        expect(receipt, str),
        expect(why, str),
        expect(at, datetime),
        expect(actor, str),
        bool(undone),
    )


def write(
    slip_id: UUID,
    kind: Kind,
    *,
    drawer: str,
    reference: str,
    actor: Actor,
    at: datetime,
    receipt: str = "",
    undoes: UUID | None = None,
    why: str = "",
) -> str:
    """Write one slip: `done`, `again`, or why not (`opla_slip`)."""
    [(result,)] = call(
        "opla_slip",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(slip_id, "uuid"),
        Argument(str(kind), "text"),
        Argument(drawer, "text"),
        Argument(reference, "text"),
        Argument(receipt, "text"),
        Argument(undoes, "uuid"),
        Argument(why, "text"),
    )
    return expect(result, str)


def sums(drawer: str, since: datetime, until: datetime) -> Sums:
    """What was told of at a drawer from `since` on and before `until`."""
    rows = select(
        """SELECT kind, count(*), coalesce(sum(minor), 0)::bigint FROM terminal_line
           WHERE drawer = %s AND at >= %s AND at < %s GROUP BY kind""",
        [drawer, since, until],
    )
    found = {expect(kind, str): (expect(n, int), expect(minor, int)) for kind, n, minor in rows}
    of = {kind: found.get(kind, (0, 0)) for kind in Kind}
    return Sums(*of[Kind.APPROVED], *of[Kind.VOIDED], *of[Kind.GIVEN_BACK], declined=of[Kind.DECLINED][0])


@dataclass(frozen=True)
class Back:
    """A refund on a machine, by the reference of its attempt. `slip`: it was given back; `due`: it waits for that."""

    reference: str
    amount: Money
    due: bool
    slip: UUID | None


_BACK: Final = """
           SELECT a.reference, r.amount_minor, r.currency,
                  r.state = 'due' AND a.state NOT IN ('declined', 'succeeded') AND d.withdrawn_at IS NULL,
                  (SELECT l.id FROM terminal_line l WHERE l.attempt = a.reference)
           FROM refund r JOIN attempt a ON a.refund_id = r.id AND a.adapter = 'terminal'
           LEFT JOIN terminal_due d ON d.attempt = a.reference
"""


def back(payment_id: UUID) -> list[Back]:
    """The refunds of a payment that were given back on a machine, or wait for it."""
    return _backs(select(f"{_BACK} WHERE r.payment_id = %s ORDER BY r.id, a.id", [payment_id]))


def back_of(ticket: str) -> list[Back]:
    """The same of an order, and of what was paid beside its price."""
    rows = select(
        f"""{_BACK} WHERE EXISTS (
                SELECT FROM orders o JOIN allocation s ON s.order_id = o.id
                WHERE o.ticket = %s AND s.payment_id = r.payment_id AND coalesce(r.order_id, o.id) = o.id)
            ORDER BY r.id, a.id""",
        [ticket],
    )
    return _backs(rows)


def _backs(rows: Sequence[Row]) -> list[Back]:
    return [
        Back(
            expect(reference, str),
            Money(expect(amount, int), expect(currency, str)),
            bool(due),
            slip_id if isinstance(slip_id, UUID) else None,
        )
        for reference, amount, currency, due, slip_id in rows
    ]


def withdraw(reference: str, *, why: str, actor: Actor, at: datetime) -> bool:
    """A refund is not given back on a machine after all; False when it was too late, or there is none."""
    [(done,)] = call(
        "opla_slip_withdraw",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(reference, "text"),
        Argument(why, "text"),
    )
    return bool(done)


def unpaid(until: date) -> list[Unpaid]:
    """Slips until the end of that day that moved money and that no payout has brought."""
    rows = select(
        """SELECT l.id, l.minor, c.reference, CASE WHEN a.kind = 'refund' THEN a.reference ELSE '' END
           FROM terminal_line l JOIN attempt a ON a.reference = l.attempt LEFT JOIN refund r ON r.id = a.refund_id
           JOIN attempt c ON c.payment_id = coalesce(a.payment_id, r.payment_id) AND c.kind = 'charge'
           WHERE l.day <= %s AND l.kind IN ('approved', 'given_back')
             AND NOT EXISTS (SELECT FROM terminal_line v WHERE v.undoes = l.id)
             AND NOT EXISTS (SELECT FROM payout_line p JOIN payout y ON y.id = p.payout_id
                             WHERE y.provider = 'terminal' AND p.their_id = l.id::text)
           ORDER BY l.n""",
        [until],
    )
    return [
        Unpaid(expect(id_, UUID), expect(minor, int), expect(charge, str), expect(refund, str))
        for id_, minor, charge, refund in rows
    ]
