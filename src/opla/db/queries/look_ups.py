"""Whose number somebody typed, as suppliers told it: asked for, taken by a worker, kept for a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opla.db.queries.call import Argument, call, expect, select


@dataclass(frozen=True)
class LookUp:
    """`told_at` None: nobody has answered yet. `operator` is ours by its id, empty where the answer helps nobody."""

    asked_at: datetime
    told_at: datetime | None
    operator: str
    supplier: str


@dataclass(frozen=True)
class Asked:
    digest: bytes
    sealed: bytes = field(repr=False)


def ask(digest: bytes, sealed: bytes, *, kept: timedelta, at: datetime) -> None:
    call(
        "opla_look_up_ask",
        Argument(at, "timestamptz"),
        Argument(digest, "bytea"),
        Argument(sealed, "bytea"),
        Argument(at - kept, "timestamptz"),
    )


def of(digest: bytes, *, since: datetime) -> LookUp | None:
    rows = select(
        "SELECT asked_at, told_at, operator, supplier FROM number_look_up WHERE digest = %s AND asked_at >= %s",
        [digest, since],
    )
    if not rows:
        return None
    asked_at, told_at, operator, supplier = rows[0]
    told = told_at if isinstance(told_at, datetime) else None
    return LookUp(expect(asked_at, datetime), told, expect(operator, str), expect(supplier, str))


def waiting(*, since: datetime) -> bool:
    """Whether anybody asks; most of the time nobody does."""
    return bool(select("SELECT 1 FROM number_look_up WHERE told_at IS NULL AND asked_at >= %s LIMIT 1", [since]))


def claim(*, since: datetime, limit: int, lease_s: int, at: datetime) -> list[Asked]:
    rows = call(
        "opla_look_up_claim",
        Argument(at, "timestamptz"),
        Argument(since, "timestamptz"),
        Argument(limit, "int"),
        Argument(lease_s, "int"),
    )
    return [Asked(bytes(expect(digest, bytes)), bytes(expect(sealed, bytes))) for digest, sealed in rows]


def tell(digest: bytes, operator: str, supplier: str, *, at: datetime) -> None:
    call(
        "opla_look_up_told",
        Argument(at, "timestamptz"),
        Argument(digest, "bytea"),
        Argument(operator, "text"),
        Argument(supplier, "text"),
    )


def forget(before: datetime, unanswered: datetime) -> int:
    rows = call("opla_look_up_forget", Argument(before, "timestamptz"), Argument(unanswered, "timestamptz"))
    return expect(rows[0][0], int)
