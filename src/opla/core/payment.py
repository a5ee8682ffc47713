"""One payment: one session at a provider, for one or several orders (their `allocations`), or into a reseller's float.

    opening ──opened──▶ open ──captured──▶ captured ◀──┐ captured late
       │                 │ ├─failed──▶ failed ─────────┤
       └────failed───────┘ └─expired─▶ expired ────────┘

What a provider reports are cumulative facts. The first capture that covers the amount pays every allocated
order that waits for it; for an order that does not wait (cancelled, paid already, or bought by somebody else
meanwhile) its share goes back, and so does whatever was captured beyond the amount, or below it. What left
without us is `core.gone`'s, what the provider keeps for its work `core.fee`'s.

A payment into a float waits for no order: it is `paid_in` where another one is `captured`, and no time is too late for
it. Of what is on the float a person may have some `given_back`. What left without us is `recovered` from the float as
far as that is free, and `restored` when it comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core import attempt, item, ledger, order
from opla.core.attempt import Contradiction
from opla.core.chance import Chance
from opla.core.change import Change, Move, NewAttempt, NewMessage, Note, Subject, Sums
from opla.core.item import Why
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.order import Order
from opla.core.ports import Answer, ChargeReport
from opla.core.refund import by_rule
from opla.core.ways import Means, means


class State(StrEnum):
    OPENING = "opening"
    OPEN = "open"
    CAPTURED = "captured"
    FAILED = "failed"
    EXPIRED = "expired"


class Event(StrEnum):
    OPENED = "opened"
    CAPTURED = "captured"
    PAID_IN = "paid_in"  # on a reseller's float
    OVERPAID = "overpaid"
    UNDERPAID = "underpaid"
    FAILED = "failed"
    EXPIRED = "expired"
    EXTRA_REFUNDED = "extra_refunded"
    EXTRA_REFUNDED_OTHERWISE = "extra_refunded_otherwise"
    EXTRA_WENT_BACK = "extra_went_back"
    CHARGED_BACK = "charged_back"
    CHARGE_BACK_WON = "charge_back_won"
    REFUNDED_OUTSIDE = "refunded_outside"
    OUTSIDE_UNDONE = "outside_undone"
    FEE_KEPT = "fee_kept"
    FEE_GIVEN_BACK = "fee_given_back"
    GIVEN_BACK = "given_back"  # from the float, by choice
    RECOVERED = "recovered"
    RESTORED = "restored"


#: (state, event) → state. The postings of a payment's own arrows; those of its orders are in `order.ARROWS`.
ARROWS: Final[dict[tuple[State, Event], tuple[State, tuple[ledger.Posting, ...]]]] = {
    (State.OPENING, Event.OPENED): (State.OPEN, ()),
    **{
        (state, event): (target, postings)
        for state in (State.OPENING, State.OPEN, State.FAILED, State.EXPIRED)
        for event, target, postings in (
            (Event.CAPTURED, State.CAPTURED, ()),
            (Event.PAID_IN, State.CAPTURED, (ledger.PAID_IN,)),
            (Event.UNDERPAID, State.CAPTURED, (ledger.CAPTURED, ledger.REFUND_DUE)),
        )
    },
    (State.CAPTURED, Event.OVERPAID): (State.CAPTURED, (ledger.CAPTURED, ledger.REFUND_DUE)),
    (State.CAPTURED, Event.EXTRA_REFUNDED): (State.CAPTURED, (ledger.REFUND_PAID,)),
    (State.CAPTURED, Event.EXTRA_REFUNDED_OTHERWISE): (State.CAPTURED, (ledger.REFUND_PAID_OTHERWISE,)),
    (State.CAPTURED, Event.EXTRA_WENT_BACK): (State.CAPTURED, (ledger.MET_OUTSIDE,)),
    (State.CAPTURED, Event.CHARGED_BACK): (State.CAPTURED, (ledger.CHARGED_BACK,)),
    (State.CAPTURED, Event.CHARGE_BACK_WON): (State.CAPTURED, (ledger.CHARGE_BACK_WON,)),
    (State.CAPTURED, Event.REFUNDED_OUTSIDE): (State.CAPTURED, (ledger.OUTSIDE_REFUND,)),
    (State.CAPTURED, Event.OUTSIDE_UNDONE): (State.CAPTURED, (ledger.OUTSIDE_UNDONE,)),
    (State.CAPTURED, Event.FEE_KEPT): (State.CAPTURED, (ledger.PSP_FEE,)),
    (State.CAPTURED, Event.FEE_GIVEN_BACK): (State.CAPTURED, (ledger.PSP_FEE_BACK,)),
    (State.CAPTURED, Event.GIVEN_BACK): (State.CAPTURED, (ledger.REFUND_DUE,)),
    (State.CAPTURED, Event.RECOVERED): (State.CAPTURED, (ledger.TAKEN_BACK,)),
    (State.CAPTURED, Event.RESTORED): (State.CAPTURED, (ledger.RESTORED,)),
    (State.OPENING, Event.FAILED): (State.FAILED, ()),
    (State.OPEN, Event.FAILED): (State.FAILED, ()),
    (State.OPENING, Event.EXPIRED): (State.EXPIRED, ()),
    (State.OPEN, Event.EXPIRED): (State.EXPIRED, ()),
}


#: The topic of a message: an order waits for money that comes another way: a transfer, or over a counter.
TRANSFER: Final = "transfer"

#: Of an order bought for a date: looked at so long before, whether its money is still there.
_BEFORE_DATE: Final = timedelta(hours=1)
_TO_COME: Final = (order.State.PLACED, order.State.PAID)


@dataclass(frozen=True)
class Payment:
    """A payment as the rules see it. `allocations` divide `amount` over orders, to the cent.

    refunding   refunds of ours that are due, whether or not they have left
    may_be_out  those of them whose attempt may have left: the provider may count them already
    outside     refunded at the provider without us, as far as we have posted it
    otherwise   what of `refunded` went out from our bank account: the provider knows nothing of it
    fee         what the provider keeps for it, as far as we have posted it; None: it has not said
    fee_on      what that was told for (`core.fee`)
    float_of    the reseller whose float it pays into, and `float_key` what that calls it; empty: it pays orders
    """

    id: UUID
    state: State
    provider: str
    provider_id: str
    amount: Money
    captured_minor: int
    refunded_minor: int
    refunding_minor: int
    charged_back_minor: int
    allocations: Mapping[UUID, int]
    may_be_out_minor: int = 0
    outside_minor: int = 0
    otherwise_minor: int = 0
    fee_minor: int | None = None
    fee_on: str = ""
    float_of: str = ""
    float_key: str = ""

    @property
    def kept_minor(self) -> int:
        """What may still be refunded: captured, and neither back, on its way back, nor taken."""
        return (
            self.captured_minor
            - self.refunded_minor
            - self.refunding_minor
            - self.charged_back_minor
            - self.outside_minor
        )

    @property
    def seen(self) -> str:
        """For `Sums.seen`. `opla_seen` in SQL says the same of the row."""
        sums = (self.captured_minor, self.refunded_minor, self.refunding_minor, self.may_be_out_minor)
        return "/".join(map(str, (*sums, self.charged_back_minor, self.outside_minor)))


@dataclass(frozen=True)
class Charge:
    """The attempt that asks for a payment."""

    id: UUID
    state: attempt.State
    tries: int
    made_at: datetime


def move(payment: Payment, event: Event) -> tuple[State, tuple[ledger.Posting, ...]]:
    """Where `event` leads. Raises `Contradiction` for what cannot be."""
    try:
        return ARROWS[payment.state, event]
    except KeyError:
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="payment", state=payment.state, event=event) from None


def settle(
    charge: Charge,
    payment: Payment,
    orders: Mapping[UUID, Order],
    report: ChargeReport,
    *,
    route: Callable[[Order], str],
    at: datetime,
    chance: Chance,
    bought: Collection[UUID] = frozenset(),
) -> Change:
    """What one report of the provider changes. `route` names the supplier an order is asked at first; `bought`: those
    that wait for what somebody else has paid for.

    Raises `Contradiction` when the report cannot be true of this payment.
    """
    if report.captured_minor and report.currency != payment.amount.currency:
        raise Contradiction(Why.OTHER_CURRENCY, came=report.currency, asked=payment.amount.currency)
    if report.provider_id and payment.provider_id and report.provider_id != payment.provider_id:
        raise Contradiction(Why.OTHER_PAYMENT)
    if report.captured_minor < payment.captured_minor and report.answer is not Answer.UNKNOWN and report.captured_minor:
        before, now = (Money(m, payment.amount.currency) for m in (payment.captured_minor, report.captured_minor))
        raise Contradiction(Why.CAPTURED_LESS, before=before.decimal, now=now.decimal)
    delta_minor = report.captured_minor - payment.captured_minor
    if report.answer is Answer.SUCCEEDED and not report.captured_minor and not payment.captured_minor:
        raise Contradiction(Why.NOTHING_CAPTURED)
    answer = Answer.SUCCEEDED if report.captured_minor else report.answer
    if payment.captured_minor and answer is not Answer.SUCCEEDED:
        # It was captured; a later "expired" or "pending" is an older message, or nonsense. Nothing is undone.
        answer = Answer.UNKNOWN
    target = attempt.after(attempt.Kind.CHARGE, charge.state, answer)
    note = Note(
        charge.id,
        report.answer,
        _due(charge, target, orders.values(), at, answered=_answered(charge, report)),
        charge.tries,
        provider_id=report.provider_id,
        redirect_url=report.redirect_url,
        why=report.why,
        evidence=report.evidence,
    )
    charge_move = Move(Subject.ATTEMPT, charge.id, charge.state, target, report.answer)
    items: tuple[item.NewItem, ...] = ()
    closes: tuple[tuple[str, UUID], ...] = ()
    if target is not attempt.State.UNKNOWN:
        closes = ((item.Kind.UNKNOWN_CHARGE, charge.id),)
    elif attempt.Age(charge.made_at).gives_up(at):
        parked = item.NewItem(
            item.Kind.UNKNOWN_CHARGE,
            payment.amount,
            Why.CHARGE_SILENT,
            payment_id=payment.id,
            attempt_id=charge.id,
        )
        items = (parked,)
    base = Change(moves=(charge_move,), notes=(note,), items=items, closes=closes)

    if delta_minor > 0:
        return _captured(base, payment, orders, delta_minor, route=route, at=at, chance=chance, bought=bought)
    if payment.captured_minor:
        return base
    if answer is Answer.PENDING and payment.state is State.OPENING:
        opened = _moved(base, payment, Event.OPENED)
        if means(payment.provider) not in (Means.TRANSFER, Means.CASH):
            return opened
        # It is paid elsewhere, days later perhaps: what to fill in must be found again.
        return replace(opened, messages=(NewMessage(TRANSFER, min(payment.allocations), chance.reference()),))
    if answer is Answer.DECLINED and payment.state in (State.OPENING, State.OPEN):
        return _moved(base, payment, Event.EXPIRED if report.why == "expired" else Event.FAILED, why=report.why)
    return base


#: Nobody said anything, or nothing that could be understood.
_UNHEARD: Final = frozenset({Answer.NOT_SENT, Answer.UNKNOWN})

#: Why a look says UNKNOWN where a provider was reached, and knows no such payment.
NOT_FOUND: Final = "not_found"


def _answered(charge: Charge, report: ChargeReport) -> bool:
    """Whoever never heard of a payment that came to nothing has answered: in that one no money is."""
    nothing = charge.state is attempt.State.DECLINED and report.why == NOT_FOUND
    return nothing or report.answer not in _UNHEARD


def _due(
    charge: Charge, target: attempt.State, orders: Iterable[Order], at: datetime, *, answered: bool
) -> datetime | None:
    """Open: on the schedule. Declined or captured: a few late looks, for money that comes late or a second time; and
    one before the date of each order that waits for it, for money that has left without us."""
    if target is attempt.State.DECLINED:
        if charge.state is not attempt.State.DECLINED:
            return at + attempt.LATE_ASKS[0]
        return attempt.late(charge.made_at, at, answered=answered)
    if target is attempt.State.SUCCEEDED:
        late = attempt.late(charge.made_at, at, attempt.LATE_ASKS_CAPTURED, answered=answered)
        before = (o.deliver_at - _BEFORE_DATE for o in orders if o.deliver_at and o.state in _TO_COME)
        return min([look for look in (late, *before) if look and look > at], default=None)
    return attempt.due(attempt.Kind.CHARGE, target, charge.tries, at) if target in attempt.OPEN else None


def _moved(base: Change, payment: Payment, event: Event, why: str = "") -> Change:
    target, _ = move(payment, event)
    return replace(base, moves=(*base.moves, Move(Subject.PAYMENT, payment.id, payment.state, target, event, why=why)))


def _captured(
    base: Change,
    payment: Payment,
    orders: Mapping[UUID, Order],
    delta_minor: int,
    *,
    route: Callable[[Order], str],
    at: datetime,
    chance: Chance,
    bought: Collection[UUID],
) -> Change:
    """Money arrived. The first capture that covers the amount pays the orders; all other money goes back."""
    parties = Parties(payment.amount.currency, provider=payment.provider)
    first = payment.captured_minor == 0
    covers = first and delta_minor >= payment.amount.amount_minor
    moves, refunds, attempts, messages = list(base.moves), [], [], []
    extra_minor = delta_minor
    if covers and payment.float_of:
        target, postings = move(payment, Event.PAID_IN)
        lines = ledger.transfers(
            postings,
            {Reason.FLOAT_PAID_IN: payment.amount.amount_minor},
            replace(parties, reseller=payment.float_of),
            order_id=None,
            payment_id=payment.id,
        )
        why = payment.float_key
        moves.append(Move(Subject.PAYMENT, payment.id, payment.state, target, Event.PAID_IN, lines, why=why))
        extra_minor -= payment.amount.amount_minor
    elif covers:
        target, _ = move(payment, Event.CAPTURED)
        moves.append(Move(Subject.PAYMENT, payment.id, payment.state, target, Event.CAPTURED))
        extra_minor -= payment.amount.amount_minor
        for order_id, share_minor in sorted(payment.allocations.items()):
            paid = orders[order_id]
            waited = order.Event.PAID_AFTER if order_id in bought else order.Event.PAID
            event = {order.State.PLACED: waited, order.State.CANCELLED: order.Event.PAID_LATE}.get(
                paid.state, order.Event.PAID_TWICE
            )
            arrow = order.arrow(paid.state, event)
            source = route(paid) if event is order.Event.PAID else ""
            amounts = {
                Reason.CAPTURED: share_minor,
                Reason.HELD: paid.held_minor,
                Reason.REFUND_DUE: share_minor,
            }
            lines = order.journal(paid, arrow, amounts, replace(parties, source=source), payment.id)
            moves.append(Move(Subject.ORDER, order_id, paid.state, arrow.target, event, lines))
            if event is order.Event.PAID:
                attempts.append(
                    NewAttempt(
                        chance.uuid(at), attempt.Kind.SEND, source, chance.reference(), due_at=at, order_id=order_id
                    )
                )
                continue
            why = "second" if event is order.Event.PAID_TWICE else "late"
            refund, refund_attempt = by_rule(
                payment.id, payment.provider, order_id, share_minor, parties.currency, why, at=at, chance=chance
            )
            refunds.append(refund)
            attempts.append(refund_attempt)
            messages.append(NewMessage("refunding", order_id, chance.reference()))
    state = State.CAPTURED if covers else payment.state
    items = base.items
    if extra_minor:
        event_ = Event.UNDERPAID if first and not covers else Event.OVERPAID
        target, postings = move(replace(payment, state=state), event_)
        lines = ledger.transfers(
            postings,
            {Reason.CAPTURED: extra_minor, Reason.REFUND_DUE: extra_minor},
            parties,
            order_id=None,
            payment_id=payment.id,
        )
        moves.append(Move(Subject.PAYMENT, payment.id, state, target, event_, lines))
        refund, refund_attempt = by_rule(
            payment.id, payment.provider, None, extra_minor, parties.currency, str(event_), at=at, chance=chance
        )
        refunds.append(refund)
        attempts.append(refund_attempt)
        if event_ is Event.UNDERPAID:
            money = Money(extra_minor, parties.currency)
            figures = {"came": money.decimal, "asked": payment.amount.decimal}
            parked = item.NewItem(item.Kind.WRONG_AMOUNT, money, Why.UNDERPAID, figures, payment_id=payment.id)
            items = (*items, parked)
    return replace(
        base,
        moves=tuple(moves),
        sums=(Sums(payment.id, captured_minor=delta_minor, refunding_minor=sum(r.amount_minor for r in refunds)),),
        refunds=tuple(refunds),
        attempts=tuple(attempts),
        messages=tuple(messages),
        items=items,
    )
