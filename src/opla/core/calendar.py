"""When something ends: days and months counted in a time zone, to the minute, over leap days and changes of the clock.

Everything that Opla says about validity is computed here. Instants are aware, and come back in UTC.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from opla.core.catalog.rules import Length


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone of this name. The package `tzdata` is required, so that a bare machine has them all."""
    return ZoneInfo(name)


def later(at: datetime, length: Length, where: tzinfo) -> datetime:
    """The instant `length` after `at`: the end, exclusive, of what begins at `at`.

    Days and months lead to the same time of day on the local calendar, however many hours lie between. A month that
    has no such day ends on its last one: 31 January and one month is 28 or 29 February. A local time that the clock
    skips becomes the first instant after the gap; one that it shows twice is the first of the two, so that nobody is
    promised an hour too long. Minutes are minutes of the clock. Of a length without units there is no end: the caller
    asks `with_number` first.

    Days never put a later beginning before an earlier one. Months may: the 30th at 13:00 and the 31st at 12:00 both
    end on 28 February, at 13:00 and at 12:00.
    """
    if length.minutes:
        return at.astimezone(UTC) + timedelta(minutes=length.minutes)
    local = at.astimezone(where).replace(tzinfo=None, fold=0)
    day = local.date() + timedelta(days=length.days) if length.days else add_months(local.date(), length.months)
    return instant(datetime.combine(day, local.time()), where)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def instant(local: datetime, where: tzinfo) -> datetime:
    """The instant in UTC at which the clocks of a zone show `local` (naive); a skipped time is the end of its gap."""
    found = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    if found.astimezone(where).replace(tzinfo=None, fold=0) == local:
        return found
    return _end_of_gap(local, where)


def day_of(at: datetime, where: tzinfo) -> date:
    """The local day an instant belongs to."""
    return at.astimezone(where).date()


def start_of(day: date, where: tzinfo) -> datetime:
    """The instant in UTC at which a local day begins."""
    return instant(datetime.combine(day, datetime.min.time()), where)


def _end_of_gap(local: datetime, where: tzinfo) -> datetime:
    """The first instant after the hour that the clock skips; `local` lies in it. To the second, as zones are."""
    before = local.replace(tzinfo=where, fold=1).astimezone(UTC).replace(microsecond=0)
    after = local.replace(tzinfo=where, fold=0).astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    offset = after.astimezone(where).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(where).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
