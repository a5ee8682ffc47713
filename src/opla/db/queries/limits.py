"""How often somebody tried something: counted where all processes see it, under names that say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from opla.db.queries.call import Argument, call, columns, expect

#: What, a digest of who, how many in one go, and within which time as many are free again.
Bucket = tuple[str, bytes, int, timedelta]


def take(buckets: Sequence[Bucket], *, at: datetime) -> datetime | None:
    """One try out of each bucket: None; or, where one is empty, out of none: when the next is free."""
    [(free_at,)] = call("opla_try", Argument(at, "timestamptz"), *_columns(buckets))
    return None if free_at is None else expect(free_at, datetime)


def put_back(buckets: Sequence[Bucket]) -> None:
    """One try into each bucket again, out of which it was taken just now."""
    call("opla_try_back", *_columns(buckets))


def _columns(buckets: Sequence[Bucket]) -> list[Argument]:
    rows = [(what, who, most, int(per.total_seconds())) for what, who, most, per in buckets]
    return columns(rows, "text", "bytea", "int", "int")
