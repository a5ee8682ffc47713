"""What a purchase does to a line. Every product, line and instant has an answer: the line after it, or a refusal.

Where a rule leaves room, the reading that promises less is taken:
* a period counts as running until its end, used up or not;
* data that is rolled over lives as long as the new data, not the new time on top of the old;
* `restart_month` ends the running period, and what is left in it lapses (the credit stays);
* a plan nobody named is no plan that gives a bonus, and leaving it may cost what a change costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from opla.core.calendar import day_of, later
from opla.core.catalog.model import Product
from opla.core.catalog.rules import AutoRenew, Content, CreditRenewal, EarlyRenewal, PlanChange, Since
from opla.core.effects.effect import Effect, Extra, Unknown, effect_of
from opla.core.effects.happened import KIND_OF, Applied, Happened, What, Why, lost
from opla.core.effects.judging import gate, not_for_this_line, not_now, plan_refused
from opla.core.effects.pooling import later_end, pooled, poured_in
from opla.core.line import Bucket, Credit, Kind, Line, ends_first, evolve
from opla.core.refusal import Code, Refusal

#: Plans can be changed without a top-up under these, and together with one under those.
_IN_THE_ZONE = frozenset({PlanChange.IN_CUSTOMER_ZONE, PlanChange.ONCE_A_PERIOD})
_AT_TOP_UP = frozenset({PlanChange.AT_EACH_TOP_UP, PlanChange.ONCE_A_PERIOD})

#: What keeps a number alive: a paid use, anything bought, a top-up alone.
_BY_USE = frozenset({Since.USE, Since.USE_OR_PURCHASE})
_BY_PURCHASE = frozenset({Since.PURCHASE, Since.USE_OR_PURCHASE})


def apply(
    product: Effect | Product,
    line: Line,
    at: datetime,
    *,
    plan: str = "",
    renew: bool = False,
    code_last_day: date | None = None,
) -> Applied | Refusal:
    """The line after buying this at an instant, and what happened; or why that is refused.

    plan           the plan chosen with it; empty: as it is
    renew          the owner asks that it renews by itself, where that is theirs to ask
    code_last_day  the last local day on which its code can be entered

    Withdrawn products are computed like any other, because they can be somebody's: who sells or plans leaves them out.
    A product with a price range is given as `effect_of(product, amount_minor)`.
    """
    effect = effect_of(product) if isinstance(product, Product) else product
    if isinstance(effect, Unknown):
        return Refusal(Code.EFFECT_UNKNOWN, "product", {"sku": effect.sku, "cells": " ".join(effect.cells)})
    at = at.astimezone(UTC)
    if refusal := not_for_this_line(effect, line, at) or not_now(effect, line, at, code_last_day):
        return refusal
    work = _Work(effect, evolve(line, at), at)
    if plan and plan != line.plan:
        if refusal := plan_refused(effect, work.line, at, plan, _AT_TOP_UP):
            return refusal
        work.change_plan(plan)
    why_not = gate(effect, work.line, at) if effect.portions else None
    if why_not is None and effect.portions:
        if refusal := _bonus_refused(effect, work, code_last_day):
            return refusal
        why_not = Why.STILL_RUNNING if _only_credit(effect, work) else None
    if effect.from_credit and not work.pay():
        have = work.line.credit_at(at)
        params = {"currency": effect.currency, "needed": str(effect.price_minor), "have": str(have)}
        return Refusal(Code.CREDIT_TOO_LOW, "credit", params)
    work.begin(why_not, renew=renew)
    return Applied(work.line, tuple(work.happened))


def change_plan(effect: Effect, line: Line, at: datetime, plan: str) -> Applied | Refusal:
    """The line after its plan is changed without a purchase; `effect` is that of any product of its operator."""
    at = at.astimezone(UTC)
    if refusal := not_for_this_line(effect, line, at):
        return refusal
    work = _Work(effect, evolve(line, at), at)
    if plan != line.plan:
        if refusal := plan_refused(effect, work.line, at, plan, _IN_THE_ZONE):
            return refusal
        work.change_plan(plan)
    return Applied(work.line, tuple(work.happened))


def used(effect: Effect, line: Line, at: datetime) -> Line:
    """The line after a paid use at this instant: what a number lives on where its life counts from the last use."""
    at = at.astimezone(UTC)
    line = replace(line, used_at=max(line.used_at or at, at))
    life = effect.number_life
    return _alive(effect, line, at) if life and life.since in _BY_USE else line


def _bonus_refused(effect: Effect, work: _Work, code_last_day: date | None) -> Refusal | None:
    if effect.renewal in (EarlyRenewal.REFUSED_WHILE_ACTIVE, EarlyRenewal.QUEUE) and work.running():
        until = work.free_from()
        if effect.renewal is EarlyRenewal.REFUSED_WHILE_ACTIVE or until is None:
            if code_last_day and (until is None or day_of(until, effect.zone) > code_last_day):
                return Refusal(Code.CODE_LAPSES, "code", {"last_day": code_last_day.isoformat()})
            return Refusal(Code.ANOTHER_ACTIVE, "product", {"until": until.isoformat()} if until else {})
    starts = work.bonus_starts()
    if effect.use_by is not None and day_of(starts, effect.zone) > effect.use_by:
        params = {"last_day": effect.use_by.isoformat(), "starts": starts.isoformat()}
        return Refusal(Code.LAPSES_BEFORE_START, "product", params)
    return None


def _only_credit(effect: Effect, work: _Work) -> bool:
    return effect.renewal is EarlyRenewal.CREDIT_ADDS and bool(work.running())


@dataclass
class _Work:
    """A purchase being made: the line so far, and what happened so far."""

    effect: Effect
    line: Line
    at: datetime

    def __post_init__(self) -> None:
        self.begins = later(self.at, self.effect.delay, self.effect.zone) if self.effect.delay else self.at
        self.happened: list[Happened] = []

    def say(
        self,
        what: What,
        at: datetime | None = None,
        *,
        of: Bucket | None = None,
        amount: int | None = 0,
        was: datetime | None = None,
        until: datetime | None = None,
        why: Why | None = None,
        plan: str = "",
    ) -> None:
        kind, slow = (of.kind, of.slow_kbps) if of else (None, None)
        amount = of.left if of else amount
        said = Happened(what, at or self.begins, self.effect.sku, kind, amount, slow, was, until, why, plan)
        self.happened.append(said)

    def running(self) -> list[Bucket]:
        """What this product would renew: of its group, not over when it begins, used up or not."""
        return [b for b in self.line.buckets if b.group == self.effect.group and not b.ended(self.begins)]

    def free_from(self) -> datetime | None:
        """When everything of the group has ended; None: never."""
        ends = [bucket.ends for bucket in self.running()]
        known = [end for end in ends if end is not None]
        return max(known, default=self.begins) if len(known) == len(ends) else None

    def bonus_starts(self) -> datetime:
        if self.effect.renewal is EarlyRenewal.QUEUE:
            return max(self.begins, self.free_from() or self.begins)
        return self.begins

    def pay(self) -> bool:
        """Take the price out of the credit, from what ends first; False when it is not enough."""
        left, kept = self.effect.price_minor, []
        for lot in sorted(self.line.credit, key=ends_first):
            taken = min(left, lot.amount_minor) if lot.usable(self.at) else 0
            left -= taken
            if lot.amount_minor > taken:
                kept.append(replace(lot, amount_minor=lot.amount_minor - taken))
        if left:
            return False
        self.line = replace(self.line, credit=tuple(kept))
        self.say(What.CREDIT_TAKEN, self.at, amount=self.effect.price_minor)
        return True

    def change_plan(self, plan: str) -> None:
        self.say(What.PLAN_CHANGED, self.at, plan=plan)
        loses = self.effect.plan_loses
        if self.effect.plan_loses_to is not None and plan not in self.effect.plan_loses_to:
            loses = frozenset()
        if Content.CREDIT in loses:
            for lot in self.line.credit:
                self.say(What.CREDIT_LOST, self.at, amount=lot.amount_minor, was=lot.ends)
            self.line = replace(self.line, credit=())
        kinds = {KIND_OF[content] for content in loses if content in KIND_OF}
        running = [b.ends for b in self.line.buckets if b.starts <= self.at and b.ends is not None]
        fixed = max(running, default=None) if self.effect.plan_change is PlanChange.ONCE_A_PERIOD else None
        self._cut([b for b in self.line.buckets if b.kind in kinds], self.at)
        self.line = replace(self.line, plan=plan, plan_changed_at=self.at, plan_fixed_until=fixed)

    def begin(self, why_not: Why | None, *, renew: bool) -> None:
        effect = self.effect
        if self.begins > self.at:
            self.say(What.STARTS_LATE, self.at, until=self.begins)
        if effect.credit_minor is not None:
            self._add_credit(effect.credit_minor)
        if why_not is not None:
            self.say(What.BONUS_NOT_GIVEN, why=why_not)
        elif effect.portions:
            self._add_bonus(renews=effect.auto_renew is AutoRenew.BUILT_IN or _asked(effect, renew=renew))
        for extra in effect.extras:
            self._add_extra(extra)
        if not effect.from_credit:
            self.line = replace(self.line, topped_up_at=self.at)
        self._keep_number()

    def _add_bonus(self, *, renews: bool) -> None:
        effect, starts = self.effect, self.bonus_starts()
        ends = None if effect.lasts.with_number else later(starts, effect.lasts, effect.zone)
        self._make_room(ends)
        if starts > self.begins:
            self.say(What.QUEUED, until=starts)
        for portion in effect.portions:
            bucket = Bucket(
                portion.kind, portion.amount, starts, ends, effect.sku, effect.group, portion.slow_kbps,
                portion.eu_amount, effect.generation, effect.max_mbps, self.at, renews,
            )  # fmt: skip
            self.say(What.BUCKET_ADDED, starts, of=bucket, until=bucket.ends)
            self.line = replace(self.line, buckets=poured_in(self.line.buckets, bucket, self.at))

    def _add_extra(self, extra: Extra) -> None:
        ends = None if extra.lasts.with_number else later(self.begins, extra.lasts, self.effect.zone)
        for portion in extra.portions:
            bucket = Bucket(
                portion.kind, portion.amount, self.begins, ends, extra.name, extra.name, eu_left=portion.eu_amount,
                bought_at=self.at,
            )  # fmt: skip
            added = Happened(What.BUCKET_ADDED, self.begins, extra.name, bucket.kind, bucket.left, until=ends)
            self.happened.append(added)
            self.line = replace(self.line, buckets=(*self.line.buckets, bucket))
        if extra.credit_minor:
            starts = self.begins if self.begins > self.at else None
            added = Happened(What.CREDIT_ADDED, self.begins, extra.name, amount=extra.credit_minor, until=ends)
            self.happened.append(added)
            self.line = replace(self.line, credit=pooled([*self.line.credit, Credit(extra.credit_minor, ends, starts)]))

    def _make_room(self, ends: datetime | None) -> None:
        """What early renewal does to what runs."""
        match self.effect.renewal:
            case EarlyRenewal.OVERWRITE_ALL | EarlyRenewal.RESTART_MONTH:
                self._cut(self.running(), self.begins)
            case EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA:
                self._cut([b for b in self.running() if b.kind is not Kind.DATA], self.begins)
                self._extend([b for b in self.running() if b.kind is Kind.DATA], ends)
            case _:
                pass

    def _cut(self, going: Iterable[Bucket], at: datetime) -> None:
        """These end at this instant; what had not begun by then never does."""
        gone = {id(bucket) for bucket in going}
        kept: list[Bucket] = []
        for bucket in self.line.buckets:
            if id(bucket) not in gone:
                kept.append(bucket)
                continue
            if bucket.holds:
                self.happened.append(lost(bucket, at))
            if bucket.starts < at and at > self.at:
                kept.append(replace(bucket, ends=at, renews=False))
        self.line = replace(self.line, buckets=tuple(kept))

    def _extend(self, rolled: Iterable[Bucket], ends: datetime | None) -> None:
        longer = {id(bucket) for bucket in rolled if later_end(bucket.ends, ends) != bucket.ends}
        kept = []
        for bucket in self.line.buckets:
            if id(bucket) in longer:
                if bucket.holds:
                    self.say(What.BUCKET_EXTENDED, of=bucket, was=bucket.ends, until=ends)
                kept.append(replace(bucket, ends=ends, renews=False))
            else:
                kept.append(bucket)
        self.line = replace(self.line, buckets=tuple(kept))

    def _add_credit(self, amount_minor: int) -> None:
        effect = self.effect
        old = [lot for lot in self.line.credit if not lot.ended(self.begins)]
        ends = None if effect.credit_lasts.with_number else self._credit_ends(old)
        starts = self.begins if self.begins > self.at else None
        lots = list(self.line.credit)
        if effect.credit_renewal is not CreditRenewal.KEEPS_ITS_END:
            for place, lot in enumerate(lots):
                until = later_end(lot.ends, ends)
                if until != lot.ends and not lot.ended(self.begins):
                    lots[place] = replace(lot, ends=until)
                    self.say(What.CREDIT_EXTENDED, amount=lot.amount_minor, was=lot.ends, until=until)
        self.say(What.CREDIT_ADDED, amount=amount_minor, until=ends)
        self.line = replace(self.line, credit=pooled([*lots, Credit(amount_minor, ends, starts)]))

    def _credit_ends(self, old: list[Credit]) -> datetime:
        effect, counted_from = self.effect, self.begins
        if effect.credit_renewal is CreditRenewal.ADDS_UP:
            counted_from = max([self.begins, *(lot.ends for lot in old if lot.ends is not None)])
        ends = later(counted_from, effect.credit_lasts, effect.zone)
        return min(ends, later(self.begins, effect.credit_cap, effect.zone)) if effect.credit_cap else ends

    def _keep_number(self) -> None:
        was, life = self.line.number_ends, self.effect.number_life
        by_top_up = life is not None and life.since is Since.TOP_UP and not self.effect.from_credit
        if life is None or not (by_top_up or life.since in _BY_PURCHASE):
            return
        self.line = _alive(self.effect, self.line, self.at)
        if self.line.number_ends != was:
            self.say(What.NUMBER_EXTENDED, self.at, was=was, until=self.line.number_ends)


def _alive(effect: Effect, line: Line, at: datetime) -> Line:
    """The number lives on from this instant; never shorter than it would have."""
    if effect.number_life is None:
        return line
    ends = later(at, effect.number_life.length, effect.zone)
    gone = later(ends, effect.number_grace, effect.zone) if effect.number_grace else ends
    return replace(
        line,
        number_ends=max(line.number_ends or ends, ends),
        number_lost=max(line.number_lost or gone, gone),
    )


def _asked(effect: Effect, *, renew: bool) -> bool:
    return renew and effect.auto_renew is AutoRenew.OPT_IN
