"""From which need on the answer costs more: found by searching again, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from opla.core.line import Kind
from opla.core.planner.answer import Answer, Change
from opla.core.planner.need import Need
from opla.core.planner.planning import Market, plan

#: How finely: 0.1 GB, 10 minutes, 10 messages; and how far: so many steps.
STEPS = {Kind.DATA: 100_000, Kind.VOICE: 600, Kind.SMS: 10}
MOST_STEPS = 256


def changes_at(
    market: Market, first: date, answer: Answer, amounts: dict[Kind, int], need_for: Callable[[dict[Kind, int]], Need]
) -> Iterator[Change]:
    """For each kind that is needed, the first larger amount per 30 days at which the cheapest plan costs more.

    Whoever covers a larger need covers the smaller one, so the cost never falls as a need grows: halving finds the
    step exactly, in nine searches. Nothing is said where it is further away than `MOST_STEPS`, or where a search
    was cut off.
    """
    for kind, amount in amounts.items():
        if not amount or not answer.best.exact or not all(other.exact for other in answer.uncovered):
            continue
        found: dict[int, Answer | None] = {}

        def dearer(
            steps: int, kind: Kind = kind, amount: int = amount, found: dict[int, Answer | None] = found
        ) -> bool:
            asked = plan(market, need_for({**amounts, kind: _at(amount, STEPS[kind], steps)}), first)
            found[steps] = asked if isinstance(asked, Answer) else None
            return not isinstance(asked, Answer) or asked.best.cost_minor > answer.best.cost_minor

        if not dearer(MOST_STEPS):
            continue
        same, more = 0, MOST_STEPS
        while more - same > 1:
            middle = (same + more) // 2
            same, more = (same, middle) if dearer(middle) else (middle, more)
        then = found[more]
        best = then.best if then else None
        skus = tuple(purchase.sku for purchase in best.purchases) if best else ()
        yield Change(
            kind, _at(amount, STEPS[kind], more), best.cost_minor if best else None, best.operator if best else "", skus
        )


def _at(amount: int, step: int, steps: int) -> int:
    """The amount so many whole steps above."""
    return (amount // step + steps) * step
