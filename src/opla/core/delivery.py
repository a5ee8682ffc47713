"""Value reaching a person: what one answer about a send changes.

An unknown send never leads to another supplier, a new reference or a refund by itself. Only a final
refusal does: then the next supplier is asked, or, when there is none, the money goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from opla.core import attempt, dated, item, order
from opla.core.attempt import Contradiction
from opla.core.chance import Chance
from opla.core.change import (
    Change,
    Converted,
    GivenBack,
    Move,
    NewAttempt,
    NewDelivery,
    NewMessage,
    NewRefund,
    Note,
    Subject,
    Sums,
)
from opla.core.fx import Conversion, Rate, convert
from opla.core.item import Why
from opla.core.ledger import Parties, Reason, Transfer, way
from opla.core.money import MINOR_DIGITS, Money
from opla.core.order import Order
from opla.core.ports import Answer, Kind, Promises, SendReport
from opla.core.refund import by_rule


@dataclass(frozen=True)
class Send:
    """The attempt at a delivery, as the rules see it."""

    id: UUID
    state: attempt.State
    supplier: str
    tries: int
    made_at: datetime


@dataclass(frozen=True)
class Paid:
    """Where the order's money lies: its share of the one payment that is kept, and what the delivery cost (if made).

    A reseller's order has no payment: its money lies on the float.
    """

    payment_id: UUID | None
    provider: str
    amount_minor: int
    cost_minor: int = 0
    kept_minor: int | None = None  # what of the payment may still be refunded; None: all of it
    charged_back_minor: int = 0
    gone: bool = False  # nothing of it is left, because money went back without us
    back_minor: int = 0  # what of the order's price was given back by choice
    converted: Conversion | None = None  # the cost, where the supplier took it in another currency
    seen: str = ""  # `Payment.seen`

    @property
    def refund_minor(self) -> int:
        """What is owed when nothing was given in the end: the order's share, as far as it is there."""
        owed = self.amount_minor - self.back_minor
        return owed if self.kept_minor is None else min(owed, max(self.kept_minor, 0))

    @property
    def taken_minor(self) -> int:
        """The rest of the share: it has left without us."""
        return self.amount_minor - self.back_minor - self.refund_minor

    @property
    def abroad_minor(self) -> int:
        return self.converted.foreign.amount_minor if self.converted else 0


def settle(
    send: Send,
    sold: Order,
    paid: Paid,
    report: SendReport,
    promises: Promises,
    *,
    next_supplier: str,
    at: datetime,
    chance: Chance,
    rate: Rate | None = None,
    next_at: datetime | None = None,
) -> Change:
    """What one answer changes. `next_supplier` is asked after a final refusal; empty when nobody is left.

    `rate` is for a cost in another currency than the order's; `next_at`: the next one is not asked before.

    Raises `Contradiction` when the answer cannot be true.
    """
    report = _whole(report, sold.price.face)
    answer, age = report.answer, attempt.Age(dated.begins(send.made_at, sold.deliver_at))
    if send.state is attempt.State.NEW and answer is Answer.NOT_SENT:
        raise ValueError("an answer needs a send")
    if report.reversed and send.state is attempt.State.SUCCEEDED:
        return _reversed(send, sold, paid, report, at=at, chance=chance)
    if report.reversed:
        # Given and taken back before we heard of it: nothing was given in the end, and nobody else is asked.
        answer, next_supplier = Answer.DECLINED, ""
    if answer is Answer.NOT_SENT and send.state is attempt.State.SENDING and age.gives_up(at):
        answer = Answer.DECLINED  # nothing ever left, so nothing was given
    target = attempt.after(attempt.Kind.SEND, send.state, answer)
    due_at = None
    if target in attempt.OPEN:
        due_at = attempt.due(attempt.Kind.SEND, target, send.tries, at, age.parks_at(promises))
    if target is attempt.State.SUCCEEDED and promises.may_reverse and sold.kind is Kind.DIRECT:
        due_at = attempt.late(age.made_at, at)
    note = Note(
        send.id,
        report.answer,
        due_at,
        send.tries,
        provider_id=report.supplier_id,
        why=report.why,
        evidence=report.evidence,
    )
    change = Change(
        moves=(Move(Subject.ATTEMPT, send.id, send.state, target, answer, why=report.why),),
        notes=(note,),
    )
    if target is send.state and target not in attempt.OPEN:
        return change  # told twice
    if target is attempt.State.SUCCEEDED:
        return _delivered(change, send, sold, report, rate, chance=chance)
    if target is attempt.State.DECLINED:
        return _declined(
            change, send, sold, paid, next_supplier, why=report.why, at=at, next_at=next_at or at, chance=chance
        )
    if target in (attempt.State.UNKNOWN, attempt.State.PENDING) and age.parks(promises, at):
        # Somebody who paid has waited this long, whether the supplier is silent or only slow.
        parked = item.NewItem(
            item.Kind.UNKNOWN_SEND,
            sold.price.total,
            _waited_for(target, sold),
            order_id=sold.id,
            attempt_id=send.id,
        )
        return replace(change, items=(parked,))
    return change


def _whole(report: SendReport, face: Money) -> SendReport:
    """A success of less than was sold, or in another currency, is none anybody may count on: a person looks."""
    if report.answer is not Answer.SUCCEEDED or report.reversed or report.delivered is None:
        return report
    if report.delivered.currency == face.currency and face <= report.delivered:
        return report
    return replace(report, answer=Answer.UNKNOWN, why="delivered_less")


def _waited_for(state: attempt.State, sold: Order) -> Why:
    if sold.kind is Kind.SIM:
        return Why.NOT_HANDED_OVER
    return Why.SUPPLIER_SILENT if state is attempt.State.UNKNOWN else Why.SUPPLIER_UNDECIDED


def _delivered(
    change: Change, send: Send, sold: Order, report: SendReport, rate: Rate | None, *, chance: Chance
) -> Change:
    arrow = order.arrow(sold.state, order.Event.DELIVERED)
    if report.cost_minor is None:
        raise Contradiction(Why.NO_COST)  # the books could not say what it was worth
    if report.pin is None and not report.stock_id and sold.kind.is_secret:
        raise Contradiction(Why.NO_CODE)
    home, cost_minor, abroad_minor = sold.price.face.currency, report.cost_minor, 0
    if report.cost_minor and report.currency not in ("", home):
        converted = _converted(report.cost_minor, report.currency, home, rate)
        cost_minor, abroad_minor = converted.home.amount_minor, report.cost_minor
        change = replace(change, converted=(Converted(sold.id, Reason.COST, converted),))
    amounts = {Reason.RELEASED: sold.held_minor, **order.earned(sold.price, cost_minor, abroad_minor)}
    abroad = report.currency if abroad_minor else ""
    parties = Parties(home, source=send.supplier, reseller=sold.reseller, abroad=abroad)
    lines = order.journal(sold, arrow, amounts, parties)
    return replace(
        change,
        moves=(*change.moves, Move(Subject.ORDER, sold.id, sold.state, arrow.target, order.Event.DELIVERED, lines)),
        deliveries=(
            NewDelivery(
                sold.id,
                sold.kind,
                send.supplier,
                report.supplier_id,
                cost_minor,
                send.id,
                pin=report.pin,
                stock_id=report.stock_id,
            ),
        ),
        messages=(NewMessage("delivered", sold.id, chance.reference()),),
        closes=_closed(send, sold),
    )


def _closed(send: Send, sold: Order) -> tuple[tuple[str, UUID], ...]:
    """The items that the end of a send makes pointless."""
    closes = ((item.Kind.UNKNOWN_SEND, send.id),)
    return closes if sold.deliver_at is None else (*closes, (item.Kind.RESERVATION, send.id))


def _converted(cost_minor: int, currency: str, home: str, rate: Rate | None) -> Conversion:
    if currency not in MINOR_DIGITS:
        raise Contradiction(Why.CURRENCY_UNKNOWN, came=currency[:16])
    if rate is None:
        raise Contradiction(Why.NO_RATE, came=currency, asked=home)
    return convert(Money(cost_minor, currency), home, rate)


def _declined(
    change: Change,
    send: Send,
    sold: Order,
    paid: Paid,
    next_supplier: str,
    *,
    why: str,
    at: datetime,
    next_at: datetime,
    chance: Chance,
) -> Change:
    held_minor = sold.held_minor
    closes = _closed(send, sold)
    here = _parties(send, sold, paid)
    if next_supplier:
        arrow = order.arrow(sold.state, order.Event.REROUTED)
        release, hold = arrow.postings
        lines = (
            *order.journal(sold, order.Arrow(arrow.target, (release,)), {Reason.RELEASED: held_minor}, here),
            *order.journal(
                sold,
                order.Arrow(arrow.target, (hold,)),
                {Reason.HELD: held_minor},
                replace(here, source=next_supplier),
            ),
        )
        again = NewAttempt(
            chance.uuid(at), attempt.Kind.SEND, next_supplier, chance.reference(), due_at=next_at, order_id=sold.id
        )
        rerouted = Move(Subject.ORDER, sold.id, sold.state, arrow.target, order.Event.REROUTED, lines, why=why)
        return replace(change, moves=(*change.moves, rerouted), attempts=(again,), closes=closes)
    if sold.reseller:
        lines = order.journal(sold, order.arrow(sold.state, order.Event.FREED), {Reason.RELEASED: held_minor}, here)
        return _freed(replace(change, closes=closes), sold, order.Event.FREED, lines, why=why, chance=chance)
    declined = _undelivered(order.Event.DECLINED, send, sold, paid, why=why)
    return _with_refund(replace(change, closes=closes), declined, sold, paid, "declined", at=at, chance=chance)


def _undelivered(event: order.Event, send: Send, sold: Order, paid: Paid, *, why: str) -> Move:
    """Nothing is given: what is left of the money goes back, by `event`; of what is not left, it went back already."""
    event = event if paid.refund_minor else order.Event.WENT_BACK
    arrow = order.arrow(sold.state, event)
    amounts = {
        Reason.RELEASED: sold.held_minor,
        Reason.REFUND_DUE: paid.refund_minor,
        Reason.TAKEN_BACK: paid.taken_minor,
    }
    lines = order.journal(sold, arrow, amounts, _parties(send, sold, paid), paid.payment_id)
    return Move(Subject.ORDER, sold.id, sold.state, arrow.target, event, lines, why=why)


def waits(send: Send, sold: Order, at: datetime) -> bool:
    """Whether nobody has been asked yet for what was bought for a date, and its date has not come."""
    unasked = send.state in (attempt.State.NEW, attempt.State.CLAIMED)
    return sold.state is order.State.PAID and sold.deliver_at is not None and at < sold.deliver_at and unasked


def call_off(send: Send, sold: Order, paid: Paid, *, at: datetime, chance: Chance) -> Change:
    """Its customer does not want it any more, before its date (`waits`). Who would have sent it loses the claim."""
    if not waits(send, sold, at):
        raise ValueError("nothing waits for a date any more")
    change = Change(
        moves=(Move(Subject.ATTEMPT, send.id, send.state, attempt.State.DECLINED, "not_wanted", why="called_off"),),
        notes=(Note(send.id, "not_wanted", None, send.tries, why="called_off"),),
        closes=_closed(send, sold),
    )
    off = _undelivered(order.Event.CALLED_OFF, send, sold, paid, why="")
    return _with_refund(change, off, sold, paid, "called_off", at=at, chance=chance)


def _reversed(send: Send, sold: Order, paid: Paid, report: SendReport, *, at: datetime, chance: Chance) -> Change:
    """Value was given and taken back: refunded, never sent again."""
    note = Note(
        send.id,
        "reversed",
        None,
        send.tries,
        provider_id=report.supplier_id,
        why=report.why,
        evidence=report.evidence,
    )
    kept = Move(Subject.ATTEMPT, send.id, send.state, send.state, "reversed", why=report.why)
    if sold.state is not order.State.DELIVERED and paid.back_minor:
        # Refunded by choice before, at our loss: whether the supplier really pays that back, a person finds out.
        raise Contradiction(Why.REFUNDED_ALREADY)
    if sold.state is not order.State.DELIVERED:
        return Change(moves=(kept,), notes=(note,))  # told twice
    changed = Change(moves=(kept,), notes=(note,))
    if paid.converted:
        changed = replace(changed, converted=(Converted(sold.id, Reason.COST_BACK, -paid.converted),))
    if sold.reseller:
        back_minor = paid.back_minor
        amounts = order.undone(
            sold.price, paid.cost_minor, paid.abroad_minor, goodwill_minor=back_minor, refund_minor=0
        )
        changed = replace(changed, given_back=(GivenBack(sold.id, back_minor),))
        here = _parties(send, sold, paid)
        lines = order.journal(sold, order.arrow(sold.state, order.Event.FREED_AGAIN), amounts, here)
        return _freed(changed, sold, order.Event.FREED_AGAIN, lines, why=report.why, chance=chance)
    event = order.Event.REVERSED if paid.refund_minor else order.Event.WENT_BACK
    arrow = order.arrow(sold.state, event)
    amounts = order.undone(
        sold.price,
        paid.cost_minor,
        paid.abroad_minor,
        goodwill_minor=paid.back_minor,
        refund_minor=paid.refund_minor,
    )
    lines = order.journal(sold, arrow, amounts, _parties(send, sold, paid), paid.payment_id)
    undone = Move(Subject.ORDER, sold.id, sold.state, arrow.target, event, lines, why=report.why)
    return _with_refund(changed, undone, sold, paid, "reversed", at=at, chance=chance)


def _freed(
    change: Change, sold: Order, event: order.Event, lines: tuple[Transfer, ...], *, why: str, chance: Chance
) -> Change:
    """A reseller's money is free on its float again in the commit that says so."""
    arrow = order.arrow(sold.state, event)
    freed = Move(Subject.ORDER, sold.id, sold.state, arrow.target, event, lines, why=why)
    told = NewMessage("refunded", sold.id, chance.reference())
    return replace(change, moves=(*change.moves, freed), messages=(told,))


def _parties(send: Send, sold: Order, paid: Paid) -> Parties:
    gone = way(paid.charged_back_minor, paid.taken_minor)
    abroad = paid.converted.foreign.currency if paid.abroad_minor and paid.converted else ""
    return Parties(sold.price.face.currency, source=send.supplier, gone=gone, reseller=sold.reseller, abroad=abroad)


def _with_refund(
    change: Change, moved: Move, sold: Order, paid: Paid, reason: str, *, at: datetime, chance: Chance
) -> Change:
    """The money goes back; what of it has left without us already is not owed again, if that is still as it was."""
    if paid.payment_id is None:
        raise ValueError("a refund goes back to a payment")
    seen = paid.seen if paid.taken_minor else ""
    if not paid.refund_minor:
        return replace(
            change,
            moves=(*change.moves, moved),
            sums=(Sums(paid.payment_id, seen=seen),),
            messages=(NewMessage("refunded", sold.id, chance.reference()),),
        )
    refund: NewRefund
    refund, tried = by_rule(
        paid.payment_id,
        paid.provider,
        sold.id,
        paid.refund_minor,
        sold.price.face.currency,
        reason,
        at=at,
        chance=chance,
    )
    return replace(
        change,
        moves=(*change.moves, moved),
        refunds=(refund,),
        attempts=(tried,),
        sums=(Sums(paid.payment_id, refunding_minor=paid.refund_minor, seen=seen),),
        messages=(NewMessage("refunding", sold.id, chance.reference()),),
    )
