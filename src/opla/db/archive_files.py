"""Archived months as files of the owner's: taken out of the database, and brought back.

By the role that owns the tables: the application's has no way to remove a row.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final

from django.db import connections, transaction
from psycopg import Cursor, DataError, IntegrityError, sql
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow

from opla.core.actor import Actor
from opla.db.queries import archive as queries
from opla.db.queries.archive import Kept, Place

_PIECE: Final = 1 << 20
#: How long it waits for whoever reads old months just now.
_LOCK_WAIT_MS: Final = 5_000


class Refused(Exception):  # noqa: N818  (it is the state of a month or a file, said in a sentence)
    """It cannot be done; the code, and a sentence for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def take_out(month: date, folder: Path, *, actor: Actor, at: datetime) -> list[Path]:
    """Write each table's rows of an archived month into a file, read it again, compare, and drop them.

    Raises `Refused`.
    """
    kept = [one for one in queries.months() if one.place is not Place.OUTSIDE]
    mine = [one for one in kept if one.month == month]
    if not mine or any(one.place is not Place.ARCHIVED for one in mine):
        raise Refused("month_not_archived", f"{month:%Y-%m} is not in the archive: ./opla archive lists what is.")
    if kept[0].month < month:
        raise Refused("month_out_of_order", f"The oldest goes first: {kept[0].month:%Y-%m}.")
    if waits := queries.open_items(month):
        raise Refused("items_open", f"Items {waits} are from before its end and open: ./opla items")
    if there := next((path for one in mine if (path := _path(one, folder)).exists()), None):
        raise Refused("file_exists", f"{there} is there already: it may be the only one.")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        written = [_write(one, folder) for one in mine]
        _sync(folder)
        _drop(mine, written, month, actor, at)
    except LockNotAvailable:
        _unwrite(mine, folder)
        raise Refused("month_in_use", f"Somebody reads {month:%Y-%m} just now: try again in a while.") from None
    except (Refused, OSError):
        _unwrite(mine, folder)
        raise
    return written


def _unwrite(mine: list[Kept], folder: Path) -> None:
    """Where it is certain that nothing was dropped. Whoever loses the database at the commit keeps the files."""
    for one in mine:
        _path(one, folder).unlink(missing_ok=True)


def _drop(mine: list[Kept], written: list[Path], month: date, actor: Actor, at: datetime) -> None:
    with _owner() as cursor:
        for one, path in zip(mine, written, strict=True):
            part = _part(one)
            cursor.execute(sql.SQL("CREATE TEMP TABLE came_back (LIKE {}) ON COMMIT DROP").format(part))
            _fill(cursor, sql.Identifier("came_back"), path)
            cursor.execute(
                sql.SQL(
                    """SELECT (SELECT count(*) FROM (TABLE {part} EXCEPT ALL TABLE came_back) a)
                            + (SELECT count(*) FROM (TABLE came_back EXCEPT ALL TABLE {part}) b)"""
                ).format(part=part)
            )
            if cursor.fetchone() != (0,):
                raise Refused("file_differs", f"{path} does not hold what the database does: nothing was taken out.")
            cursor.execute(sql.SQL("DROP TABLE {}, came_back").format(part))
        _said(cursor, "month_taken_out", month, actor, at)


def bring_back(month: date, folder: Path, *, actor: Actor, at: datetime) -> int:
    """Read the files of a month into the archive again, where they are what was archived; how many rows that is.
    Raises `Refused`."""
    mine = [one for one in queries.months() if one.month == month and one.place is Place.OUTSIDE]
    if not mine:
        raise Refused("month_not_outside", f"{month:%Y-%m} was not taken out of the database.")
    with _owner() as cursor:
        for one in mine:
            part, table = _part(one), sql.Identifier(f"archived_{one.name}")
            cursor.execute(
                sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING INDEXES INCLUDING CONSTRAINTS)").format(
                    part, sql.Identifier(one.name)
                )
            )
            _fill(cursor, part, _path(one, folder))
            cursor.execute(
                "SELECT from_at, until_at FROM archived_month WHERE name = %s AND month = %s", [one.name, month]
            )
            row = cursor.fetchone()
            if row is None:
                raise LookupError(one.name)
            try:
                cursor.execute(
                    sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                        table, part, sql.Literal(row[0]), sql.Literal(row[1])
                    )
                )
            except IntegrityError:  # rows of another month
                raise _other(one, folder) from None
            cursor.execute("SELECT opla_guard(%s)", [f"archived_{one.name}"])
            cursor.execute(
                """SELECT m.rows = s.rows AND m.sha256 = opla_archive_sha256(m.name, m.from_at, m.until_at)
                   FROM archived_month m, opla_archive_count(m.name, m.from_at, m.until_at) s
                   WHERE m.name = %s AND m.month = %s""",
                [one.name, month],
            )
            if cursor.fetchone() != (True,):
                raise _other(one, folder)
        _said(cursor, "month_brought_back", month, actor, at)
    return sum(one.rows or 0 for one in mine)


def _other(one: Kept, folder: Path) -> Refused:
    return Refused("file_differs", f"{_path(one, folder)} is not what was archived: nothing was brought back.")


def _path(one: Kept, folder: Path) -> Path:
    return folder / f"{one.month:%Y-%m}-{one.name}.csv.gz"


def _part(one: Kept) -> sql.Identifier:
    return sql.Identifier(f"{one.name}_{one.month:%Y_%m}")


@contextmanager
def _owner() -> Iterator[Cursor[TupleRow]]:
    """One transaction of the owner's, past Django's cursor, which copies nothing."""
    with transaction.atomic(using="owner"):
        connection = connections["owner"].connection
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
            cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
            yield cursor


def _write(one: Kept, folder: Path) -> Path:
    path = _path(one, folder)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # answers of providers stand in it
    with os.fdopen(descriptor, "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed, _owner() as cursor:
            asked = sql.SQL("COPY (SELECT * FROM {} ORDER BY at) TO STDOUT (FORMAT csv, HEADER)").format(_part(one))
            with cursor.copy(asked) as copy:
                for piece in copy:
                    packed.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return path


def _fill(cursor: Cursor[TupleRow], table: sql.Identifier, path: Path) -> None:
    try:
        with gzip.open(path, "rb") as file:
            _copy(cursor, table, file)
    except (OSError, EOFError) as problem:
        raise Refused("file_unreadable", f"{path}: {problem}") from None
    except DataError as problem:
        raise Refused("file_differs", f"{path} cannot be read: {problem}") from None


def _copy(cursor: Cursor[TupleRow], table: sql.Identifier, file: gzip.GzipFile) -> None:
    with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER MATCH)").format(table)) as copy:
        while piece := file.read(_PIECE):
            copy.write(piece)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _said(cursor: Cursor[TupleRow], name: str, month: date, actor: Actor, at: datetime) -> None:
    """It stands in the trail, where all that was taken out is chained."""
    cursor.execute("SELECT opla_writes(true)")
    cursor.execute(
        """INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
           VALUES (%s, 'archive', md5('archive ' || %s)::uuid, %s, '', '', %s, %s)""",
        [at, f"{month:%Y-%m}", name, str(actor), f"{month:%Y-%m}"],
    )
    cursor.execute("SELECT opla_writes(false)")
