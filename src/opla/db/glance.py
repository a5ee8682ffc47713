"""What doctor asks a database, which may not be prepared yet: past Django, and without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow


def clock(dsn: str) -> datetime:
    """The time by the clock of the database's machine."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    if row is None or not isinstance(row[0], datetime):
        raise TypeError("the database did not say the time")
    return row[0]


def powers(dsn: str) -> tuple[str, ...]:
    """What this role may do that a shop never does, in words."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute(
            """SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication
               FROM pg_roles WHERE rolname = current_user"""
        ).fetchone()
    words = ("do everything", "make roles", "make databases", "read past row security", "copy the whole server")
    return tuple(word for word, may in zip(words, row or (), strict=False) if may)


def role(dsn: str) -> str:
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        row = connection.execute("SELECT current_user").fetchone()
    return str(row[0]) if row else ""


def machines(dsn: str) -> list[tuple[str, str]]:
    """The card machines that stand somewhere, as the way of paying and their provider's name of it."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        try:
            rows = connection.execute(
                "SELECT method, their_id FROM terminal WHERE state = 'open' ORDER BY name"
            ).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
    return [(str(method), str(their_id)) for method, their_id in rows]


def has_codes(dsn: str) -> bool:
    """Whether a code of our own stock can be sold; no where there is no stock yet."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        try:
            row = connection.execute("SELECT EXISTS (SELECT FROM code WHERE state = 'stock')").fetchone()
        except psycopg.errors.UndefinedTable:
            return False
    return bool(row and row[0])


@dataclass(frozen=True)
class Keeping:
    """What whoever works in the background leaves behind. `months`: how many after this one can be written to, of the
    table that has fewest; `beside`: tables with rows of a month that nobody made; `pulse_s`: since when no worker was
    heard, None: never; `chained_s`: for how long what happened waits to be chained; `owners`: people of that role."""

    months: int
    beside: tuple[str, ...]
    pulse_s: float | None
    chained_s: float
    owners: int


def keeping(dsn: str) -> Keeping | None:
    """None where there are no tables yet."""
    tables = ("event", "transfer", "attempt_evidence")
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        try:
            months = [
                _number(
                    connection,
                    "SELECT count(*) FROM kept_month WHERE name = %s AND place = 'live' AND month > now()",
                    [t],
                )
                for t in tables
            ]
            beside = [
                t
                for t in tables
                if _number(connection, f"SELECT count(*) FROM (SELECT FROM {t}_default LIMIT 1) d")  # noqa: S608 - of ours
            ]
            pulse = connection.execute(
                "SELECT extract(epoch FROM now() - max(at))::float8 FROM heartbeat WHERE process = 'worker'"
            ).fetchone()
            chained = connection.execute(
                """SELECT coalesce(extract(epoch FROM now() - min(at)), 0)::float8 FROM event
                   WHERE id > coalesce((SELECT max(until_id) FROM audit_segment WHERE stream = 'event'), 0)"""
            ).fetchone()
            owners = _number(connection, "SELECT count(*) FROM house_person WHERE role = 'owner' AND ended_at IS NULL")
        except psycopg.errors.UndefinedTable:
            return None
    return Keeping(min(months), tuple(beside), pulse[0] if pulse else None, chained[0] if chained else 0.0, owners)


def _number(connection: psycopg.Connection[TupleRow], sql: LiteralString, values: Sequence[object] = ()) -> int:
    row = connection.execute(sql, values).fetchone()
    return int(row[0]) if row else 0


def quarantined(dsn: str) -> bool:
    """Whether the shop stands still because it came out of a backup."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        try:
            row = connection.execute("SELECT EXISTS (SELECT FROM quarantine WHERE left_at IS NULL)").fetchone()
        except psycopg.errors.UndefinedTable:
            return False
    return bool(row and row[0])
