"""What doctor asks a database, which may not be prepared yet: past Django, and without changing anything."""

from __future__ import annotations

from datetime import datetime

import psycopg


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


def quarantined(dsn: str) -> bool:
    """Whether the shop stands still because it came out of a backup."""
    with psycopg.connect(dsn, connect_timeout=5) as connection:
        try:
            row = connection.execute("SELECT EXISTS (SELECT FROM quarantine WHERE left_at IS NULL)").fetchone()
        except psycopg.errors.UndefinedTable:
            return False
    return bool(row and row[0])
