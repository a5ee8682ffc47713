"""Resellers' floats: orders reserved on them, deposits paid in, what is free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.ledger import Transfer
from opla.core.quote import Quote
from opla.db.queries.call import Argument, call, columns, expect, select


@dataclass(frozen=True, slots=True)
class Reservation:
    """One order of a reseller on its way to be placed. `fields` are the digests of what was asked, by field."""

    reseller: str
    key: str
    fields: bytes
    order_id: UUID
    ticket: str
    quote: Quote
    attempt_id: UUID
    reference: str
    supplier: str
    hold: Transfer


@dataclass(frozen=True, slots=True)
class ReservedRow:
    result: str  # placed | again | float_too_low | float_owes
    order_id: UUID | None
    fields: bytes


_TYPES = (
    *("text", "text", "bytea", "uuid", "text", "text", "text", "text", "text", "bigint", "bigint", "bigint", "text"),
    *("text", "text", "text", "text", "boolean", "uuid", "text", "text", "text", "text", "bigint"),
)


def reserve(reservations: Sequence[Reservation], *, catalog_version: int, at: datetime) -> list[ReservedRow]:
    """Orders placed on floats, one row back per order, in their order."""
    if not reservations:
        return []
    rows = call(
        "opla_reserve",
        Argument(at, "timestamptz"),
        Argument(catalog_version, "bigint"),
        *columns(map(_row, reservations), *_TYPES),
    )
    return [
        ReservedRow(expect(row[1], str), row[2] if isinstance(row[2], UUID) else None, bytes(row[3] or b""))  # type: ignore[call-overload]  # bytea
        for row in rows
    ]


def _row(r: Reservation) -> tuple[object, ...]:
    q, hold = r.quote, r.hold
    price = q.price
    return (
        *(r.reseller, r.key, r.fields, r.order_id, r.ticket, q.sku, q.operator, q.product_name, q.kind),
        *(price.face.amount_minor, price.fee.amount_minor, price.fee_vat.amount_minor, price.face.currency),
        *(q.number, q.plan, q.email, q.language, q.sample, r.attempt_id, r.reference, r.supplier),
        *(hold.debit, hold.credit, hold.amount_minor),
    )


def standing(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[UUID, bytes]]:
    """The orders that stand under these keys, each beside its reseller, with the digests of what was asked."""
    if not keys:
        return {}
    rows = select(
        """SELECT i.caller, i.key, i.order_id, i.fields FROM unnest(%s::text[], %s::text[]) AS k (caller, key)
           JOIN idempotency i ON i.caller = k.caller AND i.key = k.key""",
        [[caller for caller, _ in keys], [key for _, key in keys]],
    )
    return {
        (expect(caller, str), expect(key, str)): (expect(order_id, UUID), bytes(expect(fields, bytes)))
        for caller, key, order_id, fields in rows
    }


def pay_in(
    reseller: str,
    key: str,
    fields: bytes,
    deposit_id: UUID,
    amount_minor: int,
    currency: str,
    *,
    actor: Actor,
    at: datetime,
) -> tuple[str, bytes]:
    """Record a deposit on a float: `paid_in`, or `again` with the digests of what was recorded under this key."""
    [(result, known)] = call(
        "opla_pay_in",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(reseller, "text"),
        Argument(key, "text"),
        Argument(fields, "bytea"),
        Argument(deposit_id, "uuid"),
        Argument(amount_minor, "bigint"),
        Argument(currency, "text"),
    )
    return expect(result, str), expect(known, bytes)


@dataclass(frozen=True)
class Float:
    """A reseller's money with us, in minor units. `held_minor` is what its open orders will cost."""

    balance_minor: int
    held_minor: int

    @property
    def free_minor(self) -> int:
        return self.balance_minor - self.held_minor


def balance(reseller: str, currency: str) -> Float:
    rows = select(
        "SELECT credits_posted - debits_posted, debits_pending FROM account WHERE code = %s",
        [f"reseller_float:{reseller}:{currency}"],
    )
    return Float(expect(rows[0][0], int), expect(rows[0][1], int)) if rows else Float(0, 0)


def on_shelf(skus: Sequence[str]) -> frozenset[str]:
    """Which of these products lie on our own shelf now."""
    rows = select(
        """SELECT s.sku FROM unnest(%s::text[]) AS s (sku)
           WHERE EXISTS (SELECT FROM code k WHERE k.sku = s.sku AND k.state = 'stock')""",
        [list(skus)],
    )
    return frozenset(expect(row[0], str) for row in rows)


@dataclass(frozen=True, slots=True)
class News:
    """What a reseller is told about one of its orders: state, never the code.

    `delivered`: value was given for it; asked of those alone whose money came back.
    """

    to: str
    reseller: str
    key: str
    ticket: str
    state: str
    language: str
    delivered: bool


def news(order_ids: Sequence[UUID]) -> dict[UUID, News]:
    """Resellers' orders by id, for the workers that tell them; other orders are left out."""
    rows = select(
        """SELECT o.id, coalesce(r.email, ''), o.reseller, o.reseller_key, o.ticket, o.state, o.language,
                  o.state = 'delivered' OR (o.state = 'refunded'
                      AND EXISTS (SELECT FROM delivery d WHERE d.order_id = o.id))
           FROM orders o LEFT JOIN reseller r ON r.id = o.reseller
           WHERE o.id = ANY (%s::uuid[]) AND o.reseller <> ''""",
        [list(order_ids)],
    )
    return {
        expect(row[0], UUID): News(
            expect(row[1], str),
            expect(row[2], str),
            expect(row[3], str),
            expect(row[4], str),
            expect(row[5], str),
            expect(row[6], str),
            expect(row[7], bool),
        )
        for row in rows
    }


# ── little is left ────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Low:
    """A float below what its reseller wants to be told of. Amounts in minor units."""

    reseller: str
    title: str
    email: str
    language: str
    free_minor: int
    below_minor: int


def warn_below(reseller: str, below_minor: int | None, language: str, *, at: datetime) -> None:
    """`below_minor` None: never."""
    call(
        "opla_float_alarm",
        Argument(at, "timestamptz"),
        Argument(reseller, "text"),
        Argument(below_minor, "bigint"),
        Argument(language, "text"),
    )


def alarm(reseller: str) -> int | None:
    """Below how much it is told, in minor units; None: never."""
    rows = select("SELECT below_minor FROM float_alarm WHERE reseller_id = %s", [reseller])
    return expect(rows[0][0], int) if rows else None


def low(currency: str, *, limit: int) -> list[Low]:
    """Those that were not told since they were above."""
    rows = select(
        """SELECT l.reseller_id, r.name, r.email, l.language,
                  coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0), l.below_minor
           FROM float_alarm l JOIN reseller r ON r.id = l.reseller_id AND r.active
           LEFT JOIN account a ON a.code = 'reseller_float:' || l.reseller_id || ':' || %(currency)s
           WHERE l.told_at IS NULL
             AND coalesce(a.credits_posted - a.debits_posted - a.debits_pending, 0) < l.below_minor
           ORDER BY l.reseller_id LIMIT %(limit)s""",
        {"currency": currency, "limit": limit},
    )
    return [
        Low(
            expect(reseller, str), expect(title, str), expect(email, str), expect(language, str), expect(free, int),
            expect(below, int),
        )
        for reseller, title, email, language, free, below in rows
    ]  # fmt: skip


def told_low(rows: Sequence[tuple[str, UUID, bytes, str]], *, currency: str, at: datetime) -> int:
    """Post these letters (reseller, letter, sealed, reference), each once, and forget who is above again."""
    [(told,)] = call(
        "opla_floats_told",
        Argument(at, "timestamptz"),
        Argument(currency, "text"),
        *columns(rows, "text", "uuid", "bytea", "text"),
    )
    return expect(told, int)
