"""Lines of our bank account, in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.statement.matching import State

_STATES: Final[dict[State, str]] = {
    State.MATCHED: gettext_noop("matched"),
    State.OPEN: gettext_noop("waits for a person"),
    State.IGNORED: gettext_noop("your own"),
    State.SENT_BACK: gettext_noop("goes back, or has gone"),
    State.NOT_OURS: gettext_noop("no customer's money"),
    State.PAYOUT: gettext_noop("a payout of a payment provider"),
}


def state(of: State) -> str:
    return _(_STATES[of])
