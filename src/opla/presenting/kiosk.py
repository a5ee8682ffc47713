"""A kiosk's own words: why it is closed, and the address of what it does not sell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.print_job import State
from opla.operations.kiosk import Closed
from opla.presenting.pictures import qr

_CLOSED: Final[dict[Closed, str]] = {
    Closed.NO_WAY_TO_PAY: gettext_noop("Nobody can take your money here now: no card machine, and no counter."),
    Closed.NO_CONTACT: gettext_noop("The operators cannot be reached just now. Nothing is sold before they can."),
    Closed.NOTHING_LEFT: gettext_noop("Everything that is sold here is sold out."),
}


def closed(why: Closed) -> str:
    return _(_CLOSED[why])


_SLIP: Final[dict[State, str]] = {
    State.NEW: gettext_noop("The slip waits for the printer."),
    State.SENDING: gettext_noop("It is being printed: take it from the printer."),
    State.PRINTED: gettext_noop("It was printed: take it from the printer."),
    State.UNKNOWN: gettext_noop("The printer does not say whether it came out. Look there, or take the link along."),
    State.SPOILT: gettext_noop("It did not come out. Take the link along on your phone."),
    State.REFUSED: gettext_noop("It was not printed. You can ask for it again."),
}


def slip(state: State) -> str:
    """What became of a slip, for whoever waits beside the printer."""
    return _(_SLIP[state])


@dataclass(frozen=True)
class Address:
    """A page for a phone of one's own."""

    text: str
    picture: str


def elsewhere(address: str) -> Address:
    return Address(address.split("://", 1)[-1], qr(address))
