"""Tablets in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.station import Kind, State

_KINDS: Final[dict[Kind, str]] = {Kind.TILL: gettext_noop("a till"), Kind.KIOSK: gettext_noop("a kiosk")}
_STATES: Final[dict[State, str]] = {
    State.WAITING: gettext_noop("waits for its code to be typed in"),
    State.PAIRED: gettext_noop("paired"),
    State.LOCKED: gettext_noop("locked: something was wrong with it"),
    State.UNPAIRED: gettext_noop("no longer paired"),
}


#: What is done at a tablet, as events, lines of drawers and slips name it.
_DONE: Final[dict[str, str]] = {
    "made": gettext_noop("made"),
    "code_made": gettext_noop("a code to pair it was made"),
    "paired": gettext_noop("paired"),
    "unpaired": gettext_noop("unpaired"),
    "locked": gettext_noop("locked"),
    "signed_in": gettext_noop("signed in"),
    "no_sale": gettext_noop("opened the drawer without a sale"),
    "count_differs": gettext_noop("counted something else than should be there"),
    "opened": gettext_noop("began a shift"),
    "closed": gettext_noop("ended a shift"),
    "codes_given": gettext_noop("took codes for when the line drops"),
    "offline_limit": gettext_noop("may hold codes worth so many cents"),
    "sold_twice": gettext_noop("sold a code a second time"),
    "voided": gettext_noop("undid a sale"),
    "paid_out": gettext_noop("paid a refund out"),
    "paid_in": gettext_noop("took money for a reseller's float"),
    "put_in": gettext_noop("put change in"),
    "dropped": gettext_noop("took money to the safe or the bank"),
    "counted": gettext_noop("counted the drawer"),
    "voucher_sold": gettext_noop("sold a voucher"),
    "voucher_back": gettext_noop("gave the price of a voucher back"),
    "revealed": gettext_noop("looked at a code"),
    "printed": gettext_noop("printed a slip"),
    "copied": gettext_noop("printed a copy"),
}


def done(what: str) -> str:
    """What somebody did; what is newer than this table keeps its name, so that nothing is hidden."""
    return _(_DONE[what]) if what in _DONE else what


def kind(of: Kind) -> str:
    return _(_KINDS[of])


def state(of: State) -> str:
    return _(_STATES[of])
