"""When the buyer of a code is reminded that it is not entered yet. Pure: storage and post are elsewhere.

| nudge       | is due from                         | until                                   | once per |
|-------------|-------------------------------------|-----------------------------------------|----------|
| not_entered | a day after the delivery            | four days after it, or the next one     | order    |
| code_ends   | three days before its last day ends | its last day ends                       | order    |

None when they said that it is entered, or that it did not work; and none by night.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.calendar import start_of
from opla.core.reminder import awake, quiet


class Nudge(StrEnum):
    """Published: the topics of the messages."""

    NOT_ENTERED = "not_entered"
    CODE_ENDS = "code_ends"


class Said(StrEnum):
    """What a buyer says became of a delivery. Published: kept with the order."""

    ENTERED = "entered"  # of credit on a number: it arrived
    NOT_YET = "not_yet"
    FAILED = "failed"  # it did not work
    SEEN = "seen"  # what the operator answered shows it


#: Who said one of these is not reminded any more.
SETTLED: Final = frozenset({Said.ENTERED, Said.FAILED, Said.SEEN})

FIRST_AFTER: Final = timedelta(days=1)
FIRST_UNTIL: Final = timedelta(days=4)
LAST_BEFORE: Final = timedelta(days=3)


@dataclass(frozen=True)
class Waiting:
    """A delivered code. `last_day`: the last local day on which it can be entered; None: it has none that is known."""

    delivered_at: datetime
    last_day: date | None
    sent: Collection[str] = ()


def due(waiting: Waiting, at: datetime, zone: ZoneInfo) -> Nudge | None:
    """What to send now."""
    if quiet(at, zone):
        return None
    return next((nudge for nudge, opens, closes in _windows(waiting, zone) if opens <= at < closes), None)


def look_next(waiting: Waiting, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant from `at` on at which one is due; None: never again."""
    found = [(awake(max(opens, at), zone), closes) for _, opens, closes in _windows(waiting, zone)]
    return min((moment for moment, closes in found if moment < closes), default=None)


def _windows(waiting: Waiting, zone: ZoneInfo) -> list[tuple[Nudge, datetime, datetime]]:
    """What was not sent, and from when until when it is true."""
    first = waiting.delivered_at + FIRST_AFTER
    first_until = waiting.delivered_at + FIRST_UNTIL
    windows = []
    if waiting.last_day is not None:
        ends = start_of(waiting.last_day + timedelta(days=1), zone)
        # Sold on its last days: the message of the delivery was this one.
        opens = max(ends - LAST_BEFORE, first)
        windows.append((Nudge.CODE_ENDS, opens, ends))
        first_until = min(first_until, ends - LAST_BEFORE)
    windows.append((Nudge.NOT_ENTERED, first, first_until))
    return [window for window in windows if window[0] not in waiting.sent]
