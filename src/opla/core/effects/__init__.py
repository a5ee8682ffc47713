"""What a product does to a line: rules compiled to plain values, applied at an instant, told as facts."""

from __future__ import annotations

from opla.core.effects.applying import apply, change_plan, used
from opla.core.effects.completing import completed
from opla.core.effects.effect import Doubt, Effect, Extra, Portion, Uncertain, Unknown, doubts_of, effect_of
from opla.core.effects.happened import Applied, Happened, What, Why
from opla.core.effects.renewing import next_renewal, renewals, top_up_due

__all__ = [
    "Applied",
    "Doubt",
    "Effect",
    "Extra",
    "Happened",
    "Portion",
    "Uncertain",
    "Unknown",
    "What",
    "Why",
    "apply",
    "change_plan",
    "completed",
    "doubts_of",
    "effect_of",
    "next_renewal",
    "renewals",
    "top_up_due",
    "used",
]
