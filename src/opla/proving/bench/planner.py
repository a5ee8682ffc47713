"""The cheapest plan for twelve months, over the whole Belgian catalogue; and the same question as a linear model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

from opla.core.catalog import parse
from opla.core.planner import Answer, Market, Need, market, need_evenly, plan
from opla.operations.read_catalog import read_country
from opla.proving import milp
from opla.proving.bench.bench import Bench
from opla.proving.bench.row import Row, percentile

_FIRST = date(2026, 11, 22)
_DAYS = 365
#: Data in MB, minutes, messages per 30 days.
_SPREAD = [
    (data, minutes, sms)
    for data in (500, 1000, 2000, 3000, 4000, 6000, 8000, 10_000, 12_000, 16_000, 20_000, 25_000)
    for minutes in (0, 30, 60, 120, 240)
    for sms in (0, 20)
]
#: What the model holds; rolled data takes it minutes, so that is judged in the tests, on shorter times.
_HELD = (("orange", 4000), ("mobile-vikings", 4000), ("scarlet", 2000))


def planner(bench: Bench) -> list[Row]:
    belgium = parse(read_country("belgium", sandbox=True))
    asked = market(belgium, sandbox=True)
    spread = _SPREAD if bench.full else _SPREAD[::3]
    bench.say(f"planner: {len(spread)} needs of {_DAYS} days, {len(asked.candidates)} operators")
    times, cut_off = [], 0
    for data, minutes, sms in spread:
        began = time.process_time()
        found = plan(asked, _need(data, minutes, sms), _FIRST)
        times.append((time.process_time() - began) * 1000)
        if isinstance(found, Answer):
            cut_off += not all(one.exact for one in (found.best, *found.runners_up))
    mine, theirs = _against_the_model(bench)
    note = f"{_DAYS} days, the whole Belgian catalogue with sample figures, {len(spread)} needs"
    if cut_off:
        note += f"; {cut_off} with an answer that is only the best found"
    held = f"{len(_HELD)} operators, {_DAYS} days, the same costs; floor: a linear model solved by HiGHS"
    return [
        Row.at_least("planner", mine, "plans/s", goal=50, floor=theirs, note=held),
        Row.at_most("planner_p99", percentile(times, 99), "CPU-ms", goal=20, note=f"99 of 100 plans; {note}"),
    ]


def _against_the_model(bench: Bench) -> tuple[float, float]:
    """Plans a second of ours and of the model, on one core. Raises ValueError when they differ."""
    spent = [0.0, 0.0]
    for operator, one in _markets():
        need = _need(dict(_HELD)[operator], 0, 0)
        bench.say(f"planner: {operator} as a linear model")
        began = time.process_time()
        cost = milp.cheapest(one.candidates[0].effects, need.demands, _FIRST)
        middle = time.process_time()
        found = plan(one, need, _FIRST)
        spent[0] += time.process_time() - middle
        spent[1] += middle - began
        # The model knows nothing of SIMs.
        ours = found.best.cost_minor - (found.best.sim_minor or 0) if isinstance(found, Answer) else None
        if ours != cost:
            raise ValueError(f"{operator}: the planner says {ours}, the model {cost}")
    return len(_HELD) / spent[0], len(_HELD) / spent[1]


def _markets() -> Iterator[tuple[str, Market]]:
    belgium = parse(read_country("belgium", sandbox=True))
    for operator, _ in _HELD:
        yield operator, market(belgium, sandbox=True, operators=(operator,))


def _need(data_mb: int, minutes: int, sms: int) -> Need:
    return need_evenly(data_mb * 1000, minutes * 60, sms, first=_FIRST, days=_DAYS)
