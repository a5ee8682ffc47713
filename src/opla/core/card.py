"""A SIM card of ours: from the box it came in to a customer's phone, and what becomes of those that do not get there.

    in_stock ──reserved──▶ reserved ──packed──▶ packed ──sent──▶ sent ──lost──▶ lost ──────────────┐
     ▲  ▲  ▲                  │                  │  └──ready──▶ ready ──collected──▶ collected     │
     │  │  └──────freed───────┴──────────────────┴──────────────┘                    │             │
     │  └──returned unopened── sent, collected ──wrong_size──▶ exchanged             │             │
     │                                  └──returned_opened──▶ written_off ◀──given_up┤             │
     └──returned, found───────────────────────────────────────────────────────────── exchanged ◀───┘

One card of an order is `ACTIVE` at most: the database holds no second one. A further card for the same price is
`sent_again` or `collected_again`, and only after the first one's own arrow (`lost`, `wrong_size`).

The order pays for the first card when it is handed over (its arrow `delivered` posts the cost), and gives that cost
back when its sale is undone. What of a card's cost no order moves is a loss, or a loss undone: that is all that is
posted here. So at any moment the stock account is the cost of the cards on our shelf, and the losses are the cost of
all others, less what orders paid for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from opla.core import ledger
from opla.core.attempt import Contradiction
from opla.core.change import CardNow, Move, Subject
from opla.core.item import Why
from opla.core.ledger import Parties, Posting, Reason

#: The supplier that hands them over: this shop.
SUPPLIER: Final = "card_stock"
#: Fewer than this many of one product on the shelf are an item for a person.
FEW: Final = 5
#: Days after the hand-over within which an unopened card comes back for its price by rule: 14 to say so, 14 to send it
#: (Directive 2011/83/EU, articles 9(2)(b) and 14(1)) and 2 in the post. Later it is the shop's choice.
RETURNS_DAYS: Final = 30
#: How long it is known where a card went, after its order has ended: as long as somebody may still ask about it.
ADDRESS_KEPT: Final = timedelta(days=90)


class State(StrEnum):
    IN_STOCK = "in_stock"
    RESERVED = "reserved"  # for an order; which card it is, the clerk's scanner may still change
    PACKED = "packed"
    READY = "ready"  # lies at a place of ours, to be collected
    SENT = "sent"
    COLLECTED = "collected"
    LOST = "lost"
    EXCHANGED = "exchanged"  # of a wrong size: another one goes out, this one is to come back
    WRITTEN_OFF = "written_off"


class Event(StrEnum):
    RESERVED = "reserved"
    SWAPPED = "swapped"  # the clerk took the card of another order, which gets this one
    FREED = "freed"  # the order needs it no more, or the clerk took another one
    PACKED = "packed"
    READY = "ready"
    SENT = "sent"
    SENT_AGAIN = "sent_again"
    COLLECTED = "collected"
    COLLECTED_AGAIN = "collected_again"
    LOST = "lost"
    LOST_REFUNDED = "lost_refunded"  # and the price goes back
    UNPAID = "unpaid"  # it is gone already, and now the price of its order goes back
    DAMAGED = "damaged"
    WRONG_SIZE = "wrong_size"
    RETURNED = "returned"  # unopened, and the price goes back
    RETURNED_OPENED = "returned_opened"
    FOUND = "found"  # it came back unopened after all, and moves no order's money
    GIVEN_UP = "given_up"  # it will not come back


class Arrow(NamedTuple):
    target: State
    postings: tuple[Posting, ...] = ()


_OFF: Final = (ledger.WRITTEN_OFF,)
_S, _E = State, Event

#: (state, event) → the state it leads to, and which lines it may post beside its order's.
ARROWS: dict[tuple[State, Event], Arrow] = {
    (_S.IN_STOCK, _E.RESERVED): Arrow(_S.RESERVED),
    (_S.IN_STOCK, _E.PACKED): Arrow(_S.PACKED),
    (_S.IN_STOCK, _E.LOST): Arrow(_S.LOST, _OFF),
    (_S.IN_STOCK, _E.DAMAGED): Arrow(_S.WRITTEN_OFF, _OFF),
    (_S.RESERVED, _E.SWAPPED): Arrow(_S.RESERVED),
    (_S.RESERVED, _E.FREED): Arrow(_S.IN_STOCK),
    (_S.RESERVED, _E.PACKED): Arrow(_S.PACKED),
    (_S.RESERVED, _E.LOST): Arrow(_S.LOST, _OFF),
    (_S.RESERVED, _E.DAMAGED): Arrow(_S.WRITTEN_OFF, _OFF),
    (_S.PACKED, _E.FREED): Arrow(_S.IN_STOCK),
    (_S.PACKED, _E.READY): Arrow(_S.READY),
    (_S.PACKED, _E.SENT): Arrow(_S.SENT),
    (_S.PACKED, _E.SENT_AGAIN): Arrow(_S.SENT, _OFF),
    (_S.PACKED, _E.LOST): Arrow(_S.LOST, _OFF),
    (_S.PACKED, _E.DAMAGED): Arrow(_S.WRITTEN_OFF, _OFF),
    (_S.READY, _E.FREED): Arrow(_S.IN_STOCK),
    (_S.READY, _E.COLLECTED): Arrow(_S.COLLECTED),
    (_S.READY, _E.COLLECTED_AGAIN): Arrow(_S.COLLECTED, _OFF),
    (_S.READY, _E.LOST): Arrow(_S.LOST, _OFF),
    (_S.READY, _E.DAMAGED): Arrow(_S.WRITTEN_OFF, _OFF),
    (_S.SENT, _E.LOST): Arrow(_S.LOST),
    (_S.SENT, _E.LOST_REFUNDED): Arrow(_S.LOST, _OFF),
    (_S.SENT, _E.WRONG_SIZE): Arrow(_S.EXCHANGED),
    (_S.SENT, _E.RETURNED): Arrow(_S.IN_STOCK, (ledger.RESTOCKED, ledger.WRITTEN_OFF)),
    (_S.SENT, _E.RETURNED_OPENED): Arrow(_S.WRITTEN_OFF),
    (_S.COLLECTED, _E.WRONG_SIZE): Arrow(_S.EXCHANGED),
    (_S.COLLECTED, _E.RETURNED): Arrow(_S.IN_STOCK, (ledger.RESTOCKED, ledger.WRITTEN_OFF)),
    (_S.COLLECTED, _E.RETURNED_OPENED): Arrow(_S.WRITTEN_OFF),
    (_S.LOST, _E.UNPAID): Arrow(_S.LOST, _OFF),
    (_S.EXCHANGED, _E.UNPAID): Arrow(_S.EXCHANGED, _OFF),
    (_S.LOST, _E.FOUND): Arrow(_S.IN_STOCK, (ledger.RESTOCKED,)),
    (_S.EXCHANGED, _E.FOUND): Arrow(_S.IN_STOCK, (ledger.RESTOCKED,)),
    (_S.EXCHANGED, _E.GIVEN_UP): Arrow(_S.WRITTEN_OFF),
}

#: On our shelf, and worth its cost.
SHELF: Final = frozenset({State.IN_STOCK, State.RESERVED, State.PACKED, State.READY})
#: Given to the customer of an order.
GIVEN: Final = frozenset({State.SENT, State.COLLECTED})
#: An order has one of these at most.
ACTIVE: Final = (SHELF - {State.IN_STOCK}) | GIVEN
#: Waits to be handed over.
WAITING: Final = SHELF - {State.IN_STOCK}


@dataclass(frozen=True)
class Card:
    """One SIM card, as the rules see it. `order_id` is whose it is, or was last."""

    id: UUID
    iccid: str
    sku: str
    state: State
    cost_minor: int
    currency: str
    order_id: UUID | None = None
    tracking: str = ""


def arrow(state: State, event: Event) -> Arrow:
    """Where `event` leads from `state`. Raises `Contradiction` for what cannot be."""
    try:
        return ARROWS[state, event]
    except KeyError:
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="card", state=state, event=event) from None


def move(
    card: Card, event: Event, *, order_id: UUID | None = None, order_minor: int = 0, tracking: str = "", why: str = ""
) -> tuple[Move, CardNow]:
    """The card's move with its journal lines, and whose it is then. Both belong into one change.

    `order_minor` is what the order's own arrow moves into (or, negative, out of) the card stock in the same change.
    Raises `Contradiction` for a move that cannot be, ValueError where the arrow has no line for what is left over.
    """
    way = arrow(card.state, event)
    onto, off = way.target in SHELF, card.state in SHELF
    wanted_minor = (card.cost_minor if onto and not off else -card.cost_minor if off and not onto else 0) - order_minor
    amounts = {Reason.RESTOCKED: max(wanted_minor, 0), Reason.WRITTEN_OFF: max(-wanted_minor, 0)}
    lines = ledger.transfers(way.postings, amounts, Parties(card.currency, source=SUPPLIER), order_id=None)
    if sum(line.amount_minor for line in lines) != abs(wanted_minor):
        raise ValueError(f"{card.state} {event}: {wanted_minor} would be moved by nobody")
    now = CardNow(card.id, card.order_id, order_id, tracking or card.tracking if order_id else "")
    return Move(Subject.CARD, card.id, card.state, way.target, event, lines, why), now


def given(card: Card, *, first: bool) -> Event:
    """What handing this card over is: the order pays for the first one only. Raises `Contradiction`."""
    sent, again = (
        (Event.COLLECTED, Event.COLLECTED_AGAIN) if card.state is State.READY else (Event.SENT, Event.SENT_AGAIN)
    )
    event = sent if first else again
    arrow(card.state, event)
    return event


def returns_until(handed_over: date) -> date:
    """The last day on which an unopened card comes back for its price by rule."""
    return handed_over + timedelta(days=RETURNS_DAYS)
