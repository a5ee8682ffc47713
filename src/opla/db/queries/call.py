"""How a function that takes arrays is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from django.db import connection, connections
from django.db.utils import InterfaceError, OperationalError

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
    places = ", ".join(f"%s::{a.sql_type}" for a in arguments)
    rows = select(f"SELECT * FROM {function}({places})", [a.value for a in arguments])  # noqa: S608 - our own names
    if observer is not None:
        observer.after(function)
    return rows


def select(sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[Row]:
    """Rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)  # type: ignore[arg-type]  # psycopg adapts what the stubs do not list
        rows: list[Row] = cursor.fetchall()
        return rows


def columns(rows: Iterable[Sequence[object]], *sql_types: str) -> list[Argument]:
    """Rows turned into one array argument per column: what `unnest` takes apart again."""
    listed = list(rows)
    return [Argument([row[n] for row in listed], f"{kind}[]") for n, kind in enumerate(sql_types)]


def reconnect() -> None:
    """Forget a connection that broke, so that the next call makes a new one."""
    connections["default"].close()


def expect(value: object, kind: type[T]) -> T:
    """A column's value, known to be of this type: PostgreSQL said so, and a mistake is loud."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, the database gave {type(value).__name__}")
    return value


BROKEN = (OperationalError, InterfaceError)
