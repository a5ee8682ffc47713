"""What an operator's promotion adds to a top-up: computed where all it needs is known, and never from nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.calendar import zone
from opla.core.catalog import UNKNOWN, Cell, Length, Sure
from opla.core.effects import Applied, Doubt, Effect, Extra, Portion, Uncertain, apply
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.promotion import Bonus, OperatorPromotion, computable, with_bonus

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = Effect(
    "PX-15", "proximus", "EUR", zone("Europe/Brussels"), 1500, credit_minor=1500,
    portions=(Portion(Kind.DATA, 4_000_000),), lasts=Length(days=31),
)  # fmt: skip


def cell(value: object, sure: Sure = Sure.B) -> Cell[object]:
    return Cell(value, sure)


def gift(**rest: object) -> OperatorPromotion:
    bonus = Bonus(Money(300, "EUR"), 2000, 60, 40, Length(days=7))
    cells = {"start": cell(AT), "until": cell(AT + DAY), "minimum": cell(Money(1500, "EUR")), "gives": cell(bonus)}
    return OperatorPromotion("gift", "proximus", {"en": "A gift"}, **{**cells, **rest})  # type: ignore[arg-type]  # a table


def test_a_bonus_lies_beside_the_top_ups_own_with_its_own_end() -> None:
    effect = with_bonus(MONTH, [gift()], AT)
    week = datetime(2026, 12, 8, 12, tzinfo=UTC)
    done = apply(effect, Line("proximus"), AT)
    assert isinstance(done, Applied)
    beside = [(b.kind, b.left, b.ends) for b in done.line.buckets if b.sku == "gift"]
    assert beside == [(Kind.DATA, 2_000_000, week), (Kind.VOICE, 3600, week), (Kind.SMS, 40, week)]
    assert done.line.credit == (Credit(300, week), Credit(1500, None))
    assert [b.left for b in done.line.buckets if b.sku == "PX-15"] == [4_000_000]
    assert effect.uncertain == ()


NOTHING = {
    "it has not begun": gift(start=cell(AT + timedelta(minutes=1))),
    "it is over": gift(until=cell(AT)),
    "nobody told when it begins": gift(start=UNKNOWN),
    "it needs a larger amount": gift(minimum=cell(Money(1501, "EUR"))),
    "nobody told from which amount": gift(minimum=UNKNOWN),
    "nobody told what": gift(gives=UNKNOWN),
    "nobody told for how long": gift(gives=cell(Bonus(data_mb=2000))),
    "another operator's": replace(gift(), operator="orange"),
    "another product's": gift(products=frozenset({"PX-25"})),
    "other money": gift(gives=cell(Bonus(Money(300, "GBP"), lasts=Length(days=7)))),
}


@pytest.mark.parametrize("promotion", NOTHING.values(), ids=NOTHING)
def test_what_does_not_apply_or_is_not_known_adds_nothing(promotion: OperatorPromotion) -> None:
    assert with_bonus(MONTH, [promotion], AT) == MONTH


def test_what_is_not_known_is_told_and_not_computed() -> None:
    assert computable(gift())
    assert not computable(gift(gives=cell(Bonus(data_mb=2000))))


def test_a_bonus_is_as_sure_as_the_least_sure_of_its_figures() -> None:
    [doubt] = with_bonus(MONTH, [gift(minimum=cell(Money(1500, "EUR"), Sure.SAMPLE))], AT).uncertain
    assert doubt == Uncertain("gift", (Doubt.SAMPLE,))


bonuses = st.builds(
    Bonus,
    st.none() | st.integers(1, 900).map(lambda minor: Money(minor, "EUR")),
    st.integers(0, 9000), st.integers(0, 300), st.integers(0, 300),
    st.none() | st.integers(1, 60).map(lambda days: Length(days=days)),
)  # fmt: skip
promotions = st.builds(
    lambda bonus, minimum, start, days: gift(
        gives=cell(bonus), minimum=cell(Money(minimum, "EUR")), start=cell(AT + start * DAY),
        until=cell(AT + (start + days) * DAY),
    ),
    bonuses, st.integers(0, 3000), st.integers(-3, 3), st.integers(1, 5),
)  # fmt: skip


@given(st.lists(promotions, max_size=3), st.integers(0, 3_000_000))
def test_nothing_appears_that_no_promotion_that_runs_gives(theirs: list[OperatorPromotion], left: int) -> None:
    theirs = [replace(one, id=f"gift-{n}") for n, one in enumerate(theirs)]
    line = Line("proximus", buckets=(Bucket(Kind.DATA, left, AT - DAY, AT + 9 * DAY, "PX-25", "other"),))
    plain, more = (apply(effect, line, AT) for effect in (MONTH, with_bonus(MONTH, theirs, AT)))
    assert isinstance(plain, Applied)
    assert isinstance(more, Applied)
    legal = [
        one.gives.value
        for one in theirs
        if one.runs(AT) and one.minimum_minor <= 1500 and one.gives.value and one.gives.value.lasts
    ]

    def data(done: Applied) -> int:
        return sum(bucket.left or 0 for bucket in done.line.buckets if bucket.kind is Kind.DATA)

    assert data(more) - data(plain) == sum(bonus.data_mb * 1000 for bonus in legal)
    credit = [sum(lot.amount_minor for lot in done.line.credit) for done in (plain, more)]
    assert credit[1] - credit[0] == sum(bonus.credit.amount_minor for bonus in legal if bonus.credit)
    assert set(plain.line.buckets) <= set(more.line.buckets)


def test_an_extra_of_a_product_that_begins_later_begins_with_it() -> None:
    late = replace(MONTH, delay=Length(days=2), extras=(Extra("gift", Length(days=7), (Portion(Kind.SMS, 5),)),))
    done = apply(late, Line("proximus"), AT)
    assert isinstance(done, Applied)
    [sms] = [bucket for bucket in done.line.buckets if bucket.kind is Kind.SMS]
    assert (sms.starts, sms.ends) == (AT + 2 * DAY, AT + 9 * DAY)
