"""The shop's days: from midnight to midnight in Brussels, so two a year have 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: The same zone stands in `db/sql/books.sql`, whose check `closed_days` sorts the journal into days, and in
#: `db/sql/partners.sql`.
ZONE: Final = ZoneInfo("Europe/Brussels")
#: How long after its end a day can be closed: whatever was begun before midnight has long been written by then.
SETTLES: Final = timedelta(hours=1)


def bounds(day: date) -> tuple[datetime, datetime]:
    """When the day begins and when the next one does, in UTC."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def day_of(at: datetime) -> date:
    """The day an instant belongs to."""
    return at.astimezone(ZONE).date()


def last_over(at: datetime) -> date:
    """The newest day that can be closed at this time."""
    return day_of(at - SETTLES) - timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
