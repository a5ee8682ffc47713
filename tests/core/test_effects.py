"""What purchases do, on effects made by hand. The shapes on named operators are in test_effects_rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from opla.core.calendar import zone
from opla.core.catalog.rules import (
    AutoRenew,
    Content,
    CreditRenewal,
    EarlyRenewal,
    Length,
    NumberLife,
    PlanChange,
    Since,
)
from opla.core.effects import Applied, Effect, Portion, What, Why, apply, change_plan, renewals, top_up_due, used
from opla.core.line import AutoTopUp, Bucket, Credit, Kind, Line, evolve
from opla.core.refusal import Code, Refusal

BRUSSELS = zone("Europe/Brussels")
AT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DAY = timedelta(days=1)
EMPTY = Line("red")
GB = 1_000_000

TOP_UP = Effect(
    "R-15", "red", "EUR", BRUSSELS, 1500, credit_minor=1500, credit_lasts=Length(months=12),
    portions=(Portion(Kind.DATA, 4 * GB), Portion(Kind.SMS, None)),
    lasts=Length(days=30), renewal=EarlyRenewal.OVERWRITE_ALL,
)  # fmt: skip
BUNDLE = Effect(
    "R-B", "red", "EUR", BRUSSELS, 1000, from_credit=True, portions=(Portion(Kind.DATA, GB, 512),),
    lasts=Length(days=30), renewal=EarlyRenewal.REFUSED_WHILE_ACTIVE, group="bundle",
)  # fmt: skip


def done(answer: Applied | Refusal) -> Applied:
    assert isinstance(answer, Applied), answer
    return answer


def refused(answer: Applied | Refusal) -> Code:
    assert isinstance(answer, Refusal), answer
    return answer.code


def whats(applied: Applied) -> list[What]:
    return [fact.what for fact in applied.happened]


def test_a_top_up_adds_credit_and_a_bonus_each_with_its_own_end():
    line = done(apply(TOP_UP, EMPTY, AT)).line
    assert line.credit == (Credit(1500, datetime(2027, 11, 20, 13, 5, tzinfo=UTC)),)
    assert [(b.kind, b.left, b.starts, b.ends) for b in line.buckets] == [
        (Kind.DATA, 4 * GB, AT, AT + 30 * DAY),
        (Kind.SMS, None, AT, AT + 30 * DAY),
    ]
    assert line.topped_up_at == AT


def test_a_bundle_is_paid_from_the_credit_that_ends_first():
    lots = (Credit(900, None), Credit(800, AT + DAY))
    line = done(apply(BUNDLE, Line("red", credit=lots), AT)).line
    assert line.credit == (Credit(700, None),)
    assert line.topped_up_at is None


@pytest.mark.parametrize(
    ("effect", "line", "code"),
    [
        (TOP_UP, Line("blue"), Code.PRODUCT_OF_ANOTHER_OPERATOR),
        (TOP_UP, Line("red", currency="GBP"), Code.LINE_CURRENCY),
        (TOP_UP, Line("red", number_lost=AT), Code.NUMBER_LOST),
        (BUNDLE, EMPTY, Code.CREDIT_TOO_LOW),
        (BUNDLE, Line("red", credit=(Credit(5000, AT),)), Code.CREDIT_TOO_LOW),
        (BUNDLE, Line("red", credit=(Credit(5000, None, AT + DAY),)), Code.CREDIT_TOO_LOW),
        (BUNDLE, Line("red", buckets=(Bucket(Kind.SMS, 0, AT, AT + DAY, group="bundle"),)), Code.ANOTHER_ACTIVE),
        (replace(BUNDLE, once_a_day=True, renewal=EarlyRenewal.BESIDE),
         Line("red", buckets=(Bucket(Kind.SMS, 0, AT, AT + DAY, "R-B", bought_at=AT),)), Code.ONCE_A_DAY),
        (replace(TOP_UP, use_by=date(2026, 11, 19)), EMPTY, Code.LAPSES_BEFORE_START),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_by_name(effect: Effect, line: Line, code: Code):
    assert refused(apply(effect, line, AT)) is code


def test_a_code_is_refused_from_the_day_after_its_last_one():
    assert refused(apply(TOP_UP, EMPTY, AT, code_last_day=date(2026, 11, 19))) is Code.CODE_LAPSES
    assert done(apply(TOP_UP, EMPTY, AT, code_last_day=date(2026, 11, 20)))


def test_a_bundle_renews_from_credit_until_it_is_too_low():
    built_in = replace(BUNDLE, auto_renew=AutoRenew.BUILT_IN)
    line = done(apply(built_in, Line("red", credit=(Credit(2500, None),)), AT)).line
    after = renewals(line, {"R-B": built_in}, AT + 100 * DAY)
    assert whats(after) == [What.CREDIT_TAKEN, What.BUCKET_ADDED, What.NOT_RENEWED]
    assert (after.happened[-1].why, after.happened[-1].at) == (Why.CREDIT_TOO_LOW, AT + 60 * DAY)
    assert evolve(after.line, AT + 100 * DAY) == Line("red", credit=(Credit(500, None),))


def test_changing_plan_costs_what_the_rule_says_and_nothing_else():
    rule = replace(TOP_UP, plan_change=PlanChange.AT_EACH_TOP_UP, plan_loses=frozenset({Content.CREDIT}))
    line = Line("red", plan="a", credit=(Credit(700, None),))
    answer = done(apply(rule, line, AT, plan="b"))
    assert whats(answer)[:2] == [What.PLAN_CHANGED, What.CREDIT_LOST]
    assert answer.line.credit_at(AT) == 1500
    assert refused(change_plan(rule, line, AT, "b")) is Code.PLAN_CHANGE_REFUSED


def test_changing_plan_is_no_order():
    """What is refused as a second order of the day, or as a lapsed code, does not keep anybody on a plan."""
    rule = replace(BUNDLE, once_a_day=True, plan_change=PlanChange.IN_CUSTOMER_ZONE)
    line = done(apply(rule, Line("red", "a", credit=(Credit(1000, None),)), AT)).line
    assert done(change_plan(rule, line, AT, "b")).line.plan == "b"


def test_a_number_lives_from_its_last_use_where_that_is_the_rule():
    rule = replace(TOP_UP, number_life=NumberLife(Length(months=6), Since.USE))
    assert done(apply(rule, EMPTY, AT)).line.number_ends is None
    assert used(rule, EMPTY, AT).number_ends == datetime(2027, 5, 20, 12, 5, tzinfo=UTC)


def test_credit_that_adds_up_is_capped_from_now():
    rule = replace(TOP_UP, credit_renewal=CreditRenewal.ADDS_UP, credit_cap=Length(months=18))
    twice = done(apply(rule, done(apply(rule, EMPTY, AT)).line, AT + DAY)).line
    assert twice.credit == (Credit(3000, datetime(2028, 5, 21, 12, 5, tzinfo=UTC)),)


def test_a_top_up_is_due_when_the_credit_is_below_what_its_owner_said():
    line = Line("red", credit=(Credit(400, None),), auto_top_up=AutoTopUp("R-15", 500), topped_up_at=AT)
    assert top_up_due(line, AT) == "R-15"
    assert top_up_due(replace(line, topped_up_at=None), AT) is None
