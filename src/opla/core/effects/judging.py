"""Whether a line can take a purchase, and whether its bonus comes with it."""

from __future__ import annotations

from datetime import date, datetime

from opla.core.calendar import day_of, later
from opla.core.catalog.rules import Length, PlanChange
from opla.core.effects.effect import Effect
from opla.core.effects.happened import Why
from opla.core.line import Line
from opla.core.refusal import Code, Refusal


def not_for_this_line(effect: Effect, line: Line, at: datetime) -> Refusal | None:
    """Another operator's, another currency's, or nobody's any more."""
    if effect.operator != line.operator:
        params = {"sku": effect.sku, "operator": effect.operator, "chosen": line.operator}
        return Refusal(Code.PRODUCT_OF_ANOTHER_OPERATOR, "product", params)
    if effect.currency != line.currency:
        return Refusal(Code.LINE_CURRENCY, "line", {"currency": line.currency, "needed": effect.currency})
    if line.number_lost is not None and line.number_lost <= at:
        return Refusal(Code.NUMBER_LOST, "line", {"since": line.number_lost.isoformat()})
    return None


def not_now(effect: Effect, line: Line, at: datetime, code_last_day: date | None) -> Refusal | None:
    """Its code has lapsed, or it was ordered today."""
    if code_last_day is not None and day_of(at, effect.zone) > code_last_day:
        return Refusal(Code.CODE_LAPSES, "code", {"last_day": code_last_day.isoformat()})
    if effect.once_a_day and any(
        b.sku == effect.sku and b.bought_at and day_of(b.bought_at, effect.zone) == day_of(at, effect.zone)
        for b in line.buckets
    ):
        return Refusal(Code.ONCE_A_DAY, "product", {"sku": effect.sku})
    return None


def plan_refused(effect: Effect, line: Line, at: datetime, plan: str, allowed: frozenset[PlanChange]) -> Refusal | None:
    """Whether the plan may be changed here and now. What is not known is refused: nobody can say what it costs."""
    rule = effect.plan_change
    refusal = Refusal(Code.PLAN_CHANGE_REFUSED, "plan", {"plan": plan, "rule": str(rule or "unknown")})
    if rule not in allowed:
        return refusal
    return refusal if rule is PlanChange.ONCE_A_PERIOD and _changed_this_period(line, at) else None


def _changed_this_period(line: Line, at: datetime) -> bool:
    """Whether the plan was changed since what runs now began; also when that change ended what ran."""
    if line.plan_fixed_until is not None and line.plan_fixed_until > at:
        return True
    changed = line.plan_changed_at
    running = [bucket for bucket in line.buckets if bucket.starts <= at and not bucket.ended(at)]
    return changed is not None and any(bucket.starts <= changed <= at for bucket in running)


def gate(effect: Effect, line: Line, at: datetime) -> Why | None:
    """Why the bonus is not given, of several the first in this order; None when it is."""
    if effect.price_minor < effect.bonus_min_minor:
        return Why.BELOW_MINIMUM
    if effect.bonus_plans is not None and line.plan not in effect.bonus_plans:
        return Why.PLAN_WITHOUT_BONUS if line.plan else Why.PLAN_UNKNOWN
    if effect.bonus_window_days is not None:
        if line.topped_up_at is None:
            return Why.WINDOW_UNKNOWN
        if at > later(line.topped_up_at, Length(days=effect.bonus_window_days), effect.zone):
            return Why.OUTSIDE_WINDOW
    return None
