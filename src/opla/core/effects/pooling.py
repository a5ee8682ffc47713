"""Credit and data that nobody could tell apart are one lot, one bucket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from opla.core.line import Bucket, Credit, Kind, ends_first


def later_end(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two ends; None is never."""
    return None if one is None or other is None else max(one, other)


def pooled(lots: Iterable[Credit]) -> tuple[Credit, ...]:
    """Lots that live the same time are one; what ends first stands first."""
    sums: dict[tuple[datetime | None, datetime | None], int] = {}
    for lot in lots:
        sums[lot.ends, lot.starts] = sums.get((lot.ends, lot.starts), 0) + lot.amount_minor
    merged = (Credit(amount, ends, starts) for (ends, starts), amount in sums.items() if amount)
    return tuple(sorted(merged, key=ends_first))


def poured_in(buckets: tuple[Bucket, ...], new: Bucket, at: datetime) -> tuple[Bucket, ...]:
    """The buckets and a new one. Data that is there as long as the new data becomes one bucket with it."""
    if new.kind is not Kind.DATA:
        return (*buckets, new)
    for place, old in enumerate(buckets):
        together = old.starts == new.starts or max(old.starts, new.starts) <= at
        if old.kind is Kind.DATA and together and _alike(old, new):
            return (*buckets[:place], _poured(old, new), *buckets[place + 1 :])
    return (*buckets, new)


def _alike(old: Bucket, new: Bucket) -> bool:
    """Whether nobody could tell which of the two a megabyte came from."""
    return (
        (old.ends, old.group, old.slow_kbps, old.generation, old.max_mbps)
        == (new.ends, new.group, new.slow_kbps, new.generation, new.max_mbps)
        and not old.renews and not new.renews and old.left is not None and new.left is not None
    )  # fmt: skip


def _poured(old: Bucket, new: Bucket) -> Bucket:
    """One bucket of two. What of each could be used abroad still can: at home the rest is used first."""
    left = (old.left or 0) + (new.left or 0)
    abroad = [bucket.left if bucket.eu_left is None else bucket.eu_left for bucket in (old, new)]
    eu = None if old.eu_left is None and new.eu_left is None else sum(part or 0 for part in abroad)
    return replace(new, left=left, starts=old.starts, eu_left=eu)
