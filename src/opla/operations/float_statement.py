"""A reseller's float over one month: every movement with what it left, whole, so that it adds up to the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from opla.core import day
from opla.core.calendar import add_months
from opla.core.money import Money
from opla.core.reselling import Line
from opla.operations.reselling import CURRENCY, Selling

#: So many movements of one month are in a file; whoever has more reads them by the API, in pages.
MOST: Final = 100_000
_BEFORE_ALL: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Month:
    """`lines` oldest first; `opening` and all that they `moved` is `closing`. `whole`: none was left out."""

    first: date
    opening: Money
    closing: Money
    lines: tuple[Line, ...]
    whole: bool = True


def month(selling: Selling, first: date, *, most: int = MOST) -> Month:
    """The calendar month that begins on this day, in Brussels; of one that is not over, so far. Of more than `most`
    movements the newest."""
    since, until = day.bounds(first)[0], day.bounds(add_months(first, 1))[0]
    found = selling.lines(since, until, after=None, limit=most + 1)
    if not found:
        before = selling.lines(_BEFORE_ALL, since, after=None, limit=1)
        stood = before[0].balance if before else Money(0, CURRENCY)
        return Month(first, stood, stood, ())
    lines = tuple(reversed(found[:most]))
    return Month(first, lines[0].balance - lines[0].moved, lines[-1].balance, lines, len(found) <= most)
