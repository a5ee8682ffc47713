"""When things end: to the minute, over changes of the clock, month ends and leap days. Times are Brussels'."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.calendar import add_months, instant, later, start_of, zone
from opla.core.catalog.rules import Length

BRUSSELS = zone("Europe/Brussels")

# In 2026 the clocks skip 02:00–03:00 on 29 March, and show 02:00–03:00 twice on 25 October.
ENDS = [
    ("2026-11-20T14:05+01:00", Length(days=30), "2026-12-20T14:05+01:00"),
    ("2026-10-01T14:05+02:00", Length(days=30), "2026-10-31T14:05+01:00"),  # an hour longer than 30 times 24
    ("2026-03-01T14:05+01:00", Length(days=31), "2026-04-01T14:05+02:00"),  # an hour shorter
    ("2026-03-28T02:30+01:00", Length(days=1), "2026-03-29T03:00+02:00"),  # 02:30 is skipped: the end of the gap
    ("2026-03-28T01:59+01:00", Length(days=1), "2026-03-29T01:59+01:00"),
    ("2026-03-28T03:00+01:00", Length(days=1), "2026-03-29T03:00+02:00"),
    ("2026-10-24T02:30+02:00", Length(days=1), "2026-10-25T02:30+02:00"),  # shown twice: the first
    ("2026-10-25T02:30+02:00", Length(days=1), "2026-10-26T02:30+01:00"),
    ("2026-10-25T02:30+01:00", Length(days=1), "2026-10-26T02:30+01:00"),
    ("2026-01-31T10:00+01:00", Length(months=1), "2026-02-28T10:00+01:00"),
    ("2028-01-31T10:00+01:00", Length(months=1), "2028-02-29T10:00+01:00"),
    ("2028-02-29T10:00+01:00", Length(months=12), "2029-02-28T10:00+01:00"),
    ("2026-08-31T10:00+02:00", Length(months=1), "2026-09-30T10:00+02:00"),
    ("2026-12-31T23:59+01:00", Length(months=2), "2027-02-28T23:59+01:00"),
    ("2026-02-28T02:30+01:00", Length(months=1), "2026-03-28T02:30+01:00"),
    ("2026-02-28T23:30+00:00", Length(months=1), "2026-04-01T00:30+02:00"),  # it was 1 March in Brussels already
    ("2026-03-29T00:30+00:00", Length(minutes=120), "2026-03-29T02:30+00:00"),  # minutes are minutes of the clock
    ("2026-11-20T14:05:07+01:00", Length(days=1), "2026-11-21T14:05:07+01:00"),
]  # fmt: skip


@pytest.mark.parametrize(("begins", "length", "ends"), ENDS)
def test_it_ends_at_the_same_local_minute(begins: str, length: Length, ends: str):
    found = later(datetime.fromisoformat(begins), length, BRUSSELS)
    assert found == datetime.fromisoformat(ends)
    assert found.tzinfo is UTC


instants = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware here
zones = st.sampled_from(["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])


@given(instants, instants, st.integers(1, 400), zones)
def test_what_begins_earlier_never_ends_later(one: datetime, other: datetime, days: int, name: str):
    first, second = sorted((one, other))
    assert later(first, Length(days=days), zone(name)) <= later(second, Length(days=days), zone(name))


@given(st.integers(-90, 90), st.integers(-90, 90), st.integers(1, 3), zones)
def test_nor_does_it_around_a_change_of_the_clock(one: int, other: int, days: int, name: str):
    """The same law, where it is hardest: minutes around the changes of spring 2026."""
    around = datetime(2026, 3, 29, 1, tzinfo=UTC) - timedelta(days=days)
    first, second = sorted((one, other))
    ends = [later(around + timedelta(minutes=m), Length(days=days), BRUSSELS) for m in (first, second)]
    assert ends[0] <= ends[1]


@given(instants, st.integers(1, 60), zones)
def test_a_month_ends_on_that_day_or_the_last_one(at: datetime, months: int, name: str):
    begins = at.astimezone(zone(name)).date()
    ends = later(at, Length(months=months), zone(name)).astimezone(zone(name)).date()
    assert (ends.year * 12 + ends.month) - (begins.year * 12 + begins.month) == months
    assert ends.day == begins.day or (ends + timedelta(days=1)).day == 1


@given(instants, st.one_of(st.builds(Length, days=st.integers(1, 400)), st.builds(Length, months=st.integers(1, 60))))
def test_time_only_goes_forward(at: datetime, length: Length):
    assert later(at, length, BRUSSELS) > at


def test_twelve_months_from_a_leap_day_is_not_its_day():
    assert add_months(date(2028, 2, 29), 48) == date(2032, 2, 29)
    assert add_months(date(2028, 2, 29), 12) == date(2029, 2, 28)


def test_a_day_without_midnight_begins_when_its_clocks_do():
    beirut = zone("Asia/Beirut")  # skips from 00:00 to 01:00
    assert start_of(date(2021, 3, 28), beirut) == datetime(2021, 3, 27, 22, tzinfo=UTC)


def test_a_gap_of_half_an_hour_ends_where_it_ends():
    lord_howe = zone("Australia/Lord_Howe")  # skips 02:00 to 02:30
    skipped = datetime.fromisoformat("2026-10-04T02:10")
    assert instant(skipped, lord_howe).astimezone(lord_howe).isoformat() == "2026-10-04T02:30:00+11:00"


def test_the_zones_are_there_on_a_machine_without_any(monkeypatch: pytest.MonkeyPatch):
    """What a bare machine lacks, the required package brings."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[])
    try:
        assert zoneinfo.ZoneInfo.no_cache("Europe/Brussels").key == "Europe/Brussels"
    finally:
        zoneinfo.reset_tzpath(to=before)
