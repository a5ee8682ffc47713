"""Vouchers in words: where they are, and what somebody says became of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.voucher import Event, State

_STATES: Final[dict[State, str]] = {
    State.PRINTED: gettext_noop("printed"),
    State.IN_TRANSIT: gettext_noop("on the way"),
    State.IN_STOCK: gettext_noop("in stock"),
    State.LOST: gettext_noop("lost"),
    State.RETURNED: gettext_noop("back with us"),
    State.ACTIVE: gettext_noop("sold, not redeemed"),
    State.BLOCKED: gettext_noop("sold, blocked"),
    State.REDEEMED: gettext_noop("redeemed"),
    State.REFUNDED: gettext_noop("price given back"),
}

_MOVES: Final[dict[Event, str]] = {
    Event.SENT: gettext_noop("Sent to a place"),
    Event.ARRIVED: gettext_noop("Arrived"),
    Event.RETURNED: gettext_noop("Came back"),
    Event.LOST: gettext_noop("Lost"),
    Event.BLOCKED: gettext_noop("Block, though sold"),
    Event.RELEASED: gettext_noop("Let it work again"),
}
MOVES: Final = tuple(_MOVES)


def state(of: State) -> str:
    return _(_STATES[of])


def move(of: Event) -> str:
    return _(_MOVES[of])


def moved(counts: Mapping[str, int]) -> list[str]:
    """What a word about many did: how many moved, and of the others what they are."""
    said = [_("%(n)s moved.") % {"n": counts.get("moved", 0)}]
    for result, count in sorted(counts.items()):
        if result == "unknown":
            said.append(_("%(n)s not moved: no such voucher.") % {"n": count})
        elif result != "moved":
            said.append(_("%(n)s not moved: %(state)s.") % {"n": count, "state": state(State(result))})
    return said
