"""What holds for every product, line and instant, whatever the rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

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
from opla.core.effects import Applied, Effect, Extra, Happened, Portion, What, apply, change_plan, renewals
from opla.core.line import Bucket, Credit, Kind, Line, evolve
from opla.core.refusal import Refusal

T = TypeVar("T")

AT = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # the night in which Brussels shows an hour twice
KINDS, CONTENTS = list(Kind), list(Content)


@dataclass(frozen=True)
class Case:
    """A product, a line and a choice, drawn from a seed: hundreds of them cost what one drawn by parts would."""

    effect: Effect
    line: Line
    plan: str
    rng: Random


def case(seed: int) -> Case:
    rng = Random(seed)
    return Case(_effect(rng), _line(rng), rng.choice(["", "p", "q"]), rng)


cases = st.integers(0, 2**40).map(case)


def _maybe(rng: Random, value: T) -> T | None:
    return value if rng.random() < 0.6 else None


def _length(rng: Random) -> Length:
    unit, most = rng.choice([("days", 60), ("months", 13), ("minutes", 4000)])
    return Length(**{unit: rng.randint(1, most)})


def _hours(rng: Random, first: int, last: int) -> datetime:
    return AT + timedelta(hours=rng.randint(first, last))


def _effect(rng: Random) -> Effect:
    return Effect(
        rng.choice("XY"), "red", "EUR", zone("Europe/Brussels"), rng.randint(0, 400),
        from_credit=rng.random() < 0.3, credit_minor=_maybe(rng, rng.randint(0, 400)),
        portions=tuple(
            Portion(rng.choice(KINDS), *(_maybe(rng, rng.randint(0, 50)) for _ in range(3)))
            for _ in range(rng.randint(0, 3))
        ),
        lasts=_maybe(rng, _length(rng)) or Length(), renewal=rng.choice(list(EarlyRenewal)),
        group=rng.choice(["", "b"]), delay=_length(rng) if rng.random() < 0.2 else None,
        once_a_day=rng.random() < 0.2,
        use_by=date(2026, 10, 1) + timedelta(days=rng.randint(0, 90)) if rng.random() < 0.2 else None,
        bonus_min_minor=rng.choice([0, 0, 200]), bonus_window_days=rng.choice([None, None, 20]),
        bonus_plans=rng.choice([None, None, frozenset("p")]), credit_lasts=_maybe(rng, _length(rng)) or Length(),
        credit_renewal=rng.choice(list(CreditRenewal)), credit_cap=_maybe(rng, _length(rng)),
        number_life=_maybe(rng, NumberLife(_length(rng), rng.choice(list(Since)))),
        number_grace=_maybe(rng, _length(rng)), plan_change=_maybe(rng, rng.choice(list(PlanChange))),
        plan_loses=frozenset(rng.sample(CONTENTS, rng.randint(0, 4))),
        plan_loses_to=rng.choice([None, frozenset("q")]), auto_renew=rng.choice(list(AutoRenew)),
    )  # fmt: skip


def _line(rng: Random) -> Line:
    return Line(
        "red", rng.choice(["", "p", "q"]),
        credit=tuple(Credit(rng.randint(0, 400), _maybe(rng, _hours(rng, 1, 2000))) for _ in range(rng.randint(0, 3))),
        buckets=tuple(_bucket(rng) for _ in range(rng.randint(0, 4))),
        topped_up_at=_maybe(rng, _hours(rng, -900, 0)), number_ends=_maybe(rng, _hours(rng, -100, 2000)),
        number_lost=_maybe(rng, _hours(rng, 0, 3000)), plan_changed_at=_maybe(rng, _hours(rng, -900, 0)),
    )  # fmt: skip


def _bucket(rng: Random) -> Bucket:
    starts = rng.randint(-900, 900)
    return Bucket(
        rng.choice(KINDS), _maybe(rng, rng.randint(0, 50)), AT + timedelta(hours=starts),
        _maybe(rng, _hours(rng, max(starts, -20) + 1, 2000)), rng.choice("XY"), rng.choice(["", "b"]),
        _maybe(rng, 512), _maybe(rng, rng.randint(0, 50)), bought_at=_maybe(rng, _hours(rng, -30, 0)),
        renews=rng.random() < 0.3,
    )  # fmt: skip


def bought(effect: Effect, line: Line, plan: str, *, renew: bool = False) -> Applied | None:
    done = apply(effect, line, AT, plan=plan, renew=renew)
    assert isinstance(done, Applied | Refusal)
    return done if isinstance(done, Applied) else None


def total(facts: tuple[Happened, ...], *whats: What, kind: Kind | None = None) -> int:
    return sum(fact.amount or 0 for fact in facts if fact.what in whats and fact.kind is kind)


@given(cases, st.booleans())
def test_every_purchase_is_answered(one: Case, renew: bool):
    last_day = _maybe(one.rng, date(2026, 10, 20) + timedelta(days=one.rng.randint(0, 40)))
    done = apply(one.effect, one.line, AT, plan=one.plan, renew=renew, code_last_day=last_day)
    assert isinstance(done, Applied | Refusal)
    assert isinstance(change_plan(one.effect, one.line, AT, one.plan), Applied | Refusal)


@given(cases)
def test_no_cent_of_credit_appears_or_vanishes_unsaid(one: Case):
    if done := bought(one.effect, one.line, one.plan):
        before = sum(lot.amount_minor for lot in evolve(one.line, AT).credit)
        after = sum(lot.amount_minor for lot in done.line.credit)
        facts = done.happened
        assert after == before + total(facts, What.CREDIT_ADDED) - total(facts, What.CREDIT_TAKEN, What.CREDIT_LOST)


@given(cases)
def test_nothing_in_a_bucket_appears_or_vanishes_unsaid(one: Case):
    if done := bought(replace(one.effect, delay=None), one.line, one.plan):
        for kind in Kind:
            before, after = (
                sum(b.left or 0 for b in now.buckets if b.kind is kind) for now in (evolve(one.line, AT), done.line)
            )
            added, gone = (total(done.happened, what, kind=kind) for what in (What.BUCKET_ADDED, What.BUCKET_LOST))
            assert after == before + added - gone


@given(cases, st.integers(0, 100 * 24))
def test_buying_never_shortens_what_it_does_not_say(one: Case, hours: int):
    """At any later instant there is at least what there would have been, less what was said to be lost or taken."""
    if done := bought(one.effect, one.line, one.plan):
        later = AT + timedelta(hours=hours)
        lost = {fact.kind for fact in done.happened if fact.what is What.BUCKET_LOST}
        for kind in set(Kind) - lost:
            was, now = (_held(line, kind, later) for line in (one.line, done.line))
            assert now >= was
        paid = total(done.happened, What.CREDIT_TAKEN, What.CREDIT_LOST)
        assert done.line.credit_at(later) >= one.line.credit_at(later) - paid
        assert one.line.number_ends is None or (done.line.number_ends or AT) >= one.line.number_ends


@given(cases)
def test_the_order_in_which_buckets_and_lots_stand_means_nothing(one: Case):
    turned = replace(one.line, buckets=one.line.buckets[::-1], credit=one.line.credit[::-1])
    here, there = bought(one.effect, one.line, one.plan), bought(one.effect, turned, one.plan)
    assert (here is None) is (there is None)
    if here and there:
        assert _sorted(here.line) == _sorted(there.line)


@given(cases)
def test_what_had_ended_means_nothing(one: Case):
    over = Bucket(Kind.DATA, 9, AT - timedelta(days=9), AT, one.effect.sku, one.effect.group, renews=True)
    ended = replace(one.line, buckets=(*one.line.buckets, over), credit=(*one.line.credit, Credit(7, AT)))
    assert apply(one.effect, ended, AT, plan=one.plan) == apply(one.effect, evolve(one.line, AT), AT, plan=one.plan)


@given(cases)
def test_nothing_ends_before_it_starts_and_nothing_is_below_zero(one: Case):
    if done := bought(one.effect, one.line, one.plan):
        assert all(b.ends is None or b.starts < b.ends for b in done.line.buckets)
        assert all((b.left or 0) >= 0 for b in done.line.buckets)
        assert all(lot.amount_minor > 0 for lot in done.line.credit if lot not in one.line.credit)


@given(cases, st.integers(0, 120))
def test_renewals_in_two_steps_are_those_in_one(one: Case, days_on: int):
    """Splitting an interval changes nothing."""
    known, end, middle = {one.effect.sku: one.effect}, AT + timedelta(days=120), AT + timedelta(days=days_on)
    first = renewals(one.line, known, middle)
    second = renewals(first.line, known, end)
    whole = renewals(one.line, known, end)
    assert (second.line, first.happened + second.happened) == (whole.line, whole.happened)


def _held(line: Line, kind: Kind, at: datetime) -> int:
    return sum(b.left or 0 for b in line.buckets if b.kind is kind and b.starts <= at and not b.ended(at))


def _sorted(line: Line) -> tuple[object, ...]:
    """The line without its order; lots and data that live the same time are as good as one."""
    sums: Counter[str] = Counter()
    for lot in line.credit:
        sums[repr(replace(lot, amount_minor=0))] += lot.amount_minor
    for bucket in line.buckets:
        alike = replace(bucket, left=0, eu_left=None, starts=AT, sku="", bought_at=None) if _pools(bucket) else bucket
        sums[repr(alike)] += bucket.left or 0
    return sums, line.plan, line.number_ends


def _pools(bucket: Bucket) -> bool:
    return bucket.kind is Kind.DATA and bucket.left is not None and not bucket.renews and bucket.starts <= AT


def _extras(rng: Random) -> tuple[Extra, ...]:
    return tuple(
        Extra(
            f"gift-{n}", rng.choice([Length(), _length(rng)]),
            tuple(Portion(kind, rng.randint(1, 50)) for kind in KINDS if rng.random() < 0.5),
            rng.choice([0, rng.randint(1, 400)]),
        )
        for n in range(rng.randint(1, 3))
    )  # fmt: skip


@given(cases)
def test_what_comes_beside_is_added_whole_and_changes_nothing_else(drawn: Case) -> None:
    extras = _extras(drawn.rng)
    plain = apply(drawn.effect, drawn.line, AT, plan=drawn.plan)
    more = apply(replace(drawn.effect, extras=extras), drawn.line, AT, plan=drawn.plan)
    if isinstance(plain, Refusal) or isinstance(more, Refusal):
        assert plain == more
        return
    names = {extra.name for extra in extras}
    added = [bucket for bucket in more.line.buckets if bucket.sku in names]
    assert tuple(bucket for bucket in more.line.buckets if bucket.sku not in names) == plain.line.buckets
    assert Counter((b.sku, b.kind, b.left) for b in added) == Counter(
        (extra.name, portion.kind, portion.amount) for extra in extras for portion in extra.portions
    )
    assert all(not b.renews and b.starts >= AT and (b.ends is None or b.ends > b.starts) for b in added)
    gained = sum(lot.amount_minor for lot in more.line.credit) - sum(lot.amount_minor for lot in plain.line.credit)
    assert gained == sum(extra.credit_minor for extra in extras)
    assert replace(more.line, buckets=(), credit=()) == replace(plain.line, buckets=(), credit=())
    assert [fact for fact in more.happened if fact.sku not in names] == list(plain.happened)


@given(cases)
def test_what_came_beside_is_not_taken_away_by_buying_again(drawn: Case) -> None:
    extra = Extra("gift", Length(days=20), (Portion(Kind.DATA, 7),))
    first = apply(replace(drawn.effect, extras=(extra,)), drawn.line, AT, plan=drawn.plan)
    if isinstance(first, Refusal):
        return
    [gift] = [bucket for bucket in first.line.buckets if bucket.sku == "gift"]
    again = apply(drawn.effect, first.line, gift.starts + timedelta(hours=30))
    if not isinstance(again, Refusal):
        assert gift in again.line.buckets
