"""An order: one product for one recipient, delivered at most once.

    placed ──paid──▶ paid ──delivered──▶ delivered ──reversed, returned, withdrawn──┐
      │                │  ▲ │                                                       ▼
      │ expired        │  └rerouted      declined, called_off ───────────────▶ refunding ──refunded──▶ refunded
      ▼                └───────────────────┘                                        ▲
    cancelled ──paid_late───────────────────────────────────────────────────────────┘

`paid_after` leads from placed to refunding: it was asked for by text, somebody else has paid by its link meanwhile, and
the first payment that arrives buys it.

A reseller's order is `reserved` on its float when it is placed, `paid_from_float` when a worker takes it up, and what
does not come about is `freed` in the same commit: no money ever left, so nothing is refunding. What is given back
of it by choice is `credited` on the float, or `returned_to_float` with its code, at once as well.

What was bought for a date waits as `paid`, with its send due on that day (`core.dated`); until then its customer may
have it `called_off`.

`paid_twice` and `second_refunded` leave the state: the second payment goes back, the order goes on. So do `goodwill`
and `part_refunded`: a part of the price is given back by choice.
`returned` and `withdrawn` are the whole price given back by choice: an unseen code of ours (an unopened card) goes back
on the shelf, any other value is lost. `went_back` and `forfeited` end in refunded at once, because the money has left
without us.
Everything not in ARROWS is a contradiction: evidence, an item for a person, no money moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from opla.core import ledger
from opla.core.attempt import Contradiction
from opla.core.item import Why
from opla.core.ledger import Parties, Posting, Reason, Transfer
from opla.core.money import Money
from opla.core.ports import Kind


class State(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    DELIVERED = "delivered"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


class Event(StrEnum):
    PLACED = "placed"
    RESERVED = "reserved"
    PAID = "paid"
    PAID_FROM_FLOAT = "paid_from_float"
    PAID_LATE = "paid_late"
    PAID_AFTER = "paid_after"  # somebody else had paid for what was asked for by text
    PAID_TWICE = "paid_twice"
    EXPIRED = "expired"
    DELIVERED = "delivered"
    REROUTED = "rerouted"
    DECLINED = "declined"
    CALLED_OFF = "called_off"  # by its customer, before the date it was bought for
    REVERSED = "reversed"
    REFUNDED = "refunded"
    SECOND_REFUNDED = "second_refunded"
    REFUNDED_OTHERWISE = "refunded_otherwise"  # a person paid it back from the bank account
    SECOND_REFUNDED_OTHERWISE = "second_refunded_otherwise"
    PART_REFUNDED_OTHERWISE = "part_refunded_otherwise"
    FREED = "freed"
    FREED_AGAIN = "freed_again"
    GOODWILL = "goodwill"
    PART_REFUNDED = "part_refunded"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    WENT_BACK = "went_back"
    FORFEITED = "forfeited"
    SETTLED_OUTSIDE = "settled_outside"
    CREDITED = "credited"  # a part of the price is on the reseller's float again, by choice
    CREDITED_WHOLE = "credited_whole"  # all that was left of it
    RETURNED_TO_FLOAT = "returned_to_float"  # the same, and an unseen code of ours is on the shelf again
    CARD_LOST = "card_lost"  # the SIM card that was sent never came (core.card)
    TOLD = "told"


class Arrow(NamedTuple):
    target: State
    postings: tuple[Posting, ...] = ()


_EARNED = (ledger.COST, ledger.COST_ABROAD, ledger.MARGIN, ledger.LOSS, ledger.FEE, ledger.FEE_VAT)
_UNEARNED = (
    ledger.COST_BACK,
    ledger.COST_ABROAD_BACK,
    ledger.MARGIN_BACK,
    ledger.LOSS_BACK,
    ledger.FEE_BACK,
    ledger.FEE_VAT_BACK,
    ledger.PROMOTION_BACK,
    ledger.GOODWILL_BACK,
)
_SECOND = (ledger.CAPTURED, ledger.REFUND_DUE)

#: (state, event) → the state it leads to, and what it posts. Readable by an accountant; tested row by row.
ARROWS: dict[tuple[State, Event], Arrow] = {
    (State.PLACED, Event.PAID): Arrow(State.PAID, (ledger.CAPTURED, ledger.HOLD)),
    (State.PLACED, Event.EXPIRED): Arrow(State.CANCELLED),
    (State.CANCELLED, Event.PAID_LATE): Arrow(State.REFUNDING, (ledger.CAPTURED, ledger.REFUND_DUE)),
    (State.PLACED, Event.PAID_AFTER): Arrow(State.REFUNDING, (ledger.CAPTURED, ledger.REFUND_DUE)),
    (State.PAID, Event.DELIVERED): Arrow(State.DELIVERED, (ledger.RELEASE, *_EARNED, ledger.PROMOTION)),
    (State.PAID, Event.REROUTED): Arrow(State.PAID, (ledger.RELEASE, ledger.HOLD)),
    (State.PAID, Event.DECLINED): Arrow(State.REFUNDING, (ledger.RELEASE, ledger.REFUND_DUE, ledger.TAKEN_BACK)),
    (State.PAID, Event.CALLED_OFF): Arrow(State.REFUNDING, (ledger.RELEASE, ledger.REFUND_DUE, ledger.TAKEN_BACK)),
    (State.DELIVERED, Event.REVERSED): Arrow(State.REFUNDING, (*_UNEARNED, ledger.REFUND_DUE, ledger.TAKEN_BACK)),
    (State.REFUNDING, Event.REFUNDED): Arrow(State.REFUNDED, (ledger.REFUND_PAID,)),
    (State.PAID, Event.PAID_TWICE): Arrow(State.PAID, _SECOND),
    (State.DELIVERED, Event.PAID_TWICE): Arrow(State.DELIVERED, _SECOND),
    (State.REFUNDING, Event.PAID_TWICE): Arrow(State.REFUNDING, _SECOND),
    (State.REFUNDED, Event.PAID_TWICE): Arrow(State.REFUNDED, _SECOND),
    (State.PAID, Event.SECOND_REFUNDED): Arrow(State.PAID, (ledger.REFUND_PAID,)),
    (State.DELIVERED, Event.SECOND_REFUNDED): Arrow(State.DELIVERED, (ledger.REFUND_PAID,)),
    (State.REFUNDING, Event.SECOND_REFUNDED): Arrow(State.REFUNDING, (ledger.REFUND_PAID,)),
    (State.REFUNDED, Event.SECOND_REFUNDED): Arrow(State.REFUNDED, (ledger.REFUND_PAID,)),
    (State.REFUNDING, Event.REFUNDED_OTHERWISE): Arrow(State.REFUNDED, (ledger.REFUND_PAID_OTHERWISE,)),
    **{
        (state, Event.SECOND_REFUNDED_OTHERWISE): Arrow(state, (ledger.REFUND_PAID_OTHERWISE,))
        for state in (State.PAID, State.DELIVERED, State.REFUNDING, State.REFUNDED)
    },
    **{
        (state, Event.PART_REFUNDED_OTHERWISE): Arrow(state, (ledger.REFUND_PAID_OTHERWISE,))
        for state in (State.DELIVERED, State.REFUNDING, State.REFUNDED)
    },
    (State.PLACED, Event.PAID_FROM_FLOAT): Arrow(State.PAID),
    (State.PLACED, Event.FREED): Arrow(State.CANCELLED, (ledger.RELEASE,)),
    (State.PAID, Event.FREED): Arrow(State.REFUNDED, (ledger.RELEASE,)),
    (State.DELIVERED, Event.FREED_AGAIN): Arrow(State.REFUNDED, _UNEARNED),
    (State.DELIVERED, Event.CREDITED): Arrow(State.DELIVERED, (ledger.GOODWILL,)),
    (State.DELIVERED, Event.CREDITED_WHOLE): Arrow(State.REFUNDED, (ledger.GOODWILL,)),
    (State.DELIVERED, Event.RETURNED_TO_FLOAT): Arrow(State.REFUNDED, _UNEARNED),
    (State.DELIVERED, Event.GOODWILL): Arrow(State.DELIVERED, (ledger.GOODWILL, ledger.REFUND_DUE)),
    (State.DELIVERED, Event.RETURNED): Arrow(State.REFUNDING, (*_UNEARNED, ledger.REFUND_DUE)),
    (State.DELIVERED, Event.CARD_LOST): Arrow(State.REFUNDING, (*_UNEARNED, ledger.REFUND_DUE)),
    (State.DELIVERED, Event.WITHDRAWN): Arrow(State.REFUNDING, (ledger.GOODWILL, ledger.REFUND_DUE)),
    (State.DELIVERED, Event.PART_REFUNDED): Arrow(State.DELIVERED, (ledger.REFUND_PAID,)),
    (State.REFUNDING, Event.PART_REFUNDED): Arrow(State.REFUNDING, (ledger.REFUND_PAID,)),
    (State.REFUNDED, Event.PART_REFUNDED): Arrow(State.REFUNDED, (ledger.REFUND_PAID,)),
    (State.PAID, Event.WENT_BACK): Arrow(State.REFUNDED, (ledger.RELEASE, ledger.TAKEN_BACK)),
    (State.DELIVERED, Event.WENT_BACK): Arrow(State.REFUNDED, (*_UNEARNED, ledger.TAKEN_BACK)),
    (State.DELIVERED, Event.FORFEITED): Arrow(State.REFUNDED, (ledger.GOODWILL, ledger.TAKEN_BACK)),
    (State.REFUNDING, Event.WENT_BACK): Arrow(State.REFUNDED, (ledger.MET_OUTSIDE,)),
    **{
        (state, Event.SETTLED_OUTSIDE): Arrow(state, (ledger.MET_OUTSIDE,))
        for state in (State.PAID, State.DELIVERED, State.REFUNDING, State.REFUNDED)
    },
    **{(state, Event.TOLD): Arrow(state) for state in State},  # a message about it went out
}

#: What placing posts: nothing for who pays afterwards, the price held on the float of a reseller.
PLACING: dict[Event, Arrow] = {
    Event.PLACED: Arrow(State.PLACED),
    Event.RESERVED: Arrow(State.PLACED, (ledger.HOLD,)),
}

#: An order in one of these needs nothing more (except that money may still arrive for it by mistake).
ENDED = frozenset({State.DELIVERED, State.REFUNDED, State.CANCELLED})


def arrow(state: State, event: Event) -> Arrow:
    """Where `event` leads from `state`. Raises `Contradiction` for what cannot be."""
    try:
        return ARROWS[state, event]
    except KeyError:
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="order", state=state, event=event) from None


@dataclass(frozen=True)
class Price:
    """What one order costs, to the cent: `total` = `face` + `fee` − `discount`. `fee_vat` is the VAT inside the fee.

    A discount is ours to bear: the face value is delivered whole, whatever was paid for it.
    """

    face: Money
    fee: Money
    fee_vat: Money
    discount_minor: int = 0

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.face.currency)

    @property
    def total(self) -> Money:
        return self.face + self.fee - self.discount


@dataclass(frozen=True)
class Order:
    """An order as the rules see it."""

    id: UUID
    state: State
    sku: str
    operator: str
    kind: Kind
    price: Price
    number: str  # E.164, empty when the recipient needs none (a code)
    plan: str
    language: str
    reseller: str = ""  # whose float pays; empty for a customer
    deliver_at: datetime | None = None  # not asked of a supplier before; None: at once

    @property
    def held_minor(self) -> int:
        """What is held while it is on its way: of a customer what the supplier will want, as far as the customer paid
        it and not a promotion of ours; of a reseller all of it."""
        total_minor = self.price.total.amount_minor
        return total_minor if self.reseller else min(self.price.face.amount_minor, total_minor)


def earned(price: Price, cost_minor: int, abroad_minor: int = 0) -> dict[Reason, int]:
    """How a delivered order's money divides: cost, margin (or loss), fee and its VAT, nothing left over.

    `abroad_minor` is the cost as the supplier took it, where that was in another currency.
    """
    margin = price.face.amount_minor - cost_minor
    return {
        Reason.COST: cost_minor,
        Reason.COST_ABROAD: abroad_minor,
        Reason.MARGIN: max(margin, 0),
        Reason.LOSS: max(-margin, 0),
        Reason.FEE: (price.fee - price.fee_vat).amount_minor,
        Reason.FEE_VAT: price.fee_vat.amount_minor,
        # The margin is of the whole face value: what a promotion took off the price, we put in beside what was paid.
        Reason.PROMOTION: price.discount_minor,
    }


_BACK = {
    Reason.COST: Reason.COST_BACK,
    Reason.COST_ABROAD: Reason.COST_ABROAD_BACK,
    Reason.MARGIN: Reason.MARGIN_BACK,
    Reason.LOSS: Reason.LOSS_BACK,
    Reason.FEE: Reason.FEE_BACK,
    Reason.FEE_VAT: Reason.FEE_VAT_BACK,
    Reason.PROMOTION: Reason.PROMOTION_BACK,
}


def unearned(price: Price, cost_minor: int, abroad_minor: int = 0) -> dict[Reason, int]:
    """`earned`, taken back: what a reversal undoes."""
    return {_BACK[reason]: amount for reason, amount in earned(price, cost_minor, abroad_minor).items()}


def undone(
    price: Price, cost_minor: int, abroad_minor: int = 0, *, goodwill_minor: int, refund_minor: int
) -> dict[Reason, int]:
    """`earned`, taken back whole: what was given by choice before returns to the margin, `refund_minor` is owed now,
    and the rest has left without us."""
    return {
        **unearned(price, cost_minor, abroad_minor),
        Reason.GOODWILL_BACK: goodwill_minor,
        Reason.REFUND_DUE: refund_minor,
        Reason.TAKEN_BACK: price.total.amount_minor - goodwill_minor - refund_minor,
    }


def journal(
    order: Order, move: Arrow, amounts: dict[Reason, int], parties: Parties, payment_id: UUID | None = None
) -> tuple[Transfer, ...]:
    """The journal lines of one arrow of one order."""
    return ledger.transfers(move.postings, amounts, parties, order_id=order.id, payment_id=payment_id)
