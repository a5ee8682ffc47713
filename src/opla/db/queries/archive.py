"""Months by where they lie: in the tables that are written, in the archive beside them, or in the owner's files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from opla.db.queries.call import Argument, Row, call, expect, select


class Place(StrEnum):
    LIVE = "live"
    ARCHIVED = "archived"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Kept:
    """A month of one table. `rows`, `sha256`: as it was archived; None while it was not."""

    name: str
    month: date
    place: Place
    rows: int | None
    sha256: str


def step(before: datetime, *, at: datetime) -> tuple[str, date | None] | None:
    """The next step of archiving months that ended by then, and which month; None: the tables are in use just now.
    Without anything to do, the step is empty."""
    rows = _unless_in_use("opla_archive_step", Argument(at, "timestamptz"), Argument(before, "timestamptz"))
    return (expect(rows[0][0], str), rows[0][1] if isinstance(rows[0][1], date) else None) if rows else None


def bring_in(most: int) -> str:
    """Make one month whose rows came before it was made, and put at most so many into it; its name, or nothing."""
    rows = _unless_in_use("opla_bring_in", Argument(most, "bigint"))
    return expect(rows[0][0], str) if rows else ""


def _unless_in_use(function: str, *arguments: Argument) -> list[Row]:
    try:
        return call(function, *arguments)
    except OperationalError as problem:
        if isinstance(problem.__cause__, LockNotAvailable):
            return []
        raise


def months() -> list[Kept]:
    """The oldest first."""
    rows = select(
        """SELECT coalesce(k.name, m.name), coalesce(k.month, m.month), coalesce(k.place, 'outside'), m.rows,
                  coalesce(encode(m.sha256, 'hex'), '')
           FROM kept_month k FULL JOIN archived_month m ON m.name = k.name AND m.month = k.month ORDER BY 2, 1"""
    )
    return [
        Kept(
            expect(row[0], str),
            expect(row[1], date),
            Place(str(row[2])),
            row[3] if isinstance(row[3], int) else None,
            expect(row[4], str),
        )
        for row in rows
    ]


def outside_until() -> datetime | None:
    """Until when months lie outside the database; None: none does. What is older is proved by its sums alone."""
    rows = select("SELECT max(until_at) FROM month_outside")
    return rows[0][0] if isinstance(rows[0][0], datetime) else None


def open_items(month: date) -> str:
    """Numbers of what waits for a person from before this month's end: who settles it looks at what happened then."""
    rows = select(
        """SELECT coalesce(string_agg(id::text, ', ' ORDER BY id), '') FROM item
           WHERE closed_at IS NULL AND opened_at < (%s + interval '1 month') AT TIME ZONE 'UTC'""",
        [month],
    )
    return expect(rows[0][0], str)
