"""Text messages: who wants none, who wants an order's, those of ours that are to leave, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from opla.core import order
from opla.core.actor import Actor
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, call, expect, select
from opla.db.queries.codes import Revealed, read_revealed


def stop(who: bytes, *, at: datetime) -> None:
    call("opla_stop_texts", Argument(at, "timestamptz"), Argument(who, "bytea"))


def stopped(who: bytes) -> bool:
    [(found,)] = select("SELECT opla_texts_stopped(%s)", [who])
    return expect(found, bool)


def start(who: bytes, event_id: UUID, *, actor: Actor, at: datetime) -> bool:
    """Take a STOP back; False where there is none."""
    [(done,)] = call(
        "opla_start_texts",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(event_id, "uuid"),
        Argument(who, "bytea"),
    )
    return expect(done, bool)


def state_of(ticket: str) -> tuple[order.State, str] | None:
    """The state and the language of an order; of a reseller's none, as its customers ask the reseller."""
    rows = select("SELECT state, language FROM orders WHERE ticket = %s AND reseller = ''", [ticket])
    return (order.State(expect(rows[0][0], str)), expect(rows[0][1], str)) if rows else None


@dataclass(frozen=True)
class Wish:
    """A number that is told of a quote's order, sealed about `who`."""

    who: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    with_code: bool
    ask: UUID | None


def wish(quote_id: UUID, wanted: Wish | None, *, at: datetime) -> None:
    """From now on for this quote; None: nobody is told by text."""
    call(
        "opla_text_wish",
        Argument(at, "timestamptz"),
        Argument(quote_id, "uuid"),
        Argument(wanted.who if wanted else None, "bytea"),
        Argument(wanted.sealed if wanted else None, "bytea"),
        Argument(bool(wanted and wanted.with_code), "boolean"),
        Argument(wanted.ask if wanted else None, "uuid"),
    )


def wish_follows(old: UUID, new: UUID, *, at: datetime) -> None:
    """What was wished for one quote is wished for the one that takes its place."""
    call("opla_text_wish_follows", Argument(at, "timestamptz"), Argument(old, "uuid"), Argument(new, "uuid"))


def wish_of(quote_id: UUID) -> Wish | None:
    rows = select("SELECT who, sealed, with_code, ask FROM text_wish WHERE quote_id = %s", [quote_id])
    return _wish(*rows[0]) if rows else None


def with_code(quote_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those of these quotes whose code goes to whoever asked for it by text."""
    rows = select("SELECT quote_id FROM text_wish WHERE with_code AND quote_id = ANY (%s::uuid[])", [list(quote_ids)])
    return frozenset(expect(row[0], UUID) for row in rows)


def wishes_of(email: str) -> list[tuple[str, datetime, Wish]]:
    """(order number, when, wish) of an address in lower case, without what somebody else asked for by text."""
    rows = select(
        """SELECT o.ticket, w.at, w.who, w.sealed, w.with_code, w.ask FROM text_wish w JOIN orders o USING (quote_id)
           WHERE lower(o.email) = %s AND o.reseller = '' AND w.ask IS NULL ORDER BY w.at""",
        [email],
    )
    return [(expect(row[0], str), expect(row[1], datetime), _wish(*row[2:])) for row in rows]


def _wish(who: object, sealed: object, with_code: object, ask: object) -> Wish:
    return Wish(
        bytes(expect(who, bytes)), bytes(expect(sealed, bytes)), expect(with_code, bool),
        ask if isinstance(ask, UUID) else None,
    )  # fmt: skip


def post(reference: str, topic: str, who: bytes, sealed: bytes, *, at: datetime) -> None:
    """A text about no order, due at once; `sealed` about its reference."""
    call(
        "opla_text_post",
        Argument(at, "timestamptz"),
        Argument(reference, "text"),
        Argument(topic, "text"),
        Argument(who, "bytea"),
        Argument(sealed, "bytea"),
    )


@dataclass(frozen=True)
class Leaving:
    """One text to be sent now. `lost`: whoever had it before never said what became of it. `dead`: an earlier one of
    the same order could not be delivered. `wish` is the sealed number of an order's."""

    reference: str
    topic: str
    order_id: UUID | None
    sealed: bytes = field(repr=False)
    tries: int
    lost: bool
    who: bytes = field(repr=False)
    wish: bytes = field(repr=False)
    with_code: bool
    stopped: bool
    dead: bool


def claim(*, at: datetime, limit: int, lease_s: int) -> list[Leaving]:
    rows = call(
        "opla_text_claim", Argument(at, "timestamptz"), Argument(limit, "int"), Argument(lease_s, "int")
    )  # fmt: skip
    return [
        Leaving(
            expect(row[0], str),
            expect(row[1], str),
            row[2] if isinstance(row[2], UUID) else None,
            bytes(row[3]) if isinstance(row[3], bytes) else b"",
            expect(row[4], int),
            expect(row[5], bool),
            bytes(expect(row[6], bytes)),
            bytes(row[7]) if isinstance(row[7], bytes) else b"",
            expect(row[8], bool),
            expect(row[9], bool),
            expect(row[10], bool),
        )
        for row in rows
    ]


def spend(day: date, parts: int, most: int) -> bool:
    """Take so many parts of this day's; False where that would be more than `most`."""
    rows = call("opla_text_spend", Argument(day, "date"), Argument(parts, "int"), Argument(most, "int"))
    return bool(rows[0][0])


def done(
    reference: str, state: str, *, at: datetime, mail: str, parts: int = 0, ids: Sequence[str] = (),
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    """What became of a text. `mail`: our reference for the mail that says that a code did not come by text."""
    call(
        "opla_text_done",
        Argument(at, "timestamptz"),
        Argument(reference, "text"),
        Argument(state, "text"),
        Argument(parts, "int"),
        Argument(due_at, "timestamptz"),
        Argument(list(ids), "text[]"),
        Argument(mail, "text"),
    )


def receipt(their_id: str, state: str, *, at: datetime, mail: str) -> str | None:
    """What is known of the text that this id is of, now; None where it is of none, yet."""
    rows = call(
        "opla_text_receipt",
        Argument(at, "timestamptz"),
        Argument(their_id, "text"),
        Argument(state, "text"),
        Argument(mail, "text"),
    )
    return rows[0][0] if isinstance(rows[0][0], str) else None


def reveal(reference: str, *, actor: Actor, at: datetime, keyring: Keyring) -> Revealed | str:
    """The code that this text takes to the number that asked for it, once the row that says so is written."""
    rows = call(
        "opla_reveal_by_text",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(reference, "text"),
    )
    return read_revealed(rows[0], keyring)


def tidy(*, receipts: datetime, texts: datetime, pieces: datetime) -> None:
    """Delete what is older."""
    call("opla_texts_tidy", *(Argument(before, "timestamptz") for before in (receipts, texts, pieces)))


@dataclass(frozen=True)
class Told:
    """A text as its order's page and its owner see it: never whom it went to."""

    reference: str
    topic: str
    ticket: str
    made_at: datetime
    state: str
    parts: int
    arrived: str


_TOLD = """SELECT t.reference, t.topic, coalesce(o.ticket, ''), t.made_at, t.state, t.parts, t.arrived
           FROM text_out t LEFT JOIN orders o ON o.id = t.order_id"""


def of_order(order_id: UUID) -> list[Told]:
    """Oldest first."""
    return [_told(row) for row in select(f"{_TOLD} WHERE t.order_id = %s ORDER BY t.made_at, t.reference", [order_id])]


def latest(limit: int) -> list[Told]:
    """Of all, newest first."""
    return [_told(row) for row in select(f"{_TOLD} ORDER BY t.made_at DESC, t.reference LIMIT %s", [limit])]


def _told(row: tuple[object, ...]) -> Told:
    words = [expect(row[n], str) for n in (0, 1, 2, 4, 6)]
    return Told(words[0], words[1], words[2], expect(row[3], datetime), words[3], expect(row[5], int), words[4])


def spent(since: date) -> list[tuple[date, int]]:
    """Parts by day, the newest first."""
    rows = select("SELECT day, parts FROM text_spent WHERE day >= %s ORDER BY day DESC", [since])
    return [(expect(day, date), expect(parts, int)) for day, parts in rows]
