"""Tablets in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.station import Kind, State

_KINDS: Final[dict[Kind, str]] = {Kind.TILL: gettext_noop("Till"), Kind.KIOSK: gettext_noop("Kiosk")}
_STATES: Final[dict[State, str]] = {
    State.WAITING: gettext_noop("waits for its code to be typed in"),
    State.PAIRED: gettext_noop("paired"),
    State.LOCKED: gettext_noop("locked: something was wrong with it"),
    State.UNPAIRED: gettext_noop("no longer paired"),
}


def kind(of: Kind) -> str:
    return _(_KINDS[of])


def state(of: State) -> str:
    return _(_STATES[of])
