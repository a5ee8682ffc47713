"""Who wants to be written to of what. All that was said is sealed: only its owner's link or a worker opens it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Wish:
    """A wish to be reminded that is to be kept, and the reference of the e-mail that asks to confirm it."""

    id: UUID
    link_hash: bytes
    email_hash: bytes
    sealed: bytes = field(repr=False)
    language: str
    reference: str
    alone: bool = False  # one per address: confirmed, it replaces the older one


@dataclass(frozen=True)
class Kept:
    """One that is kept. `sent` are the keys of the reminders that were made, where they were asked for."""

    id: UUID
    version: int
    sealed: bytes = field(repr=False)
    confirmed: bool
    language: str = ""
    sent: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decided:
    """When to look at one next, and the reminders to send: (key, reference) each."""

    id: UUID
    version: int
    due_at: datetime
    reminders: tuple[tuple[str, str], ...] = ()


def ask(wish: Wish, *, at: datetime, forget_at: datetime, again: timedelta) -> bool:
    """Keep it until `forget_at`; False when this address was asked less than `again` ago and has not answered."""
    [(kept,)] = call(
        "opla_reminder_ask",
        Argument(at, "timestamptz"),
        Argument(forget_at, "timestamptz"),
        Argument(again, "interval"),
        Argument(wish.id, "uuid"),
        Argument(wish.link_hash, "bytea"),
        Argument(wish.email_hash, "bytea"),
        Argument(wish.sealed, "bytea"),
        Argument(wish.language, "text"),
        Argument(wish.reference, "text"),
        Argument(wish.alone, "boolean"),
    )
    return expect(kept, bool)


def confirm(link_hash: bytes, *, at: datetime) -> bool:
    """False where there is no such link."""
    [(found,)] = call("opla_reminder_confirm", Argument(at, "timestamptz"), Argument(link_hash, "bytea"))
    return expect(found, bool)


def read(kept: Kept, sealed: bytes, *, at: datetime) -> bool:
    """A new reading instead of the one in `kept`; False when somebody was first."""
    [(done,)] = call(
        "opla_reminder_read",
        Argument(at, "timestamptz"),
        Argument(kept.id, "uuid"),
        Argument(kept.version, "int"),
        Argument(sealed, "bytea"),
    )
    return expect(done, bool)


def stop(link_hash: bytes) -> None:
    """Delete everything of it; nothing where there is nothing."""
    call("opla_reminder_stop", Argument(link_hash, "bytea"))


def claim(*, at: datetime, limit: int, lease: timedelta) -> list[Kept]:
    """Those to be looked at, hidden from other workers for `lease`."""
    rows = call(
        "opla_reminder_claim",
        Argument(at, "timestamptz"),
        Argument(at + lease, "timestamptz"),
        Argument(limit, "int"),
    )
    return [
        Kept(
            expect(row[0], UUID), expect(row[1], int), bytes(expect(row[2], bytes)), expect(row[3], bool),
            sent=frozenset(expect(row[4], list)),
        )
        for row in rows
    ]  # fmt: skip


def decide(decided: Sequence[Decided], *, forget: Sequence[UUID], at: datetime) -> int:
    """Write what was decided; how many reminders were made, which are those that nobody had made before."""
    new = [(one.id, key, reference) for one in decided for key, reference in one.reminders]
    [(made,)] = call(
        "opla_reminder_decide",
        Argument(at, "timestamptz"),
        *columns([(one.id, one.version, one.due_at) for one in decided], "uuid", "int", "timestamptz"),
        *columns(new, "uuid", "text", "text"),
        Argument(list(forget), "uuid[]"),
    )
    return expect(made, int)


def by_link(link_hash: bytes) -> Kept | None:
    rows = select(f"SELECT {_COLUMNS} FROM reminder WHERE link_hash = %s", [link_hash])  # noqa: S608 - our own names
    return _kept(rows[0]) if rows else None


def of_address(email_hashes: Sequence[bytes]) -> list[Kept]:
    """Everything that an address asked for, the newest first."""
    rows = select(
        f"SELECT {_COLUMNS} FROM reminder WHERE email_hash = ANY (%s) ORDER BY made_at DESC",  # noqa: S608 - ours
        [list(email_hashes)],
    )
    return [_kept(row) for row in rows]


def load(ids: Sequence[UUID]) -> dict[UUID, Kept]:
    """Those that are still kept."""
    rows = select(f"SELECT {_COLUMNS} FROM reminder WHERE id = ANY (%s::uuid[])", [list(ids)])  # noqa: S608 - ours
    return {kept.id: kept for kept in map(_kept, rows)}


_COLUMNS = "id, version, sealed, confirmed_at IS NOT NULL, language"


def _kept(row: Row) -> Kept:
    return Kept(
        expect(row[0], UUID), expect(row[1], int), bytes(expect(row[2], bytes)), expect(row[3], bool),
        expect(row[4], str),
    )  # fmt: skip
