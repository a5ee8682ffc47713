"""Our fee and our promotions in a plan: each purchase at the price the shop asks then, after those before it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from opla.core.calendar import zone
from opla.core.catalog import Catalog, parse
from opla.core.line import Bucket, Kind, Line
from opla.core.money import Money
from opla.core.planner import Answer, Need, Plan, Selling, market, need_evenly, plan
from opla.core.planner.compiled import Compiled
from opla.core.planner.need import Horizon
from opla.core.planner.search import NotFound, Search
from opla.core.planner.shape import Shape, shape_of
from opla.core.promotion import Facts, Off, Percent, Promotion, Used, Window
from opla.operations.read_catalog import read_country
from planner.made import SHAPES, made
from planner.test_exact import searched
from planner.truth import BruteForce, TooLargeError

FIRST = date(2026, 11, 22)
CASES = 150 if os.environ.get("OPLA_TEST_FULL") else 6
NOW = datetime(2026, 11, 21, 23, tzinfo=UTC)
DAY = timedelta(days=1)
ALWAYS = Window(NOW - DAY)
ONE_OFF = Off(Money(100, "EUR"))


@pytest.fixture(scope="module")
def belgium() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


def need(data_gb: int = 8, days: int = 70) -> Need:
    return need_evenly(data_gb * 1_000_000, 0, 0, first=FIRST, days=days)


def planned(belgium: Catalog, operator: str, *ours: Promotion, facts: Facts | None = None, **more: int) -> Plan:
    selling = Selling(0, ours, facts or Facts("", ""))
    asked = market(belgium, line=Line(operator), sandbox=True, operators=(operator,), selling=selling)
    found = plan(asked, need(**more), FIRST)
    assert isinstance(found, Answer), found
    assert found.best.exact
    assert found.best.cost_minor == sum(p.cost_minor for p in found.best.purchases)
    return found.best


def named(found: Plan) -> list[list[str]]:
    return [[one.id for one in purchase.promotions] for purchase in found.purchases]


def applied(found: Plan) -> list[str]:
    return [name for names in named(found) for name in names]


def test_a_purchase_waits_for_a_promotion_where_the_line_lasts(belgium: Catalog):
    plain = planned(belgium, "orange", data_gb=3)
    starts = plain.purchases[1].at - 5 * DAY
    fewer = planned(belgium, "orange", Promotion("soon", {}, Window(starts, starts + 9 * DAY), Percent(20)), data_gb=3)
    assert named(fewer)[0] == []
    assert named(fewer)[1] == ["soon"]
    assert fewer.cost_minor < plain.cost_minor


def test_what_queues_is_bought_before_a_promotion_ends(belgium: Catalog):
    plain = planned(belgium, "orange", data_gb=3)
    until = NOW + 3 * DAY + timedelta(hours=17)
    ending = planned(belgium, "orange", Promotion("ending", {}, Window(NOW, until), Percent(20)), data_gb=3)
    assert named(ending) == [["ending"]] * len(plain.purchases)
    assert ending.purchases[-1].at == NOW + 3 * DAY  # the last beginning of a day before it ends
    assert ending.cost_minor * 10 == plain.cost_minor * 8


@pytest.mark.parametrize(
    ("limit", "times"),
    [({"first_purchase": True}, 1), ({"most_each": 2}, 2), ({"most_each": 2, "most_uses": 1}, 1), ({}, 3)],
)
def test_a_limited_promotion_is_counted_as_often_as_it_may_be_used(belgium: Catalog, limit: dict[str, int], times: int):
    facts = Facts("", "", first_purchase=True)
    promotion = replace(Promotion("few", {}, ALWAYS, ONE_OFF), **limit)
    found = planned(belgium, "base", promotion, facts=facts)
    assert applied(found) == ["few"] * times
    assert found.cost_minor == planned(belgium, "base").cost_minor - 100 * times


def test_uses_that_stand_are_counted_and_so_are_first_purchases_that_are_over(belgium: Catalog):
    few = Promotion("few", {}, ALWAYS, ONE_OFF, most_each=2)
    first = Promotion("first", {}, ALWAYS, ONE_OFF, first_purchase=True)
    used = Facts("", "", used={"few": Used(total=5, each=1)})
    assert applied(planned(belgium, "base", few, facts=used)) == ["few"]
    assert applied(planned(belgium, "base", first)) == []


def test_a_coupon_counts_only_for_who_has_it(belgium: Catalog):
    coupon = Promotion("coupon", {}, ALWAYS, ONE_OFF, coupons=frozenset({"SECRET"}))
    assert applied(planned(belgium, "base", coupon)) == []
    assert named(planned(belgium, "base", coupon, facts=Facts("", "", opened=frozenset({"coupon"}))))[0] == ["coupon"]


def test_what_is_for_so_many_orders_in_all_lasts_while_it_lasts(belgium: Catalog):
    found = planned(belgium, "base", Promotion("crowd", {}, ALWAYS, ONE_OFF, most_uses=2))
    assert [p.while_it_lasts for p in found.purchases] == [True, True, False]


def test_several_limited_promotions_that_stack_are_searched_at_every_instant(belgium: Catalog):
    """A use that is left over can then make a later purchase dearer, and the arguments for fewer instants need that
    it cannot."""
    one = Promotion("a", {}, ALWAYS, ONE_OFF, most_each=1)
    two = replace(one, id="b", benefit=Percent(3))
    candidate = market(belgium, sandbox=True, operators=("base",)).candidates[0]

    def shape(*ours: Promotion) -> Shape:
        horizon = Horizon(need(), FIRST, zone("Europe/Brussels"))
        return shape_of(Compiled(candidate.effects, horizon, candidate.line, selling=Selling(0, ours)))

    assert shape(one, two) is Shape.ROLLING
    assert shape(replace(one, stacks=True), two) is Shape.ANY
    assert shape(replace(one, stacks=True, most_each=None), two) is Shape.ROLLING


def test_cut_off_it_never_costs_more_than_without_promotions(belgium: Catalog):
    ours = Promotion("week", {}, Window(NOW + 40 * DAY, NOW + 47 * DAY), Percent(20))
    asked = [market(belgium, sandbox=True, operators=("lycamobile",), selling=Selling(0, p)) for p in ((), (ours,))]
    plain, fewer = (plan(one, need(8, 365), FIRST, most_labels=300) for one in asked)
    assert isinstance(plain, Answer)
    assert isinstance(fewer, Answer)
    assert not fewer.best.exact
    assert fewer.best.cost_minor <= plain.best.cost_minor


def test_waiting_for_a_promotion_is_said_where_it_saves_and_the_line_lasts(belgium: Catalog):
    """Data until 2 December, a promotion from 29 November to 5 December: buying today is dearer."""
    ends = NOW + 11 * DAY
    line = Line("base", buckets=(Bucket(Kind.DATA, 5_000_000, NOW - 19 * DAY, ends, "BA-15"),), topped_up_at=NOW)
    soon = Promotion("soon", {}, Window(NOW + 8 * DAY, NOW + 14 * DAY), Percent(20))

    def asked(*ours: Promotion) -> Plan:
        selling = Selling(0, ours)
        found = plan(market(belgium, line=line, sandbox=True, operators=("base",), selling=selling), need(4, 40), FIRST)
        assert isinstance(found, Answer)
        return found.best

    found = asked(soon)
    assert found.waiting is not None
    assert NOW + 8 * DAY <= found.waiting.until <= ends
    assert found.waiting.until == found.purchases[0].at
    assert found.waiting.promotions == ("soon",)
    assert found.waiting.saves_minor > 0
    assert asked().waiting is None
    assert asked(replace(soon, window=ALWAYS)).waiting is None  # nothing to wait for
    assert asked(replace(soon, window=Window(NOW + 30 * DAY))).waiting is None  # the line does not last until then


@pytest.mark.parametrize("shape", SHAPES)
def test_what_buying_today_costs_is_what_brute_force_finds(shape: str):
    for seed in range(CASES):
        case = made(seed, shape)
        search, _ = searched(case, 1)
        today = Search(search.compiled).run(500, at_once=True)
        brute = BruteForce(case.world, 3)
        try:
            least = brute.at_once(case.line)
        except TooLargeError:
            continue
        if isinstance(today, NotFound):
            assert not today.exact or least is None, (seed, shape, least)
        elif least is None or len(today.bought) > 3:
            assert len(today.bought) > 3, (seed, shape)
            assert least is None or today.cost <= least, (seed, shape)
        else:
            assert today.cost == least, (seed, shape, search.shape)
