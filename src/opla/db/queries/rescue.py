"""Asking for a top-up by text: parts of long texts, what was offered, and what is known of a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class Piece:
    """One part of a long text, sealed about `who`."""

    who: bytes = field(repr=False)
    reference: int
    parts: int
    part: int
    sealed: bytes = field(repr=False)


def join(piece: Piece, *, at: datetime, since: datetime, most_one: int, most_all: int) -> list[bytes]:
    """Every part of the text in order once it is whole; nothing before, and nothing where there are too many."""
    rows = call(
        "opla_text_piece",
        Argument(at, "timestamptz"),
        Argument(since, "timestamptz"),
        Argument(piece.who, "bytea"),
        Argument(piece.reference, "int"),
        Argument(piece.parts, "int"),
        Argument(piece.part, "int"),
        Argument(piece.sealed, "bytea"),
        Argument(most_one, "int"),
        Argument(most_all, "int"),
    )
    return [bytes(expect(row[0], bytes)) for row in rows]


@dataclass(frozen=True)
class Ask:
    """What was asked for by text and offered. `sealed` about its id: the number and the link. `paid`: an order
    has bought it (`opla_text_ask_bought`), or one is being charged by text."""

    id: UUID
    who: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    sku: str
    face_minor: int
    total_minor: int
    language: str
    shown: bool
    ends_at: datetime
    paid: bool = False


def keep(ask: Ask, link_hash: bytes, *, at: datetime) -> None:
    call(
        "opla_text_ask",
        Argument(at, "timestamptz"),
        Argument(ask.ends_at, "timestamptz"),
        Argument(ask.id, "uuid"),
        Argument(ask.who, "bytea"),
        Argument(link_hash, "bytea"),
        Argument(ask.sealed, "bytea"),
        Argument(ask.sku, "text"),
        Argument(ask.face_minor, "bigint"),
        Argument(ask.total_minor, "bigint"),
        Argument(ask.language, "text"),
    )


_ASK = """
    SELECT a.id, a.who, a.sealed, a.sku, a.face_minor, a.total_minor, a.language, a.shown, a.ends_at,
           opla_text_ask_bought(a.id, NULL) OR EXISTS (
               SELECT FROM text_pay t JOIN orders o ON o.id = t.order_id JOIN payment p ON p.id = t.payment_id
               WHERE t.ask = a.id AND o.state = 'placed' AND p.state NOT IN ('failed', 'expired'))
    FROM text_ask a
"""


def latest_of(who: bytes) -> Ask | None:
    """What this number was offered last."""
    return _ask(select(f"{_ASK} WHERE a.who = %s ORDER BY a.made_at DESC, a.id DESC LIMIT 1", [who]))


def by_link(link_hash: bytes) -> Ask | None:
    return _ask(select(f"{_ASK} WHERE a.link_hash = %s", [link_hash]))


def by_id(ask_id: UUID) -> Ask | None:
    return _ask(select(f"{_ASK} WHERE a.id = %s", [ask_id]))


def _ask(rows: list[Row]) -> Ask | None:
    if not rows:
        return None
    [row] = rows
    return Ask(
        expect(row[0], UUID),
        bytes(expect(row[1], bytes)),
        bytes(expect(row[2], bytes)),
        expect(row[3], str),
        expect(row[4], int),
        expect(row[5], int),
        expect(row[6], str),
        expect(row[7], bool),
        expect(row[8], datetime),
        expect(row[9], bool),
    )


def shows(ask_id: UUID, *, shown: bool) -> None:
    """Whether whoever pays sees the asker's whole number."""
    call("opla_text_ask_shows", Argument(ask_id, "uuid"), Argument(shown, "boolean"))


def first_dearer(ask_id: UUID) -> bool:
    """True once."""
    return bool(call("opla_text_ask_dearer", Argument(ask_id, "uuid"))[0][0])


def last_operator(e164: str, who: bytes) -> str:
    """The operator of the last top-up that was delivered for this number, or that it asked for itself by text; empty:
    none is known."""
    rows = select(
        """SELECT operator FROM (
               (SELECT operator, placed_at FROM orders
                WHERE number = %s AND number <> '' AND reseller = '' AND state = 'delivered'
                ORDER BY placed_at DESC LIMIT 1)
               UNION ALL
               (SELECT o.operator, o.placed_at FROM text_wish w JOIN orders o USING (quote_id)
                WHERE w.who = %s AND w.with_code AND o.state = 'delivered' ORDER BY o.placed_at DESC LIMIT 1)
           ) known ORDER BY placed_at DESC LIMIT 1""",
        [e164, who],
    )
    return expect(rows[0][0], str) if rows else ""
