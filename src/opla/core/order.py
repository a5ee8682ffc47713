"""An order: one product for one recipient, delivered at most once.

    placed ──paid──▶ paid ──delivered──▶ delivered ──reversed──┐
      │                │  ▲ │                                  ▼
      │ expired        │  └rerouted      declined ──────▶ refunding ──refunded──▶ refunded
      ▼                └───────────────────┘                   ▲
    cancelled ──paid_late──────────────────────────────────────┘

`paid_twice` and `second_refunded` leave the state: the second payment goes back, the order goes on.
Everything not in ARROWS is a contradiction: evidence, an item for a person, no money moves.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    PAID = "paid"
    PAID_LATE = "paid_late"
    PAID_TWICE = "paid_twice"
    EXPIRED = "expired"
    DELIVERED = "delivered"
    REROUTED = "rerouted"
    DECLINED = "declined"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    SECOND_REFUNDED = "second_refunded"
    REFUNDED_OTHERWISE = "refunded_otherwise"  # a person paid it back from the bank account
    SECOND_REFUNDED_OTHERWISE = "second_refunded_otherwise"
    TOLD = "told"


class Arrow(NamedTuple):
    target: State
    postings: tuple[Posting, ...] = ()


_EARNED = (ledger.COST, ledger.MARGIN, ledger.LOSS, ledger.FEE, ledger.FEE_VAT)
_UNEARNED = (ledger.COST_BACK, ledger.MARGIN_BACK, ledger.LOSS_BACK, ledger.FEE_BACK, ledger.FEE_VAT_BACK)
_SECOND = (ledger.CAPTURED, ledger.REFUND_DUE)

#: (state, event) → the state it leads to, and what it posts. Readable by an accountant; tested row by row.
ARROWS: dict[tuple[State, Event], Arrow] = {
    (State.PLACED, Event.PAID): Arrow(State.PAID, (ledger.CAPTURED, ledger.HOLD)),
    (State.PLACED, Event.EXPIRED): Arrow(State.CANCELLED),
    (State.CANCELLED, Event.PAID_LATE): Arrow(State.REFUNDING, (ledger.CAPTURED, ledger.REFUND_DUE)),
    (State.PAID, Event.DELIVERED): Arrow(State.DELIVERED, (ledger.RELEASE, *_EARNED)),
    (State.PAID, Event.REROUTED): Arrow(State.PAID, (ledger.RELEASE, ledger.HOLD)),
    (State.PAID, Event.DECLINED): Arrow(State.REFUNDING, (ledger.RELEASE, ledger.REFUND_DUE)),
    (State.DELIVERED, Event.REVERSED): Arrow(State.REFUNDING, (*_UNEARNED, ledger.REFUND_DUE)),
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
    **{(state, Event.TOLD): Arrow(state) for state in State},  # a message about it went out
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
    """What one order costs, to the cent. `fee_vat` is the VAT contained in `fee`; `total` = `face` + `fee`."""

    face: Money
    fee: Money
    fee_vat: Money

    @property
    def total(self) -> Money:
        return self.face + self.fee


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


def earned(price: Price, cost_minor: int) -> dict[Reason, int]:
    """How a delivered order's money divides: cost, margin (or loss), fee and its VAT, nothing left over."""
    margin = price.face.amount_minor - cost_minor
    return {
        Reason.COST: cost_minor,
        Reason.MARGIN: max(margin, 0),
        Reason.LOSS: max(-margin, 0),
        Reason.FEE: (price.fee - price.fee_vat).amount_minor,
        Reason.FEE_VAT: price.fee_vat.amount_minor,
    }


_BACK = {
    Reason.COST: Reason.COST_BACK,
    Reason.MARGIN: Reason.MARGIN_BACK,
    Reason.LOSS: Reason.LOSS_BACK,
    Reason.FEE: Reason.FEE_BACK,
    Reason.FEE_VAT: Reason.FEE_VAT_BACK,
}


def unearned(price: Price, cost_minor: int) -> dict[Reason, int]:
    """`earned`, taken back: what a reversal undoes."""
    return {_BACK[reason]: amount for reason, amount in earned(price, cost_minor).items()}


def journal(
    order: Order, move: Arrow, amounts: dict[Reason, int], parties: Parties, payment_id: UUID | None = None
) -> tuple[Transfer, ...]:
    """The journal lines of one arrow of one order."""
    return ledger.transfers(move.postings, amounts, parties, order_id=order.id, payment_id=payment_id)
