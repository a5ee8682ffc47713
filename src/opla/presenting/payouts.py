"""Payouts in words: where one stands, what a line is of, what it is beside our books."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.payout import State, Verdict
from opla.core.ports import Movement
from opla.db.queries.payouts import Look
from opla.presenting import figures

_STATES: Final[dict[State, str]] = {
    State.SENT: gettext_noop("on its way to the bank"),
    State.ARRIVED: gettext_noop("arrived at the bank"),
    State.FAILED: gettext_noop("did not arrive: it comes with a later one"),
}

_MOVEMENTS: Final[dict[Movement, str]] = {
    Movement.PAYMENT: gettext_noop("Payment"),
    Movement.REFUND: gettext_noop("Refund"),
    Movement.CHARGE_BACK: gettext_noop("Charge-back"),
    Movement.FEE: gettext_noop("Fee of no payment"),
    Movement.RETURNED: gettext_noop("A payout that came back"),
    Movement.OTHER: gettext_noop("Something else"),
}

_VERDICTS: Final[dict[Verdict, str]] = {
    Verdict.AGREES: gettext_noop("agrees with the books"),
    Verdict.UNKNOWN: gettext_noop("of no payment of this shop"),
    Verdict.OTHER_AMOUNT: gettext_noop("another sum than in the books"),
    Verdict.OTHER_FEE: gettext_noop("another fee than they said before"),
}


def state(of: State) -> str:
    return _(_STATES[of])


def movement(of: Movement) -> str:
    return _(_MOVEMENTS[of])


def verdict(of: Verdict) -> str:
    return _(_VERDICTS[of])


def looked(of: Look | None) -> str:
    """When a provider was read last, and whether that went well."""
    if of is None:
        return _("not asked yet")
    if not isinstance(of.looked_at, datetime):
        return _("gave no readable answer yet")
    when = _("read on %(when)s") % {"when": figures.moment(of.looked_at)}
    return when if of.said == "done" else _("%(read)s; the last look was not readable") % {"read": when}
