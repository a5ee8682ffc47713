"""Threads between customers and the shop. Every word is sealed: what is written and read here says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.actor import Actor
from opla.core.thread import Side, State
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class NewMessage:
    """One on its way in. `sealed` is about its own id."""

    id: UUID
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class NewThread:
    """A thread that may begin. `link_hash` is of a question; an order has its own link."""

    id: UUID
    email_hash: bytes
    sealed: bytes = field(repr=False)
    language: str
    order_id: UUID | None = None
    link_hash: bytes = b""


@dataclass(frozen=True)
class NewLetter:
    """The letter that goes with it: see `opla_letters_post`."""

    id: UUID
    sealed: bytes = field(repr=False)
    topic: str
    reference: str


@dataclass(frozen=True)
class Kept:
    id: UUID
    order_id: UUID | None
    sealed: bytes = field(repr=False)
    language: str
    state: State
    made_at: datetime
    waiting_since: datetime | None
    ticket: str  # of its order, else empty


@dataclass(frozen=True)
class KeptMessage:
    id: UUID
    thread_id: UUID
    side: Side
    actor: str
    sealed: bytes = field(repr=False)
    at: datetime


def say(new: NewThread, message: NewMessage, *, actor: Actor, at: datetime) -> UUID:
    """The customer's word on an order; the thread it stands in."""
    [(id_,)] = call(
        "opla_thread_say",
        *_who(actor, at),
        Argument(new.id, "uuid"),
        Argument(new.order_id, "uuid"),
        Argument(new.email_hash, "bytea"),
        Argument(new.sealed, "bytea"),
        Argument(new.language, "text"),
        *_message(message),
    )
    return expect(id_, UUID)


def ask(
    new: NewThread,
    message: NewMessage,
    letter: NewLetter,
    *,
    actor: Actor,
    at: datetime,
    forget_before: datetime,
    again: timedelta,
) -> bool:
    """A question before buying; False where this address was asked to confirm one less than `again` ago."""
    [(kept,)] = call(
        "opla_thread_ask",
        Argument(at, "timestamptz"),
        Argument(forget_before, "timestamptz"),
        Argument(again, "interval"),
        Argument(str(actor), "text"),
        Argument(new.id, "uuid"),
        Argument(new.link_hash, "bytea"),
        Argument(new.email_hash, "bytea"),
        Argument(new.sealed, "bytea"),
        Argument(new.language, "text"),
        *_message(message),
        *_letter(letter),
    )
    return expect(kept, bool)


def confirm(link_hash: bytes, *, at: datetime, made_after: datetime) -> bool:
    [(found,)] = call(
        "opla_thread_confirm",
        Argument(at, "timestamptz"),
        Argument(link_hash, "bytea"),
        Argument(made_after, "timestamptz"),
    )
    return expect(found, bool)


def more(link_hash: bytes, message: NewMessage, *, actor: Actor, at: datetime) -> bool:
    """The customer's next word on a confirmed question."""
    [(found,)] = call("opla_thread_more", *_who(actor, at), Argument(link_hash, "bytea"), *_message(message))
    return expect(found, bool)


def answer(thread_id: UUID, message: NewMessage, letter: NewLetter, *, seen: int, actor: Actor, at: datetime) -> str:
    """`answered`, `not_found`, or `still_running` where there are not `seen` messages any more."""
    [(result,)] = call(
        "opla_thread_answer",
        *_who(actor, at),
        Argument(thread_id, "uuid"),
        Argument(seen, "int"),
        *_message(message),
        *_letter(letter),
    )
    return expect(result, str)


def close(thread_id: UUID, *, seen: int) -> str:
    [(result,)] = call("opla_thread_close", Argument(thread_id, "uuid"), Argument(seen, "int"))
    return expect(result, str)


def forget(link_hash: bytes) -> None:
    call("opla_thread_forget", Argument(link_hash, "bytea"))


def _who(actor: Actor, at: datetime) -> tuple[Argument, Argument]:
    return Argument(at, "timestamptz"), Argument(str(actor), "text")


def _message(message: NewMessage) -> tuple[Argument, Argument]:
    return Argument(message.id, "uuid"), Argument(message.sealed, "bytea")


def _letter(letter: NewLetter) -> tuple[Argument, ...]:
    return (
        Argument(letter.id, "uuid"),
        Argument(letter.sealed, "bytea"),
        Argument(letter.topic, "text"),
        Argument(letter.reference, "text"),
    )


_THREAD = """SELECT t.id, t.order_id, t.sealed, t.language, t.state, t.made_at, t.waiting_since, coalesce(o.ticket, '')
             FROM thread t LEFT JOIN orders o ON o.id = t.order_id"""


def by_id(thread_id: UUID) -> Kept | None:
    return _first(select(f"{_THREAD} WHERE t.id = %s", [thread_id]))


def of_order(order_id: UUID) -> Kept | None:
    return _first(select(f"{_THREAD} WHERE t.order_id = %s", [order_id]))


def by_link(link_hash: bytes) -> Kept | None:
    return _first(select(f"{_THREAD} WHERE t.link_hash = %s", [link_hash]))


def by_email(email_hash: bytes) -> list[Kept]:
    """Every thread of an address, oldest first; questions that nobody confirmed are nobody's yet."""
    where = "t.email_hash = %s AND t.state <> 'unconfirmed'"
    rows = select(f"{_THREAD} WHERE {where} ORDER BY t.made_at, t.id", [email_hash])
    return [_kept(row) for row in rows]


def waiting(*, limit: int = 200) -> list[Kept]:
    """Those whose next word is the shop's, the longest waiting first."""
    rows = select(f"{_THREAD} WHERE t.waiting_since IS NOT NULL ORDER BY t.waiting_since, t.id LIMIT %s", [limit])
    return [_kept(row) for row in rows]


def answered(*, limit: int = 50) -> list[Kept]:
    """Those that the shop answered last and nobody closed, the newest first."""
    rows = select(f"{_THREAD} WHERE t.state = 'answered' ORDER BY t.made_at DESC, t.id LIMIT %s", [limit])
    return [_kept(row) for row in rows]


def overdue(before: datetime) -> int:
    """How many have waited since before then."""
    [(count,)] = select("SELECT count(*) FROM thread WHERE waiting_since < %s", [before])
    return expect(count, int)


def messages(thread_ids: Sequence[UUID]) -> list[KeptMessage]:
    """What was said in these, in order."""
    rows = select(
        """SELECT id, thread_id, side, actor, sealed, at FROM thread_message WHERE thread_id = ANY (%s::uuid[])
           ORDER BY thread_id, n""",
        [list(thread_ids)],
    )
    return [
        KeptMessage(
            expect(row[0], UUID),
            expect(row[1], UUID),
            Side(expect(row[2], str)),
            expect(row[3], str),
            bytes(expect(row[4], bytes)),
            expect(row[5], datetime),
        )
        for row in rows
    ]


def _first(rows: list[Row]) -> Kept | None:
    return _kept(rows[0]) if rows else None


def _kept(row: Row) -> Kept:
    return Kept(
        expect(row[0], UUID),
        row[1] if isinstance(row[1], UUID) else None,
        bytes(expect(row[2], bytes)),
        expect(row[3], str),
        State(expect(row[4], str)),
        expect(row[5], datetime),
        row[6] if isinstance(row[6], datetime) else None,
        expect(row[7], str),
    )
