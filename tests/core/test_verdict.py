"""One verdict on one line: the table of `core.verdict` row by row, and what is so of every verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.calendar import zone
from opla.core.catalog.rules import CreditRenewal, EarlyRenewal, Length, NumberLife, Since
from opla.core.effects import Applied, Effect, Portion, Unknown, What, apply, completed
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.timeline import Sign, Timeline, timeline
from opla.core.verdict import HORIZON, Advice, Aim, Because, Dry, Renewal, Verdict, Wish, verdict

BRUSSELS = zone("Europe/Brussels")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GB = 1_000_000
YEAR = NumberLife(Length(months=12), Since.TOP_UP)


def product(renewal: EarlyRenewal = EarlyRenewal.OVERWRITE_ALL, **other: object) -> Effect:
    made = Effect(
        "RED-15", "red", "EUR", BRUSSELS, 1500, credit_minor=1500, portions=(Portion(Kind.DATA, 4 * GB),),
        lasts=Length(days=31), renewal=renewal, credit_lasts=Length(months=12), number_life=YEAR,
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]  # fields of an effect


CREDIT_ONLY = Effect(
    "RED-5", "red", "EUR", BRUSSELS, 500, credit_minor=500, renewal=EarlyRenewal.CREDIT_ADDS,
    credit_lasts=Length(months=12), credit_renewal=CreditRenewal.LIVES_ON_WITH_NEW, number_life=YEAR,
)  # fmt: skip


def holding(data_days: int | None = 11, **other: object) -> Line:
    """A line with data for so many days (None: none), topped up 20 days ago."""
    buckets = (Bucket(Kind.DATA, GB, AT - DAY, AT + data_days * DAY),) if data_days else ()
    line = Line("red", buckets=buckets, topped_up_at=AT - 20 * DAY)
    return replace(line, **other)  # type: ignore[arg-type]  # fields of a line


USING = Wish()


def judge(
    line: Line,
    effect: Effect | Unknown | None,
    *others: Effect,
    wish: Wish = USING,
    at: datetime = AT,
    dry: Dry | None = None,
) -> Verdict:
    choice = Renewal(effect, effect.price_minor + 50) if isinstance(effect, Effect) else effect
    return verdict(
        line, at, choice, [Renewal(one, one.price_minor + 50) for one in others], where=BRUSSELS, wish=wish, dry=dry
    )


def days(at: datetime | None) -> int | None:
    return None if at is None else (at - AT) // DAY


#: line, product, what the person wants → row: advice, because, days until `since` and `by`
ROWS = {
    "1 the number is lost": (
        holding(None, number_lost=AT), product(), Wish(), Advice.LAPSE, Because.NUMBER_LOST, None, None),
    "2 enough until they leave": (
        holding(11), product(), Wish(until=AT + 8 * DAY), Advice.LAPSE, Because.ENOUGH, None, None),
    "2 they need it no more": (holding(11), product(), Wish(until=AT), Advice.LAPSE, Because.ENOUGH, None, None),
    "2 not enough until they leave": (
        holding(11), product(), Wish(until=AT + 12 * DAY), Advice.WAIT, Because.NUMBER, 11, 345),
    "3 nobody told": (Line("red"), product(), Wish(), Advice.ASK, Because.NOT_TOLD, None, None),
    "4 nobody knows": (
        holding(), Unknown("RED-15", ("lasts",)), Wish(), Advice.ASK, Because.NOT_KNOWN, None, None),
    "5 when the number ends is not known": (
        holding(), product(number_life=None), Wish(Aim.NUMBER), Advice.ASK, Because.NOT_KNOWN, None, None),
    "5 when it was used is not known": (
        holding(None), product(number_life=NumberLife(Length(months=6), Since.USE)), Wish(Aim.NUMBER),
        Advice.ASK, Because.LAST_USE, None, None),
    "6 nothing ends": (
        Line("red", credit=(Credit(900, None),)), product(portions=(), number_life=None), Wish(),
        Advice.WAIT, Because.NOTHING_ENDS, None, None),
    "7 it always destroys something": (
        replace(holding(), buckets=(Bucket(Kind.DATA, GB, AT - DAY, None),)), product(), Wish(),
        Advice.WAIT, Because.ALWAYS_COSTS, None, None),
    "8 overwriting waits for the end": (holding(), product(), Wish(), Advice.WAIT, Because.NUMBER, 11, 345),
    "8 only credit is added while it runs": (
        holding(), product(EarlyRenewal.CREDIT_ADDS), Wish(), Advice.WAIT, Because.NUMBER, 11, 345),
    "8 refused while one runs": (
        holding(), product(EarlyRenewal.REFUSED_WHILE_ACTIVE), Wish(), Advice.WAIT, Because.NUMBER, 11, 345),
    "8 a queue has time": (holding(), product(EarlyRenewal.QUEUE), Wish(), Advice.WAIT, Because.BENEFITS, 8, 11),
    "8 the number has time": (holding(11), CREDIT_ONLY, Wish(Aim.NUMBER), Advice.WAIT, Because.NUMBER, 315, 345),
    "9 a queue shortly before": (
        holding(2), product(EarlyRenewal.QUEUE), Wish(), Advice.RENEW, Because.BENEFITS, 0, 2),
    "9 it is over": (holding(None), product(), Wish(), Advice.RENEW, Because.NUMBER, 0, 345),
    "9 within the days of the bonus": (
        holding(None), product(bonus_window_days=31), Wish(), Advice.RENEW, Because.BONUS, 0, 11),
    "9 the number soon": (
        holding(None, topped_up_at=AT - 350 * DAY), CREDIT_ONLY, Wish(Aim.NUMBER), Advice.RENEW, Because.NUMBER,
        0, 15),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_table(
    row: tuple[Line, Effect | Unknown, Wish, Advice, Because, int | None, int | None],
) -> None:
    line, effect, wish, advice, because, since, by = row
    found = judge(line, effect, wish=wish)
    assert (found.advice, found.because, days(found.since), days(found.by)) == (advice, because, since, by)


def test_what_renewing_now_destroys_is_named_with_its_end_and_waiting_costs_nothing() -> None:
    found = judge(holding(), product())
    assert [(e.sign, e.kind, e.amount, days(e.until)) for e in found.now_lost] == [
        (Sign.BENEFIT_LOST, Kind.DATA, GB, 11)
    ]
    assert found.meanwhile == ()
    assert found.cost_minor == 1550
    assert days(found.empty_from) == 11


def test_data_that_would_roll_over_is_named_as_what_waiting_costs() -> None:
    minutes = Bucket(Kind.VOICE, 3600, AT - DAY, AT + 11 * DAY)
    line = holding()
    line = replace(line, buckets=(*line.buckets, minutes))
    rolls = product(EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA, portions=(Portion(Kind.DATA, GB), Portion(Kind.VOICE, 60)))
    found = judge(line, rolls)
    assert (found.advice, days(found.since)) == (Advice.WAIT, 11)
    assert [event.kind for event in found.now_lost] == [Kind.VOICE]
    assert [(e.sign, e.kind) for e in found.meanwhile] == [(Sign.BUCKET_EXPIRES, Kind.DATA)]


def test_credit_that_waiting_would_lose_is_saved_by_another_purchase_that_takes_nothing_away() -> None:
    line = holding(20, credit=(Credit(1250, AT + 5 * DAY),))
    alone = judge(line, product(credit_renewal=CreditRenewal.LIVES_ON_WITH_NEW))
    assert (alone.advice, days(alone.since)) == (Advice.WAIT, 20)
    assert [(e.sign, e.amount) for e in alone.meanwhile] == [(Sign.CREDIT_LOST, 1250)]
    saved = judge(line, product(), CREDIT_ONLY)
    assert (saved.advice, saved.because, saved.instead) == (Advice.RENEW, Because.CREDIT, True)
    assert saved.renewal is not None
    assert (saved.renewal.effect.sku, saved.cost_minor, days(saved.by)) == ("RED-5", 550, 5)


def test_data_that_is_probably_used_up_before_it_expires_may_be_renewed_when_it_is() -> None:
    line = holding()
    found = judge(line, product(), dry=Dry(AT + 4 * DAY, line.buckets[0]))
    assert (found.advice, found.used_up, days(found.since)) == (Advice.WAIT, True, 4)
    minutes = Bucket(Kind.VOICE, 3600, AT - DAY, AT + 11 * DAY)
    both = replace(line, buckets=(*line.buckets, minutes))
    found = judge(both, product(), dry=Dry(AT + 4 * DAY, line.buckets[0]))
    assert (found.used_up, days(found.since), days(found.empty_from)) == (False, 11, 4)


def test_what_nobody_told_is_a_condition_and_no_verdict() -> None:
    found = judge(holding(None), product(bonus_plans=frozenset({"gold"})))
    assert found.advice is Advice.RENEW
    assert [str(why) for why in found.conditions] == ["plan_unknown"]


def test_letting_it_lapse_says_all_that_is_lost_and_when() -> None:
    line = holding(11, credit=(Credit(1250, AT + 30 * DAY),))
    found = judge(line, product(number_grace=Length(days=30)), wish=Wish(until=AT))
    line = replace(line, number_ends=AT + 40 * DAY, number_lost=AT + 70 * DAY)
    found = judge(line, product(), wish=Wish(until=AT))
    assert found.advice is Advice.LAPSE
    assert [(str(e.sign), days(e.at)) for e in found.lapses] == [
        ("bucket_expires", 11), ("credit_lost", 30), ("number_ends", 40), ("number_lost", 70),
    ]  # fmt: skip
    assert found.credit_minor == 1250


_LENGTHS = st.sampled_from([Length(days=7), Length(days=31), Length(months=1), Length(months=6), Length()])
_LATER = st.sampled_from([AT + n * DAY / 4 for n in (1, 4, 7, 40, 124, 125, 400, 900, 1460)])


@st.composite
def _effects(draw: st.DrawFn) -> Effect:
    portions = draw(st.lists(st.builds(Portion, st.sampled_from(Kind), st.integers(1, 60) | st.none()), max_size=2))
    return Effect(
        sku=draw(st.sampled_from("AB")), operator="red", currency="EUR", zone=BRUSSELS,
        price_minor=draw(st.integers(1, 30)), credit_minor=draw(st.none() | st.integers(0, 60)),
        portions=tuple(portions), lasts=draw(_LENGTHS), renewal=draw(st.sampled_from(EarlyRenewal)),
        group=draw(st.sampled_from(["", "g"])), delay=draw(st.sampled_from([None, Length(minutes=30)])),
        once_a_day=draw(st.booleans()), use_by=draw(st.sampled_from([None, date(2026, 12, 1)])),
        bonus_window_days=draw(st.sampled_from([None, 31])),
        bonus_plans=draw(st.sampled_from([None, frozenset({"gold"})])),
        credit_lasts=draw(_LENGTHS), credit_renewal=draw(st.sampled_from(CreditRenewal)),
        number_life=draw(st.sampled_from([None, *(NumberLife(Length(months=6), since) for since in Since)])),
        number_grace=draw(st.sampled_from([None, Length(days=30)])),
    )  # fmt: skip


_BUCKETS = st.builds(
    Bucket, st.sampled_from(Kind), st.integers(0, 60) | st.none(), st.sampled_from([AT - DAY, AT + DAY / 8]),
    _LATER | st.none(), sku=st.sampled_from(["", "A"]), group=st.sampled_from(["", "g"]),
    bought_at=st.sampled_from([None, AT - DAY / 24]),
)  # fmt: skip
_LINES = st.builds(
    Line, st.just("red"), plan=st.sampled_from(["", "gold"]),
    credit=st.lists(st.builds(Credit, st.integers(0, 60), _LATER | st.none()), max_size=2).map(tuple),
    buckets=st.lists(_BUCKETS, max_size=3).map(tuple),
    topped_up_at=st.sampled_from([None, AT - 40 * DAY, AT - DAY]), number_ends=st.none() | _LATER,
)  # fmt: skip
_WISHES = st.builds(Wish, st.sampled_from(Aim), st.none() | _LATER)


@given(_LINES, _effects(), st.lists(_effects(), max_size=2), _WISHES)
def test_nothing_is_told_to_be_renewed_while_that_destroys_something(
    line: Line, effect: Effect, others: list[Effect], wish: Wish
) -> None:
    found = judge(line, effect, *others, wish=wish)
    if found.since is None or found.renewal is None:
        assert found.advice is not Advice.RENEW
        return
    bought = found.renewal.effect
    idle = timeline(completed(line, effect), AT, AT + HORIZON, effects={}, where=BRUSSELS)
    assert isinstance(idle, Timeline)
    by = found.by or min(found.since + 60 * DAY, AT + HORIZON)
    for part in range(8):
        at = found.since + (by - found.since) * part / 8
        done = apply(bought, idle.at(at), at)
        assert isinstance(done, Applied), (at, done)
        assert {fact.what for fact in done.happened} & {What.BUCKET_LOST, What.CREDIT_LOST} == set()


@given(_LINES, _effects(), st.lists(_effects(), max_size=2), _WISHES)
def test_a_verdict_is_one_thing(line: Line, effect: Effect, others: list[Effect], wish: Wish) -> None:
    found = judge(line, effect, *others, wish=wish)
    if found.advice is Advice.RENEW:
        assert found.since == AT
        assert found.renewal is not None
    if found.advice is Advice.WAIT and found.since is not None:
        assert found.since > AT
    if found.since is not None and found.by is not None:
        assert found.since < found.by
    assert all(event.at > AT for event in found.lapses)
    assert [event.at for event in found.lapses] == sorted(event.at for event in found.lapses)
    if found.since is not None:
        assert all(event.at <= found.since for event in found.meanwhile)


@given(_LINES, _effects(), _WISHES)
def test_the_day_it_says_to_wait_for_is_the_day_it_says_to_renew(line: Line, effect: Effect, wish: Wish) -> None:
    found = judge(line, effect, wish=wish)
    if found.advice is not Advice.WAIT or found.since is None:
        return
    then = judge(completed(line, effect), effect, wish=wish, at=found.since)
    assert then.advice in (Advice.RENEW, Advice.LAPSE), then
