"""Which reminders are due: a table, the night, and that each is sent once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.forecast import Measured, forecast
from opla.core.reminder import CHECK_INS, Kind, Watch, awake, due, look_next, quiet

BRUSSELS = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def ends(days: int) -> datetime:
    return NOON + days * DAY


def using(*, until: datetime | None = None) -> Watch:
    """100 a day of 1,000, read at noon: empty in five days at the earliest and in twenty at the latest."""
    data = forecast([Measured(NOON - 10 * DAY, 2000), Measured(NOON, 1000)], until)
    return Watch(NOON, data=data, data_since=NOON - 10 * DAY)


TABLE = [
    (Watch(NOON, benefits_until=(ends(10),)), 6, set()),
    (Watch(NOON, benefits_until=(ends(10),)), 7, {Kind.BENEFITS_EXPIRE}),
    (Watch(NOON, benefits_until=(ends(10),)), 10, set()),  # too late
    (Watch(NOON, benefits_until=(ends(10), ends(10))), 8, {Kind.BENEFITS_EXPIRE}),
    (Watch(NOON, credit_until=ends(20)), 5, set()),
    (Watch(NOON, credit_until=ends(20)), 6, {Kind.CREDIT_LOST}),
    (Watch(NOON, number_until=ends(40)), 9, set()),
    (Watch(NOON, number_until=ends(40)), 10, {Kind.NUMBER_LOST}),
    (using(), 2, set()),
    (using(), 3, {Kind.DATA_ENDS}),
    (using(until=ends(4)), 3, set()),  # it expires before it could be empty
    (using(until=ends(12)), 3, {Kind.DATA_ENDS}),
    (using(until=ends(12)), 12, set()),
    (Watch(NOON, check_every=7 * DAY), 6, set()),
    (Watch(NOON, check_every=7 * DAY), 7, {Kind.CHECK_IN}),
    (Watch(NOON), 400, set()),
]


@pytest.mark.parametrize(("watch", "days", "kinds"), TABLE)
def test_what_is_due_so_many_days_later(watch: Watch, days: int, kinds: set[Kind]) -> None:
    found = due(watch, ends(days), BRUSSELS)
    assert {reminder.kind for reminder in found} == kinds
    assert len(found) == len(kinds)


NIGHTS = [
    ((2026, 11, 22, 20, 59), None),
    ((2026, 11, 22, 21, 0), (2026, 11, 23, 8, 0)),
    ((2026, 11, 23, 7, 59), (2026, 11, 23, 8, 0)),
    ((2027, 3, 27, 23, 0), (2027, 3, 28, 8, 0)),  # the clock goes forward that night
    ((2026, 10, 24, 23, 0), (2026, 10, 25, 8, 0)),  # and back
]


@pytest.mark.parametrize(("at", "woken"), NIGHTS)
def test_nobody_is_written_to_at_night(at: tuple[int, ...], woken: tuple[int, ...] | None) -> None:
    moment = datetime(*at, tzinfo=BRUSSELS).astimezone(UTC)  # type: ignore[arg-type, misc]  # year, month, day, …
    watch = Watch(moment - DAY, benefits_until=(moment + 2 * DAY,))
    assert quiet(moment, BRUSSELS) == (woken is not None) == (due(watch, moment, BRUSSELS) == ())
    expected = datetime(*woken, tzinfo=BRUSSELS) if woken else moment  # type: ignore[arg-type, misc]
    assert awake(moment, BRUSSELS) == expected == look_next(watch, moment, BRUSSELS)
    assert due(watch, awake(moment, BRUSSELS), BRUSSELS) != ()


def test_a_new_forecast_of_the_same_bucket_reminds_once() -> None:
    until = ends(30)
    first = due(using(until=until), ends(3), BRUSSELS)
    data = forecast([Measured(NOON - 10 * DAY, 2000), Measured(NOON, 1000), Measured(ends(3), 300)], until)
    again = due(Watch(ends(3), data=data, data_since=NOON - 10 * DAY), ends(4), BRUSSELS, [r.key for r in first])
    assert ([r.kind for r in first], again) == ([Kind.DATA_ENDS], ())


def test_check_ins_end_after_three_without_a_reading_and_begin_anew_with_one() -> None:
    sent: set[str] = set()
    asked = []
    for days in range(60):
        for reminder in due(Watch(NOON, check_every=7 * DAY), ends(days), BRUSSELS, sent):
            sent.add(reminder.key)
            asked.append(days)
    assert asked == [7, 14, 21][:CHECK_INS]
    assert [r.kind for r in due(Watch(ends(60), check_every=7 * DAY), ends(67), BRUSSELS, sent)] == [Kind.CHECK_IN]


_INSTANT = st.integers(-60 * 24 * 60, 400 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
_WATCH = st.builds(
    Watch,
    _INSTANT,
    data=st.one_of(
        st.none(),
        st.builds(
            lambda used, left, until: forecast([Measured(NOON - DAY, used + left), Measured(NOON, left)], until),
            st.integers(0, 900),
            st.integers(0, 9000),
            st.none() | _INSTANT,
        ),
    ),
    benefits_until=st.lists(_INSTANT, max_size=2).map(tuple),
    credit_until=st.none() | _INSTANT,
    number_until=st.none() | _INSTANT,
    check_every=st.none() | st.integers(1, 60).map(lambda days: days * DAY),
)


@given(_WATCH, _INSTANT)
def test_whoever_looks_when_told_misses_nothing_sends_nothing_twice_and_comes_to_an_end(
    watch: Watch, at: datetime
) -> None:
    sent: set[str] = set()
    looked = look_next(watch, at, BRUSSELS, sent)
    for _ in range(12):
        if looked is None:
            break
        assert looked >= at
        before = looked - timedelta(seconds=1)
        assert before < at or due(watch, before, BRUSSELS, sent) == ()
        found = due(watch, looked, BRUSSELS, sent)
        assert found
        assert not quiet(looked, BRUSSELS)
        assert not {r.key for r in found} & sent
        sent |= {r.key for r in found}
        at, looked = looked, look_next(watch, looked, BRUSSELS, sent)
    assert looked is None
