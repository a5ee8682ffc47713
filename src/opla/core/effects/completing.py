"""A line that a person told of: with what follows from it before a purchase is applied to it."""

from __future__ import annotations

from dataclasses import replace

from opla.core.calendar import later
from opla.core.catalog.rules import Since
from opla.core.effects.effect import Effect
from opla.core.line import Line


def completed(line: Line, effect: Effect) -> Line:
    """What was told comes from nobody knows which product, so it is taken for one that this would renew.

    A number whose life counts from the last top-up ends when that says, where nobody said otherwise.
    """
    named = tuple(b if b.sku or b.group else replace(b, group=effect.group) for b in line.buckets)
    line = replace(line, buckets=named)
    life = effect.number_life
    if line.number_ends or line.topped_up_at is None or life is None or life.since is not Since.TOP_UP:
        return line
    ends = later(line.topped_up_at, life.length, effect.zone)
    lost = later(ends, effect.number_grace, effect.zone) if effect.number_grace else ends
    return replace(line, number_ends=ends, number_lost=lost)
