"""The most that a budget buys against brute force: as many whole days, as much data, for as little money."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from opla.core.catalog import Catalog, parse
from opla.core.drawing import Demand
from opla.core.line import Kind
from opla.core.planner import Answer, Need, gaps, market, need_evenly, plan_for_budget
from opla.core.planner.budget import most_for
from opla.core.planner.need import moment
from opla.core.refusal import Code, Refusal
from opla.operations.read_catalog import read_country
from planner.made import SHAPES, made
from planner.test_exact import searched
from planner.truth import BruteBudget, TooLargeError

CASES = 200 if os.environ.get("OPLA_TEST_FULL") else 8
MOST = 3


def judge(seed: int, shape: str) -> bool:
    """Whether it was judged: not where brute force takes too long."""
    case = made(seed, shape, days=Random(seed).randint(3, 7))
    search, _ = searched(case, 1)
    budget = Random(seed + 2).choice((4, 9, 14, 20))
    found = most_for(search.compiled, budget, ())
    bought = [(moment(b.at), search.compiled.offers[b.offer].effect.sku) for b in found.bought]
    assert found.grain_kb == 1
    brute = BruteBudget(case.world, MOST, budget)
    assert found.cost <= budget
    assert found.key == brute.judge(case.line, bought), (seed, shape, "is not what happens")
    try:
        best = brute.best(case.line)
    except TooLargeError:
        return False
    if len(bought) <= MOST and found.exact:
        assert found.key == best, (seed, shape, search.shape, bought)
    elif found.exact:
        assert found.key < best, (seed, shape, search.shape, bought)
    return found.exact


@pytest.mark.parametrize("shape", SHAPES)
def test_no_list_within_the_budget_covers_more(shape: str):
    assert sum(judge(seed, shape) for seed in range(CASES)) > CASES // 3


# ── what is said about it ─────────────────────────────────────────────────

FIRST = date(2026, 11, 22)


@pytest.fixture(scope="module")
def belgium() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


def bought(belgium: Catalog, need: Need, budget: int, *operators: str) -> Answer:
    found = plan_for_budget(market(belgium, sandbox=True, operators=operators), need, FIRST, budget)
    assert isinstance(found, Answer), found
    return found


def test_days_after_a_day_that_wants_too_much_are_covered_too(belgium: Catalog):
    """Two days want more than the money buys, and would use up what is there: it is bought after each of them."""
    little, much = Demand(20_000), Demand(90_000_000)
    need = Need((much, *[little] * 20, much, *[little] * 8))
    found = bought(belgium, need, 2000, "base")
    assert [one.day for one in found.best.missed] == [FIRST, FIRST + timedelta(days=21)]
    assert found.first_days == 0
    assert found.best.exact
    assert [(gap.since, gap.until, gap.kinds) for gap in gaps(found.best.missed)] == [
        (FIRST, FIRST, (Kind.DATA,)),
        (FIRST + timedelta(days=21), FIRST + timedelta(days=21), (Kind.DATA,)),
    ]


def test_the_part_that_the_money_does_not_cover_is_named(belgium: Catalog):
    need = need_evenly(8_000_000, 7200, 10, first=FIRST, days=70)
    found = bought(belgium, need, 2000, "base")
    (gap,) = gaps(found.best.missed)
    assert (gap.since, gap.until) == (date(2026, 12, 22), date(2027, 1, 30))
    assert gap.kinds == (Kind.DATA, Kind.VOICE, Kind.SMS)
    assert (found.first_days, found.days, found.best.cost_minor, found.best.exact) == (30, 70, 2000, True)
    assert sum(one.data_kb for one in found.best.missed) == sum(d.data_kb for d in need.demands[30:])


def test_the_money_pays_for_the_sim_too(belgium: Catalog):
    need = need_evenly(8_000_000, 7200, 10, first=FIRST, days=70)
    dear = replace(
        belgium,
        operators=tuple(
            replace(o, sim_price=next(p for p in belgium.operators if p.id == "proximus").sim_price)
            if o.id == "base"
            else o
            for o in belgium.operators
        ),
    )
    assert bought(dear, need, 2500, "base").best.cost_minor == 2500
    assert len(bought(dear, need, 2400, "base").best.missed) > 40


def test_money_that_buys_no_day_is_refused(belgium: Catalog):
    need = need_evenly(8_000_000, 7200, 10, first=FIRST, days=70)
    found = plan_for_budget(market(belgium, sandbox=True, operators=("base",)), need, FIRST, 100)
    assert isinstance(found, Refusal)
    assert found.code is Code.NEED_NOT_COVERED
