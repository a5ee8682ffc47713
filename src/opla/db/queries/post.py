"""Order slips, and letters on paper."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import letter, order
from opla.core.actor import Actor
from opla.core.letter import Event, Topic
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.slip import Offer, State
from opla.db.keyring import Keyring, Unopenable
from opla.db.queries.call import Argument, Row, call, columns, expect, select
from opla.db.queries.codes import Revealed, read_revealed

_log = logging.getLogger(__name__)

# ── slips ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Slip:
    """`sealed`: name and address of whom it is of. `ticket` of its order, empty without one."""

    number: str
    operator: str
    language: str
    offers: tuple[Offer, ...]
    state: State
    why: str
    sealed: bytes | None = field(repr=False)
    ticket: str
    since: datetime


@dataclass(frozen=True)
class NewSlip:
    """`sealed` is empty where it is printed for nobody; else `letter_id` is of the letter that takes it there."""

    number: str
    sealed: bytes = field(repr=False)
    letter_id: UUID


def make(
    new: Sequence[NewSlip], operator: str, language: str, offers: Sequence[Offer], *, actor: Actor, at: datetime
) -> list[str]:
    """The numbers of those that are there now: a number that was somebody's is left out."""
    rows = call(
        "opla_slips_make",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(operator, "text"),
        Argument(language, "text"),
        Argument(_written(offers), "text"),
        *columns([(one.number, one.sealed, one.letter_id) for one in new], "text", "bytea", "uuid"),
    )
    return [expect(row[0], str) for row in rows]


_SLIP: Final = """
    SELECT s.number, s.operator, s.language, s.offers, s.state, s.why, s.sealed, coalesce(o.ticket, ''), s.since
    FROM slip s LEFT JOIN orders o ON o.id = s.order_id
"""


def by_numbers(numbers: Sequence[str]) -> list[Slip]:
    rows = select(f"{_SLIP} WHERE s.number = ANY (%s) ORDER BY s.made_at, s.number", [list(numbers)])
    return [_slip(row) for row in rows]


def by_number(number: str) -> Slip | None:
    return next(iter(by_numbers([number])), None)


def ordered(number: str, order_id: UUID, *, by_text: bool, sealed: bytes, actor: Actor, at: datetime) -> bool:
    """In the transaction that placed the order; False where that must be undone: the slip is not out any more."""
    [(done,)] = call(
        "opla_slip_order",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(number, "text"),
        Argument(order_id, "uuid"),
        Argument(by_text, "boolean"),
        Argument(sealed, "bytea"),
    )
    return bool(done)


def send_back(
    number: str,
    why: str,
    letter_id: UUID,
    sealed: bytes | None,
    references: Sequence[str],
    *,
    most_minor: int,
    actor: Actor,
    at: datetime,
) -> bool:
    """What came for it goes back under these references, one each; False where the slip is not out any more."""
    [(done,)] = call(
        "opla_slip_send_back",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(number, "text"),
        Argument(why, "text"),
        Argument(letter_id, "uuid"),
        Argument(sealed, "bytea"),
        Argument(most_minor, "bigint"),
        Argument(list(references), "text[]"),
    )
    return bool(done)


def move_house(number: str, sealed: bytes, *, actor: Actor, at: datetime) -> bool:
    """Whose slip it is lives elsewhere."""
    [(done,)] = call(
        "opla_slip_address",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(number, "text"),
        Argument(sealed, "bytea"),
    )
    return bool(done)


def out() -> int:
    """How many slips are somewhere."""
    [(count,)] = select("SELECT count(*) FROM slip WHERE state = 'out'")
    return expect(count, int)


def paid_without() -> list[tuple[int, str, Money, datetime]]:
    """(item, slip, money, since when) of what came for slips that nobody has brought."""
    rows = select(
        """SELECT id, why ->> 'number', amount_minor, currency, opened_at FROM item
           WHERE kind = 'bank_line' AND why ->> 'why' = 'slip_without_order' AND closed_at IS NULL
           ORDER BY opened_at, id"""
    )
    return [
        (expect(id_, int), expect(number, str), Money(expect(minor, int), expect(currency, str)), expect(at, datetime))
        for id_, number, minor, currency, at in rows
    ]


def forget(before: datetime) -> int:
    """Forget where letters went of what was over before then; of how many slips."""
    return expect(call("opla_post_forget", Argument(before, "timestamptz"))[0][0], int)


def _written(offers: Sequence[Offer]) -> str:
    return json.dumps(
        [
            [one.sku, one.name, str(one.kind), one.face.amount_minor, one.total.amount_minor, one.face.currency]
            for one in offers
        ]
    )


def _slip(row: Row) -> Slip:
    number, operator, language, offers, state, why, sealed, ticket, since = row
    read = json.loads(offers) if isinstance(offers, str) else offers
    return Slip(
        expect(number, str),
        expect(operator, str),
        expect(language, str),
        tuple(_offer(one) for one in expect(read, list)),
        State(expect(state, str)),
        expect(why, str),
        bytes(sealed) if isinstance(sealed, bytes | memoryview) else None,
        expect(ticket, str),
        expect(since, datetime),
    )


def _offer(one: Sequence[object]) -> Offer:
    sku, name, kind, face, total, currency = one
    return Offer(
        expect(sku, str),
        expect(name, str),
        Kind(expect(kind, str)),
        Money(expect(face, int), expect(currency, str)),
        Money(expect(total, int), expect(currency, str)),
    )


# ── letters ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Ordered:
    """What a letter says of an order."""

    ticket: str
    product_name: str
    operator: str
    kind: Kind
    number: str
    total: Money
    catalog_version: int
    expires_at: datetime


@dataclass(frozen=True)
class Letter:
    """`order` is None of the slip on its way out, and of one that was sent back."""

    id: UUID
    topic: Topic
    state: letter.State
    prints: int
    since: datetime
    slip: Slip
    order: Ordered | None


_LETTER: Final = """
    SELECT l.id, l.topic, l.state, l.prints, l.since,
           s.number, s.operator, s.language, s.offers, s.state, s.why, s.sealed, coalesce(o.ticket, ''), s.since,
           o.product_name, o.operator, o.kind, o.number, o.face_minor + o.fee_minor - o.discount_minor, o.currency,
           o.catalog_version, coalesce(o.expires_at, o.placed_at)
    FROM letter_out l JOIN slip s ON s.number = l.slip LEFT JOIN orders o ON o.id = s.order_id
"""


def letters(states: Sequence[letter.State], *, since: datetime | None = None, limit: int) -> list[Letter]:
    """Those in these states, who waits longest first; of those since `since` only."""
    rows = select(
        f"""{_LETTER} WHERE l.state = ANY (%s) AND (%s::timestamptz IS NULL OR l.since >= %s::timestamptz)
            ORDER BY l.since, l.id LIMIT %s""",
        [[str(state) for state in states], since, since, limit],
    )
    return [_letter(row) for row in rows]


def letters_of(ids: Sequence[UUID]) -> dict[UUID, Letter]:
    rows = select(f"{_LETTER} WHERE l.id = ANY (%s::uuid[])", [list(ids)])
    return {found.id: found for found in map(_letter, rows)}


def counts() -> dict[tuple[Topic, letter.State], int]:
    """How many letters of each kind are where."""
    rows = select("SELECT topic, state, count(*) FROM letter_out GROUP BY topic, state")
    return {(Topic(expect(topic, str)), letter.State(expect(state, str))): expect(n, int) for topic, state, n in rows}


@dataclass(frozen=True)
class ToTell:
    """A slip's order in a state of which nobody has told whoever waits. `text`: of an SMS that was wanted instead."""

    slip: str
    state: order.State
    kind: Kind
    text: letter.Text


def to_tell(limit: int) -> list[ToTell]:
    rows = select(
        """SELECT s.number, o.state, o.kind,
                  CASE WHEN NOT s.by_text OR o.state = 'cancelled' THEN 'unwanted'
                       WHEN t.reference IS NULL THEN 'waiting'
                       WHEN t.arrived IN ('UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED') THEN 'failed'
                       WHEN t.state IN ('sent', 'unknown') THEN 'told'
                       WHEN t.due_at IS NOT NULL OR t.state = 'sending' THEN 'waiting' ELSE 'failed' END
           FROM slip s JOIN orders o ON o.id = s.order_id
           LEFT JOIN LATERAL (SELECT * FROM text_out x WHERE x.order_id = o.id AND x.topic = o.state
                              ORDER BY x.made_at DESC LIMIT 1) t ON true
           WHERE s.state = 'ordered' AND s.sealed IS NOT NULL AND o.state IN ('delivered', 'refunded', 'cancelled')
             AND s.told <> o.state
           ORDER BY s.number LIMIT %s""",
        [limit],
    )
    return [
        ToTell(
            expect(number, str),
            order.State(expect(state, str)),
            Kind(expect(kind, str)),
            letter.Text(expect(text, str)),
        )
        for number, state, kind, text in rows
    ]


def write(told: Sequence[tuple[UUID, str, Topic | None, order.State]], *, at: datetime) -> None:
    """A letter of each (its id, slip, what about, the state it tells of); without a topic it was told otherwise."""
    rows = [(letter_id, slip, str(topic or ""), str(state)) for letter_id, slip, topic, state in told]
    call("opla_letters_write", Argument(at, "timestamptz"), *columns(rows, "uuid", "text", "text", "text"))


def print_them(
    ids: Sequence[UUID], event: Event, why: str, *, actor: Actor, at: datetime, keyring: Keyring
) -> tuple[dict[UUID, Revealed | None], list[UUID]]:
    """Those that may be printed now, each with its code where it carries one: the row that says so is written. And
    those whose code does not open: of them it may not stay written."""
    rows = call(
        "opla_letters_print",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(why, "text"),
        Argument([str(one) for one in letter.sources(event)], "text[]"),
        Argument(str(event), "text"),
        Argument(list(ids), "uuid[]"),
    )
    found: dict[UUID, Revealed | None] = {}
    closed = []
    for row in rows:
        letter_id = expect(row[0], UUID)
        try:
            found[letter_id] = _code(row, keyring)
        except Unopenable:
            _log.exception("letter %s: its code does not open", letter_id)
            closed.append(letter_id)
    return found, closed


def unreadable(ids: Sequence[UUID], *, at: datetime) -> None:
    """An item of each letter that cannot be printed; it closes when that one is printed after all."""
    call("opla_letters_unreadable", Argument(at, "timestamptz"), Argument(list(ids), "uuid[]"))


def _code(row: Row, keyring: Keyring) -> Revealed | None:
    if row[1] is None:
        return None
    found = read_revealed(("revealed", *row[1:]), keyring)
    if isinstance(found, str):
        raise TypeError(f"letter {row[0]}: its code is {found}")
    return found


def move(ids: Sequence[UUID], event: Event, why: str, *, actor: Actor, at: datetime) -> list[UUID]:
    """Those that were in a state in which this can happen."""
    rows = call(
        "opla_letters_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(str(event), "text"),
        Argument(why, "text"),
        Argument([str(one) for one in letter.sources(event)], "text[]"),
        Argument(str(letter.target(event)), "text"),
        Argument(list(ids), "uuid[]"),
    )
    return [expect(row[0], UUID) for row in rows]


def printed_by(letter_id: UUID) -> list[str]:
    """Everybody who had this letter in hand as a sheet."""
    rows = select(
        """SELECT DISTINCT actor FROM every_event
           WHERE subject = 'letter_out' AND subject_id = %s AND name IN ('printed', 'reprinted')""",
        [letter_id],
    )
    return [expect(actor, str) for (actor,) in rows]


def order_of(letter_id: UUID) -> UUID | None:
    rows = select("SELECT s.order_id FROM letter_out l JOIN slip s ON s.number = l.slip WHERE l.id = %s", [letter_id])
    return rows[0][0] if rows and isinstance(rows[0][0], UUID) else None


def _letter(row: Row) -> Letter:
    about = None
    if row[14] is not None:
        about = Ordered(
            expect(row[12], str),
            expect(row[14], str),
            expect(row[15], str),
            Kind(expect(row[16], str)),
            expect(row[17], str),
            Money(expect(row[18], int), expect(row[19], str)),
            expect(row[20], int),
            expect(row[21], datetime),
        )
    return Letter(
        expect(row[0], UUID),
        Topic(expect(row[1], str)),
        letter.State(expect(row[2], str)),
        expect(row[3], int),
        expect(row[4], datetime),
        _slip(row[5:14]),
        about,
    )
