"""Suppliers in words: why an order was given to one, what is new of their lists, what lies there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import routing, supply
from opla.core.catalog import Product
from opla.core.money import Money
from opla.core.quote import Terms as Sale
from opla.core.quote import price
from opla.core.routing import READY, Considered, Standing
from opla.core.supply import News, Terms
from opla.db.queries.suppliers import Overview, Supplied
from opla.presenting import figures, items

#: What a supplier was that is not the one that was asked.
_OTHERS: Final[dict[Standing, str]] = {
    Standing.SHELF: gettext_noop("it lay on our own shelf"),
    Standing.PRICED: gettext_noop("not cheaper"),
    Standing.UNPRICED: gettext_noop("nobody has said what it costs there"),
    Standing.NO_ANSWER: gettext_noop("skipped: it did not answer lately"),
    Standing.FLOAT_LOW: gettext_noop("skipped: too little of our money lay there"),
    Standing.SHELF_EMPTY: gettext_noop("nothing lay on our own shelf"),
    Standing.NOT_APPROVED: gettext_noop("nobody has approved which of theirs it is"),
    Standing.REFUSED: gettext_noop("it had refused the order"),
    Standing.OTHER_KIND: gettext_noop("it has nothing of this kind"),
}

_CHOSEN: Final[dict[Standing, str]] = {
    Standing.SHELF: gettext_noop("asked: it lay on our own shelf"),
    Standing.PRICED: gettext_noop("asked: the cheapest that could deliver"),
    Standing.UNPRICED: gettext_noop("asked: the first of those whose cost nobody has said"),
    Standing.NO_ANSWER: gettext_noop("waited for: nobody else could deliver"),
    Standing.FLOAT_LOW: gettext_noop("waited for: nobody else could deliver"),
}

_NEWS: Final[dict[News, str]] = {
    News.NEW: gettext_noop("is this the same?"),
    News.COST: gettext_noop("the cost changed"),
    News.RANGE: gettext_noop("the face value changed"),
    News.GONE: gettext_noop("not listed any more"),
}

_STATES: Final[dict[supply.State, str]] = {
    supply.State.PROPOSED: gettext_noop("proposed"),
    supply.State.APPROVED: gettext_noop("approved"),
    supply.State.REFUSED: gettext_noop("refused"),
    supply.State.GONE: gettext_noop("not sent there any more"),
}

_SYNCED: Final[dict[str, str]] = {
    "done": gettext_noop("read"),
    "unreadable": gettext_noop("could not be read; nothing was changed"),
    "too_short": gettext_noop("too short to be true; nothing was changed"),
}


def why(ranked: Sequence[Considered], asked: str) -> list[tuple[str, str]]:
    """Each supplier of the kept list with the reason for it; who was asked stands first. Other kinds are left out."""
    able = [one for one in ranked if one.standing is not Standing.OTHER_KIND]
    able.sort(key=lambda one: one.supplier != asked)
    cheapest = next((one.supplier for one in ranked if one.standing in READY), asked)
    return [(one.supplier, _reason(one, asked=one.supplier == asked, best=cheapest == asked)) for one in able]


def _reason(one: Considered, *, asked: bool, best: bool) -> str:
    if not asked:
        said = _(_OTHERS[one.standing])
    elif best or one.standing not in READY:
        said = _(_CHOSEN.get(one.standing, _OTHERS[one.standing]))
    else:
        said = _("asked: it was chosen when the order was paid")
    if one.said:
        said = f"{said}: {items.word(one.said)}"
    return f"{said} ({figures.money(one.cost)})" if one.cost else said


def news(word: News) -> str:
    return _(_NEWS[word])


def state(of: supply.State) -> str:
    return _(_STATES[of])


def synced(word: str) -> str:
    return _(_SYNCED[word]) if word in _SYNCED else _("never read")


def terms(of: Terms) -> str:
    """`€ 10.00–50.00, costs $ 9.61`."""
    low, high = (figures.money(Money(minor, of.currency)) for minor in (of.min_minor, of.max_minor))
    face = low if of.min_minor == of.max_minor else f"{low} – {high}"
    if of.cost_minor is None:
        return _("%(face)s, cost not known") % {"face": face}
    return _("%(face)s, costs %(cost)s") % {"face": face, "cost": figures.money(Money(of.cost_minor, of.cost_currency))}


def change(one: Supplied) -> str:
    """What was approved, and what they list now."""
    if one.told is None:
        return terms(one.kept)
    return terms(one.told) if one.kept == one.told else f"{terms(one.kept)} → {terms(one.told)}"


def customers(one: Supplied, product: Product | None, terms: Sale, others: Sequence[str]) -> list[str]:
    """What its news mean for whoever buys, and for us. `others` deliver it as well. No price is theirs to change."""
    if product is None or not product.on_sale or product.from_credit:
        return [_("Customers cannot buy it now.")]
    face = Money(product.min_minor, product.currency)
    said = [_("Customers pay %(price)s, as before.") % {"price": figures.money(price(face, terms).total)}]
    before = _left(one.kept, face) if supply.News.NEW not in one.news else None
    then = _left(one.told, face) if one.told is not None else None
    if then is not None and before is not None and then != before:
        both = {"now": figures.money(before), "then": figures.money(then)}
        said.append(_("Of the face value %(now)s stays with us now, and then %(then)s.") % both)
    elif then is not None:
        said.append(_("Of the face value %(then)s stays with us.") % {"then": figures.money(then)})
    if one.told is None or not one.told.sells(face):
        alone = _("Nobody else delivers it: once our own shelf is empty, it is sold out.")
        said.append(_("Others deliver it: %(names)s.") % {"names": ", ".join(others)} if others else alone)
    return said


def _left(of: Terms, face: Money) -> Money | None:
    """What is left of a face value, where both are of one currency."""
    cost_minor = of.cost_of(face.amount_minor) if of.sells(face) else None
    same = cost_minor is not None and of.cost_currency == face.currency
    return Money(face.amount_minor - (cost_minor or 0), face.currency) if same else None


def health(of: routing.State, at: datetime) -> str:
    if of.open_until is None:
        return _("answers")
    return _("does not answer; tried again") if at >= of.open_until else _("does not answer; left alone for a moment")


def float_left(one: Overview) -> str:
    left, left_at = one.state.left, one.state.left_at
    if left is None or left_at is None:
        return _("float not known")
    return _("float %(left)s (%(at)s)") % {"left": figures.money(left), "at": figures.moment(left_at)}


def differences(one: Overview) -> list[str]:
    """Our books beside what they say: in the same currency the difference, in others both."""
    left = one.state.left
    said = []
    for booked in one.booked:
        text = _("our books say %(booked)s") % {"booked": figures.money(booked)}
        if left is not None and left.currency == booked.currency and left != booked:
            text = _("our books say %(booked)s (differs by %(amount)s)") % {
                "booked": figures.money(booked),
                "amount": figures.money(left - booked),
            }
        said.append(text)
    return said


def is_below(one: Overview) -> bool:
    """Whether less lies there than the owner wants."""
    left = one.state.left
    return left is not None and one.below is not None and left.currency == one.below.currency and left < one.below
