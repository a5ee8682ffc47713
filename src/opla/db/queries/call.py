"""How a function that takes arrays is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Protocol, TypeVar
from uuid import UUID

from django.db import connection, connections
from django.db.utils import InterfaceError, InternalError, OperationalError
from psycopg import RawCursor
from psycopg.errors import ReadOnlySqlTransaction

Row = tuple[object, ...]
T = TypeVar("T")


class Observer(Protocol):
    """Told before and after every call of a function, which is before and after every commit."""

    def before(self, function: str) -> None: ...

    def after(self, function: str) -> None: ...


#: Set by a simulation, which breaks things there. None in a shop.
observer: Observer | None = None


@dataclass(frozen=True)
class Argument:
    """One argument with its SQL type: an empty array has no type of its own."""

    value: object
    sql_type: str


def call(function: str, *arguments: Argument) -> list[Row]:
    """Rows of `SELECT * FROM function(…)`."""
    if observer is not None:
        observer.before(function)
    rows = _rows(_statement(function, tuple(a.sql_type for a in arguments)), [a.value for a in arguments])
    if observer is not None:
        observer.after(function)
    return rows


@cache
def _statement(function: str, sql_types: tuple[str, ...]) -> str:
    places = ", ".join(f"${n}::{sql_type}" for n, sql_type in enumerate(sql_types, start=1))
    return f"SELECT * FROM {function}({places})"  # noqa: S608 - our own names


def _rows(statement: str, values: Sequence[object]) -> list[Row]:
    """Past Django's cursor, which would look for placeholders in a hundred places each time; prepared once."""
    connection.ensure_connection()
    try:
        with connection.wrap_database_errors, RawCursor(connection.connection) as cursor:
            cursor.execute(statement, values, prepare=True)
            rows: list[Row] = cursor.fetchall()
            return rows
    except InternalError as problem:
        if not isinstance(problem.__cause__, ReadOnlySqlTransaction):
            raise
        # Whoever takes no writes any more is not the primary, however well the connection works.
        if not connection.in_atomic_block:
            connection.close()
        raise OperationalError(str(problem)) from problem


def select(sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
    """Rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # type: ignore[arg-type]  # psycopg adapts what the stubs do not list
        rows: list[Row] = cursor.fetchall()
        return rows


def columns(rows: Iterable[Sequence[object]], *sql_types: str) -> list[Argument]:
    """Rows turned into one array argument per column: what `unnest` takes apart again."""
    turned = list(zip(*rows, strict=True)) or [()] * len(sql_types)
    return [Argument(_literal(values), f"{kind}[]") for values, kind in zip(turned, sql_types, strict=True)]


def _literal(values: Sequence[object]) -> str:
    """An array as PostgreSQL reads it (manual §8.15.2). The driver's own way is five times slower a value."""
    return "{" + ",".join([_WRITTEN[type(value)](value) for value in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


#: How a value of each type stands in an array. Enum members are the texts they are; other types are a mistake, loudly.
_WRITTEN: dict[type, Callable[..., str]] = defaultdict(
    lambda: _of_enum,
    {
        int: str,
        str: _quoted,
        UUID: lambda value: value.hex,
        bytes: lambda value: f'"\\\\x{value.hex()}"',
        datetime: lambda value: f'"{value.isoformat()}"',
        date: lambda value: value.isoformat(),
        bool: lambda value: "t" if value else "f",
        type(None): lambda _none: "NULL",
    },
)


def _of_enum(value: object) -> str:
    if not isinstance(value, StrEnum):
        raise TypeError(f"no array of {type(value).__name__} is known")
    return f'"{value.value}"'


def reconnect() -> None:
    """Forget a connection that broke, so that the next call makes a new one."""
    connections["default"].close()


def expect(value: object, kind: type[T]) -> T:
    """A column's value, known to be of this type: PostgreSQL said so, and a mistake is loud."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, the database gave {type(value).__name__}")
    return value


BROKEN = (OperationalError, InterfaceError)
