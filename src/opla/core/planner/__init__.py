"""The cheapest purchases that cover a need: for one line of one operator, exactly, or said to be less."""

from __future__ import annotations

from opla.core.planner.answer import (
    Answer,
    Change,
    LeftOut,
    LeftOver,
    Missed,
    Plan,
    Purchase,
    Reason,
    Uncovered,
    Waiting,
    gaps,
)
from opla.core.planner.changing import changes_at
from opla.core.planner.need import Need, need_evenly, need_of
from opla.core.planner.planning import Candidate, Market, market, plan, plan_for_budget
from opla.core.planner.selling import Selling

__all__ = [
    "Answer",
    "Candidate",
    "Change",
    "LeftOut",
    "LeftOver",
    "Market",
    "Missed",
    "Need",
    "Plan",
    "Purchase",
    "Reason",
    "Selling",
    "Uncovered",
    "Waiting",
    "changes_at",
    "gaps",
    "market",
    "need_evenly",
    "need_of",
    "plan",
    "plan_for_budget",
]
