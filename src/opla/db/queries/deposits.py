"""What resellers paid into their floats at a payment provider, and what left again without us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.payment import State
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True, slots=True)
class NewDeposit:
    """A payment into a float, about to be made. `fields` are digests of what was asked under `key`."""

    reseller: str
    key: str
    fields: bytes
    payment_id: UUID
    receipt: str
    provider: str
    amount: Money
    language: str
    attempt_id: UUID
    reference: str


@dataclass(frozen=True, slots=True)
class Deposit:
    """`page` is where it is paid, empty until a worker has it and once it is over. `back` of it went or goes back."""

    id: UUID
    reseller: str
    key: str
    receipt: str
    method: str
    amount: Money
    state: State
    made_at: datetime
    paid_in_at: datetime | None
    page: str
    back: Money

    @property
    def status(self) -> str:
        """opening · open · paid_in · failed · expired; returned: less came than was asked, and all of it went back."""
        if self.paid_in_at is not None:
            return "paid_in"
        return "returned" if self.state is State.CAPTURED else str(self.state)

    @property
    def waits(self) -> bool:
        return self.state in (State.OPENING, State.OPEN)


def ask(new: NewDeposit, *, since: datetime, most: int, actor: Actor, at: datetime) -> tuple[UUID, bytes] | None:
    """What stands under this key, kept now where nothing did: its payment, and the digests of what was asked.

    None: nothing does, and `most` of this reseller's since then wait, or came to nothing.
    """
    rows = call(
        "opla_deposit",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(new.reseller, "text"),
        Argument(new.key, "text"),
        Argument(new.fields, "bytea"),
        Argument(new.payment_id, "uuid"),
        Argument(new.receipt, "text"),
        Argument(new.provider, "text"),
        Argument(new.amount.amount_minor, "bigint"),
        Argument(new.amount.currency, "text"),
        Argument(new.language, "text"),
        Argument(new.attempt_id, "uuid"),
        Argument(new.reference, "text"),
        Argument(since, "timestamptz"),
        Argument(most, "int"),
    )
    if not rows:
        return None
    [(payment_id, fields)] = rows
    return expect(payment_id, UUID), bytes(expect(fields, bytes))


_DEPOSIT = """
    SELECT p.id, d.reseller_id, d.key, p.receipt, p.provider, p.amount_minor, p.currency, p.state, p.made_at,
           d.paid_in_at, CASE WHEN p.state = 'open' THEN c.redirect_url ELSE '' END,
           p.refunding_minor + p.refunded_minor
    FROM deposit d JOIN payment p ON p.id = d.payment_id JOIN attempt c ON c.payment_id = p.id AND c.kind = 'charge'
    WHERE d.reseller_id = %(reseller)s
"""


def one(reseller: str, deposit_id: UUID) -> Deposit | None:
    """One of this reseller's; None for any other."""
    rows = select(f"{_DEPOSIT} AND p.id = %(id)s", {"reseller": reseller, "id": deposit_id})
    return _deposit(rows[0]) if rows else None


def newest(reseller: str, *, limit: int) -> list[Deposit]:
    rows = select(f"{_DEPOSIT} ORDER BY d.payment_id DESC LIMIT %(limit)s", {"reseller": reseller, "limit": limit})
    return [_deposit(row) for row in rows]


def _deposit(row: Row) -> Deposit:
    currency = expect(row[6], str)
    return Deposit(
        expect(row[0], UUID),
        expect(row[1], str),
        expect(row[2], str),
        expect(row[3], str),
        expect(row[4], str),
        Money(expect(row[5], int), currency),
        State(expect(row[7], str)),
        expect(row[8], datetime),
        row[9] if isinstance(row[9], datetime) else None,
        expect(row[10], str),
        Money(expect(row[11], int), currency),
    )


def given_back(refund_id: UUID) -> Money | None:
    """How much a person gave back under this key; None: nothing yet."""
    rows = select("SELECT amount_minor, currency FROM refund WHERE id = %s AND order_id IS NULL", [refund_id])
    return Money(expect(rows[0][0], int), expect(rows[0][1], str)) if rows else None


def last_back(deposit_id: UUID, amount: Money, *, since: datetime) -> datetime | None:
    """When a person last gave this very amount of a deposit back, if that was after `since`."""
    rows = select(
        """SELECT max(made_at) FROM refund WHERE payment_id = %s AND order_id IS NULL AND reason = 'choice'
           AND made_at > %s AND amount_minor = %s""",
        [deposit_id, since, amount.amount_minor],
    )
    at = rows[0][0]
    return at if isinstance(at, datetime) else None


def charge_of(deposit_id: UUID) -> tuple[str, str] | None:
    """By whom a deposit is charged, and our reference there."""
    rows = select(
        """SELECT a.adapter, a.reference FROM deposit d JOIN attempt a ON a.payment_id = d.payment_id
           WHERE d.payment_id = %s AND a.kind = 'charge'""",
        [deposit_id],
    )
    return (expect(rows[0][0], str), expect(rows[0][1], str)) if rows else None


def owes_minor(reseller: str, currency: str) -> int:
    """What left without us of what it paid in, and its float did not hold any more."""
    rows = select(
        """SELECT coalesce(sum(d.lost_minor - d.charged_back_minor - d.outside_minor), 0)::bigint
           FROM deposit d JOIN payment p ON p.id = d.payment_id
           WHERE d.reseller_id = %s AND p.currency = %s AND d.lost_minor <> d.charged_back_minor + d.outside_minor
             AND d.lost_minor > d.charged_back_minor + d.outside_minor""",
        [reseller, currency],
    )
    return expect(rows[0][0], int)


def uneven(limit: int) -> list[UUID]:
    """Those whose float may give now what left of them, or has something to have back; the oldest first."""
    rows = select(
        """SELECT d.payment_id FROM deposit d JOIN payment p ON p.id = d.payment_id
           JOIN account a ON a.code = 'reseller_float:' || d.reseller_id || ':' || p.currency
           WHERE d.lost_minor <> d.charged_back_minor + d.outside_minor
             AND (d.lost_minor < d.charged_back_minor + d.outside_minor
                  OR a.credits_posted - a.debits_posted - a.debits_pending > 0)
           ORDER BY d.payment_id LIMIT %s""",
        [limit],
    )
    return [expect(row[0], UUID) for row in rows]


def recover(deposit_id: UUID, *, actor: Actor, at: datetime) -> int:
    """Make a float even with one of its deposits, as far as it can be; how much moved."""
    [(moved,)] = call(
        "opla_deposit_recover",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(deposit_id, "uuid"),
    )
    return expect(moved, int)
