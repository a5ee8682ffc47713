"""Whether what an operator answered shows that one purchase has arrived. Pure; nothing of the answer is kept.

What the purchase gives is the line it makes of an empty one, at the instant of the answer (`core.timeline`). Of each
kind of thing that it gives, whatever way of reading the answer fits best is taken:

| the answer says      | its end               | how much               | so it is |
|----------------------|-----------------------|------------------------|----------|
| nothing of the kind  |                       |                        | unsaid   |
| a figure             | the expected day      | more than nothing      | there    |
| a figure             | none, or none is due  | nearly all, or more    | there    |
| a figure             | none, or an older one | less                   | missing  |
| a figure             | any other             | anything else          | other    |

| of all kinds                        | the answer |
|-------------------------------------|------------|
| one is other, or some miss, not all | differs    |
| one is there, the rest are unsaid   | matches    |
| none is there                       | not yet    |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.balance import Found, Reading, What
from opla.core.effects import Effect
from opla.core.entered import KINDS
from opla.core.line import Line
from opla.core.refusal import Refusal
from opla.core.timeline import Purchase, timeline

#: A few megabytes go before anybody looks.
_NEARLY: Final = (9, 10)
#: The instant of entering is guessed, and operators end days in their own way.
_SAME_DAY: Final = timedelta(hours=26)
#: (how long since it reached the line, how long to wait before looking again); later a person should look.
_PATIENCE: Final = (
    (timedelta(hours=1), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=3)),
)


class Fit(StrEnum):
    THERE = "there"
    MISSING = "missing"
    UNSAID = "unsaid"
    OTHER = "other"


class Match(StrEnum):
    """What the answer says of the purchase as a whole."""

    MATCHES = "matches"
    NOT_YET = "not_yet"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Holding:
    """Of one kind of thing how much (None: unlimited), and its exclusive end (None: as long as the number, or unsaid).

    Units as in `core.balance.reading`.
    """

    what: What
    amount: int | None
    until: datetime | None


@dataclass(frozen=True)
class Row:
    """One kind of thing that was bought, and what was read of it (None: nothing)."""

    expected: Holding
    read: Holding | None
    fit: Fit


@dataclass(frozen=True)
class Comparison:
    """`look_again`: when; None: it is there, or waiting longer helps nobody."""

    match: Match
    rows: tuple[Row, ...]
    look_again: datetime | None


def expected(effect: Effect, reached_at: datetime, at: datetime, zone: ZoneInfo, *, plan: str = "") -> Line | Refusal:
    """What this purchase alone has put on a line by `at`, or why nobody can say. What begins later is on it already."""
    purchase = Purchase(reached_at, effect, plan)
    empty = Line(effect.operator, plan=plan, currency=effect.currency)
    course = timeline(empty, reached_at, max(at, reached_at) + timedelta(seconds=1), purchases=(purchase,), where=zone)
    return course if isinstance(course, Refusal) else course.line


def compare(line: Line, reading: Reading, reached_at: datetime) -> Comparison | None:
    """The answer beside what was expected; None where the purchase gives nothing that an answer could show."""
    rows = tuple(_row(one, [f for f in reading.found if f.what is one.what]) for one in _holdings(line))
    if not rows:
        return None
    match = _match({row.fit for row in rows})
    starts = [bucket.starts for bucket in line.buckets if bucket.starts > reading.at]
    if match is Match.MATCHES:
        return Comparison(match, rows, None)
    if starts:  # it is bought, and begins later: nothing can be there yet
        return Comparison(Match.NOT_YET, rows, min(starts))
    return Comparison(match, rows, _again(reading.at, reached_at) if match is Match.NOT_YET else None)


def _match(fits: set[Fit]) -> Match:
    if Fit.OTHER in fits or {Fit.THERE, Fit.MISSING} <= fits:
        return Match.DIFFERS
    return Match.MATCHES if Fit.THERE in fits else Match.NOT_YET


def _again(at: datetime, reached_at: datetime) -> datetime | None:
    return next((at + wait for since, wait in _PATIENCE if at - reached_at < since), None)


def _holdings(line: Line) -> list[Holding]:
    found = []
    if credit := sum(lot.amount_minor for lot in line.credit):
        found.append(Holding(What.CREDIT, credit, _latest(lot.ends for lot in line.credit)))
    for what, kind in KINDS.items():
        buckets = [bucket for bucket in line.buckets if bucket.kind is kind and bucket.holds]
        if buckets:
            amounts = [bucket.left for bucket in buckets]
            amount = None if None in amounts else sum(left or 0 for left in amounts)
            found.append(Holding(what, amount, _latest(bucket.ends for bucket in buckets)))
    return found


def _latest(ends: Iterable[datetime | None]) -> datetime | None:
    known = list(ends)
    return None if None in known else max((end for end in known if end is not None), default=None)


def _row(due: Holding, found: list[Found]) -> Row:
    readings = [
        Holding(due.what, amount, until)
        for one in found
        for amount in one.amount.candidates
        for until in (one.until.candidates if one.until else (None,))
    ]
    judged = [(_fit(due, read), read) for read in readings]
    order = (Fit.THERE, Fit.MISSING, Fit.OTHER)
    best = min(judged, key=lambda pair: order.index(pair[0]), default=None)
    return Row(due, best[1], best[0]) if best else Row(due, None, Fit.UNSAID)


def _fit(due: Holding, read: Holding) -> Fit:
    if due.until and read.until and abs(due.until - read.until) <= _SAME_DAY:
        return Fit.THERE if read.amount is None or read.amount > 0 else Fit.OTHER
    full = _nearly_all(due.amount, read.amount)
    if not (due.until and read.until):
        return Fit.THERE if full else Fit.MISSING
    return Fit.OTHER if full or read.until > due.until else Fit.MISSING


def _nearly_all(due: int | None, read: int | None) -> bool:
    if due is None or read is None:
        return read is None
    return read * _NEARLY[1] >= due * _NEARLY[0]
