"""A standing renewal: its tables, when it is due, and what may be done at an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import renewal
from opla.core.calendar import day_of
from opla.core.catalog.rules import EarlyRenewal, Length
from opla.core.effects import Effect, Portion
from opla.core.line import Kind
from opla.core.money import Money
from opla.core.reminder import quiet
from opla.core.renewal import (
    ARROWS,
    LATE,
    OPEN,
    PHASES,
    Cause,
    Do,
    Event,
    Every,
    Offer,
    Period,
    Phase,
    Rule,
    Safe,
    State,
    Terms,
    after_skip,
    became,
    next_step,
    plan,
    read_rule,
    refusals,
    safe,
)

WHERE = ZoneInfo("Europe/Brussels")
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CAP = Money(1500, "EUR")
TERMS = Terms(State.ACTIVE, CAP)

instants = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
rules = st.one_of(
    st.builds(Rule, st.just(Every.DAYS), st.integers(7, 366)),
    st.builds(Rule, st.just(Every.MONTHLY), st.integers(1, 31)),
    st.just(Rule(Every.ENDS)),
)


def monthly(renews: EarlyRenewal = EarlyRenewal.OVERWRITE_ALL) -> Effect:
    """30 days of data, of which a renewal does what is said."""
    data = Portion(Kind.DATA, 5_000_000)
    return Effect("X-15", "x", "EUR", WHERE, 1500, portions=(data,), lasts=Length(days=30), renewal=renews, group="x")


def test_every_state_but_the_last_can_be_ended_and_nothing_leaves_the_end() -> None:
    for state in State:
        ends = ARROWS.get((state, Event.ENDED))
        assert ends is (None if state is State.ENDED else State.ENDED)
    assert not [pair for pair in ARROWS if pair[0] is State.ENDED]


def test_only_the_active_are_charged() -> None:
    period = Period(NOON, notice_made_at=NOON - 5 * DAY, notice_sent_at=NOON - 5 * DAY)
    for state in State:
        step = next_step(replace(TERMS, state=state), period, Offer(CAP), 0, NOON, WHERE)
        assert step.do is (Do.CHARGE if state is State.ACTIVE else Do.NOTHING)


def test_what_is_over_stays_over() -> None:
    assert {phase for phase in Phase if phase in PHASES} == OPEN | {Phase.DROPPED}
    for phase in Phase:
        period = Period(NOON, phase, NOON - 5 * DAY, NOON - 5 * DAY)
        step = next_step(TERMS, period, Offer(CAP), 0, NOON, WHERE)
        assert step.do is (Do.CHARGE if phase is Phase.PLANNED else Do.NOTHING)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ends", Rule(Every.ENDS)),
        ("days:30", Rule(Every.DAYS, 30)),
        ("days:6", None),
        ("days:367", None),
        ("monthly:31", Rule(Every.MONTHLY, 31)),
        ("monthly:32", None),
        ("monthly:0", None),
        ("days:030", None),
        ("days:３０", None),
        ("ends ", None),
        ("", None),
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str, rule: Rule | None) -> None:
    assert read_rule(text) == rule
    assert rule is None or str(rule) == text


@pytest.mark.parametrize(
    ("rule", "last", "key"),
    [
        ("monthly:31", date(2027, 1, 31), date(2027, 2, 28)),
        ("monthly:31", date(2027, 2, 28), date(2027, 3, 31)),
        ("monthly:31", date(2028, 1, 31), date(2028, 2, 29)),
        ("monthly:1", date(2026, 12, 31), date(2027, 1, 1)),
        ("monthly:22", date(2026, 11, 22), date(2026, 12, 22)),
        ("days:30", date(2026, 11, 22), date(2026, 12, 22)),
    ],
)
def test_months_end_on_their_last_day(rule: str, last: date, key: date) -> None:
    found = read_rule(rule)
    assert found
    at = datetime.combine(last, datetime.min.time(), tzinfo=UTC)
    assert plan(found, last, None, at, WHERE).key == key


@given(rules, instants, st.integers(0, 400), st.integers(0, 500))
def test_the_next_period_is_later_than_the_last_and_not_behind_us(
    rule: Rule, at: datetime, behind: int, free_in: int
) -> None:
    last = day_of(at, WHERE) - timedelta(days=behind)
    known = Safe(at + free_in * DAY, at + free_in * DAY)
    for one in (None, known, Safe(known.free, None)):
        found = plan(rule, last, one, at, WHERE)
        assert found.key > last
        assert found.key >= day_of(at, WHERE)
        assert day_of(found.due_at, WHERE) >= found.key
        assert one is None or found.due_at >= one.free or rule.every is Every.ENDS
        local = found.due_at.astimezone(WHERE)
        assert one is not None or (local.hour, local.minute) == (6, 0)  # whatever the clocks do that night


@given(rules, instants, st.integers(0, 400), st.integers(0, 90), st.integers(0, 90), st.integers(1, 400))
def test_after_a_skip_nothing_is_charged_on_or_before_its_day(
    rule: Rule, at: datetime, behind: int, free_in: int, later: int, again_days: int
) -> None:
    """Whenever it is skipped, and however long the charge had to wait for the plan to end."""
    known = Safe(at + free_in * DAY, at + free_in * DAY)
    for one in (None, known, Safe(known.free, None)):
        skipped = plan(rule, day_of(at, WHERE) - timedelta(days=behind), one, at, WHERE)
        at = min(at + later * DAY, skipped.due_at)
        found = after_skip(rule, skipped, one, at, WHERE, again_days=again_days)
        assert found.key > day_of(skipped.due_at, WHERE)
        assert day_of(found.due_at, WHERE) > day_of(skipped.due_at, WHERE)


@given(rules, instants, st.integers(1, 12))
def test_no_two_periods_have_the_same_key(rule: Rule, at: datetime, many: int) -> None:
    keys = [day_of(at, WHERE)]
    for _ in range(many):
        found = plan(rule, keys[-1], None, at, WHERE)
        keys.append(found.key)
        at = max(at, found.due_at)
    assert keys == sorted(set(keys))


@given(
    instants,
    st.integers(1, 3),
    st.integers(0, 2),
    st.one_of(st.none(), st.integers(-120, -40)),
    st.one_of(st.none(), st.integers(-120, 0)),
    st.integers(-60, 90),
    st.one_of(st.none(), st.integers(1400, 1510)),
    st.sampled_from([False, False, False, True]),
    st.integers(0, 200),
    st.one_of(st.none(), st.integers(1500, 1700)),
)
def test_nothing_is_charged_that_was_not_told_agreed_to_and_in_time(
    due: datetime, notice: int, days: int, made: int | None, sent: int | None, hours: int, price: int | None,
    takes: bool, spent: int, month: int | None,
) -> None:  # fmt: skip
    at = due + timedelta(hours=hours)
    made_at = None if made is None else at + timedelta(hours=made)
    sent_at = None if sent is None or made_at is None else max(made_at, at + timedelta(hours=sent))
    terms = Terms(State.ACTIVE, CAP, Money(month, "EUR") if month else None, notice, days)
    offer = Offer(None if price is None else Money(price, "EUR"), takes)
    step = next_step(terms, Period(due, Phase.PLANNED, made_at, sent_at), offer, spent, at, WHERE)
    if step.do is Do.CHARGE:
        assert sent_at is not None
        assert at - sent_at >= timedelta(days=notice)
        assert at >= due - timedelta(days=days)
        assert at < max(due - timedelta(days=days), sent_at + timedelta(days=notice)) + LATE
        assert price is not None
        assert price <= CAP.amount_minor
        assert month is None or spent + price <= month
        assert not takes
    if step.do is Do.WAIT:
        assert step.until is not None
        assert step.until > at
    if step.do is Do.NOTICE:
        assert not quiet(at, WHERE)
        assert made_at is None


def told(at: datetime) -> Period:
    return Period(NOON, notice_made_at=at, notice_sent_at=at)


def test_a_late_notice_makes_the_charge_wait_and_not_for_ever() -> None:
    due = NOON + 2 * DAY  # three days after it was told it may be charged: a day after it was due
    period = replace(told(NOON), due_at=due)
    may = NOON + 3 * DAY
    assert next_step(TERMS, period, Offer(CAP), 0, may - timedelta(seconds=1), WHERE) == renewal.Step(Do.WAIT, may)
    assert next_step(TERMS, period, Offer(CAP), 0, may, WHERE).do is Do.CHARGE
    assert next_step(TERMS, period, Offer(CAP), 0, may + LATE - timedelta(seconds=1), WHERE).do is Do.CHARGE
    assert next_step(TERMS, period, Offer(CAP), 0, may + LATE, WHERE).do is Do.MISS


@pytest.mark.parametrize(("spent", "cause"), [(0, None), (500, None), (501, Cause.ABOVE_MONTH_CAP)])
def test_what_the_month_has_taken_counts(spent: int, cause: Cause | None) -> None:
    terms = replace(TERMS, month_cap=Money(2000, "EUR"))
    assert next_step(terms, told(NOON - 5 * DAY), Offer(CAP), spent, NOON, WHERE).cause is cause


def test_the_notice_goes_out_by_day_and_early_enough() -> None:
    """Due at six in the morning: three days before it is night, so it is told on the evening before that."""
    due = datetime(2026, 12, 22, 5, 0, tzinfo=UTC)
    step = next_step(TERMS, Period(due), None, 0, NOON, WHERE)
    assert step.until == datetime(2026, 12, 18, 17, 0, tzinfo=UTC)
    assert next_step(TERMS, Period(due), None, 0, step.until, WHERE).do is Do.NOTICE


@pytest.mark.parametrize(
    ("offer", "cause"),
    [
        (Offer(Money(1501, "EUR")), Cause.ABOVE_CAP),
        (Offer(Money(1500, "USD")), Cause.NOT_SOLD),
        (Offer(None), Cause.NOT_SOLD),
        (Offer(CAP, takes_away=True), Cause.TAKES_AWAY),
        (Offer(CAP), None),
    ],
)
def test_what_is_not_as_it_was_agreed_is_asked_and_not_charged(offer: Offer, cause: Cause | None) -> None:
    period = Period(NOON, notice_made_at=NOON - 5 * DAY, notice_sent_at=NOON - 5 * DAY)
    assert next_step(TERMS, period, offer, 0, NOON, WHERE).cause is cause


def test_a_plan_that_early_renewal_destroys_is_renewed_when_it_has_ended() -> None:
    known = safe(monthly(), NOON, 1500)
    assert known is not None
    assert known.free == known.due == NOON + 30 * DAY
    assert renewal.destroys(monthly(), NOON, NOON + 29 * DAY)
    assert not renewal.destroys(monthly(), NOON, NOON + 30 * DAY)


def test_one_that_queues_is_renewed_before_it_ends() -> None:
    known = safe(monthly(EarlyRenewal.QUEUE), NOON, 1500)
    assert known is not None
    assert known.due is not None
    assert NOON < known.due < NOON + 30 * DAY


def test_an_interval_shorter_than_the_plan_waits_for_it() -> None:
    """Every week, of a plan of thirty days that a renewal destroys: the first day on which it costs nothing."""
    known = safe(monthly(), NOON, 1500)
    found = plan(Rule(Every.DAYS, 7), date(2026, 11, 22), known, NOON, WHERE)
    assert found.due_at == NOON + 30 * DAY


@pytest.mark.parametrize(
    ("phase", "order", "payment", "found"),
    [
        (Phase.PLACED, "placed", "opening", Phase.PLACED),
        (Phase.PLACED, "placed", "open", Phase.PLACED),
        (Phase.PLACED, "cancelled", "open", Phase.PLACED),  # nobody can say yet: nothing more is charged meanwhile
        (Phase.PLACED, "paid", "captured", Phase.PLACED),
        (Phase.PLACED, "delivered", "captured", Phase.DELIVERED),
        (Phase.PLACED, "refunding", "captured", Phase.RETURNED),
        (Phase.PLACED, "placed", "failed", Phase.REFUSED),
        (Phase.PLACED, "cancelled", "expired", Phase.REFUSED),
        (Phase.REFUSED, "placed", "failed", Phase.REFUSED),
        (Phase.REFUSED, "paid", "failed", Phase.REFUSED),
        (Phase.REFUSED, "delivered", "failed", Phase.DELIVERED),
        (Phase.REFUSED, "cancelled", "failed", Phase.UNPAID),
        (Phase.SKIPPED, "delivered", "captured", Phase.SKIPPED),
    ],
)
def test_a_period_stands_where_its_order_and_payment_do(phase: Phase, order: str, payment: str, found: Phase) -> None:
    assert became(phase, order, payment) is found
    assert found is phase or found in PHASES[phase]


def test_a_delivery_forgives_and_two_in_a_row_give_up() -> None:
    assert refusals(1, Phase.DELIVERED, Phase.PLACED) == 0
    assert refusals(1, Phase.SKIPPED, Phase.PLANNED) == 1
    assert refusals(1, Phase.UNPAID, Phase.REFUSED) == 1  # its refusal was counted
    assert refusals(1, Phase.RETURNED, Phase.REFUSED) == 1
    assert refusals(1, Phase.RETURNED, Phase.PLACED) == 2
    assert [renewal.gives_up(refusals(n, Phase.ASKED, Phase.PLANNED)) for n in (0, 1)] == [False, True]
