"""Tablets, clerks and shifts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.cash import Kind as LineKind
from opla.core.money import Money
from opla.core.shift import Movement
from opla.core.station import Kind, State
from opla.db.queries.call import Argument, Row, call, expect, select

# ── tablets ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Station:
    """A tablet. `drawer` is empty at a kiosk."""

    id: UUID
    name: str
    kind: Kind
    drawer: str
    place_id: int
    state: State
    agent: str
    paired_at: datetime | None
    seen_at: datetime | None
    why: str


_STATION = (
    """SELECT id, name, kind, coalesce(drawer, ''), place_id, state, agent, paired_at, seen_at, why FROM station"""
)


def stations() -> list[Station]:
    return [_station(row) for row in select(f"{_STATION} ORDER BY name")]


def named(name: str) -> Station | None:
    rows = select(f"{_STATION} WHERE name = %s", [name])
    return _station(rows[0]) if rows else None


def by_secret(secret_hash: bytes) -> Station | None:
    """The tablet that holds this secret, while it is paired."""
    rows = select(f"{_STATION} WHERE secret_hash = %s AND state = 'paired'", [secret_hash])
    return _station(rows[0]) if rows else None


def _station(row: Row) -> Station:
    id_, name, kind, drawer, place_id, state, agent, paired_at, seen_at, why = row
    return Station(
        expect(id_, UUID), expect(name, str), Kind(expect(kind, str)), expect(drawer, str), expect(place_id, int),
        State(expect(state, str)), expect(agent, str), _when(paired_at), _when(seen_at), expect(why, str),
    )  # fmt: skip


def _when(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None


def keep(
    id_: UUID, name: str, kind: Kind, drawer: str, place_id: int, *, pairing: bytes, until: datetime, actor: Actor,
    at: datetime,
) -> str:  # fmt: skip
    """`made`, `code_made`, `kind_fixed` or `drawer_unknown`."""
    [(result,)] = call(
        "opla_station", _at(at), _by(actor), Argument(id_, "uuid"), Argument(name, "text"), Argument(str(kind), "text"),
        Argument(drawer or None, "text"), Argument(place_id, "bigint"), Argument(pairing, "bytea"),
        Argument(until, "timestamptz"),
    )  # fmt: skip
    return expect(result, str)


def pair(pairing: bytes, secret: bytes, agent: str, *, at: datetime) -> UUID | None:
    """Which station a tablet is from now on; None where the code pairs none."""
    [(found,)] = call(
        "opla_station_pair", _at(at), Argument(pairing, "bytea"), Argument(secret, "bytea"), Argument(agent, "text")
    )
    return found if isinstance(found, UUID) else None


def seen(station_id: UUID, *, at: datetime) -> None:
    call("opla_station_seen", _at(at), Argument(station_id, "uuid"))


def end(name: str, state: State, why: str, *, actor: Actor, at: datetime) -> bool:
    """False where it was so already, or there is none."""
    [(ended,)] = call(
        "opla_station_end", _at(at), _by(actor), Argument(name, "text"), Argument(str(state), "text"),
        Argument(why, "text"),
    )  # fmt: skip
    return bool(ended)


def did(station_id: UUID, what: str, why: str, *, actor: Actor, at: datetime) -> None:
    """Leave in the trail what moved no money."""
    call(
        "opla_station_did", _at(at), _by(actor), Argument(station_id, "uuid"), Argument(what, "text"),
        Argument(why, "text"),
    )  # fmt: skip


# ── clerks ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Clerk:
    """Somebody who works at tills. `place_id` None: at every place."""

    id: UUID
    name: str
    shown: str
    place_id: int | None
    manages: bool
    active: bool
    wrong: int
    not_before: datetime | None


_CLERK = "SELECT id, name, shown, place_id, manages, active, wrong, not_before FROM clerk"


def clerks() -> list[Clerk]:
    return [_clerk(row) for row in select(f"{_CLERK} ORDER BY active DESC, shown, name")]


def clerks_at(place_id: int) -> list[Clerk]:
    """Who may sign in there."""
    rows = select(f"{_CLERK} WHERE active AND coalesce(place_id = %s, true) ORDER BY shown, name", [place_id])
    return [_clerk(row) for row in rows]


def clerk(name: str) -> Clerk | None:
    rows = select(f"{_CLERK} WHERE name = %s", [name])
    return _clerk(rows[0]) if rows else None


def _clerk(row: Row) -> Clerk:
    id_, name, shown, place_id, manages, active, wrong, not_before = row
    return Clerk(
        expect(id_, UUID), expect(name, str), expect(shown, str), place_id if isinstance(place_id, int) else None,
        bool(manages), bool(active), expect(wrong, int), _when(not_before),
    )  # fmt: skip


def keep_clerk(
    id_: UUID, name: str, shown: str, place_id: int | None, *, manages: bool, active: bool, pin: bytes | None,
    actor: Actor, at: datetime,
) -> str:  # fmt: skip
    """`made`, `changed` or `pin_missing`."""
    [(result,)] = call(
        "opla_clerk", _at(at), _by(actor), Argument(id_, "uuid"), Argument(name, "text"), Argument(shown, "text"),
        Argument(place_id, "bigint"), Argument(manages, "boolean"), Argument(active, "boolean"),
        Argument(pin, "bytea"),
    )  # fmt: skip
    return expect(result, str)


@dataclass(frozen=True)
class Tried:
    """A PIN may be compared now. It counts as wrong until `pin_right`."""

    pin: bytes = field(repr=False)
    wrong: int


def try_pin(clerk_id: UUID, waits_minutes: Sequence[int], *, at: datetime) -> Tried | None:
    """None: nothing is heard now."""
    rows = call("opla_pin_try", _at(at), Argument(clerk_id, "uuid"), Argument(list(waits_minutes), "int[]"))
    return Tried(bytes(expect(rows[0][0], bytes)), expect(rows[0][1], int)) if rows else None


def pin_right(clerk_id: UUID, station_id: UUID, *, actor: Actor, at: datetime) -> None:
    call("opla_pin_right", _at(at), _by(actor), Argument(clerk_id, "uuid"), Argument(station_id, "uuid"))


# ── shifts ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Shift:
    """`n` counts the shifts of its drawer. What was found was more (less: negative) than the books said."""

    id: UUID
    n: int
    drawer: str
    station_id: UUID
    clerk: str
    clerk_shown: str
    opened_at: datetime
    opening: Money
    opening_found: Money
    closed_at: datetime | None
    closed_by: str
    closing: Money | None
    closing_found: Money | None
    pieces: Mapping[int, int]
    why: str


_SHIFT = """SELECT s.id, s.n, s.drawer, s.station_id, c.name, c.shown, s.opened_at, s.opening_minor, s.opening_found,
                   s.closed_at, coalesce(d.shown, ''), s.closing_minor, s.closing_found, s.closing, s.why
            FROM shift s JOIN clerk c ON c.id = s.clerk_id LEFT JOIN clerk d ON d.id = s.closed_by"""


def open_shift(drawer: str, currency: str) -> Shift | None:
    rows = select(f"{_SHIFT} WHERE s.drawer = %s AND s.closed_at IS NULL", [drawer])
    return _shift(rows[0], currency) if rows else None


def shift(shift_id: UUID, currency: str) -> Shift | None:
    rows = select(f"{_SHIFT} WHERE s.id = %s", [shift_id])
    return _shift(rows[0], currency) if rows else None


def numbered_shift(drawer: str, n: int, currency: str) -> Shift | None:
    rows = select(f"{_SHIFT} WHERE s.drawer = %s AND s.n = %s::numeric", [drawer, n])
    return _shift(rows[0], currency) if rows else None


def shifts(drawer: str, currency: str, *, limit: int) -> list[Shift]:
    """The newest first."""
    rows = select(f"{_SHIFT} WHERE s.drawer = %s ORDER BY s.n DESC LIMIT %s", [drawer, limit])
    return [_shift(row, currency) for row in rows]


def _shift(row: Row, currency: str) -> Shift:
    (
        id_, n, drawer, station_id, name, shown, opened_at, opening, opening_found, closed_at, closed_by, closing,
        closing_found, pieces, why,
    ) = row  # fmt: skip
    counted = json.loads(pieces) if isinstance(pieces, str) else pieces if isinstance(pieces, dict) else {}
    return Shift(
        expect(id_, UUID), expect(n, int), expect(drawer, str), expect(station_id, UUID), expect(name, str),
        expect(shown, str), expect(opened_at, datetime), Money(expect(opening, int), currency),
        Money(expect(opening_found, int), currency), _when(closed_at), expect(closed_by, str),
        Money(closing, currency) if isinstance(closing, int) else None,
        Money(closing_found, currency) if isinstance(closing_found, int) else None,
        {int(piece): times for piece, times in counted.items()}, expect(why, str),
    )  # fmt: skip


def movements(shift_id: UUID) -> list[Movement]:
    """What moved the drawer in a shift, in order."""
    rows = select("SELECT kind, minor FROM drawer_line WHERE shift_id = %s ORDER BY n", [shift_id])
    return [Movement(LineKind(expect(kind, str)), expect(minor, int)) for kind, minor in rows]


def open_one(
    id_: UUID, drawer: str, station_id: UUID, clerk_id: UUID, pieces: Mapping[int, int], counted: Money, found: Money,
    *, actor: Actor, at: datetime,
) -> str:  # fmt: skip
    """`opened`, `again`, `shift_open` or `drawer_unknown`."""
    [(result,)] = call(
        "opla_shift_open", _at(at), _by(actor), Argument(id_, "uuid"), Argument(drawer, "text"),
        Argument(station_id, "uuid"), Argument(clerk_id, "uuid"), _pieces(pieces),
        Argument(counted.amount_minor, "bigint"), Argument(found.amount_minor, "bigint"),
    )  # fmt: skip
    return expect(result, str)


def close_one(
    id_: UUID, clerk_id: UUID, pieces: Mapping[int, int], counted: Money, found: Money, why: str, *, actor: Actor,
    at: datetime,
) -> str:  # fmt: skip
    """`closed`, `again` or `shift_closed`."""
    [(result,)] = call(
        "opla_shift_close", _at(at), _by(actor), Argument(id_, "uuid"), Argument(clerk_id, "uuid"), _pieces(pieces),
        Argument(counted.amount_minor, "bigint"), Argument(found.amount_minor, "bigint"), Argument(why, "text"),
    )  # fmt: skip
    return expect(result, str)


def _pieces(pieces: Mapping[int, int]) -> Argument:
    return Argument(json.dumps({str(piece): times for piece, times in pieces.items()}), "jsonb")


def _at(at: datetime) -> Argument:
    return Argument(at, "timestamptz")


def _by(actor: Actor) -> Argument:
    return Argument(str(actor), "text")
