"""Effects, lines and needs as tuples of integers, and the three things that happen to them: buying, time, use.

`effects.apply`, `effects.renewals` and `drawing.draw` are the truth; `tests/planner/test_compiled.py` proves that what
is computed here is what they say. Nothing here is a rule of its own.

    lot     (amount, ends, starts)
    bucket  (left, starts, ends, spec, eu_left, renews, bought)
    state   (lots, buckets, pending, topped_up, lost)

`pending` is what of the running day is still unmet; None at the instant at which a day begins, before its use.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple, Self

from opla.core.catalog.rules import AutoRenew, CreditRenewal, EarlyRenewal, Length, Since
from opla.core.drawing import Quality, Tariff
from opla.core.effects import Effect
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.planner.charges import Charges
from opla.core.planner.need import KINDS, LONG_AGO, NEVER, UNLIMITED, Horizon, micro, moment
from opla.core.planner.selling import FACE_VALUE, Selling

Lot = tuple[int, int, int]
Box = tuple[int, int, int, int, int, bool, int]
Three = tuple[int, int, int]


class State(NamedTuple):
    lots: tuple[Lot, ...]
    boxes: tuple[Box, ...]
    pending: Three | None
    topped_up: int
    lost: int


MET: Final[Three] = (0, 0, 0)
DATA: Final = 0
_BLOCKED = (EarlyRenewal.REFUSED_WHILE_ACTIVE, EarlyRenewal.QUEUE)


@dataclass(frozen=True, slots=True)
class Spec:
    """What of a bucket never changes. `counts`: good enough for this need; `goes_on`: its slow speed is, too."""

    kind: int
    group: str
    sku: str
    slow_kbps: int | None
    generation: str
    max_mbps: int | None
    counts: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """An effect; `portions` as (spec, amount, eu_amount), only those that can matter to this need.

    `paid`: the least money it may cost; what it costs at an instant is known to `Charges`. `price`: its face value.
    """

    place: int
    effect: Effect
    portions: tuple[tuple[int, int, int], ...]
    gives: bool
    plan_fits: bool
    paid: int
    price: int
    credit: int | None
    rule: EarlyRenewal
    group: str
    window: Length | None
    on_sale: bool


class Walked(NamedTuple):
    """How far a state lasts without another purchase.

    fails  the first day whose need is not met; the number of days when all are
    at     an instant of that day: its beginning, or that of the walk when that was later
    state  as it was then, before that day's use
    ends   instants, not the beginnings of days, at which a bucket ended on the way or on that day
    spent  credit taken by what renewed itself before `at`
    until  the last instant at which a bucket ended; LONG_AGO when none did
    """

    fails: int
    at: int
    state: State
    ends: tuple[int, ...]
    spent: int
    until: int


class Compiled:
    """One operator's effects for one need. `effects` may hold withdrawn ones: they renew, but are not offered."""

    def __init__(
        self,
        effects: Sequence[Effect],
        horizon: Horizon,
        line: Line,
        tariff: Tariff | None = None,
        selling: Selling = FACE_VALUE,
    ) -> None:
        self.horizon, self.line = horizon, line
        self.charges = Charges(effects, selling, horizon.start, horizon.end)
        self.quality: Quality = horizon.need.quality
        self.tariff = tariff if horizon.need.pay_per_use else None
        self.specs: list[Spec] = []
        self._spec_places: dict[Spec, int] = {}
        self.once = any(effect.once_a_day for effect in effects)
        self.windows = sorted({e.bonus_window_days for e in effects if e.bonus_window_days is not None})
        self.mortal = self._mortal(effects)
        self.credit_counts = self.tariff is not None or any(effect.from_credit for effect in effects)
        self.offers = [self._offer(place, effect) for place, effect in enumerate(effects)]
        self._by_sku = {offer.effect.sku: offer for offer in self.offers}
        self.first = self.state_of(line)
        self.alike = self._alike()
        self.renewing = any(box[5] for box in self.first.boxes) or any(
            e.auto_renew is AutoRenew.BUILT_IN and e.portions for e in effects
        )
        self._kinds = tuple(kind for kind in range(3) if horizon.needed[kind])

    # ── compiling ───────────────────────────────────────────────────────────

    def _mortal(self, effects: Sequence[Effect]) -> bool:
        """Whether the number can be lost within the horizon."""
        lost, end = self.line.number_lost, self.horizon.end
        if lost is not None and micro(lost) <= end:
            return True
        lives = {
            (e.number_life, e.number_grace) for e in effects if e.number_life and e.number_life.since is Since.TOP_UP
        }
        for life, grace in lives:
            if life is not None:
                until = self.horizon.later(self.horizon.start, life.length)
                if (self.horizon.later(until, grace) if grace else until) < end:
                    return True
        return False

    def _offer(self, place: int, effect: Effect) -> Offer:
        needed = self.horizon.needed
        some = any(needed[KINDS.index(p.kind)] for p in effect.portions)
        rolls = effect.renewal is EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA
        portions = []
        for p in effect.portions:
            kind = KINDS.index(p.kind)
            if some and not needed[kind] and not (rolls and kind == DATA):
                continue
            spec = self._spec(kind, effect.group, effect.sku, p.slow_kbps, effect.generation, effect.max_mbps)
            amount = UNLIMITED if p.amount is None else p.amount
            portions.append((spec, amount, UNLIMITED if p.eu_amount is None else p.eu_amount))
        return Offer(
            place, effect, tuple(portions),
            gives=bool(effect.portions) and effect.price_minor >= effect.bonus_min_minor,
            plan_fits=effect.bonus_plans is None or self.line.plan in effect.bonus_plans,
            paid=self.charges.least()[place], price=effect.price_minor, credit=effect.credit_minor,
            rule=effect.renewal, group=effect.group,
            window=None if effect.bonus_window_days is None else Length(days=effect.bonus_window_days),
            on_sale=effect.on_sale,
        )  # fmt: skip

    def from_epoch(self, epoch: int) -> Self:
        """The same, at the prices that can be had from a later time on."""
        return self._charging(self.charges, epoch)

    def without_promotions(self) -> Self:
        effects, selling = [offer.effect for offer in self.offers], Selling(self.charges.selling.fee_minor)
        return self._charging(Charges(effects, selling, self.horizon.start, self.horizon.end), 0)

    def _charging(self, charges: Charges, epoch: int) -> Self:
        made = copy(self)
        made.charges = charges
        made.offers = [replace(offer, paid=paid) for offer, paid in zip(self.offers, charges.least(epoch), strict=True)]
        return made

    def _spec(self, kind: int, group: str, sku: str, slow: int | None, generation: str, mbps: int | None) -> int:
        probe = Bucket(KINDS[kind], 0, moment(0), None, slow_kbps=slow, generation=generation, max_mbps=mbps)
        spec = Spec(kind, group, sku, slow, generation, mbps, self.quality.allows(probe), self.quality.goes_on(probe))
        place = self._spec_places.setdefault(spec, len(self.specs))
        if place == len(self.specs):
            self.specs.append(spec)
        return place

    def _alike(self) -> list[int]:
        """Of each spec the first that does the same: only what renews, or is sold once a day, asks for the SKU."""
        if self.once:
            return list(range(len(self.specs)))
        first: dict[Spec, int] = {}
        return [first.setdefault(replace(spec, sku=""), place) for place, spec in enumerate(self.specs)]

    def state_of(self, line: Line, pending: Three | None = None) -> State:
        """A line as integers. What the need never asks about is left out: see `line_of`."""
        lots = tuple(
            (lot.amount_minor, _end(lot.ends), LONG_AGO if lot.starts is None else micro(lot.starts))
            for lot in (line.credit if self.credit_counts else ())
        )
        boxes = tuple(
            (
                UNLIMITED if b.left is None else b.left, micro(b.starts), _end(b.ends),
                self._spec(KINDS.index(b.kind), b.group, b.sku, b.slow_kbps, b.generation, b.max_mbps),
                UNLIMITED if b.eu_left is None else b.eu_left, b.renews,
                micro(b.bought_at) if self.once and b.bought_at else LONG_AGO,
            )
            for b in line.buckets
        )  # fmt: skip
        topped = micro(line.topped_up_at) if self.windows and line.topped_up_at else LONG_AGO
        lost = micro(line.number_lost) if self.mortal and line.number_lost else NEVER
        return State(lots, boxes, pending, topped, lost)

    # ── buying ──────────────────────────────────────────────────────────────

    def buy(self, state: State, at: int, offer: Offer, *, renew: bool = False) -> State | None:
        """`effects.apply`; None when it refuses. The state has been brought to this instant."""
        lots, boxes, pending, topped, lost = state
        if lost <= at:
            return None
        effect, horizon = offer.effect, self.horizon
        if effect.once_a_day and self._ordered_today(boxes, effect.sku, horizon.local_day(at)):
            return None
        begins = horizon.later(at, effect.delay) if effect.delay else at
        bonus = offer.gives and offer.plan_fits
        if bonus and offer.window is not None:
            bonus = topped != LONG_AGO and at <= horizon.later(topped, offer.window)
        starts = begins
        if bonus:
            rule = offer.rule
            if rule in _BLOCKED or rule is EarlyRenewal.CREDIT_ADDS:
                free = self._free_from(boxes, offer.group, begins)
                if free > begins:
                    if rule is EarlyRenewal.CREDIT_ADDS:
                        bonus = False
                    elif rule is EarlyRenewal.REFUSED_WHILE_ACTIVE or free == NEVER:
                        return None
                    else:
                        starts = free
            # The last day of a use counts even where only credit is given in the end.
            if effect.use_by is not None and horizon.local_day(starts) > effect.use_by:
                return None
        if effect.from_credit:
            paid = _spent(lots, offer.price, at)
            if paid is None:
                return None
            lots = paid
        if offer.credit is not None and self.credit_counts:
            lots = self._with_credit(lots, effect, offer.credit, at, begins)
        if bonus:
            renews = effect.auto_renew is AutoRenew.BUILT_IN or (renew and effect.auto_renew is AutoRenew.OPT_IN)
            boxes = self._with_bonus(boxes, offer, at, begins, starts, renews=renews)
        if not effect.from_credit:
            if self.windows:
                topped = at
            if self.mortal:
                lost = self._lost(effect, at, lost)
        return State(lots, boxes, pending, topped, lost)

    def _ordered_today(self, boxes: tuple[Box, ...], sku: str, today: date) -> bool:
        return any(
            self.specs[box[3]].sku == sku and box[6] != LONG_AGO and self.horizon.local_day(box[6]) == today
            for box in boxes
        )

    def _free_from(self, boxes: tuple[Box, ...], group: str, begins: int) -> int:
        free = begins
        for box in boxes:
            if box[2] > free and self.specs[box[3]].group == group:
                free = box[2]
        return free

    def _with_credit(self, lots: tuple[Lot, ...], effect: Effect, amount: int, at: int, begins: int) -> tuple[Lot, ...]:
        horizon = self.horizon
        if effect.credit_lasts.with_number:
            ends = NEVER
        else:
            counted = begins
            if effect.credit_renewal is CreditRenewal.ADDS_UP:
                counted = max([begins, *(lot[1] for lot in lots if begins < lot[1] < NEVER)])
            ends = horizon.later(counted, effect.credit_lasts)
            if effect.credit_cap:
                ends = min(ends, horizon.later(begins, effect.credit_cap))
        if effect.credit_renewal is not CreditRenewal.KEEPS_ITS_END:
            lots = tuple((lot[0], max(lot[1], ends), lot[2]) if lot[1] > begins else lot for lot in lots)
        sums: dict[tuple[int, int], int] = {}
        for lot in (*lots, (amount, ends, begins if begins > at else LONG_AGO)):
            sums[lot[1], lot[2]] = sums.get((lot[1], lot[2]), 0) + lot[0]
        merged = [(total, ends, starts) for (ends, starts), total in sums.items() if total]
        return tuple(sorted(merged, key=_ends))

    def _with_bonus(
        self, boxes: tuple[Box, ...], offer: Offer, at: int, begins: int, starts: int, *, renews: bool
    ) -> tuple[Box, ...]:
        specs, group = self.specs, offer.group
        ends = self.horizon.later(starts, offer.effect.lasts)
        rule = offer.rule
        if rule is EarlyRenewal.OVERWRITE_ALL or rule is EarlyRenewal.RESTART_MONTH:
            boxes = tuple(kept for box in boxes for kept in _cut(box, at, begins, mine=specs[box[3]].group == group))
        elif rule is EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA:
            rolled: list[Box] = []
            for box in boxes:
                spec = specs[box[3]]
                if spec.group != group or box[2] <= begins:
                    rolled.append(box)
                elif spec.kind != DATA:
                    rolled += _cut(box, at, begins, mine=True)
                elif ends > box[2]:
                    rolled.append((box[0], box[1], ends, box[3], box[4], False, box[6]))
                else:
                    rolled.append(box)
            boxes = tuple(rolled)
        bought = at if self.once else LONG_AGO
        for place, amount, eu in offer.portions:
            boxes = self._with(boxes, (amount, starts, ends, place, eu, renews, bought), at)
        return boxes

    def _with(self, boxes: tuple[Box, ...], new: Box, at: int) -> tuple[Box, ...]:
        spec = self.specs[new[3]]
        if spec.kind == DATA and not new[5] and new[0] < UNLIMITED:
            for place, old in enumerate(boxes):
                other = self.specs[old[3]]
                together = old[1] == new[1] or max(old[1], new[1]) <= at
                if (
                    other.kind == DATA and together and old[2] == new[2] and not old[5] and old[0] < UNLIMITED
                    and other.group == spec.group and other.slow_kbps == spec.slow_kbps
                    and other.generation == spec.generation and other.max_mbps == spec.max_mbps
                ):  # fmt: skip
                    eu = UNLIMITED
                    if old[4] < UNLIMITED or new[4] < UNLIMITED:
                        eu = min(old[0], old[4]) if old[4] == UNLIMITED else old[4]
                        eu += new[0] if new[4] == UNLIMITED else new[4]
                    poured = (old[0] + new[0], old[1], new[2], new[3], eu, False, new[6])
                    return (*boxes[:place], poured, *boxes[place + 1 :])
        return (*boxes, new)

    def _lost(self, effect: Effect, at: int, lost: int) -> int:
        life = effect.number_life
        if life is None or life.since is not Since.TOP_UP:
            return lost
        gone = self.horizon.later(at, life.length)
        if effect.number_grace:
            gone = self.horizon.later(gone, effect.number_grace)
        return gone if lost == NEVER else max(lost, gone)

    # ── time and use ────────────────────────────────────────────────────────

    def walk(self, state: State, at: int, stop: int | None = None) -> Walked:
        """What happens from an instant, after what was bought at it, until the need fails or `stop` is reached.

        At `stop` what renews itself has, and what ends has ended; use of that instant comes after its purchases.
        """
        horizon = self.horizon
        starts, days = horizon.starts, horizon.days
        stop = horizon.end if stop is None else stop
        ends: list[int] = []
        spent, until = 0, LONG_AGO
        day = horizon.day(at)
        kept, kept_at, kept_spent = state, at, 0
        while at < stop:
            event = self._next(state, at, stop)
            lots, boxes, pending, topped, lost = state
            if pending is None:
                last = bisect_left(starts, event, day)
                boxes, fails = self._use(boxes, at, day, last) if lost > at else (boxes, day)
                if fails < last:
                    kept = self._evolved(State(lots, boxes, None, topped, lost), starts[fails])
                    kept_at, kept_spent = starts[fails], spent
                    day, at = fails, starts[fails]
                    if self.tariff is None and lost > at and event >= starts[day + 1]:  # nothing else comes that day
                        return Walked(day, kept_at, kept, tuple(ends), kept_spent, until)
                    boxes, lots, pending = self._draw(boxes, lots, horizon.wanted[day], at, day, lost)
                    if pending == MET and starts[day + 1] < event:
                        day, at = day + 1, starts[day + 1]
                        state = State(lots, boxes, None, topped, lost)
                        continue
                else:
                    day, pending = last - 1, MET
            else:
                event = min(event, starts[day + 1])
                if pending != MET:
                    boxes, lots, pending = self._draw(boxes, lots, pending, at, day, lost)
            if event >= starts[day + 1] and pending != MET:
                return Walked(day, kept_at, kept, tuple(ends), kept_spent, until)
            if event == starts[day + 1]:
                day, pending = day + 1, None
            at = event
            if any(box[2] == at for box in boxes):
                until = at
                if not horizon.is_start(at):
                    ends.append(at)
            state = State(lots, boxes, pending, topped, lost)
            state, taken = self._arrive(state, at)
            spent += taken
            if pending is None:
                kept, kept_at, kept_spent = state, at, spent
        return Walked(days if stop == horizon.end else day, at, state, tuple(ends), spent, until)

    def unmet(self, walked: Walked) -> tuple[Kind, ...]:
        """The kinds of which there is not enough on the day that fails, at its beginning."""
        state, day = walked.state, walked.fails
        wanted = state.pending or self.horizon.wanted[day]
        _, _, left = self._draw(state.boxes, state.lots, wanted, walked.at, day, state.lost)
        return tuple(kind for kind, amount in zip(KINDS, left, strict=True) if amount)

    def _next(self, state: State, at: int, stop: int) -> int:
        """The next instant after this one at which what can be used changes."""
        event = stop
        for box in state.boxes:
            if at < box[1] < event:
                event = box[1]
            if at < box[2] < event:
                event = box[2]
        if at < state.lost < event:
            event = state.lost
        if self.tariff is not None:
            for lot in state.lots:
                if at < lot[2] < event:
                    event = lot[2]
                if at < lot[1] < event:
                    event = lot[1]
        turns = self.horizon.turns
        if turns:
            place = bisect_right(turns, at)
            if place < len(turns) and turns[place] < event:
                event = turns[place]
        return event

    def _arrive(self, state: State, at: int) -> tuple[State, int]:
        """What renews itself at this instant, does; what ends, is gone. The credit it took."""
        spent = 0
        ending = [box for box in state.boxes if box[5] and box[2] == at] if self.renewing else ()
        if ending:
            due = sorted({self.specs[box[3]].sku for box in ending})
            boxes = tuple((*box[:5], False, box[6]) if box[5] and box[2] == at else box for box in state.boxes)
            state = state._replace(boxes=boxes)
            for sku in due:
                offer = self._by_sku.get(sku)
                if offer is None:
                    continue
                now = self._evolved(state, at)
                renewed = self.buy(now, at, offer, renew=True)
                if renewed is not None:
                    state = renewed
                    spent += offer.price
        return self._evolved(state, at), spent

    def _evolved(self, state: State, at: int) -> State:
        lots, boxes, pending, topped, lost = state
        if lost <= at:
            return State((), (), pending, topped, lost)
        gone = False
        for box in boxes:
            if box[2] <= at:
                boxes, gone = tuple(box for box in boxes if box[2] > at), True
                break
        for lot in lots:
            if lot[1] <= at:
                lots, gone = tuple(lot for lot in lots if lot[1] > at), True
                break
        return State(lots, boxes, pending, topped, lost) if gone else state

    def _use(self, boxes: tuple[Box, ...], at: int, day: int, last: int) -> tuple[tuple[Box, ...], int]:
        """Draw whole days from `day` up to before `last`, at each of whose beginnings the same buckets can be used.

        The first day that fails is not drawn.
        """
        horizon = self.horizon
        abroad = horizon.abroad[day]
        fails = last
        plans: list[tuple[int, list[int]]] = []
        for kind in self._kinds:
            sums = horizon.sums[kind]
            if sums[fails] == sums[day]:
                continue
            usable = self._usable(boxes, kind, at)
            plans.append((kind, usable))
            has, slow = 0, False
            for place in usable:
                box = boxes[place]
                has += box[4] if abroad and box[4] < box[0] else box[0]
                slow = slow or (self.specs[box[3]].goes_on and not (abroad and box[4] < UNLIMITED))
            if not slow and sums[fails] - sums[day] > has:
                fails = bisect_right(sums, sums[day] + has, day, fails + 1) - 1
        if fails == day:
            return boxes, fails
        changed = list(boxes)
        for kind, usable in plans:
            wanted = horizon.sums[kind][fails] - horizon.sums[kind][day]
            if wanted:
                _take(changed, usable, wanted, abroad=abroad)
        return tuple(changed), fails

    def _usable(self, boxes: tuple[Box, ...], kind: int, at: int) -> list[int]:
        specs = self.specs
        usable = [
            place
            for place, (left, starts, ends, spec, _, _, _) in enumerate(boxes)
            if starts <= at < ends
            and (of := specs[spec]).kind == kind and of.counts and (left > 0 or of.slow_kbps is not None)
        ]  # fmt: skip
        if len(usable) > 1:
            usable.sort(key=lambda place: boxes[place][2])
        return usable

    def _draw(
        self, boxes: tuple[Box, ...], lots: tuple[Lot, ...], wanted: Three, at: int, day: int, lost: int
    ) -> tuple[tuple[Box, ...], tuple[Lot, ...], Three]:
        """`drawing.draw` of one day's need, or what of it is unmet."""
        if lost <= at:
            return boxes, lots, wanted
        abroad = self.horizon.abroad[day]
        changed, left = list(boxes), list(wanted)
        for kind in range(3):
            if left[kind]:
                usable = self._usable(boxes, kind, at)
                left[kind] -= _take(changed, usable, left[kind], abroad=abroad)
                if left[kind] and any(
                    self.specs[boxes[place][3]].goes_on and not (abroad and boxes[place][4] < UNLIMITED)
                    for place in usable
                ):
                    left[kind] = 0
        if self.tariff is not None and any(left):
            lots = self._pay_per_use(lots, left, at)
        return tuple(changed), lots, (left[0], left[1], left[2])

    def _pay_per_use(self, lots: tuple[Lot, ...], wanted: list[int], at: int) -> tuple[Lot, ...]:
        tariff = self.tariff
        if tariff is None:
            return lots
        has = start = sum(lot[0] for lot in lots if lot[2] <= at < lot[1])
        for place, kind in enumerate(KINDS):
            price = tariff.price(kind)
            if price is None or not wanted[place]:
                continue
            minor, per = price
            units = min(wanted[place], has * per // minor) if minor else wanted[place]
            wanted[place] -= units
            has -= -(-units * minor // per)
        left = _spent(lots, start - has, at)
        return lots if left is None else left

    # ── and back ────────────────────────────────────────────────────────────

    def line_of(self, state: State) -> Line:
        """The line that a state stands for; what the need never asks about is not in it."""
        credit = tuple(
            Credit(a, None if e == NEVER else moment(e), None if s == LONG_AGO else moment(s)) for a, e, s in state.lots
        )
        return Line(
            self.line.operator, self.line.plan, self.line.currency, credit, tuple(map(self._bucket, state.boxes))
        )

    def _bucket(self, box: Box) -> Bucket:
        spec = self.specs[box[3]]
        return Bucket(
            KINDS[spec.kind], None if box[0] >= UNLIMITED else box[0], moment(box[1]),
            None if box[2] == NEVER else moment(box[2]), spec.sku, spec.group, spec.slow_kbps,
            None if box[4] >= UNLIMITED else box[4], spec.generation, spec.max_mbps, None, box[5],
        )  # fmt: skip


def _end(at: datetime | None) -> int:
    return NEVER if at is None else micro(at)


def _ends(lot: Lot) -> int:
    return lot[1]


def _cut(box: Box, at: int, begins: int, *, mine: bool) -> list[Box]:
    """What is left of a bucket that ends at `begins`; of one that is not renewed, all."""
    if not mine or box[2] <= begins:
        return [box]
    if box[1] < begins and begins > at:
        return [(box[0], box[1], begins, box[3], box[4], False, box[6])]
    return []


def _take(boxes: list[Box], usable: list[int], wanted: int, *, abroad: bool) -> int:
    """Draw in place, in this order; how much there was."""
    asked = wanted
    for place in usable:
        box = boxes[place]
        left, eu = box[0], box[4]
        has = min(left, eu) if abroad else left
        taken = min(wanted, has)
        if taken:
            if left < UNLIMITED:
                left -= taken
            if eu < UNLIMITED:
                eu = min(eu - taken if abroad else eu, left)
            boxes[place] = (left, box[1], box[2], box[3], eu, box[5], box[6])
            wanted -= taken
            if not wanted:
                break
    return asked - wanted


def _spent(lots: tuple[Lot, ...], amount: int, at: int) -> tuple[Lot, ...] | None:
    """The credit without this amount, from what ends first; None when it is not enough."""
    kept = []
    for lot in sorted(lots, key=_ends):
        taken = min(amount, lot[0]) if lot[2] <= at < lot[1] else 0
        amount -= taken
        if lot[0] > taken:
            kept.append((lot[0] - taken, lot[1], lot[2]))
    return None if amount else tuple(kept)
