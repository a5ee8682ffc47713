"""Months that are closed and old leave the tables that sales are written to. Their rows stay in the database, and
everything that reads what is old reads them there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.conf import settings

from opla.core.calendar import add_months
from opla.db.queries import archive as queries

#: Charge-backs come for a year and a half; what is younger is asked for every day.
_SHORTEST: Final = 2
#: No month takes more steps than this.
_STEPS: Final = 12
#: So many rows are moved in a moment that nobody notices.
_MOVED_AT_ONCE: Final = 20_000


def archive(*, at: datetime) -> int:
    """Move what is older than the setting says, month by month; how many months were. What is in use stays for now.

    Before that, months that nobody made in time are made, with the rows that came meanwhile.
    """
    while queries.bring_in(_MOVED_AT_ONCE):
        pass
    before = live_from(at)
    moved = 0
    steps = 0
    while steps < _STEPS and (found := queries.step(before, at=at)) is not None and found[0]:
        steps += 1
        if found[0] == "moved":
            moved += 1
            steps = 0
    return moved


def live_from(at: datetime) -> datetime:
    """The beginning of the oldest month that stays. Raises ValueError where the setting leaves less than two."""
    if settings.LIVE_MONTHS < _SHORTEST:
        raise ValueError(f"OPLA_LIVE_MONTHS is {settings.LIVE_MONTHS}, not how many months stay ({_SHORTEST} or more)")
    first = add_months(at.astimezone(UTC).date().replace(day=1), 1 - settings.LIVE_MONTHS)
    return datetime(first.year, first.month, 1, tzinfo=UTC)
