"""What one purchase changes on a SIM, as it is shown before paying: a picture, the same as a table, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opla.core.catalog import Shown
from opla.core.effects import Applied, Doubt, Effect, Why, apply, completed
from opla.core.line import Bucket, Credit, Kind, Line, ends_first
from opla.core.refusal import Refusal
from opla.core.timeline import Event, Preview, Sign, preview
from opla.presenting import facts, figures, timeline
from opla.presenting.line_picture import Bar, Ink, Part, svg

#: Events that a person should know of before paying, in the order to say them.
_WARNED = (
    Sign.BENEFIT_LOST, Sign.STARTS_LATE, Sign.BONUS_NOT_GIVEN, Sign.GAP, Sign.CREDIT_LOST, Sign.NUMBER_ENDS,
    Sign.NUMBER_LOST, Sign.RENEWED, Sign.NOT_RENEWED,
)  # fmt: skip


Effects = Mapping[str, Effect]


@dataclass(frozen=True)
class Row:
    """One kind of thing: what there is of it now, and after the purchase."""

    name: str
    now: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """`told`: the person said what is on the SIM; otherwise nothing is taken to be on it.

    conditions  what must be so for the bonus, where nobody knows whether it is
    mark        how sure the figures are; empty for what is plainly known
    """

    svg: str
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    conditions: tuple[str, ...]
    told: bool
    shown: Shown
    mark: str


def changes(
    effect: Effect, name: str, line: Line | None, at: datetime, *, plan: str = "", effects: Effects | None = None
) -> Changes | Refusal:
    """What buying this (by its `name`) at an instant changes, or why the operator would refuse it.

    line     None: nobody said what is on the SIM
    effects  by SKU, of what may renew by itself
    """
    found, conditions = looked(effect, line, at, plan=plan, effects=effects)
    if isinstance(found, Refusal):
        return found
    now, after = _sides(found, at)
    rows, parts = tuple(_rows(now, after)), tuple(_parts(now, after, found))
    ends = (figures.moment(at), figures.day(found.now.until))
    picture = svg(parts, at, found.now.until, *ends) if parts else ""
    warnings, shown = tuple(_warnings(found, at, {effect.sku: name})), _shown(effect)
    return Changes(picture, rows, warnings, conditions, line is not None, shown, facts.mark(shown))


def looked(
    effect: Effect, line: Line | None, at: datetime, *, plan: str = "", effects: Effects | None = None
) -> tuple[Preview | Refusal, tuple[str, ...]]:
    """What `changes` draws, and the conditions of the bonus: it is shown where nobody knows whether it is given."""
    holding = completed(line, effect) if line else Line(effect.operator, currency=effect.currency)
    conditions: list[str] = []
    while why := _unknown_gate(apply(effect, holding, at, plan=plan)):
        if why is Why.PLAN_UNKNOWN:
            conditions.append(_("Only with a plan that gives a bonus. Not every plan does."))
            effect = replace(effect, bonus_plans=None)
        else:
            days = effect.bonus_window_days or 0
            told = ngettext(
                "The bonus only if your last top-up was at most %(n)s day ago.",
                "The bonus only if your last top-up was at most %(n)s days ago.",
                days,
            )
            conditions.append(told % {"n": days})
            effect = replace(effect, bonus_window_days=None)
    return preview(effect, holding, at, plan=plan, effects=effects), tuple(conditions)


def _unknown_gate(done: Applied | Refusal) -> Why | None:
    facts_ = done.happened if isinstance(done, Applied) else ()
    return next((fact.why for fact in facts_ if fact.why in (Why.PLAN_UNKNOWN, Why.WINDOW_UNKNOWN)), None)


def _shown(effect: Effect) -> Shown:
    """As sure as the least sure of the figures it was computed from."""
    doubts = {doubt for uncertain in effect.uncertain for doubt in uncertain.doubts}
    if Doubt.SAMPLE in doubts:
        return Shown.SAMPLE
    return Shown.REPORTED if doubts else Shown.FACT


@dataclass(frozen=True)
class _Side:
    """The line now or after, at the instant of the purchase. `open_ended`: what of it nobody knows an end of."""

    ink: Ink
    line: Line
    at: datetime
    open_ended: frozenset[Bucket | Credit]

    def row(self, kind: Kind | None) -> tuple[str, ...]:
        return tuple(
            f"{self._holds(one)} {self._known(one, timeline.lasts(one, self.at))}".strip() for one in self._of(kind)
        )

    def bars(self, kind: Kind | None, lost: tuple[Event, ...]) -> Iterable[Bar]:
        side = _("now") if self.ink is Ink.NOW else _("after")
        for thing in self._of(kind):
            end = self._known(thing, f"→ {timeline.last_day(thing.ends)}")
            words, ink = f"{side} · {self._holds(thing)} {end}".strip(), self.ink
            if ink is Ink.NOW and any(_same(thing, event) for event in lost):
                ink, words = Ink.LOST, words + " · " + _("lost")
            yield Bar(ink, words, thing.starts or self.at, thing.ends)

    def _of(self, kind: Kind | None) -> list[Bucket | Credit]:
        """The buckets of a kind that hold something, or the credit; what ends first stands first."""
        if kind is None:
            return sorted((lot for lot in self.line.credit if lot.amount_minor), key=ends_first)
        return sorted((b for b in self.line.buckets if b.kind is kind and b.holds), key=ends_first)

    def _holds(self, thing: Bucket | Credit) -> str:
        return timeline.holds(thing, self.line.currency)

    def _known(self, thing: Bucket | Credit, said: str) -> str:
        return "" if thing in self.open_ended else said


def _sides(found: Preview, at: datetime) -> tuple[_Side, _Side]:
    """An end that nobody told is not said to be the number's."""
    now, after = found.now.at(at), found.after.at(at)
    held: tuple[Bucket | Credit, ...] = (*now.buckets, *now.credit)
    open_ended = frozenset(thing for thing in held if thing.ends is None)
    return _Side(Ink.NOW, now, at, open_ended), _Side(Ink.AFTER, after, at, open_ended)


def _rows(now: _Side, after: _Side) -> Iterable[Row]:
    for kind in (*Kind, None):
        row = Row(_name(kind), now.row(kind), after.row(kind))
        if row.now or row.after:
            yield row
    if after.line.number_ends:
        was = (_until(now.line.number_ends),) if now.line.number_ends else ()
        yield Row(_("Your number"), was, (_until(after.line.number_ends),))


def _until(end: datetime) -> str:
    return _("until %(time)s") % {"time": timeline.until(end)}


def _parts(now: _Side, after: _Side, found: Preview) -> Iterable[Part]:
    for kind in (*Kind, None):
        bars = [*now.bars(kind, found.lost), *after.bars(kind, found.lost)]
        bars += [
            Bar(Ink.GAP, _("nothing until %(time)s") % {"time": timeline.begins(gap.until)}, gap.at, gap.until)
            for gap in found.after.events
            if gap.sign is Sign.GAP and gap.kind is kind and gap.until is not None
        ]
        if bars:
            yield Part(_name(kind), tuple(bars))


def _same(thing: Bucket | Credit, event: Event) -> bool:
    """Whether this is what a purchase takes away."""
    return isinstance(thing, Bucket) and (thing.sku, thing.kind, thing.ends) == (event.sku, event.kind, event.until)


def _name(kind: Kind | None) -> str:
    return _("Credit") if kind is None else timeline.kind(kind)


def _warnings(found: Preview, at: datetime, names: Mapping[str, str]) -> Iterable[str]:
    currency = found.now.line.currency
    told = [event for sign in _WARNED for event in found.after.events if event.sign is sign]
    for event in told:
        said = timeline.sentence(event, currency, names)
        yield said if event.at <= at else _("%(time)s: %(what)s") % {"time": timeline.begins(event.at), "what": said}
        if found.lost and event is found.lost[-1]:
            yield from _way_out(found)


def _way_out(found: Preview) -> Iterable[str]:
    if found.wait_until is not None:
        yield _("Wait until %(time)s and nothing is lost.") % {"time": timeline.begins(found.wait_until)}
    elif found.code_before is not None:
        day = figures.day(found.code_before)
        yield _("Waiting is no way out: the code must be entered by %(day)s.") % {"day": day}
