"""A line as it was read, with what was left of its data before: what a forecast and the reminders are made from.

A reading is a line whose credit and buckets start at the instant they were read, so a line file of an earlier day is
an earlier reading. Nothing else has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from opla.core.effects import Effect, apply, completed
from opla.core.forecast import Forecast, Measured, forecast, stale, stretch_start
from opla.core.line import Bucket, Kind, Line
from opla.core.line_file import read_line, write_line
from opla.core.refusal import Code, Refusal
from opla.core.reminder import Watch

#: Earlier readings that are kept. The oldest stays: since then nothing was added.
MOST_BEFORE = 40
#: A file that does not say since when something is there is no reading.
_UNSAID = datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Usage:
    """The newest reading, and what was left of the data (kB) at earlier instants, the oldest first."""

    line: Line
    before: tuple[Measured, ...] = ()

    @property
    def read_at(self) -> datetime | None:
        """When it was read; None when it says nowhere."""
        starts = [bucket.starts for bucket in self.line.buckets]
        starts += [lot.starts for lot in self.line.credit if lot.starts is not None]
        return max((at for at in starts if at > _UNSAID), default=None)

    @property
    def data(self) -> Bucket | None:
        """The data that ends first and has an end to foretell."""
        finite = [b for b in self.line.buckets if b.kind is Kind.DATA and b.left is not None]
        return min(finite, key=lambda b: (b.ends is None, b.ends or b.starts), default=None)

    @property
    def measured(self) -> Measured | None:
        data = self.data
        if data is None or data.left is None or data.starts <= _UNSAID:
            return None
        return Measured(data.starts, data.left)

    @property
    def readings(self) -> tuple[Measured, ...]:
        return (*self.before, self.measured) if self.measured else self.before

    @property
    def forecast(self) -> Forecast | None:
        """When the data ends; None without an earlier reading, or without data that ends."""
        if self.data is None or self.measured is None:
            return None
        return forecast(self.readings, self.data.ends)


def followed(usage: Usage, newer: Usage) -> Usage:
    """The newer reading, with the older one before it; handed in the wrong way round they change places.

    What only the older one knew of the line stays, unless data was added since: then it was topped up, nobody said
    when, and the old ends of the number mean nothing.
    """
    if usage.read_at is not None and newer.read_at is not None and newer.read_at < usage.read_at:
        usage, newer = newer, usage
    before = tuple(sorted({*usage.readings, *newer.before}, key=lambda measured: (measured.at, measured.left)))
    if newer.measured:
        before = tuple(measured for measured in before if measured.at < newer.measured.at)
    while len(before) > MOST_BEFORE:
        before = (before[0], *before[2:])
    line = newer.line
    added = usage.measured and newer.measured and newer.measured.left > usage.measured.left
    if line.topped_up_at is None and not added:
        old = usage.line
        line = replace(
            line, topped_up_at=old.topped_up_at, number_ends=old.number_ends, number_lost=old.number_lost,
            plan=line.plan or old.plan,
        )  # fmt: skip
    return Usage(line, before)


def topped_up(usage: Usage, effect: Effect, at: datetime, *, plan: str = "") -> Usage | Refusal:
    """What there is after a purchase that reached the line at this instant; or why the operator refuses it there.

    Nobody has looked since, so what was left is taken as it was read, and the purchase to give what it says.
    """
    done = apply(effect, completed(usage.line, effect), at, plan=plan)
    if isinstance(done, Refusal):
        return done
    measured = Usage(done.line).measured
    before = tuple(one for one in usage.readings if measured is None or one.at < measured.at)
    return Usage(done.line, before[-MOST_BEFORE:])


def watch(usage: Usage, at: datetime, check_every: timedelta | None) -> Watch:
    """What is looked after on this line."""
    line = usage.line
    credit = [lot.ends for lot in line.credit if lot.ends is not None and lot.amount_minor > 0]
    return Watch(
        measured_at=usage.read_at or at,
        data=usage.forecast,
        data_since=stretch_start(usage.readings),
        benefits_until=tuple(b.ends for b in line.buckets if b.ends is not None and b.holds),
        credit_until=min(credit, default=None),
        number_until=line.number_ends,
        check_every=check_every,
    )


def is_stale(usage: Usage, at: datetime, every: timedelta) -> bool:
    """Whether the reading is older than the interval; one of unknown age is."""
    read_at = usage.read_at
    return read_at is None or stale(read_at, at, every)


def write_usage(usage: Usage) -> dict[str, object]:
    """The document that `read_usage` makes this usage of again."""
    before = [{"at": m.at.astimezone(UTC).isoformat(), "left_kb": m.left} for m in usage.before]
    return {"line": write_line(usage.line), "before": before}


def read_usage(document: object) -> Usage | Refusal:
    """The usage a document describes, or LINE_UNREADABLE as of `line_file`."""
    if not isinstance(document, Mapping) or not isinstance(document.get("before", []), list):
        return Refusal(Code.LINE_UNREADABLE, "line", {"field": "line", "problem": "not_mapping"})
    line = read_line(document.get("line"))
    if isinstance(line, Refusal):
        return line
    before = [_measured(entry) for entry in document.get("before", [])[: MOST_BEFORE + 1]]
    found = tuple(measured for measured in before if measured is not None)
    if len(found) < len(before):
        return Refusal(Code.LINE_UNREADABLE, "line", {"field": "before", "problem": "not_time"})
    return Usage(line, tuple(sorted(found, key=lambda measured: measured.at)))


def _measured(entry: object) -> Measured | None:
    if not isinstance(entry, Mapping):
        return None
    at, left_kb = entry.get("at"), entry.get("left_kb")
    if not isinstance(at, str) or type(left_kb) is not int or not 0 <= left_kb < 10**15:
        return None
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    if instant.tzinfo is None or not 2000 < instant.year < 2200:
        return None
    return Measured(instant.astimezone(UTC), left_kb)
