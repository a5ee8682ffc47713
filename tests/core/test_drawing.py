"""How use is drawn from a line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.drawing import Demand, Drawn, Quality, Tariff, draw, evenly, spend
from opla.core.line import Bucket, Credit, Kind, Line

AT = datetime(2026, 11, 20, 23, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = Bucket(Kind.DATA, 100, AT - DAY, AT + DAY)
SECOND = Bucket(Kind.DATA, 100, AT - DAY, AT + 2 * DAY)
SLOW = replace(FIRST, slow_kbps=512)
CAPPED = replace(FIRST, eu_left=30)
PRICES = Tariff(per_mb_minor=50, per_min_minor=20, per_sms_minor=10)


def lefts(drawn: Drawn) -> list[int | None]:
    return [bucket.left for bucket in drawn.line.buckets]


@pytest.mark.parametrize(
    ("buckets", "demand", "quality", "left", "unmet"),
    [
        # what ends first goes first, wherever it stands
        ((SECOND, FIRST), Demand(150), Quality(), [50, 0], 0),
        ((SECOND, FIRST), Demand(250), Quality(), [0, 0], 50),
        ((replace(FIRST, ends=None), SECOND), Demand(50), Quality(), [100, 50], 0),
        # what has not begun, or has ended, gives nothing
        ((replace(FIRST, starts=AT + DAY), replace(FIRST, ends=AT)), Demand(50), Quality(), [100, 100], 50),
        # without limit
        ((replace(FIRST, left=None), SECOND), Demand(10**9), Quality(), [None, 100], 0),
        # another kind is another kind
        ((replace(FIRST, kind=Kind.SMS),), Demand(50), Quality(), [100], 50),
        # slowed down it goes on, after everything that is fast, if that is fast enough for this person
        ((SLOW, SECOND), Demand(250), Quality(), [0, 0], 0),
        ((SLOW, SECOND), Demand(250), Quality(min_kbps=512), [0, 0], 0),
        ((SLOW, SECOND), Demand(250), Quality(min_kbps=513), [0, 0], 50),
        # abroad only what may be used there; at home what may not goes first
        ((CAPPED, SECOND), Demand(150, abroad=True), Quality(), [70, 0], 20),
        ((CAPPED,), Demand(60), Quality(), [40], 0),
        ((replace(SLOW, eu_left=30),), Demand(60, abroad=True), Quality(), [70], 30),
        ((replace(FIRST, left=None, eu_left=30),), Demand(60, abroad=True), Quality(), [None], 30),
        # the network: not known is not enough
        ((replace(FIRST, generation="5G"), SECOND), Demand(150), Quality(network="5g"), [0, 100], 50),
        ((replace(FIRST, generation="5G"),), Demand(50), Quality(network="4g"), [50], 0),
        ((replace(FIRST, max_mbps=20), SECOND), Demand(150), Quality(min_mbps=20), [0, 100], 50),
        ((replace(FIRST, max_mbps=20),), Demand(50), Quality(min_mbps=21), [100], 50),
    ],
)  # fmt: skip
def test_data_is_drawn_from_what_ends_first(
    buckets: tuple[Bucket, ...], demand: Demand, quality: Quality, left: list[int | None], unmet: int
):
    drawn = draw(Line("red", buckets=buckets), demand, AT, quality=quality)
    assert lefts(drawn) == left
    assert drawn.unmet == Demand(unmet, abroad=demand.abroad)
    assert drawn.credit_spent_minor == 0


def test_what_may_be_used_abroad_is_never_more_than_what_is_left():
    at_home = draw(Line("red", buckets=(CAPPED,)), Demand(90), AT).line
    assert at_home.buckets[0].eu_left == 10
    abroad = draw(Line("red", buckets=(CAPPED,)), Demand(20, abroad=True), AT).line
    assert (abroad.buckets[0].left, abroad.buckets[0].eu_left) == (80, 10)


@pytest.mark.parametrize(
    ("demand", "tariff", "credit", "unmet", "spent"),
    [
        (Demand(150), None, 1000, Demand(50), 0),
        (Demand(1100), PRICES, 1000, Demand(), 50),  # 1 MB beside the bucket
        (Demand(101), PRICES, 1000, Demand(), 1),  # every part of it rounded up
        (Demand(voice_s=90, sms=2), PRICES, 1000, Demand(), 50),
        (Demand(voice_s=90, sms=2), PRICES, 25, Demand(voice_s=15, sms=2), 25),
        (Demand(voice_s=90, sms=2), Tariff(per_sms_minor=10), 1000, Demand(voice_s=90), 20),
        (Demand(sms=2), Tariff(per_sms_minor=0), 0, Demand(), 0),
    ],
)
def test_credit_is_spent_only_where_the_person_allows_it(
    demand: Demand, tariff: Tariff | None, credit: int, unmet: Demand, spent: int
):
    line = Line("red", credit=(Credit(credit, None),), buckets=(FIRST,))
    drawn = draw(line, demand, AT, pay_per_use=tariff)
    assert (drawn.unmet, drawn.credit_spent_minor) == (unmet, spent)
    assert drawn.line.credit_at(AT) == credit - spent


def test_the_credit_that_ends_first_is_spent_first_and_what_has_not_begun_not_at_all():
    lots = (Credit(100, None), Credit(60, AT + DAY), Credit(70, AT + DAY, AT + timedelta(hours=1)))
    assert spend(lots, 80, AT) == (Credit(70, AT + DAY, AT + timedelta(hours=1)), Credit(80, None))
    with pytest.raises(ValueError, match="more was to be spent"):
        spend(lots, 161, AT)


def test_nothing_is_drawn_from_a_number_that_is_lost():
    line = Line("red", buckets=(FIRST,), number_lost=AT)
    assert draw(line, Demand(1), AT) == Drawn(line, Demand(1), 0)


def test_a_need_is_spread_evenly_and_none_of_it_is_lost_to_rounding():
    usage = evenly(100, 59, 10, date(2026, 11, 20), abroad=[(date(2026, 12, 1), date(2026, 12, 2))])
    month = [usage(date(2026, 11, 20) + n * DAY) for n in range(30)]
    assert [sum(d[place] for d in month) for place in range(3)] == [100, 59, 10]
    assert {d.data_kb for d in month} == {3, 4}
    assert [d.abroad for d in month].count(True) == 2
    assert usage(date(2026, 11, 20) + 30 * DAY) == month[0]


_AMOUNT = st.integers(0, 300)
_ENDS = st.sampled_from([AT + DAY, AT + 2 * DAY, None])
_BUCKETS = st.lists(
    st.builds(
        Bucket, st.sampled_from(Kind), _AMOUNT | st.none(), st.just(AT), _ENDS,
        slow_kbps=st.sampled_from([None, 128]), eu_left=_AMOUNT | st.none(),
    ),
    max_size=4,
)  # fmt: skip
_DEMANDS = st.builds(Demand, _AMOUNT, _AMOUNT, _AMOUNT, st.booleans())
_TARIFFS = st.none() | st.builds(Tariff, *[st.none() | st.integers(0, 99)] * 3)


@given(_BUCKETS, _DEMANDS, _TARIFFS, _AMOUNT)
def test_nothing_appears_from_nowhere(buckets: list[Bucket], demand: Demand, tariff: Tariff | None, credit: int):
    line = Line("red", credit=(Credit(credit, None),), buckets=tuple(buckets))
    drawn = draw(line, demand, AT, pay_per_use=tariff, quality=Quality(min_kbps=200))
    assert drawn.line.credit_at(AT) == credit - drawn.credit_spent_minor >= 0
    for kind in Kind:
        met = demand.of(kind) - drawn.unmet.of(kind)
        assert 0 <= met <= demand.of(kind)
        pairs = [(a, b) for a, b in zip(buckets, drawn.line.buckets, strict=True) if a.kind is kind]
        assert all((a.left is None) == (b.left is None) and (b.left or 0) >= 0 for a, b in pairs)
        if tariff is None and all(a.left is not None for a, _ in pairs):
            assert sum((a.left or 0) - (b.left or 0) for a, b in pairs) == met
    again = draw(drawn.line, drawn.unmet, AT, pay_per_use=tariff, quality=Quality(min_kbps=200))
    assert again.unmet.data_kb == drawn.unmet.data_kb
