"""A line, what is left of it at an instant, and the file it is kept in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opla.core.line import AutoTopUp, Bucket, Credit, Kind, Line, evolve
from opla.core.line_file import read_line, write_line
from opla.core.refusal import Code, Refusal

AT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def data(left: int | None, ends: datetime | None, starts: datetime = AT - DAY, slow: int | None = None) -> Bucket:
    return Bucket(Kind.DATA, left, starts, ends, slow_kbps=slow)


def test_what_ends_is_gone_at_that_instant_and_there_the_minute_before():
    line = Line("red", credit=(Credit(500, AT),), buckets=(data(10, AT),))
    assert evolve(line, AT - timedelta(minutes=1)) is line
    assert evolve(line, AT) == Line("red")


def test_a_lost_number_takes_everything_with_it_and_a_silent_one_does_not():
    line = Line("red", credit=(Credit(500, None),), buckets=(data(10, None),), number_ends=AT - DAY, number_lost=AT)
    assert evolve(line, AT - HOUR) is line
    assert (evolve(line, AT).credit, evolve(line, AT).buckets) == ((), ())


def test_what_can_be_drawn_from_stands_in_the_order_it_ends():
    never, soon, later_, empty = data(1, None), data(2, AT + DAY), data(3, AT + 2 * DAY), data(0, AT + HOUR)
    future, over, slow = data(4, None, AT + HOUR), data(5, AT), data(0, AT + 3 * DAY, slow=512)
    line = Line("red", buckets=(never, later_, empty, slow, future, over, soon))
    assert list(line.usable(Kind.DATA, AT)) == [soon, later_, slow, never]
    assert list(line.usable(Kind.SMS, AT)) == []


def test_only_credit_that_is_there_can_be_spent():
    lots = (Credit(1, None), Credit(20, AT), Credit(300, AT + DAY), Credit(4000, None, AT + HOUR))
    assert Line("red", credit=lots).credit_at(AT) == 301
    assert Line("red", credit=lots).credit_at(AT + HOUR) == 4301


# ── the file ──────────────────────────────────────────────────────────────

WRITTEN = {
    "operator": "base",
    "currency": "EUR",
    "topped_up_at": "2026-11-20T14:05:00+01:00",
    "credit": [{"amount_minor": 1250, "ends": "2027-11-20T13:05:00Z"}],
    "buckets": [
        {"kind": "data", "left_kb": 1_500_000, "ends": "2026-12-20T13:05:00Z", "sku": "BA-10", "eu_left_kb": 0},
        {"kind": "voice", "left_s": 0},
        {"kind": "sms", "left": "unlimited", "renews": True},
    ],
    "auto_top_up": {"sku": "BA-10", "below_minor": 500},
}


def test_a_file_is_read_as_it_is_meant():
    line = read_line(WRITTEN)
    assert isinstance(line, Line)
    assert (line.operator, line.topped_up_at, line.credit_at(AT)) == ("base", AT, 1250)
    assert [(b.kind, b.left, b.eu_left, b.ends, b.renews) for b in line.buckets] == [
        (Kind.DATA, 1_500_000, 0, AT + 30 * DAY, False),
        (Kind.VOICE, 0, None, None, False),
        (Kind.SMS, None, None, None, True),
    ]
    assert all(b.usable(AT) is b.holds for b in line.buckets)


WRONG: list[tuple[Callable[[dict[str, object]], object], str, str]] = [
    (lambda f: f.pop("operator"), "operator", "missing"),
    (lambda f: f.update(operator=7), "operator", "not_text"),
    (lambda f: f.update(operater="base"), "operater", "unknown"),
    (lambda f: f.update(currency="XXX"), "currency", "not_choice"),
    (lambda f: f.update(topped_up_at="2026-11-20T14:05"), "topped_up_at", "not_time"),  # twice a year that is two
    (lambda f: f.update(topped_up_at="yesterday"), "topped_up_at", "not_time"),
    (lambda f: f.update(used_at="1066-10-14T12:00Z"), "used_at", "not_time"),
    (lambda f: f.update(credit={"amount_minor": 1}), "credit", "not_list"),
    (lambda f: f.update(credit=[5]), "credit.0", "not_mapping"),
    (lambda f: f.update(credit=[{}]), "credit.0.amount_minor", "missing"),
    (lambda f: f.update(credit=[{"amount_minor": -1}]), "credit.0.amount_minor", "not_whole"),
    (lambda f: f.update(credit=[{"amount_minor": 1.5}]), "credit.0.amount_minor", "not_whole"),
    (lambda f: f.update(credit=[{"amount_minor": True}]), "credit.0.amount_minor", "not_whole"),
    (lambda f: f.update(credit=[{"amount_minor": 1, "starts": "2026-01-02T00:00Z", "ends": "2026-01-01T00:00Z"}]),
     "credit.0.ends", "ends_first"),
    (lambda f: f.update(buckets=["data"]), "buckets.0", "not_mapping"),
    (lambda f: f.update(buckets=[{"left": 1}]), "buckets.0.kind", "missing"),
    (lambda f: f.update(buckets=[{"kind": "fax", "left": 1}]), "buckets.0.kind", "not_choice"),
    (lambda f: f.update(buckets=[{"kind": ["data"], "left": 1}]), "buckets.0.kind", "not_choice"),
    (lambda f: f.update(buckets=[{"kind": "data"}]), "buckets.0.left_kb", "missing"),
    (lambda f: f.update(buckets=[{"kind": "data", "left": 1}]), "buckets.0.left", "unknown"),
    (lambda f: f.update(buckets=[{"kind": "sms", "left": "many"}]), "buckets.0.left", "not_whole"),
    (lambda f: f.update(buckets=[{"kind": "sms", "left": 1, "renews": 1}]), "buckets.0.renews", "not_choice"),
    (lambda f: f.update(auto_top_up={"sku": "X"}), "auto_top_up.below_minor", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "field", "problem"), WRONG)
def test_what_is_wrong_in_a_file_is_named(spoil: Callable[[dict[str, object]], object], field: str, problem: str):
    file = json.loads(json.dumps(WRITTEN))
    spoil(file)
    refusal = read_line(file)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, dict(refusal.params)) == (Code.LINE_UNREADABLE, {"field": field, "problem": problem})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WRITTEN, "kind", "left"]), inner),
    max_leaves=8,
)


@given(json_values)
def test_any_file_at_all_is_read_or_refused(file: object):
    assert isinstance(read_line(file), Line | Refusal)


times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware here
amounts = st.integers(0, 10**9)
words = st.text("abc-", min_size=1, max_size=5)
buckets = st.builds(
    Bucket, st.sampled_from(Kind), st.none() | amounts, times, st.none() | times.map(lambda at: at + 4000 * DAY),
    words | st.just(""), words | st.just(""), st.none() | amounts, st.none() | amounts, st.sampled_from(["", "4G"]),
    st.none() | amounts, st.none() | times, st.booleans(),
)  # fmt: skip
lines = st.builds(
    Line, words, words | st.just(""), st.sampled_from(["EUR", "GBP"]),
    st.lists(st.builds(Credit, amounts, st.none() | times), max_size=3).map(tuple),
    st.lists(buckets, max_size=3).map(tuple), *[st.none() | times] * 6,
    st.none() | st.builds(AutoTopUp, words, amounts),
)  # fmt: skip


@settings(max_examples=20)
@given(lines)
def test_what_is_written_is_read_again(line: Line):
    assert read_line(json.loads(json.dumps(write_line(line)))) == line


@settings(max_examples=20)
@given(lines, times, times)
def test_looking_twice_changes_nothing(line: Line, one: datetime, other: datetime):
    """What is left at an instant does not depend on whether somebody looked before."""
    first, second = sorted((one, other))
    assert evolve(evolve(line, first), second) == evolve(line, second)
