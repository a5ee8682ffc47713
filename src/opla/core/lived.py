"""A plan lived through: the line with all that the plan buys and all that is needed, by the rules themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from opla.core.calendar import start_of
from opla.core.effects import Effect
from opla.core.planner import Market, Need, Plan
from opla.core.planner import Purchase as Bought
from opla.core.refusal import Refusal
from opla.core.timeline import Purchase, Timeline, Wants, timeline


def lived(plan: Plan, market: Market, need: Need, first: date) -> Timeline | None:
    """From the beginning of the first day to the end of the last; None when the plan is of another market."""
    whose = plan.operator, plan.plan, plan.own_line
    candidate = next((c for c in market.candidates if (c.line.operator, c.line.plan, c.own) == whose), None)
    effects = candidate.effects if candidate else ()
    bought = [Purchase(one.at, effect) for one in plan.purchases if (effect := _effect(effects, one))]
    if candidate is None or len(bought) < len(plan.purchases):
        return None
    found = timeline(
        candidate.line,
        start_of(first, market.where),
        start_of(first + timedelta(days=need.days), market.where),
        purchases=bought,
        wants=Wants(lambda day: need.demands[(day - first).days], quality=need.quality),
        effects={effect.sku: effect for effect in effects},
        where=market.where,
    )
    return None if isinstance(found, Refusal) else found


def _effect(effects: Sequence[Effect], one: Bought) -> Effect | None:
    """What was bought; of a product with a price range, the one of this amount."""
    named = [effect for effect in effects if effect.sku == one.sku]
    return next((effect for effect in named if effect.price_minor == one.face_minor), None)
