"""An order for a SIM card in words: where the card is, what its customer does next, and what a clerk may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import order
from opla.core.card import ACTIVE, State
from opla.db.queries.cards import Kept
from opla.db.queries.pages import OrderPage
from opla.operations.card_to import Going
from opla.presenting import figures
from opla.presenting.orders import Status, Tone

_STATES: Final[dict[State, str]] = {
    State.IN_STOCK: gettext_noop("in stock"),
    State.RESERVED: gettext_noop("to be packed"),
    State.PACKED: gettext_noop("packed"),
    State.READY: gettext_noop("ready to be collected"),
    State.SENT: gettext_noop("in the post"),
    State.COLLECTED: gettext_noop("collected"),
    State.LOST: gettext_noop("gone astray"),
    State.EXCHANGED: gettext_noop("of a wrong size, to come back"),
    State.WRITTEN_OFF: gettext_noop("written off"),
}

#: What a customer may want to say of a card, and how the message to the shop begins.
MATTERS: Final[dict[str, tuple[str, str]]] = {
    "not_come": (gettext_noop("It has not come"), gettext_noop("My SIM card has not come.")),
    "wrong_size": (gettext_noop("It does not fit"), gettext_noop("My SIM card has the wrong size for my phone.")),
    "send_back": (gettext_noop("I want to send it back"), gettext_noop("I want to send my SIM card back, unopened.")),
}


@dataclass(frozen=True)
class Shown:
    """The card of an order, as its page shows it. `where` and `code` are for who has proven that it is theirs."""

    where: tuple[str, ...]
    place: str
    code: str
    tracking: str
    matters: list[tuple[str, str]]


def state(of: State) -> str:
    return _(_STATES[of])


def matter(key: str) -> str:
    """How a message about this begins; empty for none of ours."""
    return _(MATTERS[key][1]) if key in MATTERS else ""


def shown(page: OrderPage, cards: Sequence[Kept], going: Going, code: str) -> Shown:
    now = _now(cards)
    given = now is not None and now.card.state in (State.SENT, State.COLLECTED)
    matters = [(key, _(label)) for key, (label, _text) in MATTERS.items()] if given else []
    if now is not None and now.card.state is State.COLLECTED:
        matters = matters[1:]
    ready = now is not None and now.card.state is State.READY
    return Shown(
        going.address.lines if page.proven and going.address else (),
        going.place,
        code if page.proven and ready else "",
        now.card.tracking if now and page.proven else "",
        matters if page.proven and page.state is order.State.DELIVERED else [],
    )


def status(before: Status, page: OrderPage, cards: Sequence[Kept], going: Going) -> Status:
    """The status of an order whose goods are a card: the same in what it means, other words."""
    now, again = _now(cards), page.state is order.State.DELIVERED
    if page.state not in (order.State.PAID, order.State.DELIVERED):
        return before
    if now is None:
        # Given and gone since: what became of it, the shop and its customer have written to each other.
        title, text = (_("It went back to us"), "") if again else (_("Paid. Your SIM card is next"), _packed(going))
        return replace(before, title=title, text=text)
    day = {"day": figures.day(now.since), "place": going.place}
    match now.card.state:
        case State.READY:
            title, text = _("Your SIM card is ready"), _("Collect it at: %(place)s. Show the code below.") % day
        case State.SENT:
            title = _("Sent on %(day)s") % day
            text = _("Your SIM card is in the post. If it is not here after ten days, tell us below.")
        case State.COLLECTED:
            title, text = (
                _("Collected on %(day)s") % day,
                _("You have your SIM card. Keep the holder: the PUK is on it."),
            )
        case _ if again:
            title, text = _("Another SIM card is on its way to you"), _("It costs you nothing.") + " " + _packed(going)
        case _:
            title, text = _("Paid. Your SIM card is being packed"), _packed(going)
    tone = Tone.WAIT if now.card.state is not State.COLLECTED and now.card.state is not State.SENT else before.tone
    return replace(before, title=title, text=text, tone=tone)


def _packed(going: Going) -> str:
    if going.place:
        return _("A person packs it and brings it to: %(place)s. We write to you when it is there.") % {
            "place": going.place
        }
    return _("A person packs it and takes it to the post. We write to you when it is sent.")


def _now(cards: Sequence[Kept]) -> Kept | None:
    """The card that the order has; None where it has none."""
    return next((kept for kept in cards if kept.card.state in ACTIVE), None)
