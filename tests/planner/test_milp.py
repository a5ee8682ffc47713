"""The planner's costs against an independent linear model solved by HiGHS: equal, on every need."""

from __future__ import annotations

import os
from datetime import date, timedelta
from random import Random

import pytest

from opla.core.calendar import start_of, zone
from opla.core.catalog import parse
from opla.core.effects import Effect
from opla.core.line import Line
from opla.core.planner import Selling, need_evenly
from opla.core.planner.compiled import Compiled
from opla.core.planner.need import Horizon
from opla.core.planner.planning import market
from opla.core.planner.search import Found, search
from opla.operations.read_catalog import read_country
from opla.proving import milp

CASES = 60 if os.environ.get("OPLA_TEST_FULL") else 2
WHERE = zone("Europe/Brussels")


def effects_of(operator: str) -> tuple[Effect, ...]:
    belgium = parse(read_country("belgium", sandbox=True))
    return market(belgium, sandbox=True, operators=(operator,)).candidates[0].effects


@pytest.mark.parametrize("operator", ["base", "orange", "mobile-vikings", "scarlet"])
def test_the_linear_model_finds_the_same_cost(operator: str):
    effects = effects_of(operator)
    assert milp.holds(effects)
    random = Random(operator)
    talks = operator == "base"
    for _ in range(CASES):
        first = date(2026, 11, 22) + timedelta(days=random.randint(0, 400))
        days = random.randint(20, 80 if CASES > 2 else 40)
        need = need_evenly(
            random.choice((100, 500, 2000, 4000, 8000, 11_000)) * 1000,
            random.choice((0, 60, 120, 240)) * 60 if talks else 0,
            random.choice((0, 30)) if talks else 0,
            first=first,
            days=days,
        )
        since = start_of(first, WHERE)
        line = Line(operator, topped_up_at=since)
        fee_minor = random.choice((0, 0, 35, 250))
        compiled = Compiled(effects, Horizon(need, first, WHERE), line, selling=Selling(fee_minor))
        found = search(compiled, 5000)
        cost = milp.cheapest(effects, need.demands, first, fee_minor=fee_minor)
        assert cost == (found.cost if isinstance(found, Found) else None), (first, days, need.demands[:30])
        assert not isinstance(found, Found) or found.exact
