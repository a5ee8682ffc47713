"""Promotions in words: on a price, and on the page that lists them. The facts are the core's, the words are ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.catalog import Catalog, Cell, Shown, Sure, text_in
from opla.core.money import Money
from opla.core.promotion import (
    SOON,
    Applied,
    Bonus,
    Channel,
    Difference,
    FeeWaived,
    Kept,
    Lack,
    Nearly,
    Off,
    OperatorPromotion,
    Percent,
    Promotion,
    Promotions,
    computable,
)
from opla.presenting import figures, languages
from opla.presenting.facts import mark


@dataclass(frozen=True)
class Line:
    """One promotion as it is drawn. `sku` and `amount`: where "more" leads; `mark` says how sure it is; `counted`: it
    is known well enough to be in what a purchase changes on a SIM."""

    title: str
    text: str
    shown: Shown = Shown.FACT
    mark: str = ""
    sku: str = ""
    amount: str = ""
    counted: bool = False


@dataclass(frozen=True)
class Told:
    """What a price says of promotions. `saved` is all of it together."""

    applied: list[Line]
    given: list[Line]
    nearly: list[Line]
    saved: Money | None
    until: datetime | None


@dataclass(frozen=True)
class Entry:
    """One promotion on the page that lists them. `operator` is a name, or empty for one of ours."""

    title: str
    gives: str
    conditions: list[str]
    when: str
    operator: str
    shown: Shown
    mark: str


_CHANNELS: Final[dict[Channel, str]] = {
    Channel.WEB: gettext_noop("in this web shop"),
    Channel.TERMINAL: gettext_noop("from the terminal"),
    Channel.TILL: gettext_noop("at a counter"),
    Channel.KIOSK: gettext_noop("at a kiosk"),
    Channel.API: gettext_noop("through the API"),
}


_CELLS: Final[dict[str, str]] = {
    "from": gettext_noop("From"),
    "until": gettext_noop("Until, if that is known"),
    "minimum": gettext_noop("From which amount"),
    "gives": gettext_noop("What the operator adds"),
}

_BONUS: Final[dict[str, str]] = {
    "credit": gettext_noop("Credit"),
    "data_mb": gettext_noop("Data in megabytes"),
    "voice_min": gettext_noop("Minutes of calls"),
    "sms": gettext_noop("SMS"),
    "days": gettext_noop("Valid for so many days"),
    "months": gettext_noop("Or for so many months"),
}


def channel(where: Channel) -> str:
    return _(_CHANNELS[where])


def cell(name: str) -> str:
    """What a figure of an operator's promotion is called."""
    return _(_CELLS[name])


def bonus_part(name: str) -> str:
    return _(_BONUS[name])


def of_quote(kept: Kept, promotions: Promotions) -> Told:
    """`promotions` are of the version that the quote names."""
    theirs = {p.id: p for p in promotions.theirs}
    applied = [_applied(one, promotions) for one in kept.applied]
    saved_minor = sum(one.off_minor + one.fee_minor for one in kept.applied)
    return Told(
        applied,
        [_given(theirs[name]) for name in kept.given if name in theirs],
        [_nearly(one, promotions, theirs) for one in kept.nearly],
        Money(saved_minor, promotions.currency) if saved_minor else None,
        kept.until,
    )


def running(
    promotions: Promotions, catalog: Catalog, used: Mapping[str, int], operator: str, at: datetime
) -> list[Entry]:
    """What runs now for this operator (empty: for any). What needs a coupon is for those who have one."""
    ours = [p for p in promotions.ours if p.window.runs(at) and _public(p, used, operator)]
    theirs = [p for p in promotions.theirs if p.runs(at) and operator in ("", p.operator)]
    return [_entry(p, promotions, catalog) for p in ours] + [_their_entry(p, catalog) for p in theirs]


def starting(promotions: Promotions, catalog: Catalog, operator: str, at: datetime) -> list[Entry]:
    """What begins within the next days, the soonest first."""
    found = [
        (p.window.start, _entry(p, promotions, catalog))
        for p in promotions.ours
        if at < p.window.start <= at + SOON and _public(p, {}, operator)
    ]
    found += [
        (p.start.value, _their_entry(p, catalog))
        for p in promotions.theirs
        if p.start.value is not None and at < p.start.value <= at + SOON and operator in ("", p.operator)
    ]
    return [entry for _start, entry in sorted(found, key=lambda pair: (pair[0], pair[1].title))]


def entry_of(promotion_id: str, promotions: Promotions, catalog: Catalog) -> Entry | None:
    """One promotion, ours or an operator's; None where there is none of this name any more."""
    ours = promotions.find(promotion_id)
    if ours is not None:
        return _entry(ours, promotions, catalog)
    theirs = next((p for p in promotions.theirs if p.id == promotion_id), None)
    return _their_entry(theirs, catalog) if theirs is not None else None


def difference(one: Difference) -> tuple[str, str, str, str]:
    """Whose, which field, what it says and what it would say. Of coupons how many: nobody can read them here."""
    field = "coupons" if one.field == "sealed_coupons" else one.field
    return one.name, field, _in_short(one.old), _in_short(one.new)


def _in_short(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mapping) and "sure" in value:
        said = _in_short(value.get("value"))
        return f"{said} ({value['sure']}, {value.get('source')})"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_in_short(inner)}" for key, inner in value.items())
    return ", ".join(map(_in_short, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True)
class Ran:
    """One of ours as its owner reads it: what customers read, and what they do not. `limit` None: no cap."""

    id: str
    entry: Entry
    used: int
    limit: int | None
    cost: Money
    fees: Money
    coupons: int


def ran(
    promotion: Promotion, promotions: Promotions, catalog: Catalog, used: int, cost_minor: int, fees_minor: int
) -> Ran:
    cost, fees = (Money(minor, promotions.currency) for minor in (cost_minor, fees_minor))
    entry = _entry(promotion, promotions, catalog)
    return Ran(promotion.id, entry, used, promotion.most_uses, cost, fees, len(promotion.coupons))


def _public(promotion: Promotion, used: Mapping[str, int], operator: str) -> bool:
    left = promotion.most_uses is None or used.get(promotion.id, 0) < promotion.most_uses
    return (
        left and not promotion.coupons and (not operator or not promotion.operators or operator in promotion.operators)
    )


def _entry(promotion: Promotion, promotions: Promotions, catalog: Catalog) -> Entry:
    shown = Shown.SAMPLE if promotions.sample else Shown.FACT
    window = promotion.window
    when = _window(window.start, window.until)
    return Entry(_title(promotion), _gives(promotion), _conditions(promotion, catalog), when, "", shown, mark(shown))


def _their_entry(promotion: OperatorPromotion, catalog: Catalog) -> Entry:
    shown = _least_sure(promotion)
    operator = catalog.operator(promotion.operator)
    least = promotion.minimum.value
    conditions = [_("from %(amount)s") % {"amount": figures.money_short(least)}] if least else []
    when = _window(promotion.start.value, promotion.until.value)
    return Entry(
        text_in(promotion.title, languages.current()),
        _bonus(promotion.gives),
        conditions,
        when,
        operator.name if operator else promotion.operator,
        shown,
        mark(shown),
    )


def _conditions(promotion: Promotion, catalog: Catalog) -> list[str]:
    """Who gets it, in the order people ask."""
    said = []
    if promotion.minimum_minor:
        least = Money(promotion.minimum_minor, catalog.currency)
        said.append(_("from %(amount)s") % {"amount": figures.money_short(least)})
    if promotion.operators:
        said.append(", ".join(o.name for o in catalog.operators if o.id in promotion.operators))
    if promotion.products:
        said.append(", ".join(p.name for p in catalog.products if p.sku in promotion.products))
    if promotion.first_purchase:
        said.append(_("for your first purchase"))
    elif promotion.each is not None:
        said.append(
            ngettext("%(n)s time per customer", "%(n)s times per customer", promotion.each) % {"n": promotion.each}
        )
    if promotion.groups:
        said.append(_("for some customers only"))
    if promotion.channels:
        said.append(", ".join(_(_CHANNELS[channel]) for channel in Channel if channel in promotion.channels))
    if promotion.most_uses is not None:
        said.append(_("as long as there are some left"))
    return said


def _applied(one: Applied, promotions: Promotions) -> Line:
    promotion = promotions.find(one.id)
    saved = Money(one.off_minor + one.fee_minor, promotions.currency)
    shown = Shown.SAMPLE if promotions.sample else Shown.FACT
    return Line(_title(promotion) if promotion else one.id, f"−{figures.money(saved)}", shown, mark(shown))


def _given(promotion: OperatorPromotion) -> Line:
    shown = _least_sure(promotion)
    text = _bonus(promotion.gives)
    title = text_in(promotion.title, languages.current())
    return Line(title, text, shown, mark(shown), counted=computable(promotion))


def _nearly(one: Nearly, promotions: Promotions, theirs: Mapping[str, OperatorPromotion]) -> Line:
    saves = figures.money(Money(one.saves_minor, promotions.currency))
    their = theirs.get(one.id)
    ours = promotions.find(one.id)
    title = _title(ours) if ours else text_in(their.title, languages.current()) if their else one.id
    shown = _least_sure(their) if their else Shown.SAMPLE if promotions.sample else Shown.FACT
    sku = amount = ""
    if one.lack is Lack.AMOUNT:
        whole = Money(one.amount_minor, promotions.currency)
        more = figures.money_short(Money(one.more_minor, promotions.currency))
        sku, amount = one.sku, whole.decimal
        what = _bonus(their.gives) if their else _("%(amount)s off") % {"amount": saves}
        said = {"more": more, "whole": figures.money_short(whole), "what": what}
        text = _("%(more)s more (%(whole)s) gives %(what)s") % said
    elif one.lack is Lack.TIME and one.starts_at is not None:
        text = _("starts on %(time)s") % {"time": figures.moment(one.starts_at)}
    else:
        text = _("does not combine with what is in your price, which saves more")
    return Line(title, text, shown, mark(shown), sku, amount)


def _title(promotion: Promotion) -> str:
    return text_in(promotion.title, languages.current())


def _gives(promotion: Promotion) -> str:
    match promotion.benefit:
        case Percent(percent):
            return _("%(percent)s%% off the face value") % {"percent": percent}
        case Off(amount):
            return _("%(amount)s off") % {"amount": figures.money_short(amount)}
        case FeeWaived():
            return _("no service fee")


def _bonus(gives: Cell[Bonus]) -> str:
    """What an operator adds, as a phrase."""
    if gives.value is None:
        return _("the operator decides what")
    bonus, said = gives.value, []
    if bonus.credit is not None:
        said.append(_("%(amount)s credit") % {"amount": figures.money_short(bonus.credit)})
    if bonus.data_mb:
        said.append(figures.megabytes(bonus.data_mb))
    if bonus.voice_min:
        said.append(ngettext("%(n)s minute", "%(n)s minutes", bonus.voice_min) % {"n": bonus.voice_min})
    if bonus.sms:
        said.append(ngettext("%(n)s SMS", "%(n)s SMS", bonus.sms) % {"n": bonus.sms})
    if bonus.lasts is not None:
        said.append(_("valid for %(time)s") % {"time": figures.length(bonus.lasts)})
    return "\N{NO-BREAK SPACE}· ".join(said)


def _window(start: datetime | None, until: datetime | None) -> str:
    if start is None:
        return _("the operator decides when")
    if until is None:
        return _("since %(time)s") % {"time": figures.moment(start)}
    return _("%(start)s – %(end)s") % {"start": figures.moment(start), "end": figures.moment(until)}


def _least_sure(promotion: OperatorPromotion) -> Shown:
    """As sure as the least sure of what is known of it."""
    order = (Shown.SAMPLE, Shown.NOT_VERIFIED, Shown.REPORTED, Shown.FACT)
    told = [cell.shown_as for cell in promotion.cells if cell.sure is not Sure.UNKNOWN]
    return min(told, key=order.index, default=Shown.NOT_VERIFIED)
