"""What the planner answers, in words of the active language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.line import Kind
from opla.core.planner import Plan, Purchase, Reason

_KINDS: Final[dict[Kind, str]] = {
    Kind.DATA: gettext_noop("data"),
    Kind.VOICE: gettext_noop("calls"),
    Kind.SMS: gettext_noop("SMS"),
}

#: What "cheapest" means here, and what was not looked at.
_MEANING: Final = (
    gettext_noop(
        "Cheapest means: nothing bought at the beginning of a day, or when something ends, covers it for less."
    ),
    gettext_noop("Our fee and promotions are counted, and the price of a new SIM where it is known."),
    gettext_noop("Not considered: two SIMs at once, changing operator or plan on the way, what operators add."),
    gettext_noop("Data that goes on more slowly counts only when it is fast enough for you."),
)


def kinds(several: Sequence[Kind]) -> str:
    return _(" and ").join(_(_KINDS[kind]) for kind in several)


def reason(purchase: Purchase) -> str:
    """Why it is bought on that day."""
    if purchase.reason is Reason.PAYS:
        return _("its credit pays for what follows")
    if purchase.reason is Reason.KEEPS_WHAT_IS_LEFT:
        return _("in time, before something lapses")
    return _("%(what)s would not be enough on this day") % {"what": kinds(purchase.kinds)}


def title(plan: Plan) -> str:
    """Whether it is the cheapest, or only the best that was found."""
    return _("Cheapest") if plan.exact else _("Best found; whether it is the cheapest is not known")


def meaning() -> Iterator[str]:
    """What "cheapest" means, and what was not considered."""
    return (_(sentence) for sentence in _MEANING)
