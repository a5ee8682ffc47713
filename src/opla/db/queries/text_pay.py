"""Paying by text with the consent of a standing renewal: what its owner allows, what was offered, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, expect, select


def allow(renewal_id: UUID, who: bytes, said: str, *, may: bool, actor: Actor, at: datetime) -> bool:
    """False where it has ended."""
    [(done,)] = call(
        "opla_renewal_by_text",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(renewal_id, "uuid"),
        Argument(who, "bytea"),
        Argument(said, "text"),
        Argument(may, "boolean"),
    )
    return expect(done, bool)


def allowed(renewal_id: UUID) -> str:
    """The words that were agreed to; empty: nobody may."""
    rows = select("SELECT said FROM renewal_by_text WHERE renewal_id = %s", [renewal_id])
    return expect(rows[0][0], str) if rows else ""


def renewals_of(who: bytes) -> list[UUID]:
    """Those whose owners allow this number, the newest first."""
    rows = select(
        """SELECT b.renewal_id FROM renewal_by_text b JOIN renewal r ON r.id = b.renewal_id
           WHERE b.who = %s AND r.state = 'active' ORDER BY b.at DESC, b.renewal_id""",
        [who],
    )
    return [expect(row[0], UUID) for row in rows]


@dataclass(frozen=True)
class Offered:
    """One offer. `became` is `refused` or `charged` (or being charged), and empty where its word was not used."""

    id: UUID
    ask: UUID
    renewal_id: UUID
    became: str


@dataclass(frozen=True)
class New:
    id: UUID
    ask: UUID
    renewal_id: UUID
    who: bytes = field(repr=False)
    word_hash: bytes = field(repr=False)
    ends_at: datetime


def offer(new: New, *, at: datetime) -> None:
    call(
        "opla_text_pay_offer",
        Argument(at, "timestamptz"),
        Argument(new.ends_at, "timestamptz"),
        Argument(new.id, "uuid"),
        Argument(new.ask, "uuid"),
        Argument(new.renewal_id, "uuid"),
        Argument(new.who, "bytea"),
        Argument(new.word_hash, "bytea"),
    )


def try_(who: bytes, word_hash: bytes, *, at: datetime, most: int) -> Offered | None:
    """The offer that this word is of; None, and a try less, for any other."""
    found = call(
        "opla_text_pay_try",
        Argument(at, "timestamptz"),
        Argument(who, "bytea"),
        Argument(word_hash, "bytea"),
        Argument(most, "int"),
    )
    if not found:
        return None
    [(id_, ask, renewal_id, became)] = select(
        """SELECT t.id, t.ask, t.renewal_id, CASE WHEN o.id IS NULL THEN '' WHEN o.state = 'cancelled'
                  OR o.state = 'placed' AND p.state IN ('failed', 'expired') THEN 'refused' ELSE 'charged' END
           FROM text_pay t LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN payment p ON p.id = t.payment_id
           WHERE t.id = %s""",
        [found[0][0]],
    )
    return Offered(expect(id_, UUID), expect(ask, UUID), expect(renewal_id, UUID), expect(became, str))


def busy(renewal_id: UUID) -> bool:
    """Whether a charge by text is on its way whose end nobody knows yet."""
    [(found,)] = select("SELECT opla_text_pay_undecided(%s)", [renewal_id])
    return expect(found, bool)


def used(renewal_id: UUID, day: date, month: datetime) -> tuple[bool, int]:
    """Whether it was used on that day, and how often since the month began."""
    [(today, often)] = select(
        """SELECT coalesce(bool_or(t.day = %s), false), count(*) FILTER (WHERE o.placed_at >= %s)
           FROM text_pay t JOIN orders o ON o.id = t.order_id WHERE t.renewal_id = %s""",
        [day, month, renewal_id],
    )
    return expect(today, bool), expect(often, int)


def place(
    offer_id: UUID, order_id: UUID, payment_id: UUID, *, day: date, month: datetime, most: int, tries: int, at: datetime
) -> bool:
    """The last word before the charge, beside its order. False: undo the transaction."""
    [(done,)] = call(
        "opla_text_pay_place",
        Argument(at, "timestamptz"),
        Argument(offer_id, "uuid"),
        Argument(order_id, "uuid"),
        Argument(payment_id, "uuid"),
        Argument(day, "date"),
        Argument(month, "timestamptz"),
        Argument(most, "int"),
        Argument(tries, "int"),
    )
    return expect(done, bool)


@dataclass(frozen=True)
class Uncharged:
    """What was asked for, of which renewal, and what was not charged for it."""

    ask: UUID
    renewal_id: UUID
    product_name: str
    price_minor: int


def close(*, at: datetime, limit: int) -> list[Uncharged]:
    """What could not be charged, each once."""
    rows = call("opla_text_pay_close", Argument(at, "timestamptz"), Argument(limit, "int"))
    if not rows:
        return []
    found = select(
        """SELECT t.ask, t.renewal_id, o.product_name, o.face_minor + o.fee_minor - o.discount_minor
           FROM text_pay t JOIN orders o ON o.id = t.order_id WHERE t.ask = ANY (%s::uuid[]) ORDER BY t.id""",
        [[row[0] for row in rows]],
    )
    return [Uncharged(expect(a, UUID), expect(r, UUID), expect(n, str), expect(p, int)) for a, r, n, p in found]
