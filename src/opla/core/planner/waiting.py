"""Whether it is cheaper to wait for a promotion; safe, because what is there covers the need until then."""

from __future__ import annotations

from opla.core.planner.answer import Plan, Waiting
from opla.core.planner.compiled import Compiled
from opla.core.planner.need import micro
from opla.core.planner.search import Found, Search


def waiting(compiled: Compiled, made: Plan, most_labels: int) -> Waiting | None:
    """For how long the plan waits before its first purchase, where a promotion that has not begun is what it waits for.

    None where that is not so, where nothing can be bought today, and where a search was cut off.
    """
    if not made.exact or not made.purchases:
        return None
    first = made.purchases[0]
    later = tuple(name for name in (one.id for one in first.promotions) if not _runs_today(compiled, name))
    if not later or micro(first.at) == compiled.horizon.start:
        return None
    today = Search(compiled).run(most_labels, at_once=True)
    if not isinstance(today, Found) or not today.exact:
        return None
    saves = today.cost + (made.sim_minor or 0) - made.cost_minor
    return Waiting(first.at, saves, later) if saves > 0 else None


def _runs_today(compiled: Compiled, name: str) -> bool:
    return any(p.id == name and micro(p.window.start) <= compiled.horizon.start for p in compiled.charges.ours)
