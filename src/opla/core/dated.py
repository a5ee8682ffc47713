"""A purchase for a date: paid now, its delivery asked on a day in Brussels that the customer chose.

    paid ──▶ waits, its code held ──▶ the day before ──▶ 06:00 of its day: asked like any other
               └── called off by its customer, refunded ──┘

It is due at 06:00: that hour exists once on every day of the year, whatever the clocks do at two or three, and what is
sold here lasts days or months to the minute, so its end moves with its beginning and nobody loses the night before.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from opla.core import figures
from opla.core.calendar import instant
from opla.core.day import ZONE, day_of
from opla.core.refusal import Code, Refusal

_HOUR: Final = datetime.min.time().replace(hour=6)
#: As far ahead as a renewal is thought of, and well within the time in which every way of paying gives money back.
_FARTHEST: Final = timedelta(days=60)
#: A code held for a day is still good so long after it: whoever it is for need not sit by the phone at six.
MARGIN: Final = timedelta(days=14)
_REMINDED: Final = timedelta(days=1)


def deliver_at(day: date) -> datetime:
    """The instant in UTC at which what is bought for this day is delivered."""
    return instant(datetime.combine(day, _HOUR), ZONE)


def days(at: datetime, *, shelf: date | None = None) -> tuple[date, date] | None:
    """The first and the last day that can be chosen; None: none. `shelf` is the last day of the code of ours that is
    good longest, where no one else could deliver it."""
    today = day_of(at)
    first, last = today + timedelta(days=1), today + _FARTHEST
    if shelf is not None:
        last = min(last, shelf - MARGIN)
    return (first, last) if first <= last else None


def read(text: str, between: tuple[date, date] | None) -> datetime | Refusal:
    """When what is bought for the day that was typed (`2026-12-31`) is delivered, or why that cannot be."""
    day = figures.day(text.strip())
    if between is None:
        return Refusal(Code.DAY_NOT_POSSIBLE, "deliver_on")
    first, last = between
    if day is None:
        return Refusal(Code.DAY_UNREADABLE, "deliver_on")
    if not first <= day <= last:
        return Refusal(Code.DAY_NOT_POSSIBLE, "deliver_on", {"first": first.isoformat(), "last": last.isoformat()})
    return deliver_at(day)


def good_until(due: datetime) -> date:
    """The day that a code held for `due` must at least be good on."""
    return day_of(due) + MARGIN


def next_look(at: datetime, due: datetime) -> datetime | None:
    """When something that waits is looked at next: the day before, and when it is due. None: it is due now."""
    if at >= due:
        return None
    return due - _REMINDED if at < due - _REMINDED else due


def reminds(at: datetime, made_at: datetime, due: datetime) -> bool:
    """Whether a look at `at` is the one of the day before, of something paid earlier than that."""
    return made_at < due - _REMINDED <= at < due


def begins(made_at: datetime, due: datetime | None) -> datetime:
    """Since when an attempt counts as tried: one that waited was not late all that time."""
    return made_at if due is None else max(made_at, due)
