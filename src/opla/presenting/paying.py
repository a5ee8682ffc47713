"""Why a payment did not go through, and what an amount is in a visitor's own money."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from opla.core.fx import convert
from opla.core.money import Money
from opla.db.queries import rates
from opla.presenting import figures

_WHY: Final[dict[str, str]] = {
    "refused": gettext_noop(
        "The bank or the payment service said no, and did not say why. Banks outside Europe often do: another way may "
        "work, or allow payments abroad in your bank's app."
    ),
    "not_confirmed": gettext_noop("The payment was not confirmed in the bank's app or by its message."),
    "no_funds": gettext_noop("There was not enough money on the card or the account."),
    "card_expired": gettext_noop("The card has expired."),
    "card_details": gettext_noop("A figure or the name of the card was typed differently from what is on it."),
    "card_kind": gettext_noop("This kind of card is not taken."),
    "authentication": gettext_noop("Your bank wants you to confirm this payment yourself."),
    "mandate_ended": gettext_noop("Your consent to later payments has ended at the payment service."),
    "terminal_cancelled": gettext_noop("It was cancelled on the card machine."),
    "terminal_busy": gettext_noop("The card machine was busy with another payment."),
    "terminal_silent": gettext_noop("The card machine could not be reached: look at its network."),
    "terminal_unknown": gettext_noop("There is no such card machine any more."),
    "abandoned": gettext_noop("You left the payment page before paying."),
}

#: Whose readers reckon in another money at home; others pay in euros, or know what one is worth.
_HOME: Final[dict[str, str]] = {"zh-hans": "CNY"}


def why(word: str) -> str:
    """A sentence for a provider's reason; empty for one without words."""
    text = _WHY.get(word)
    return _(text) if text else ""


def at_home(total: Money, at: datetime) -> str:
    """About what `total` is in the reader's own money, with the rate's day and source; empty without a fresh rate."""
    currency = _HOME.get((get_language() or "").lower(), "")
    rate = rates.rate(total.currency, currency, at=at) if currency and currency != total.currency else None
    if rate is None:
        return ""
    said = {
        "amount": figures.money(convert(total, currency, rate).home),
        "day": figures.day(rate.as_of),
        "source": rate.source,
    }
    return _("About %(amount)s by the rate of %(day)s (%(source)s). Your bank reckons by its own.") % said
