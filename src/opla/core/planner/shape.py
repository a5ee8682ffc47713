"""At which instants a purchase need be tried, by the shape of an operator's rules.

Every instant at which something can be bought is always enough. Fewer are enough where an exchange argument shows
that a purchase can be put off without loss; each is written out in `docs/explanation/planner.md`, under the name used
here. Where the conditions of an argument do not all hold, every instant is tried.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from enum import StrEnum

from opla.core.catalog.rules import AutoRenew, EarlyRenewal, Length
from opla.core.planner.compiled import DATA, Compiled, Offer, State, Walked
from opla.core.planner.need import LONG_AGO, NEVER, UNLIMITED

_REPLACING = frozenset({EarlyRenewal.OVERWRITE_ALL, EarlyRenewal.RESTART_MONTH})
_BLOCKING = frozenset({EarlyRenewal.QUEUE, EarlyRenewal.REFUSED_WHILE_ACTIVE, EarlyRenewal.CREDIT_ADDS})
_DAY_MINUTES = 24 * 60


class Shape(StrEnum):
    REPLACING = "replacing"  # what runs lapses, and the new begins
    ROLLING = "rolling"  # minutes and messages lapse, data lives on
    BESIDE = "beside"  # each runs beside the others
    BLOCKING = "blocking"  # a running one keeps the next from beginning
    BUNDLES = "bundles"  # credit is bought with money, and blocking bundles with credit
    ANY = "any"  # everything else


def shape_of(compiled: Compiled) -> Shape:
    """The narrowest shape whose conditions all hold; see the headings of the page."""
    offers = [offer for offer in compiled.offers if offer.on_sale]
    giving = [offer for offer in offers if offer.portions]
    if not compiled.charges.orderly:
        return Shape.ANY
    if compiled.tariff is not None or any(o.effect.use_by for o in offers) or not giving:
        return Shape.ANY
    groups = {offer.group for offer in giving}
    rules = {offer.rule for offer in giving}
    if len(groups) > 1 or not (rules <= _REPLACING or len(rules) == 1):
        return Shape.ANY
    if any(o.effect.lasts.minutes or o.effect.lasts.with_number or o.effect.delay for o in giving):
        return Shape.ANY
    if not _boxes_fit(compiled, groups):
        return Shape.ANY
    rule = next(iter(rules))
    if all(offer.effect.from_credit for offer in giving):
        return Shape.BUNDLES if _bundles_fit(compiled, offers, rule) else Shape.ANY
    if any(o.effect.from_credit or o.effect.delay or o.effect.once_a_day for o in offers):
        return Shape.ANY
    if any(box[5] for box in compiled.first.boxes) or any(o.effect.auto_renew is AutoRenew.BUILT_IN for o in giving):
        return Shape.ANY
    if rules <= _REPLACING:
        return Shape.REPLACING
    if rule in _BLOCKING:
        return Shape.BLOCKING
    if not _ends_last(compiled, giving):
        return Shape.ANY
    return Shape.BESIDE if rule is EarlyRenewal.BESIDE else Shape.ROLLING


def _boxes_fit(compiled: Compiled, groups: set[str]) -> bool:
    """What the line holds is of the same group, and has begun."""
    start = compiled.horizon.start
    return all(compiled.specs[box[3]].group in groups and box[1] <= start for box in compiled.first.boxes)


def _ends_last(compiled: Compiled, giving: list[Offer]) -> bool:
    """What is bought ends after everything that is there, and what it holds is worth as much wherever it is used."""
    lengths = {offer.effect.lasts for offer in giving}
    if len(lengths) > 1:
        return False
    horizon = compiled.horizon
    soonest = horizon.later(horizon.start, next(iter(lengths)))
    if any(box[2] > soonest for box in compiled.first.boxes):
        return False
    capped = any(box[4] < UNLIMITED for box in compiled.first.boxes) or any(
        eu < UNLIMITED for offer in giving for _, _, eu in offer.portions
    )
    return not (capped and horizon.away)


def _bundles_fit(compiled: Compiled, offers: list[Offer], rule: EarlyRenewal) -> bool:
    if rule is not EarlyRenewal.REFUSED_WHILE_ACTIVE:
        return False
    horizon = compiled.horizon
    top_ups = [offer for offer in offers if not offer.effect.from_credit]
    bundles = [offer for offer in offers if offer.effect.from_credit]
    if any(offer.portions or offer.effect.once_a_day for offer in top_ups):
        return False
    if any(_long(o.effect.delay) for o in top_ups) or any(o.effect.lasts == Length(days=1) for o in bundles):
        return False
    lives = {(o.effect.credit_lasts, o.effect.credit_renewal, o.effect.credit_cap) for o in top_ups}
    if len(lives) != 1:
        return False
    ((lasts, _, cap),) = lives
    soonest = horizon.later(horizon.start, lasts)
    if cap:
        soonest = min(soonest, horizon.later(horizon.start, cap))
    return all(lot[1] <= soonest and lot[2] <= horizon.start for lot in compiled.first.lots)


def _long(delay: Length | None) -> bool:
    return delay is not None and (not delay.minutes or delay.minutes >= _DAY_MINUTES)


class Instants:
    """Which instants to try for the next purchase after a state, by shape."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled, self.horizon = compiled, compiled.horizon
        self.shape = shape_of(compiled)
        self.delayed = any(o.effect.delay for o in compiled.offers)

    def after(self, state: State, at: int, walked: Walked) -> list[int]:
        """Ascending, none before `at`, none after the day that fails."""
        found = set(self._instants(state, at, walked))
        return sorted(found)

    def _instants(self, state: State, at: int, walked: Walked) -> Iterator[int]:
        starts = self.horizon.starts
        fails = walked.fails
        last = max(starts[fails], at)
        yield last
        yield from walked.ends
        match self.shape:
            case Shape.ANY:
                yield at
                yield from starts[bisect_left(starts, at) : fails + 1]
                return
            case Shape.BLOCKING | Shape.BUNDLES:
                free = max(at, walked.until)
                if free <= last:
                    yield free
                    tried = starts[bisect_left(starts, free) : fails + 1]
                    yield from tried
                    if self.shape is Shape.BUNDLES:
                        for instant in (free, *tried, *walked.ends):
                            yield from self._before(instant, at)
            case Shape.ROLLING:
                for box in state.boxes:
                    if box[2] <= last and self.compiled.specs[box[3]].kind == DATA:
                        yield from self._before(box[2], at)
            case _:
                pass
        if self.shape is Shape.BUNDLES:
            for lot in (*state.lots, *walked.state.lots):
                if lot[1] <= last:
                    yield from self._before(lot[1], at)
        for turn in self.compiled.charges.tried:
            if at < turn <= last:
                yield from self._before(turn, at)
        if state.lost <= starts[fails + 1]:
            yield from self._before(state.lost, at)
        if state.topped_up != LONG_AGO:
            for window in self.compiled.windows:
                until = self.horizon.later(state.topped_up, Length(days=window))
                if at <= until < last:
                    yield max(at, starts[bisect_right(starts, until) - 1])

    def _before(self, instant: int, at: int) -> Iterator[int]:
        """The last beginning of a day before an instant; of what begins later than bought, the one before that too."""
        if instant == NEVER:
            return
        starts = self.horizon.starts
        place = bisect_left(starts, instant) - 1
        for earlier in range(2 if self.delayed else 1):
            if place - earlier >= 0 and starts[place - earlier] >= at:
                yield starts[place - earlier]
            else:
                yield at
