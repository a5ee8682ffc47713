"""Cash in the database: codes, drawers and their lines; and `core.ports.CashBook` over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import cash
from opla.core.actor import Actor
from opla.core.cash import Kind, Line, Purpose
from opla.core.chance import Chance
from opla.core.money import Money
from opla.core.ports import PayOut, Till
from opla.db.queries.call import Argument, Row, call, columns, expect, select

_DRAWS: Final = 20  # of ten million numbers nobody draws so many that are taken, before millions are


class Drawers:
    """`core.ports.CashBook`: what was taken and paid out, and the codes for it."""

    def __init__(self, now: Callable[[], datetime], chance: Chance) -> None:
        self._now, self._chance = now, chance

    def expect(self, reference: str) -> str:
        return self._code(reference, Purpose.CHARGE)

    def owe(self, reference: str) -> str:
        return self._code(reference, Purpose.REFUND)

    def taken(self, reference: str) -> Till | None:
        rows = select(
            """SELECT c.code, p.currency,
                      coalesce((SELECT sum(l.settled_minor) FROM drawer_line l WHERE l.code = c.code), 0)::bigint,
                      EXISTS (SELECT FROM allocation s JOIN orders o ON o.id = s.order_id
                              WHERE s.payment_id = p.id AND o.state = 'placed')
               FROM cash_code c JOIN attempt a ON a.reference = c.attempt JOIN payment p ON p.id = a.payment_id
               WHERE c.attempt = %s""",
            [reference],
        )
        if not rows:
            return None
        code, currency, captured, waiting = rows[0]
        return Till(expect(code, str), expect(currency, str), expect(captured, int), bool(waiting))

    def paid_out(self, reference: str) -> PayOut | None:
        rows = select(
            """SELECT c.code, EXISTS (SELECT FROM drawer_line l WHERE l.code = c.code), c.withdrawn_at IS NOT NULL
               FROM cash_code c WHERE c.attempt = %s AND c.purpose = 'refund'""",
            [reference],
        )
        return PayOut(expect(rows[0][0], str), bool(rows[0][1]), bool(rows[0][2])) if rows else None

    def _code(self, attempt: str, purpose: Purpose) -> str:
        for _ in range(_DRAWS):
            drawn = int(self._chance.reference(), 16) % 10 ** cash.DRAWN[purpose]
            [(code,)] = call(
                "opla_cash_code",
                Argument(self._now(), "timestamptz"),
                Argument(attempt, "text"),
                Argument(cash.code(purpose, drawn), "text"),
            )
            if isinstance(code, str):
                return code
        raise LookupError(f"no code was found for attempt {attempt}")


# ── what is waited for, and what is owed ──────────────────────────────────


@dataclass(frozen=True)
class Bought:
    """One order under a payment, as whoever takes its money sees it."""

    id: UUID
    ticket: str
    product_name: str
    state: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Charge:
    """What is to be taken for a code. `taken`: it was, and not undone."""

    code: str
    payment_id: UUID
    amount: Money
    captured_minor: int
    taken: bool
    orders: tuple[Bought, ...]

    def waits(self, at: datetime) -> bool:
        """Whether money may be taken for it now."""
        return (
            not self.taken
            and not self.captured_minor
            and all(o.state == "placed" and o.expires_at is not None and at < o.expires_at for o in self.orders)
        )


@dataclass(frozen=True)
class Owed:
    """What is to be paid out for a code."""

    code: str
    amount: Money
    due: bool
    paid: bool
    withdrawn: bool
    tickets: tuple[str, ...]


def charge_of(code: str) -> Charge | None:
    rows = select(
        """SELECT p.id, p.amount_minor, p.currency, p.captured_minor,
                  coalesce((SELECT sum(l.settled_minor) FROM drawer_line l WHERE l.code = c.code), 0) > 0,
                  o.id, o.ticket, o.product_name, o.state, o.expires_at
           FROM cash_code c JOIN attempt a ON a.reference = c.attempt JOIN payment p ON p.id = a.payment_id
           JOIN allocation s ON s.payment_id = p.id JOIN orders o ON o.id = s.order_id
           WHERE c.code = %s AND c.purpose = 'charge' ORDER BY o.id""",
        [code],
    )
    if not rows:
        return None
    payment_id, amount, currency, captured, taken = rows[0][:5]
    return Charge(
        code,
        expect(payment_id, UUID),
        Money(expect(amount, int), expect(currency, str)),
        expect(captured, int),
        bool(taken),
        tuple(_bought(row[5:]) for row in rows),
    )


def _bought(row: Row) -> Bought:
    id_, ticket, product_name, state, expires_at = row
    until = expires_at if isinstance(expires_at, datetime) else None
    return Bought(expect(id_, UUID), expect(ticket, str), expect(product_name, str), expect(state, str), until)


def owed_of(code: str) -> Owed | None:
    rows = select(
        """SELECT r.amount_minor, r.currency, r.state = 'due', EXISTS (SELECT FROM drawer_line l WHERE l.code = c.code),
                  c.withdrawn_at IS NOT NULL, o.ticket
           FROM cash_code c JOIN attempt a ON a.reference = c.attempt JOIN refund r ON r.id = a.refund_id
           JOIN allocation s ON s.payment_id = r.payment_id JOIN orders o ON o.id = s.order_id
           WHERE c.code = %s AND c.purpose = 'refund' AND (r.order_id IS NULL OR o.id = r.order_id) ORDER BY o.id""",
        [code],
    )
    if not rows:
        return None
    amount, currency, due, paid, withdrawn, _ = rows[0]
    money = Money(expect(amount, int), expect(currency, str))
    return Owed(code, money, bool(due), bool(paid), bool(withdrawn), tuple(expect(row[5], str) for row in rows))


def code_of(payment_id: UUID) -> str:
    """The code a payment is made under; empty while nobody has drawn one, or where none is needed."""
    rows = select(
        """SELECT c.code FROM attempt a JOIN cash_code c ON c.attempt = a.reference
           WHERE a.payment_id = %s AND a.kind = 'charge'""",
        [payment_id],
    )
    return expect(rows[0][0], str) if rows else ""


def code_of_ticket(ticket: str) -> str:
    """The code of the order with this number: of its newest payment in cash. Empty: it has none."""
    rows = select(
        """SELECT c.code FROM orders o JOIN allocation s ON s.order_id = o.id
           JOIN attempt a ON a.payment_id = s.payment_id AND a.kind = 'charge'
           JOIN cash_code c ON c.attempt = a.reference
           WHERE o.ticket = %s AND o.reseller = '' ORDER BY a.made_at DESC, a.id DESC LIMIT 1""",
        [ticket],
    )
    return expect(rows[0][0], str) if rows else ""


def owed_to(order_id: UUID) -> list[Owed]:
    """What waits to be paid out for an order, or for what was paid beside its price."""
    rows = select(
        """SELECT c.code FROM refund r JOIN attempt a ON a.refund_id = r.id JOIN cash_code c ON c.attempt = a.reference
           WHERE r.state = 'due' AND c.withdrawn_at IS NULL
             AND (r.order_id = %s
                  OR r.order_id IS NULL AND r.payment_id IN (SELECT payment_id FROM allocation WHERE order_id = %s))
           ORDER BY r.made_at, r.id""",
        [order_id, order_id],
    )
    found = [owed_of(expect(code, str)) for (code,) in rows]
    return [one for one in found if one is not None and not one.paid]


@dataclass(frozen=True)
class Back:
    """A refund in cash by the reference of its attempt. `coins` left a drawer for it; None: it waits."""

    reference: str
    amount: Money
    coins: Money | None


def back_in_cash(payment_id: UUID) -> list[Back]:
    """The refunds of a payment that were paid out over a counter, then those that wait for it."""
    rows = select(
        """SELECT a.reference, r.amount_minor, r.currency, -l.minor FROM refund r
           JOIN attempt a ON a.refund_id = r.id AND a.adapter = 'cash' LEFT JOIN cash_code c ON c.attempt = a.reference
           LEFT JOIN drawer_line l ON l.code = c.code AND l.kind = 'paid_out'
           WHERE r.payment_id = %s AND (r.state = 'due' OR l.id IS NOT NULL) ORDER BY l.id IS NULL, r.id""",
        [payment_id],
    )
    return [
        Back(
            expect(reference, str),
            Money(expect(amount, int), expect(currency, str)),
            Money(coins, expect(currency, str)) if isinstance(coins, int) else None,
        )
        for reference, amount, currency, coins in rows
    ]


# ── drawers ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Drawer:
    name: str
    place_id: int
    open: bool


def drawers() -> list[Drawer]:
    rows = select("SELECT name, place_id, state = 'open' FROM drawer ORDER BY name")
    return [Drawer(expect(name, str), expect(place_id, int), bool(is_open)) for name, place_id, is_open in rows]


def holds(drawer: str, currency: str) -> Money:
    """What is in it by the books."""
    rows = select(
        "SELECT debits_posted - credits_posted FROM account WHERE code = %s", [f"till_drawer:{drawer}:{currency}"]
    )
    return Money(expect(rows[0][0], int) if rows else 0, currency)


def keep_drawer(name: str, place_id: int, *, is_open: bool, actor: Actor, at: datetime) -> str:
    """`opened`, `changed`, or `not_empty`: it holds money and is to be closed."""
    [(result,)] = call(
        "opla_drawer",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(name, "text"),
        Argument(place_id, "bigint"),
        Argument("open" if is_open else "closed", "text"),
    )
    return expect(result, str)


@dataclass(frozen=True)
class Kept:
    """A line as it was kept. `left`: it was a taking, and was undone or (some of it) paid out again."""

    id: UUID
    drawer: str
    kind: Kind
    amount: Money
    settled: Money
    given_minor: int | None
    code: str
    reseller: str
    why: str
    at: datetime
    actor: str
    undone: bool
    left: bool


_KEPT: Final = """
    SELECT l.id, l.drawer, l.kind, l.minor, l.settled_minor, l.currency, l.given_minor, coalesce(l.code, ''),
           l.reseller, l.why, l.at, l.actor, EXISTS (SELECT FROM drawer_line v WHERE v.undoes = l.id),
           opla_drawer_left(l.id)
    FROM drawer_line l
"""


def lines(drawer: str, *, limit: int) -> list[Kept]:
    """The newest first."""
    return [_kept(row) for row in select(f"{_KEPT} WHERE l.drawer = %s ORDER BY l.n DESC LIMIT %s", [drawer, limit])]


def line(line_id: UUID) -> Kept | None:
    rows = select(f"{_KEPT} WHERE l.id = %s", [line_id])
    return _kept(rows[0]) if rows else None


def _kept(row: Row) -> Kept:
    currency = expect(row[5], str)
    return Kept(
        expect(row[0], UUID),
        expect(row[1], str),
        Kind(expect(row[2], str)),
        Money(expect(row[3], int), currency),
        Money(expect(row[4], int), currency),
        row[6] if isinstance(row[6], int) else None,
        expect(row[7], str),
        expect(row[8], str),
        expect(row[9], str),
        expect(row[10], datetime),
        expect(row[11], str),
        bool(row[12]),
        bool(row[13]),
    )


def write(
    line_id: UUID,
    new: Line,
    *,
    actor: Actor,
    at: datetime,
    code: str = "",
    given_minor: int | None = None,
    undoes: UUID | None = None,
    why: str = "",
) -> str:
    """Write one line with its journal: `done`, `again`, or why not (`opla_drawer_line`)."""
    journal = [(t.debit, t.credit, t.amount_minor, t.currency, t.reason, t.phase) for t in new.transfers()]
    [(result,)] = call(
        "opla_drawer_line",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(line_id, "uuid"),
        Argument(new.drawer, "text"),
        Argument(str(new.kind), "text"),
        Argument(new.minor, "bigint"),
        Argument(new.settled_minor, "bigint"),
        Argument(new.currency, "text"),
        Argument(given_minor, "bigint"),
        Argument(code or None, "text"),
        Argument(undoes, "uuid"),
        Argument(new.reseller, "text"),
        Argument(why, "text"),
        *columns(journal, "text", "text", "bigint", "text", "text", "text"),
    )
    return expect(result, str)


def withdraw(code: str, *, why: str, actor: Actor, at: datetime) -> bool:
    """A refund is not paid out in cash after all; False when it was too late, or there is none."""
    [(done,)] = call(
        "opla_cash_withdraw",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(code, "text"),
        Argument(why, "text"),
    )
    return bool(done)


def banked(
    key: str, fields: bytes, deposit_id: UUID, amount: Money, *, actor: Actor, at: datetime
) -> tuple[str, bytes]:
    """Cash from outside the drawers is on the bank account: `banked`, or `again` with the digests of what was recorded
    under this key."""
    [(result, known)] = call(
        "opla_cash_banked",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(key, "text"),
        Argument(fields, "bytea"),
        Argument(deposit_id, "uuid"),
        Argument(amount.amount_minor, "bigint"),
        Argument(amount.currency, "text"),
    )
    return expect(result, str), expect(known, bytes)
