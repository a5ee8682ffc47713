"""What is so of every line, purchase and use: laws of the timeline, on small lines over all shapes of rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from opla.core.calendar import zone
from opla.core.catalog.rules import AutoRenew, CreditRenewal, EarlyRenewal, Length, NumberLife, Since
from opla.core.drawing import Demand, Tariff
from opla.core.effects import Effect, Portion, What
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.timeline import Event, Purchase, Sign, Timeline, Wants, timeline

BRUSSELS = zone("Europe/Brussels")
#: Three days before the clocks go back, so that most cases cross that night.
AT = datetime(2026, 10, 22, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = 20

#: Whole half hours, midnights in Brussels among them; few of them, so that things coincide.
_INSTANTS = st.sampled_from([AT + n * HOUR / 2 for n in (0, 1, 25, 48, 97, 145, 170, 240, 480, 700)])
_LATER = st.sampled_from([AT + n * HOUR / 2 for n in (49, 97, 145, 241, 337, 601, 900, 1500)])
_AMOUNTS = st.integers(0, 60)
_LENGTHS = st.sampled_from([Length(days=2), Length(days=7), Length(months=1), Length(minutes=90), Length()])

_PORTIONS = st.lists(
    st.builds(
        Portion, st.sampled_from(Kind), _AMOUNTS | st.none(), st.sampled_from([None, 128]), _AMOUNTS | st.none()
    ),
    max_size=2, unique_by=lambda portion: portion.kind,
).map(tuple)  # fmt: skip


@st.composite
def _effects(draw: st.DrawFn) -> Effect:
    from_credit = draw(st.booleans())
    return Effect(
        sku=draw(st.sampled_from(["A", "B"])), operator="red", currency="EUR", zone=BRUSSELS,
        price_minor=draw(st.integers(1, 30)), from_credit=from_credit,
        credit_minor=None if from_credit else draw(st.none() | _AMOUNTS),
        portions=draw(_PORTIONS), lasts=draw(_LENGTHS), renewal=draw(st.sampled_from(EarlyRenewal)),
        group=draw(st.sampled_from(["", "g"])), delay=draw(st.sampled_from([None, Length(days=1)])),
        credit_lasts=draw(_LENGTHS), credit_renewal=draw(st.sampled_from(CreditRenewal)),
        credit_cap=draw(st.sampled_from([None, Length(months=1)])),
        number_life=draw(st.sampled_from([None, *(NumberLife(Length(days=9), since) for since in Since)])),
        number_grace=draw(st.sampled_from([None, Length(days=2)])),
        auto_renew=AutoRenew.BUILT_IN if from_credit and draw(st.booleans()) else AutoRenew.NONE,
    )  # fmt: skip


_BUCKETS = st.builds(
    Bucket, st.sampled_from(Kind), _AMOUNTS | st.none(), st.sampled_from([AT - HOUR, AT + HOUR]), _LATER | st.none(),
    sku=st.sampled_from(["A", "B"]), group=st.sampled_from(["", "g"]), slow_kbps=st.sampled_from([None, 128]),
)  # fmt: skip
_LINES = st.builds(
    Line, st.just("red"), credit=st.lists(st.builds(Credit, _AMOUNTS, _LATER | st.none()), max_size=2).map(tuple),
    buckets=st.lists(_BUCKETS, max_size=3).map(tuple), number_ends=st.none(), number_lost=_LATER | st.none(),
)  # fmt: skip
_PURCHASES = st.lists(st.builds(Purchase, _INSTANTS, _effects()), max_size=4)


@st.composite
def _wants(draw: st.DrawFn) -> Wants:
    days = draw(st.lists(st.builds(Demand, *[st.integers(0, 9)] * 3, st.booleans()), min_size=1, max_size=4))
    tariff = draw(st.none() | st.builds(Tariff, *[st.none() | st.integers(0, 3)] * 3))
    return Wants(lambda day: days[day.toordinal() % len(days)], tariff)


def run(
    line: Line, purchases: list[Purchase], wants: Wants | None, start: datetime, until: datetime
) -> Timeline | None:
    """The course with every purchase that is not refused, one after another; None when there is no time."""
    if until <= start:
        return None
    found = timeline(line, start, until, wants=wants, effects=_KNOWN, purchases=purchases, where=BRUSSELS)
    return found if isinstance(found, Timeline) else None


#: Nothing renews but what was bought here; what a line came with ends.
_KNOWN: dict[str, Effect] = {}


def taken(line: Line, purchases: list[Purchase], wants: Wants | None, until: datetime) -> list[Purchase]:
    """The purchases that are not refused."""
    kept: list[Purchase] = []
    for purchase in sorted(purchases, key=lambda one: one.at):
        if run(line, [*kept, purchase], wants, AT, until):
            kept.append(purchase)
    return kept


def same(event: Event) -> tuple[object, ...]:
    """What of an event does not depend on where a timeline began: it may have forgotten what cut a bucket short."""
    sign = Sign.BUCKET_EXPIRES if event.sign is Sign.BENEFIT_LOST else event.sign
    return sign, event.at, event.sku, event.kind, event.amount


@settings(max_examples=100, deadline=None)
@given(_LINES, _PURCHASES, st.none() | _wants(), _INSTANTS, st.sampled_from([0, 7, 30]))
def test_splitting_an_interval_changes_nothing(
    line: Line, purchases: list[Purchase], wants: Wants | None, split: datetime, minutes: int
):
    until, split = AT + DAYS * 24 * HOUR, split + timedelta(minutes=minutes)
    bought = taken(line, purchases, wants, until)
    whole, first = run(line, bought, wants, AT, until), run(line, bought, wants, AT, split)
    if whole is None or first is None:
        return
    rest = Wants(wants.usage, wants.pay_per_use, wants.quality, first.owed) if wants else None
    effects = {purchase.effect.sku: purchase.effect for purchase in bought}
    second = timeline(first.line, split, until, wants=rest, effects=effects, purchases=bought, where=BRUSSELS)
    assert isinstance(second, Timeline), second
    assert second.line == whole.line
    for hours in range(0, DAYS * 24, 5):
        at = AT + hours * HOUR
        assert whole.at(at) == (first if at < split else second).at(at)
    over = {day: demand for day, demand in first.unmet.items() if day != split.astimezone(BRUSSELS).date()}
    assert over | dict(second.unmet) == whole.unmet
    assert [a + b for a, b in zip(first.met[:3], second.met[:3], strict=True)] == list(whole.met[:3])
    assert first.credit_spent_minor + second.credit_spent_minor == whole.credit_spent_minor
    told = [same(e) for e in (*first.events, *second.events) if e.sign is not Sign.GAP]
    assert sorted(told, key=repr) == sorted((same(e) for e in whole.events if e.sign is not Sign.GAP), key=repr)


@settings(max_examples=100, deadline=None)
@given(_LINES, _PURCHASES, _wants())
def test_everything_wanted_was_met_or_is_unmet_and_what_was_met_was_there(
    line: Line, purchases: list[Purchase], wants: Wants
):
    start = datetime(2026, 10, 21, 22, tzinfo=UTC)  # the 22nd begins in Brussels
    until = start + timedelta(days=DAYS, hours=1)  # the night of 25 hours is among them
    bought = taken(line, purchases, wants, until)
    found = timeline(line, start, until, wants=wants, purchases=bought, where=BRUSSELS)
    if not isinstance(found, Timeline):
        return
    days = [date(2026, 10, 22) + timedelta(days=n) for n in range(DAYS)]
    for place, kind in enumerate(Kind):
        wanted = sum(wants.usage(day).of(kind) for day in days)
        assert found.met[place] + sum(demand.of(kind) for demand in found.unmet.values()) == wanted
        facts = [fact for event in found.events for fact in event.happened if fact.what is What.BUCKET_ADDED]
        given_then = [fact.amount for fact in facts if fact.kind is kind and fact.slow_kbps is None]
        endless = [b for b in line.buckets if b.kind is kind and (b.left is None or b.slow_kbps is not None)]
        slow = [fact for fact in facts if fact.kind is kind and fact.slow_kbps is not None]
        if wants.pay_per_use is None and not endless and not slow and None not in given_then:
            had = sum(b.left or 0 for b in line.buckets if b.kind is kind)
            assert found.met[place] <= had + sum(amount or 0 for amount in given_then)


@settings(max_examples=100, deadline=None)
@given(_LINES, _PURCHASES)
def test_no_credit_appears_from_nowhere(line: Line, purchases: list[Purchase]):
    until = AT + DAYS * 24 * HOUR
    found = run(line, taken(line, purchases, None, until), None, AT, until)
    if found is None:
        return
    facts = [fact for event in found.events for fact in event.happened]
    added = sum(fact.amount or 0 for fact in facts if fact.what is What.CREDIT_ADDED)
    paid = sum(fact.amount or 0 for fact in facts if fact.what is What.CREDIT_TAKEN)
    lapsed = sum(event.amount or 0 for event in found.events if event.sign is Sign.CREDIT_LOST)
    before, after = (sum(lot.amount_minor for lot in one.credit) for one in (line, found.line))
    assert before + added - paid - lapsed == after


@settings(max_examples=100, deadline=None)
@given(_LINES, _INSTANTS, _effects())
def test_buying_never_shortens_what_the_rule_does_not_say(line: Line, at: datetime, effect: Effect):
    until = AT + 40 * 24 * HOUR
    effect = replace(effect, number_life=None)  # a purchase may tell when a number ends that nobody knew of before
    without, bought = run(line, [], None, AT, until), run(line, [Purchase(at, effect)], None, AT, until)
    if without is None or bought is None:
        return
    cuts = {EarlyRenewal.OVERWRITE_ALL, EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA, EarlyRenewal.RESTART_MONTH}
    safe = effect.renewal not in cuts
    for hours in range(0, 40 * 24, 11):
        instant = AT + hours * HOUR
        before, after = without.at(instant), bought.at(instant)
        if not effect.from_credit:
            assert before.credit_at(instant) <= after.credit_at(instant)
        for kind in Kind:
            has = [b for b in before.usable(kind, instant) if safe or b.group != effect.group]
            rolled = kind is Kind.DATA and effect.renewal is EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA
            has += [b for b in before.usable(kind, instant) if rolled and b.group == effect.group]
            now = list(after.usable(kind, instant))
            assert sum(b.left or 0 for b in has) <= sum(b.left or 0 for b in now)
            assert not any(b.left is None for b in has) or any(b.left is None for b in now)
