"""What somebody who asked to be told of promotions is told: each once, when it begins, for their operator.

Who asked, that they confirmed, that nobody is written to by night and that one tap stops it is the reminders' business:
these two answers are all they need. A promotion that runs already when somebody asks is on the page they asked on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from opla.core.promotion.model import Promotions


@dataclass(frozen=True)
class News:
    """A promotion that has begun. `key` is the same whenever it is decided again; `until` None: no end is known."""

    key: str
    promotion: str
    began_at: datetime
    until: datetime | None


def news(
    promotions: Promotions, operator: str, *, since: datetime, at: datetime, told: Collection[str] = ()
) -> tuple[News, ...]:
    """What began after `since` (when they asked) and still runs, oldest first; `told` are the keys of what was sent."""
    return tuple(
        one
        for one in sorted(_all(promotions, operator), key=lambda one: (one.began_at, one.key))
        if since < one.began_at <= at and (one.until is None or at < one.until) and one.key not in told
    )


def next_news(promotions: Promotions, operator: str, at: datetime) -> datetime | None:
    """When the next one begins that is known of today; None: nothing is known to come."""
    return min((one.began_at for one in _all(promotions, operator) if one.began_at > at), default=None)


def _all(promotions: Promotions, operator: str) -> Iterator[News]:
    """Everybody's promotions of this operator (empty: of all). What is for a few, or by coupon, is no news to all."""
    for ours in promotions.ours:
        if not (ours.coupons or ours.groups) and (not (operator and ours.operators) or operator in ours.operators):
            yield News(f"promotion:{ours.id}", ours.id, ours.window.start, ours.window.until)
    for theirs in promotions.theirs:
        if operator in ("", theirs.operator) and theirs.start.value is not None:
            yield News(f"promotion:{theirs.id}", theirs.id, theirs.start.value, theirs.until.value)
