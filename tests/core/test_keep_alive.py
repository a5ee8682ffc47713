"""Keeping a number alive: the cheapest top-ups, against every list there is, and against the timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.calendar import day_of, later, start_of, zone
from opla.core.catalog.rules import EarlyRenewal, Length, NumberLife, Since
from opla.core.effects import Effect, Portion
from opla.core.keep_alive import KeptAlive, NotKnown, Step, keep_alive, until_of
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.timeline import Purchase, Sign, Timeline, timeline
from opla.core.verdict import Renewal

BRUSSELS = zone("Europe/Brussels")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = Length(months=12)


def top_up(price: int, length: Length = YEAR, since: Since = Since.TOP_UP, **other: object) -> Renewal:
    effect = Effect(
        f"RED-{price}", "red", "EUR", BRUSSELS, price, credit_minor=price, number_life=NumberLife(length, since)
    )
    return Renewal(replace(effect, **other), price + 50)  # type: ignore[arg-type]  # fields of an effect


def kept(line: Line, months: int, *offered: Renewal) -> KeptAlive:
    found = keep_alive(line, AT, until_of(AT, months, BRUSSELS), offered, where=BRUSSELS)
    assert isinstance(found, KeptAlive), found
    return found


def told(found: KeptAlive) -> list[tuple[str, str, int]]:
    return [(str(one.step), one.day.isoformat(), one.cost_minor) for one in found.doings]


def test_the_cheapest_amount_on_the_last_whole_day() -> None:
    line = Line("red", topped_up_at=AT - 300 * DAY)  # 26 January 2026, 13:00 in Brussels
    found = kept(line, 6, top_up(1500), top_up(500))
    assert told(found) == [("top_up", "2027-01-25", 550)]
    assert (found.exact, found.cost_minor) == (True, 550)
    assert kept(line, 1, top_up(500)).doings == ()
    assert [day for _, day, _ in told(kept(line, 24, top_up(500)))] == ["2027-01-25", "2028-01-24"]


def test_a_dearer_top_up_that_lasts_longer_can_be_the_cheapest() -> None:
    line = Line("red", number_ends=AT + 2 * DAY)
    months = [top_up(500, Length(months=3)), top_up(900, Length(months=6))]
    assert kept(line, 8, *months).cost_minor == 550 + 950
    assert kept(line, 9, *months).cost_minor == 950 + 950  # what begins a day early ends a day short of nine months
    assert kept(line, 5, *months).cost_minor == 950


def test_a_number_that_lives_on_use_costs_a_use_while_there_is_credit_and_is_never_called_exact() -> None:
    uses = top_up(500, Length(months=3), Since.USE)
    line = Line("red", credit=(Credit(300, None),), used_at=AT - 30 * DAY)
    found = kept(line, 6, uses)
    assert {step for step, _, _ in told(found)} == {"use"}
    assert (found.cost_minor, found.exact) == (0, False)
    empty = kept(replace(line, credit=()), 6, uses)
    assert told(empty)[:2] == [("top_up", "2027-01-22", 550), ("use", "2027-01-22", 0)]
    assert empty.cost_minor == 550


def test_a_top_up_that_destroys_something_says_what() -> None:
    bonus = top_up(500, portions=(Portion(Kind.DATA, 5),), lasts=Length(days=31), renewal=EarlyRenewal.OVERWRITE_ALL)
    line = Line("red", number_ends=AT + DAY, buckets=(Bucket(Kind.DATA, 9, AT - DAY, AT + 9 * DAY, "RED-500"),))
    assert [event.sign for event in kept(line, 3, bonus).doings[0].lost] == [Sign.BENEFIT_LOST]


SILENT_ABOUT_IT = replace(top_up(5), effect=replace(top_up(5).effect, number_life=None))
#: What nobody can compute, and why.
UNKNOWN = {
    "the rule": (Line("red", topped_up_at=AT), (SILENT_ABOUT_IT,), NotKnown.RULE),
    "the last top-up": (Line("red"), (top_up(500),), NotKnown.SINCE),
    "the last use": (Line("red", topped_up_at=AT), (top_up(500, since=Since.USE),), NotKnown.SINCE),
    "nothing is sold": (Line("red", topped_up_at=AT), (), NotKnown.NOTHING_SOLD),
    "it is lost": (Line("red", number_ends=AT - DAY, number_lost=AT - DAY), (top_up(500),), NotKnown.LOST),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN.values(), ids=UNKNOWN)
def test_what_nobody_knows_is_said_so(case: tuple[Line, tuple[Renewal, ...], NotKnown]) -> None:
    line, offered, why = case
    assert keep_alive(line, AT, until_of(AT, 6, BRUSSELS), offered, where=BRUSSELS) is why


def test_silent_but_not_lost_is_saved_at_once() -> None:
    line = Line("red", number_ends=AT - DAY, number_lost=AT + 9 * DAY)
    found = kept(line, 12, top_up(500))
    assert told(found)[0] == ("top_up", "2026-11-30", 550)


_LENGTHS = st.sampled_from([Length(days=4), Length(days=7), Length(days=9), Length(months=1)])
_OFFERED = st.lists(st.builds(top_up, st.integers(1, 30), _LENGTHS), min_size=1, max_size=3)


@given(_OFFERED, st.integers(1, 40), st.integers(1, 45))
def test_no_list_of_top_ups_on_whole_days_costs_less(offered: list[Renewal], ends: int, days: int) -> None:
    """Against the cheapest of all lists, found day by day: buy one of these or nothing on every day there is."""
    today = day_of(AT, BRUSSELS)
    until = start_of(today + days * DAY, BRUSSELS)
    line = Line("red", number_ends=AT + ends * DAY / 2)

    @cache
    def least(day: int, end: datetime) -> int | None:
        if end >= until:
            return 0
        instant = max(AT, start_of(today + day * DAY, BRUSSELS))
        if instant >= end or (day and instant + DAY > end and day_of(instant, BRUSSELS) == day_of(end, BRUSSELS)):
            return None
        costs = [least(day + 1, end)]
        for one in offered:
            assert one.effect.number_life is not None
            after = max(end, later(instant, one.effect.number_life.length, BRUSSELS))
            rest = least(day + 1, after)
            costs.append(None if rest is None else rest + one.cost_minor)
        return min((cost for cost in costs if cost is not None), default=None)

    found = keep_alive(line, AT, until, offered, where=BRUSSELS)
    best = least(0, AT + ends * DAY / 2)
    if best is None:
        return
    assert isinstance(found, KeptAlive)
    assert (found.cost_minor, found.exact) == (best, True)


@given(_OFFERED, st.integers(2, 60))
def test_a_number_that_is_kept_so_is_never_silent(offered: list[Renewal], ends: int) -> None:
    until = until_of(AT, 4, BRUSSELS)
    line = Line("red", number_ends=AT + ends * DAY / 2, number_lost=AT + ends * DAY)
    found = keep_alive(line, AT, until, offered, where=BRUSSELS)
    assert isinstance(found, KeptAlive)
    bought = [
        Purchase(max(AT, start_of(one.day, BRUSSELS) + DAY / 2), one.renewal.effect)
        for one in found.doings
        if one.renewal and one.step is Step.TOP_UP
    ]
    run = timeline(line, AT, until, purchases=bought, where=BRUSSELS)
    assert isinstance(run, Timeline)
    assert [event for event in run.events if event.sign in (Sign.NUMBER_ENDS, Sign.NUMBER_LOST)] == []
