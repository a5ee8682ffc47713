"""When data ends: the laws of the band, and the cases a person would work out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.forecast import Forecast, Measured, Verdict, forecast, stale, stretch_start

T0 = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)


def after(days: int, left: int) -> Measured:
    return Measured(T0 + days * DAY, left)


def known(found: Forecast | None) -> Forecast:
    assert found is not None
    return found


def ends(found: Forecast) -> list[datetime]:
    """The three ends, never as the end of all time."""
    return [end or NEVER for end in (found.earliest, found.likely, found.latest)]


def test_one_stretch_gives_half_to_twice_its_rate() -> None:
    found = known(forecast([after(0, 4000), after(10, 3000)]))
    assert (found.slow_per_day, found.likely_per_day, found.fast_per_day) == (50, 100, 200)
    assert ends(found) == [T0 + 25 * DAY, T0 + 40 * DAY, T0 + 70 * DAY]


def test_many_even_stretches_narrow_the_band() -> None:
    found = known(forecast([after(n, 4000 - 100 * n) for n in range(11)]))
    assert (found.stretches, found.slow_per_day, found.likely_per_day, found.fast_per_day) == (10, 90, 100, 110)


def test_a_rise_is_a_top_up_and_no_use() -> None:
    found = known(forecast([after(0, 1000), after(10, 0), after(11, 4000), after(21, 3000)]))
    assert (found.stretches, found.likely_per_day) == (2, 100)
    assert stretch_start([after(0, 1000), after(10, 0), after(11, 4000), after(21, 3000)]) == T0 + 11 * DAY


@pytest.mark.parametrize(
    ("until", "verdict"),
    [(None, Verdict.ENDS), (20, Verdict.LASTS), (30, Verdict.MAY_END), (80, Verdict.ENDS)],
)
def test_what_expires_sooner_lasts(until: int | None, verdict: Verdict) -> None:
    found = known(forecast([after(0, 4000), after(10, 3000)], None if until is None else T0 + until * DAY))
    assert found.verdict is verdict


def test_nothing_used_never_ends_and_nothing_left_has_ended() -> None:
    unused = known(forecast([after(0, 5), after(10, 5)]))
    assert (ends(unused), unused.verdict) == ([NEVER] * 3, Verdict.LASTS)
    assert ends(known(forecast([after(0, 5), after(10, 0)]))) == [T0 + 10 * DAY] * 3


@pytest.mark.parametrize(
    "readings", [[], [after(0, 5)], [after(0, 5), Measured(T0 + timedelta(minutes=59), 4)], [after(0, 1), after(1, 2)]]
)
def test_without_an_hour_between_two_readings_nothing_is_foretold(readings: list[Measured]) -> None:
    assert forecast(readings) is None


def test_a_forecast_older_than_the_interval_is_stale() -> None:
    assert not stale(T0, T0 + 7 * DAY, 7 * DAY)
    assert stale(T0, T0 + 7 * DAY + timedelta(seconds=1), 7 * DAY)


_MEASURED = st.builds(
    lambda minutes, left: Measured(T0 + timedelta(minutes=minutes), left),
    st.integers(0, 60 * 24 * 60),
    st.integers(0, 10**8),
)
_READINGS = st.lists(_MEASURED, min_size=2, max_size=8, unique_by=lambda measured: measured.at)


@given(_READINGS)
def test_the_band_holds_the_likely_end_and_none_lies_before_the_last_reading(readings: list[Measured]) -> None:
    if found := forecast(readings):
        assert found.slow_per_day <= found.likely_per_day <= found.fast_per_day
        assert [found.measured.at, *ends(found)] == sorted([found.measured.at, *ends(found)])


@given(_READINGS, st.randoms(use_true_random=False), st.integers(-5000, 5000))
def test_the_order_is_no_matter_and_another_time_moves_everything_alike(
    readings: list[Measured], shuffle: object, minutes: int
) -> None:
    found = forecast(readings)
    mixed = list(readings)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert forecast(mixed) == found
    moved = forecast([Measured(m.at + timedelta(minutes=minutes), m.left) for m in readings])
    assert (found is None) == (moved is None)
    if found and moved:
        by = timedelta(minutes=minutes)
        assert ends(moved) == [end + by if end is not NEVER else NEVER for end in ends(found)]


@given(_READINGS, st.integers(0, 10**8))
def test_who_has_more_left_and_uses_the_same_never_ends_sooner(readings: list[Measured], more: int) -> None:
    found, richer = forecast(readings), forecast([Measured(m.at, m.left + more) for m in readings])
    if found and richer:
        assert all(a <= b for a, b in zip(ends(found), ends(richer), strict=True))


@given(_READINGS, st.integers(2, 1000))
def test_the_unit_is_no_matter(readings: list[Measured], times: int) -> None:
    found, scaled = forecast(readings), forecast([Measured(m.at, m.left * times) for m in readings])
    assert (found is None) == (scaled is None)
    if found and scaled:
        assert ends(found) == ends(scaled)
