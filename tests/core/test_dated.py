"""A purchase for a date: when it is due, which days can be chosen, when it is looked at; over clock changes too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import dated
from opla.core.day import ZONE, day_of
from opla.core.refusal import Code, Refusal

#: day in Brussels → the instant in UTC. In 2027 the clocks go forward on 28 March and back on 31 October.
TABLE = """
2026-12-25  2026-12-25T05:00
2027-03-27  2027-03-27T05:00
2027-03-28  2027-03-28T04:00
2027-10-30  2027-10-30T04:00
2027-10-31  2027-10-31T05:00
2028-02-29  2028-02-29T05:00
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_it_is_due_at_six_in_brussels_whatever_the_clocks_did_that_night(row: str) -> None:
    day, due = row.split()
    assert dated.deliver_at(date.fromisoformat(day)) == at(due)


@given(st.dates(date(2026, 1, 1), date(2060, 1, 1)))
def test_every_day_has_one_such_instant_and_it_lies_in_that_day(day: date) -> None:
    due = dated.deliver_at(day)
    assert day_of(due) == day
    assert (due.astimezone(ZONE).hour, due.astimezone(ZONE).minute) == (6, 0)
    assert timedelta(hours=22) < dated.deliver_at(day + timedelta(days=1)) - due < timedelta(hours=26)


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-22T22:59", "2026-11-23"),  # a minute before midnight in Brussels
        ("2026-11-22T23:00", "2026-11-24"),  # midnight: today is the 23rd
        ("2027-07-01T21:59", "2027-07-02"),
        ("2027-07-01T22:00", "2027-07-03"),
    ],
)
def test_the_first_day_is_tomorrow_in_brussels(now: str, first: str) -> None:
    between = dated.days(at(now))
    assert between == (date.fromisoformat(first), date.fromisoformat(first) + timedelta(days=59))


@pytest.mark.parametrize(
    ("shelf", "last"),
    [("2026-12-06", None), ("2026-12-07", "2026-11-23"), ("2026-12-20", "2026-12-06"), ("2030-01-01", "2027-01-21")],
)
def test_where_only_our_shelf_delivers_its_longest_code_says_how_late(shelf: str, last: str | None) -> None:
    between = dated.days(at("2026-11-22T12:00"), shelf=date.fromisoformat(shelf))
    assert (str(between[1]) if between else None) == last


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", Code.DAY_UNREADABLE), ("tomorrow", Code.DAY_UNREADABLE), ("2026-02-30", Code.DAY_UNREADABLE),
        ("2026-11-22", Code.DAY_NOT_POSSIBLE), ("2027-01-22", Code.DAY_NOT_POSSIBLE),
        ("2026-11-23", None), (" 2027-01-21 ", None),
    ],
)  # fmt: skip
def test_a_day_out_of_reach_is_refused_with_the_days_there_are(typed: str, code: Code | None) -> None:
    found = dated.read(typed, dated.days(at("2026-11-22T12:00")))
    assert (found.code if isinstance(found, Refusal) else None) == code
    if isinstance(found, Refusal) and code is Code.DAY_NOT_POSSIBLE:
        assert found.params == {"first": "2026-11-23", "last": "2027-01-21"}


def test_without_any_day_every_day_is_refused() -> None:
    assert dated.read("2026-11-23", None) == Refusal(Code.DAY_NOT_POSSIBLE, "deliver_on")


def test_it_is_looked_at_the_day_before_and_when_it_is_due_and_then_waits_no_more() -> None:
    due = dated.deliver_at(date(2026, 11, 30))
    before = due - timedelta(days=1)
    assert dated.next_look(at("2026-11-22T12:00"), due) == before
    assert dated.next_look(before, due) == due
    assert dated.next_look(due - timedelta(seconds=1), due) == due
    assert dated.next_look(due, due) is None
    assert [dated.reminds(look, at("2026-11-22T12:00"), due) for look in (at("2026-11-22T12:00"), before, due)] == [
        False, True, False,
    ]  # fmt: skip
    assert not dated.reminds(before + timedelta(hours=2), before + timedelta(hours=1), due)  # paid on that day


def test_what_waited_counts_as_tried_from_its_date_on() -> None:
    made, due = at("2026-11-22T12:00"), dated.deliver_at(date(2026, 11, 30))
    assert dated.begins(made, due) == due
    assert dated.begins(made, None) == made
    assert dated.begins(due + timedelta(hours=1), due) == due + timedelta(hours=1)
