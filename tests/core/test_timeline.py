"""What a line holds at any instant, and what happens to it. Instants are written by hand, in UTC unless they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from opla.core.calendar import zone
from opla.core.catalog import UNKNOWN, Cell, Product, Rules, Sure
from opla.core.catalog.rules import AutoRenew, EarlyRenewal, Length, NumberLife, Since
from opla.core.drawing import Demand, Tariff, evenly
from opla.core.effects import Effect, Portion
from opla.core.line import AutoTopUp, Bucket, Credit, Kind, Line
from opla.core.refusal import Code, Refusal
from opla.core.timeline import Purchase, Sign, Timeline, Wants, lapses, preview, timeline

BRUSSELS = zone("Europe/Brussels")
MIDNIGHT = datetime(2026, 11, 19, 23, tzinfo=UTC)  # the 20th begins in Brussels
AT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DAY = timedelta(days=1)
GB = 1_000_000
MONTH = Effect(
    "R-15", "red", "EUR", BRUSSELS, 1500, credit_minor=1500, credit_lasts=Length(months=12),
    portions=(Portion(Kind.DATA, 4 * GB),), lasts=Length(days=30), renewal=EarlyRenewal.OVERWRITE_ALL,
)  # fmt: skip
BUNDLE = Effect(
    "R-B", "red", "EUR", BRUSSELS, 1000, from_credit=True, portions=(Portion(Kind.DATA, GB, 512),),
    lasts=Length(days=30), renewal=EarlyRenewal.REFUSED_WHILE_ACTIVE, group="bundle", auto_renew=AutoRenew.BUILT_IN,
)  # fmt: skip
DATA = Bucket(Kind.DATA, 2 * GB, AT - DAY, AT + 10 * DAY)


def course(
    line: Line, *bought: Purchase, start: datetime = AT, days: int = 60, wants: Wants | None = None,
    effects: Iterable[Effect] = (),
) -> Timeline:  # fmt: skip
    found = timeline(
        line, start, start + days * DAY, purchases=bought, wants=wants, effects={e.sku: e for e in effects},
        where=BRUSSELS,
    )  # fmt: skip
    assert isinstance(found, Timeline), found
    return found


def said(found: Timeline, *signs: Sign) -> list[tuple[Sign, datetime]]:
    return [(event.sign, event.at) for event in found.events if not signs or event.sign in signs]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("bought", "lasts", "ends"),
    [
        # by hand: local clock → UTC
        ("2026-10-20T13:05", Length(days=30), "2026-11-19T12:05+00:00"),  # summer time ends on 25 October
        ("2026-03-10T13:05", Length(days=30), "2026-04-09T11:05+00:00"),  # summer time begins on 29 March
        ("2026-02-27T02:30", Length(days=30), "2026-03-29T01:00+00:00"),  # 02:30 is skipped that night
        ("2026-09-25T02:30", Length(months=1), "2026-10-25T00:30+00:00"),  # 02:30 comes twice: the first
        ("2026-01-31T23:59", Length(months=1), "2026-02-28T22:59+00:00"),
        ("2028-01-31T08:00", Length(months=1), "2028-02-29T07:00+00:00"),
        ("2028-02-29T08:00", Length(months=12), "2029-02-28T07:00+00:00"),
        ("2026-12-31T00:00", Length(months=2), "2027-02-27T23:00+00:00"),
        ("2026-11-20T14:05", Length(minutes=90), "2026-11-20T14:35+00:00"),
    ],
)
def test_a_benefit_ends_to_the_minute(bought: str, lasts: Length, ends: str):
    at, end = local(bought).astimezone(UTC), datetime.fromisoformat(ends)
    found = course(Line("red"), Purchase(at, replace(MONTH, lasts=lasts)), start=at, days=400)
    assert said(found, Sign.BUCKET_EXPIRES) == [(Sign.BUCKET_EXPIRES, end)]
    minute = timedelta(minutes=1)
    assert [len(found.at(end - minute).buckets), len(found.at(end).buckets)] == [1, 0]


def test_what_lapses_is_said_with_its_amount():
    found = course(Line("red", credit=(Credit(250, AT + DAY),), buckets=(DATA,)))
    assert [(e.sign, e.at, e.amount) for e in found.events] == [
        (Sign.CREDIT_LOST, AT + DAY, 250),
        (Sign.BUCKET_EXPIRES, AT + 10 * DAY, 2 * GB),
    ]
    assert found.at(AT).credit_at(AT) == 250
    assert found.at(AT + DAY).credit_at(AT + DAY) == 0
    with pytest.raises(ValueError, match="nothing is computed"):
        found.at(AT - DAY)


def test_renewing_early_says_what_is_lost_and_until_when_it_would_have_run():
    found = course(Line("red", buckets=(DATA,)), Purchase(AT, MONTH))
    [lost] = [event for event in found.events if event.sign is Sign.BENEFIT_LOST]
    assert (lost.at, lost.kind, lost.amount, lost.until) == (AT, Kind.DATA, 2 * GB, AT + 10 * DAY)


def test_what_a_late_purchase_cuts_short_is_lost_only_then_and_only_what_is_left():
    late = replace(MONTH, delay=Length(minutes=60 * 24 * 2))
    wants = Wants(evenly(30 * GB, 0, 0, date(2026, 11, 20)))
    found = course(Line("red", buckets=(replace(DATA, left=9 * GB),)), Purchase(AT, late), days=12, wants=wants)
    assert said(found, Sign.STARTS_LATE, Sign.BENEFIT_LOST) == [
        (Sign.STARTS_LATE, AT), (Sign.BENEFIT_LOST, AT + 2 * DAY),
    ]  # fmt: skip
    [lost] = [event for event in found.events if event.sign is Sign.BENEFIT_LOST]
    assert (lost.amount, lost.until) == (7 * GB, AT + 10 * DAY)


def test_between_two_purchases_there_may_be_a_gap():
    buying = Purchase(AT + 12 * DAY, MONTH), Purchase(AT + 13 * DAY, replace(MONTH, sku="other"))
    found = course(Line("red", buckets=(DATA,)), *buying)
    [gap] = [event for event in found.events if event.sign is Sign.GAP]
    assert (gap.at, gap.until, gap.kind) == (AT + 10 * DAY, AT + 12 * DAY, Kind.DATA)


def test_the_last_stretch_is_a_gap_only_when_something_was_wanted_in_it():
    assert not said(course(Line("red", buckets=(DATA,))), Sign.GAP)
    wants = Wants(evenly(3 * GB, 0, 0, date(2026, 11, 20)))
    found = course(Line("red", buckets=(DATA,)), wants=wants)
    assert said(found, Sign.GAP) == [(Sign.GAP, AT + 10 * DAY)]
    assert sum(demand.data_kb for demand in found.unmet.values()) == 50 * GB // 10


def test_a_day_is_drawn_when_it_begins_and_again_when_something_came():
    wants = Wants(evenly(30 * GB, 0, 0, date(2026, 11, 20)))
    line = Line("red", buckets=(replace(DATA, left=GB // 4),))
    dry = course(line, start=MIDNIGHT, days=1, wants=wants)
    assert dry.unmet == {date(2026, 11, 20): Demand(GB * 3 // 4)}
    assert said(dry, Sign.BUCKET_EMPTY) == [(Sign.BUCKET_EMPTY, MIDNIGHT)]
    again = course(line, Purchase(AT, replace(MONTH, renewal=EarlyRenewal.BESIDE)), start=MIDNIGHT, days=1, wants=wants)
    assert again.unmet == {}
    assert again.met == Demand(GB)
    assert [bucket.left for bucket in again.line.buckets] == [0, 4 * GB - GB * 3 // 4]


@pytest.mark.parametrize(
    "line",
    [
        Line("red", buckets=(replace(DATA, starts=AT),)),  # it begins
        Line("red", credit=(Credit(1000, None, AT),)),  # so does credit
        Line("red", credit=(Credit(1000, None),), buckets=(replace(DATA, left=0, ends=AT, sku="R-B", renews=True),)),
    ],
)
def test_what_is_owed_is_drawn_at_the_minute_something_comes(line: Line):
    wants = Wants(evenly(30 * GB, 0, 0, date(2026, 11, 20)), Tariff(per_mb_minor=1) if line.credit else None)
    if line.credit and line.buckets:
        wants = replace(wants, pay_per_use=None)
    found = course(line, start=MIDNIGHT, days=1, wants=wants, effects=[BUNDLE])
    assert found.unmet == {}


def test_what_happens_at_the_seam_is_said_by_the_second_half():
    line = Line("red", buckets=(DATA,))
    first = course(line, days=10)
    second = course(first.line, start=AT + 10 * DAY, days=1)
    assert (first.events, first.line) == ((), line)
    assert said(second) == [(Sign.BUCKET_EXPIRES, AT + 10 * DAY)]


def test_a_bucket_slows_down_where_it_has_a_slow_speed():
    line = Line("red", buckets=(replace(DATA, left=GB, slow_kbps=128),))
    found = course(line, start=MIDNIGHT, days=3, wants=Wants(evenly(30 * GB, 0, 0, date(2026, 11, 20))))
    assert [(e.sign, e.slow_kbps) for e in found.events if e.sign is not Sign.GAP] == [(Sign.THROTTLED, 128)]
    assert found.unmet == {}


def test_use_outside_the_buckets_is_paid_from_the_credit():
    wants = Wants(evenly(0, 0, 30, date(2026, 11, 20)), Tariff(per_sms_minor=10))
    found = course(Line("red", credit=(Credit(25, None),)), start=MIDNIGHT, days=3, wants=wants)
    assert found.credit_spent_minor == 20
    assert list(found.unmet) == [date(2026, 11, 22)]


def test_a_bundle_renews_by_itself_until_the_credit_is_too_low():
    found = course(Line("red", credit=(Credit(2500, None),)), Purchase(AT, BUNDLE), days=100)
    assert said(found, Sign.RENEWED, Sign.NOT_RENEWED) == [
        (Sign.RENEWED, AT + 30 * DAY), (Sign.NOT_RENEWED, AT + 60 * DAY),
    ]  # fmt: skip
    renewed = next(event for event in found.events if event.sign is Sign.RENEWED)
    assert (renewed.amount, renewed.until) == (1000, AT + 60 * DAY)
    assert not said(found, Sign.GAP)


def test_what_is_bought_at_one_instant_is_bought_in_the_order_given():
    found = course(Line("red"), Purchase(AT, MONTH), Purchase(AT, BUNDLE), days=20)
    assert [event.sku for event in found.events if event.sign is Sign.BOUGHT] == ["R-15", "R-B"]
    assert isinstance(timeline(Line("red"), AT, AT + DAY, purchases=[Purchase(AT, BUNDLE), Purchase(AT, MONTH)],
                               where=BRUSSELS), Refusal)  # fmt: skip


def test_the_owner_has_it_topped_up_when_the_credit_runs_low():
    wants = Wants(evenly(0, 0, 30, date(2026, 11, 20)), Tariff(per_sms_minor=10))
    line = Line("red", credit=(Credit(520, None),), auto_top_up=AutoTopUp("R-15", 500), topped_up_at=AT - DAY)
    found = course(line, start=MIDNIGHT, days=5, wants=wants, effects=[MONTH])
    assert said(found, Sign.TOPPED_UP) == [(Sign.TOPPED_UP, MIDNIGHT + 2 * DAY)]
    assert found.line.credit_at(MIDNIGHT + 4 * DAY) == 520 - 50 + 1500


def test_a_number_falls_silent_before_it_is_lost_with_everything():
    line = Line("red", credit=(Credit(100, None),), buckets=(replace(DATA, ends=None),), number_ends=AT + DAY,
                number_lost=AT + 3 * DAY)  # fmt: skip
    found = course(line)
    assert [(e.sign, e.at, e.until) for e in found.events[:2]] == [
        (Sign.NUMBER_ENDS, AT + DAY, AT + 3 * DAY), (Sign.NUMBER_LOST, AT + 3 * DAY, None),
    ]  # fmt: skip
    assert found.line.credit == found.line.buckets == ()
    assert [(e.sign, e.amount) for e in found.events[2:]] == [(Sign.BUCKET_EXPIRES, 2 * GB), (Sign.CREDIT_LOST, 100)]


def test_use_keeps_a_number_alive_where_that_is_the_rule():
    rule = replace(MONTH, number_life=NumberLife(Length(days=5), Since.USE))
    line = Line("red", buckets=(DATA,), number_ends=AT + DAY, number_lost=AT + DAY)
    assert said(course(line, effects=[rule]), Sign.NUMBER_LOST) == [(Sign.NUMBER_LOST, AT + DAY)]
    wants = Wants(evenly(3 * GB, 0, 0, date(2026, 11, 20)))
    used_until = local("2026-11-30T00:00").astimezone(UTC)  # the last day that finds something to draw
    found = course(line, wants=wants, effects=[rule])
    assert said(found, Sign.NUMBER_LOST) == [(Sign.NUMBER_LOST, used_until + 5 * DAY)]


@pytest.mark.parametrize(
    ("purchase", "code"),
    [
        (Purchase(AT, replace(MONTH, use_by=date(2026, 11, 19))), Code.LAPSES_BEFORE_START),
        (Purchase(AT + DAY, MONTH, code_last_day=date(2026, 11, 20)), Code.CODE_LAPSES),
        (Purchase(AT, replace(MONTH, on_sale=False)), Code.PRODUCT_WITHDRAWN),
        (Purchase(AT, BUNDLE), Code.CREDIT_TOO_LOW),
    ],
)
def test_what_would_lapse_or_is_not_sold_is_refused_by_name(purchase: Purchase, code: Code):
    found = timeline(Line("red"), AT, AT + 60 * DAY, purchases=[purchase], where=BRUSSELS)
    assert isinstance(found, Refusal)
    assert (found.code, found.params["sku"]) == (code, purchase.effect.sku)
    assert found.params["at"] == purchase.at.isoformat()


@pytest.mark.parametrize(
    ("at", "delay", "lapsed"),
    [
        ("2026-12-31T23:59", None, False),  # its last day in Brussels
        ("2027-01-01T00:00", None, True),
        ("2026-12-31T23:20", Length(minutes=30), False),
        ("2026-12-31T23:40", Length(minutes=30), True),
    ],
)
def test_what_could_never_begin_is_not_sold(at: str, delay: Length | None, lapsed: bool):
    starts = Cell(delay, Sure.A) if delay else UNKNOWN
    rules = Rules(use_by=Cell(date(2026, 12, 31), Sure.A), starts_after=starts)
    product = Product("R", "red", "Red", "EUR", UNKNOWN, UNKNOWN, rules)
    refused = lapses(product, local(at).astimezone(UTC))
    assert (refused.code if refused else None) == (Code.LAPSES_BEFORE_START if lapsed else None)
    assert lapses(replace(product, rules=Rules()), AT) is None


def test_a_withdrawn_product_can_be_what_somebody_has():
    gone = replace(BUNDLE, on_sale=False)
    line = Line("red", credit=(Credit(1000, None),), buckets=(replace(DATA, sku="R-B", group="bundle", renews=True),))
    assert said(course(line, effects=[gone], days=20), Sign.RENEWED) == [(Sign.RENEWED, AT + 10 * DAY)]


@pytest.mark.parametrize(
    ("effect", "last_day", "wait_until", "code_before"),
    [
        (MONTH, None, AT + 10 * DAY, None),
        (replace(MONTH, renewal=EarlyRenewal.BESIDE), None, None, None),
        # the code must be entered before what runs has ended
        (MONTH, date(2026, 11, 25), None, date(2026, 11, 25)),
        # waiting would cost the bonus itself
        (replace(MONTH, bonus_window_days=5), None, None, None),
    ],
)
def test_waiting_is_advised_only_where_it_costs_nothing(
    effect: Effect, last_day: date | None, wait_until: datetime | None, code_before: date | None
):
    line = Line("red", buckets=(DATA,), topped_up_at=AT - DAY)
    found = preview(effect, line, AT, code_last_day=last_day)
    assert not isinstance(found, Refusal)
    assert (found.wait_until, found.code_before) == (wait_until, code_before)
    assert found.now.until == found.after.until == local("2026-12-23T00:00").astimezone(UTC)


def test_waiting_is_not_advised_where_the_number_would_be_lost():
    line = Line("red", buckets=(DATA,), number_ends=AT + DAY, number_lost=AT + 2 * DAY)
    found = preview(replace(MONTH, number_life=NumberLife(Length(months=12), Since.TOP_UP)), line, AT)
    assert not isinstance(found, Refusal)
    assert found.wait_until is None
    assert found.number_ends is None
