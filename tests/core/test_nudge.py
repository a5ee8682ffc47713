"""A code that is not entered: a word after a day, and one before its last day; each once, never by night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.nudge import Nudge, Waiting, due, look_next
from opla.core.reminder import quiet

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_day", "at", "nudge"),
    [
        (None, NOON + timedelta(hours=23), None),
        (None, NOON + DAY, Nudge.NOT_ENTERED),
        (None, NIGHT, None),
        (None, NOON + 5 * DAY, None),  # nobody looked for days: it is no news any more
        (date(2026, 12, 24), NOON + DAY, Nudge.NOT_ENTERED),
        (date(2026, 12, 24), datetime(2026, 12, 22, 12, tzinfo=UTC), Nudge.CODE_ENDS),
        (date(2026, 12, 24), datetime(2026, 12, 24, 19, 59, tzinfo=UTC), Nudge.CODE_ENDS),  # the last evening
        (date(2026, 12, 24), datetime(2026, 12, 25, 12, tzinfo=UTC), None),
        (date(2026, 11, 24), NOON + DAY, Nudge.CODE_ENDS),  # its last days: that one says more
        (date(2026, 11, 23), NOON + DAY, Nudge.CODE_ENDS),
        (date(2026, 11, 22), NOON + DAY, None),
    ],
)
def test_what_is_due(last_day: date | None, at: datetime, nudge: Nudge | None) -> None:
    assert due(Waiting(NOON, last_day), at, BRUSSELS) == nudge


@given(st.integers(0, 60), st.integers(1, 40), st.integers(0, 23))
def test_whoever_looks_when_told_says_each_thing_once_by_day_and_comes_to_an_end(
    days: int, every_h: int, hour: int
) -> None:
    delivered = NOON + timedelta(hours=hour)
    last_day = delivered.date() + timedelta(days=days) if days else None
    sent: list[Nudge] = []
    at: datetime | None = delivered
    while at is not None:
        at = at + timedelta(hours=every_h - 1)  # late, as workers are
        if nudge := due(Waiting(delivered, last_day, sent), at, BRUSSELS):
            assert not quiet(at, BRUSSELS)
            assert at >= delivered + DAY
            assert last_day is None or at.astimezone(BRUSSELS).date() <= last_day
            sent.append(nudge)
        following = look_next(Waiting(delivered, last_day, sent), at, BRUSSELS)
        assert following is None or following > at or due(Waiting(delivered, last_day, sent), at, BRUSSELS) is None
        at = following if following is None or following > at else at + timedelta(hours=1)
    assert len(sent) == len(set(sent)) <= 2
