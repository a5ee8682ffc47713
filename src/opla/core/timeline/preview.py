"""One purchase before it is paid: the line without it and with it, over the same stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from opla.core.calendar import day_of, later, start_of, zone
from opla.core.catalog.model import Product
from opla.core.effects import Applied, Effect, apply
from opla.core.line import Line
from opla.core.refusal import Code, Refusal
from opla.core.timeline.event import Event, Sign
from opla.core.timeline.running import Purchase, Timeline, timeline

_AT_LEAST = timedelta(days=31)
_AT_MOST = timedelta(days=400)


@dataclass(frozen=True)
class Preview:
    """What a purchase changes.

    now, after   the line without and with the purchase, both from the purchase to the same end
    wait_until   when it could be bought without losing anything that is lost now; None: nothing is lost, or waiting
                 would cost something else
    code_before  waiting is no way out: the code's last day comes first
    """

    now: Timeline
    after: Timeline
    wait_until: datetime | None = None
    code_before: date | None = None

    @property
    def lost(self) -> tuple[Event, ...]:
        """What the purchase itself takes away."""
        return tuple(event for event in self.after.events if event.sign is Sign.BENEFIT_LOST)

    @property
    def number_ends(self) -> datetime | None:
        """When the number falls silent although this is bought, if that is within what is looked at."""
        return next((e.at for e in self.after.events if e.sign in (Sign.NUMBER_ENDS, Sign.NUMBER_LOST)), None)


def preview(
    effect: Effect,
    line: Line,
    at: datetime,
    *,
    plan: str = "",
    code_last_day: date | None = None,
    effects: Mapping[str, Effect] | None = None,
) -> Preview | Refusal:
    """The purchase now against no purchase, until everything it gives has ended (at most 400 days on)."""
    purchase = Purchase(at, effect, plan=plan, code_last_day=code_last_day)
    given = apply(effect, line, at, plan=plan, code_last_day=code_last_day)
    buckets = (*line.buckets, *(given.line.buckets if isinstance(given, Applied) else ()))
    last = max([at + _AT_LEAST, *(bucket.ends for bucket in buckets if bucket.ends)])
    until = start_of(day_of(min(last, at + _AT_MOST), effect.zone) + timedelta(days=2), effect.zone)
    after = timeline(line, at, until, purchases=[purchase], effects=effects, where=effect.zone)
    if isinstance(after, Refusal):
        return after
    now = timeline(line, at, until, effects=effects, where=effect.zone)
    if isinstance(now, Refusal):
        raise AssertionError("nothing is bought, so nothing is refused")  # noqa: TRY004  (not a wrong type)
    lost = [event.until for event in after.events if event.sign is Sign.BENEFIT_LOST]
    waits = max((until for until in lost if until is not None), default=None)
    if waits is None or None in lost:
        return Preview(now, after)
    later = _bought_at(waits, purchase, line, now, effects)
    if isinstance(later, Refusal):
        return Preview(now, after, code_before=code_last_day if later.code is Code.CODE_LAPSES else None)
    return Preview(now, after, wait_until=waits if later else None)


def lapses(product: Product, at: datetime) -> Refusal | None:
    """Why nobody should buy this any more, whatever is on their SIM: its last day comes before it could begin."""
    use_by, delay = product.rules.use_by.value, product.rules.starts_after.value
    where = zone(product.time_zone)
    begins = later(at, delay, where) if delay else at
    if use_by is None or day_of(begins, where) <= use_by:
        return None
    return Refusal(Code.LAPSES_BEFORE_START, "product", {"last_day": use_by.isoformat(), "starts": begins.isoformat()})


def _bought_at(
    instant: datetime, purchase: Purchase, line: Line, now: Timeline, effects: Mapping[str, Effect] | None
) -> bool | Refusal:
    """Whether buying at a later instant costs nothing that buying now would keep."""
    later = Purchase(instant, purchase.effect, purchase.plan, code_last_day=purchase.code_last_day)
    after = timeline(
        line, now.start, max(now.until, instant + timedelta(minutes=1)), purchases=[later], effects=effects,
        where=purchase.effect.zone,
    )  # fmt: skip
    if isinstance(after, Refusal):
        return after
    costs = {Sign.BENEFIT_LOST, Sign.BONUS_NOT_GIVEN, Sign.CREDIT_LOST, Sign.NUMBER_ENDS, Sign.NUMBER_LOST}
    return not any(event.sign in costs and event.at <= instant for event in after.events)
