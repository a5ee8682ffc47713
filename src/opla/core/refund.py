"""Money going back: a refund is decided once, then tried until it is done or a person must find another way.

asked ──approved──▶ due ──paid back──▶ done
 └─denied─▶ denied   │ ├──refused by the provider──▶ refused ──a person paid it from the bank──▶ otherwise
                     │ │                             (an item: pay it back another way)            ▲
                     │ ├──nobody answers for it, and a person paid it from the bank────────────────┘
                     └─┴──the money went back without us──▶ outside

Only a refund by choice is asked first, where it is large: a second person approves or denies it. One to a reseller's
float is done when it is decided (`credited`): no provider is asked, and it has no payment and no attempt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core import attempt, item, ledger, order
from opla.core.attempt import Contradiction
from opla.core.chance import Chance
from opla.core.change import Change, Move, NewAttempt, NewMessage, NewRefund, Note, Subject, Sums
from opla.core.item import Why
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport


class State(StrEnum):
    DUE = "due"
    DONE = "done"
    REFUSED = "refused"
    OTHERWISE = "otherwise"
    OUTSIDE = "outside"
    ASKED = "asked"
    DENIED = "denied"


#: Reasons whose refund is an order's own ending; the others give back what was paid beside it.
ENDS_ORDER = frozenset({"late", "declined", "called_off", "reversed", "choice", "unseen", "card_lost", "card_returned"})

#: Why money goes back by choice: the whole price of an order, or a part of it out of goodwill.
BY_CHOICE = frozenset({"choice", "goodwill"})

#: Why money goes back by rule, without asking anybody (up to the day's cap).
BY_RULE = frozenset(
    {
        *("late", "second", "overpaid", "underpaid", "declined", "called_off", "reversed", "unseen"),
        *("card_lost", "card_returned"),
    }
)

#: A code that nobody has looked at, given back by its buyer: their right, so by rule, and of a delivered order's price.
UNSEEN: Final = "unseen"

#: A SIM card that never came, or came back unopened in time: of a delivered order's price as well.
CARD_LOST: Final = "card_lost"
CARD_RETURNED: Final = "card_returned"


@dataclass(frozen=True)
class Refund:
    """A refund as the rules see it."""

    id: UUID
    state: State
    payment_id: UUID
    provider: str
    order_id: UUID | None
    order_state: order.State | None
    amount: Money
    reason: str
    kept_minor: int = 0  # of its payment, a due refund deducted: negative where money left without us meanwhile
    charged_back_minor: int = 0  # of its payment
    seen: str = ""  # `Payment.seen`
    fee_minor: int | None = None  # what the provider keeps for it, as posted; None: it has not said

    @property
    def unwanted(self) -> bool:
        """Nothing is owed any more, or not all of it: with this refund more would go back than came in."""
        return self.state is not State.DUE or self.kept_minor < 0


@dataclass(frozen=True)
class Try:
    """The attempt at it."""

    id: UUID
    state: attempt.State
    tries: int
    made_at: datetime


def by_rule(
    payment_id: UUID,
    provider: str,
    order_id: UUID | None,
    amount_minor: int,
    currency: str,
    reason: str,
    *,
    at: datetime,
    chance: Chance,
) -> tuple[NewRefund, NewAttempt]:
    """A refund that a rule decided, with its first (and, by the same reference, only) attempt."""
    if reason not in BY_RULE:
        raise ValueError(f"no rule refunds because of {reason!r}")
    refund = NewRefund(chance.uuid(at), payment_id, order_id, amount_minor, currency, reason)
    return refund, NewAttempt(
        chance.uuid(at), attempt.Kind.REFUND, provider, chance.reference(), due_at=at, refund_id=refund.id
    )


def settle(
    tried: Try, refund: Refund, report: RefundReport, promises: Promises, *, at: datetime, chance: Chance
) -> Change:
    """What one answer about a refund changes. Raises `Contradiction` for what cannot be."""
    target = attempt.after(attempt.Kind.REFUND, tried.state, report.answer)
    age = attempt.Age(tried.made_at)
    due_at = None
    if target in attempt.OPEN:
        due_at = attempt.due(attempt.Kind.REFUND, target, tried.tries, at, age.parks_at(promises))
    note = Note(
        tried.id,
        report.answer,
        due_at,
        tried.tries,
        provider_id=report.refund_id,
        why=report.why,
        evidence=report.evidence,
    )
    moves = [Move(Subject.ATTEMPT, tried.id, tried.state, target, report.answer)]
    change = Change(moves=tuple(moves), notes=(note,))
    if refund.state is not State.DUE or (target is tried.state and target not in attempt.OPEN):
        return change  # told twice; or this attempt was given up for another one, which alone decides now
    if target is attempt.State.SUCCEEDED:
        return _done(change, refund, chance=chance, attempt_id=tried.id)
    if target is attempt.State.DECLINED:
        moves.append(Move(Subject.REFUND, refund.id, refund.state, State.REFUSED, "refused", why=report.why))
        return Change(
            moves=tuple(moves),
            notes=(note,),
            sums=(Sums(refund.payment_id, refunding_minor=-refund.amount.amount_minor),),
            items=(_item(item.Kind.REFUND_REFUSED, refund, tried.id, Why.REFUND_REFUSED, said=report.why),),
            closes=_waiting(tried.id),
        )
    if target in (attempt.State.UNKNOWN, attempt.State.NEW) and age.parks(promises, at):
        why = Why.REFUND_SILENT if target is attempt.State.UNKNOWN else Why.REFUND_UNREACHABLE
        return Change(
            moves=tuple(moves), notes=(note,), items=(_item(item.Kind.UNKNOWN_REFUND, refund, tried.id, why),)
        )
    return change


def went_back(tried: Try, refund: Refund, *, chance: Chance) -> Change:
    """A refund that never left and never will, because (some of) its money has left the payment without us.

    Where that covers it, the debt is met. Where it covers a part, a person pays the rest another way.
    """
    move = Move(Subject.ATTEMPT, tried.id, tried.state, attempt.State.DECLINED, "not_wanted", why="went_back")
    note = Note(tried.id, "not_wanted", None, tried.tries, why="went_back")
    amount_minor, beyond_minor = refund.amount.amount_minor, -refund.kept_minor
    sums = Sums(refund.payment_id, refunding_minor=-amount_minor, seen=refund.seen)
    change = Change(moves=(move,), notes=(note,), sums=(sums,), closes=_waiting(tried.id))
    if refund.state is not State.DUE:
        return replace(change, sums=())
    if beyond_minor < amount_minor:
        left = Money(amount_minor - beyond_minor, refund.amount.currency)
        refused = Move(Subject.REFUND, refund.id, refund.state, State.REFUSED, "refused", why="went_back")
        figures = {"gone": Money(beyond_minor, left.currency).decimal, "owed": left.decimal}
        parked = replace(_item(item.Kind.REFUND_REFUSED, refund, tried.id, Why.PARTLY_GONE, **figures), at_risk=left)
        return replace(change, moves=(move, refused), items=(parked,))
    done = Move(Subject.REFUND, refund.id, refund.state, State.OUTSIDE, "went_back")
    gone = ledger.way(refund.charged_back_minor, amount_minor)
    parties = Parties(refund.amount.currency, provider=refund.provider, gone=gone)
    ended, messages = _ended(refund, Reason.MET_OUTSIDE, amount_minor, parties, chance=chance)
    return replace(change, moves=(move, done, ended), messages=messages)


def _waiting(attempt_id: UUID) -> tuple[tuple[str, UUID], ...]:
    """The items that an answer of any kind makes pointless."""
    waits = item.Kind.TRANSFER_DUE, item.Kind.CASH_DUE, item.Kind.SLIP_DUE
    return tuple((kind, attempt_id) for kind in (item.Kind.UNKNOWN_REFUND, item.Kind.REFUND_CAP, *waits))


def _item(kind: item.Kind, refund: Refund, attempt_id: UUID, why: item.Why, **params: str) -> item.NewItem:
    return item.NewItem(
        kind, refund.amount, why, params, order_id=refund.order_id, payment_id=refund.payment_id, attempt_id=attempt_id
    )


def _done(change: Change, refund: Refund, *, chance: Chance, attempt_id: UUID) -> Change:
    """The provider gave it back: the debt is paid, and the order (if this was its ending) is refunded."""
    parties = Parties(refund.amount.currency, provider=refund.provider)
    ended, messages = _ended(refund, Reason.REFUND_PAID, refund.amount.amount_minor, parties, chance=chance)
    moves = [*change.moves, Move(Subject.REFUND, refund.id, refund.state, State.DONE, "done"), ended]
    sums = Sums(
        refund.payment_id,
        refunding_minor=-refund.amount.amount_minor,
        refunded_minor=refund.amount.amount_minor,
    )
    return Change(
        moves=tuple(moves),
        notes=change.notes,
        sums=(sums,),
        messages=messages,
        closes=_waiting(attempt_id),
    )


def paid_otherwise(refund: Refund, tried: Try, *, why: str, chance: Chance) -> Change:
    """A person paid it from our bank account: the provider refused, or never says whether it did. Then its attempt is
    given up with it. Raises `Contradiction` for any other.

    What of it has left without us is not owed a second time: only the rest was paid, and the debt is met by both.
    """
    waits = refund.state is State.DUE and tried.state in attempt.OPEN
    if refund.state is not State.REFUSED and not waits:
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="refund", state=refund.state, event="paid_otherwise")
    amount_minor = refund.amount.amount_minor
    in_flight_minor = amount_minor if waits else 0
    owed_minor = min(max(refund.kept_minor + in_flight_minor, 0), amount_minor)
    gone_minor = amount_minor - owed_minor
    gone = ledger.way(refund.charged_back_minor, gone_minor)
    parties = Parties(refund.amount.currency, provider=refund.provider, gone=gone)
    sums = Sums(refund.payment_id, refunding_minor=-in_flight_minor, refunded_minor=owed_minor, seen=refund.seen)
    if owed_minor:
        reason, ended_minor = Reason.REFUND_PAID_OTHERWISE, owed_minor
        moves = [Move(Subject.REFUND, refund.id, refund.state, State.OTHERWISE, "paid_otherwise", why=why)]
        if gone_minor:
            moves.append(_part_gone(refund, gone_minor, parties))
    else:
        reason, ended_minor = Reason.MET_OUTSIDE, gone_minor
        moves = [Move(Subject.REFUND, refund.id, refund.state, State.OUTSIDE, "went_back", why=why)]
    ended, messages = _ended(refund, reason, ended_minor, parties, chance=chance)
    change = Change(moves=(*moves, ended), sums=(sums,), messages=messages)
    if not waits:
        return change
    target = attempt.after(attempt.Kind.REFUND, tried.state, Answer.DECLINED)
    given_up = Move(Subject.ATTEMPT, tried.id, tried.state, target, Answer.DECLINED, why=why)
    note = Note(tried.id, Answer.DECLINED, None, tried.tries, why=why)
    return replace(change, moves=(given_up, *change.moves), notes=(note,), closes=_waiting(tried.id))


def again(refund: Refund, tried: Try, *, why: str, at: datetime, chance: Chance) -> Change:
    """A person says that it did not go back: tried again under a new reference, which only a person may decide."""
    target = attempt.after(attempt.Kind.REFUND, tried.state, Answer.DECLINED)
    fresh = NewAttempt(
        chance.uuid(at), attempt.Kind.REFUND, refund.provider, chance.reference(), due_at=at, refund_id=refund.id
    )
    return Change(
        moves=(Move(Subject.ATTEMPT, tried.id, tried.state, target, Answer.DECLINED, why=why),),
        notes=(Note(tried.id, Answer.DECLINED, None, tried.tries, why=why),),
        attempts=(fresh,),
        closes=_waiting(tried.id),
    )


def _part_gone(refund: Refund, gone_minor: int, parties: Parties) -> Move:
    """The part of a refund that left without us, met beside what ends it."""
    amounts = {Reason.MET_OUTSIDE: gone_minor}
    if refund.order_id is None or refund.order_state is None:
        lines = ledger.transfers((ledger.MET_OUTSIDE,), amounts, parties, order_id=None, payment_id=refund.payment_id)
        return Move(Subject.PAYMENT, refund.payment_id, "captured", "captured", "extra_went_back", lines)
    event = order.Event.SETTLED_OUTSIDE
    arrow = order.arrow(refund.order_state, event)
    lines = ledger.transfers(arrow.postings, amounts, parties, order_id=refund.order_id, payment_id=refund.payment_id)
    return Move(Subject.ORDER, refund.order_id, refund.order_state, arrow.target, event, lines)


#: How a refund's end is posted → the posting and the event of a payment's own money, and the events of an order:
#: of its ending, of a part given by choice, of what was paid beside its price.
_ENDS: Final = {
    Reason.REFUND_PAID: (
        ledger.REFUND_PAID,
        "extra_refunded",
        order.Event.REFUNDED,
        order.Event.PART_REFUNDED,
        order.Event.SECOND_REFUNDED,
    ),
    Reason.REFUND_PAID_OTHERWISE: (
        ledger.REFUND_PAID_OTHERWISE,
        "extra_refunded_otherwise",
        order.Event.REFUNDED_OTHERWISE,
        order.Event.PART_REFUNDED_OTHERWISE,
        order.Event.SECOND_REFUNDED_OTHERWISE,
    ),
    Reason.MET_OUTSIDE: (
        ledger.MET_OUTSIDE,
        "extra_went_back",
        order.Event.WENT_BACK,
        order.Event.SETTLED_OUTSIDE,
        order.Event.SETTLED_OUTSIDE,
    ),
}


def _ended(
    refund: Refund, reason: Reason, amount_minor: int, parties: Parties, *, chance: Chance
) -> tuple[Move, tuple[NewMessage, ...]]:
    """The arrow that posts a refund's end: `refund_paid` through us, `refund_paid_otherwise`, or `met_outside`."""
    posting, extra, ending, part, second = _ENDS[reason]
    amounts = {reason: amount_minor}
    if refund.order_id is None or refund.order_state is None:
        # What was paid beyond the orders' sum belongs to the payment alone.
        lines = ledger.transfers((posting,), amounts, parties, order_id=None, payment_id=refund.payment_id)
        return Move(Subject.PAYMENT, refund.payment_id, "captured", "captured", extra, lines), ()
    event = ending if refund.reason in ENDS_ORDER else part if refund.reason == "goodwill" else second
    arrow = order.arrow(refund.order_state, event)
    lines = ledger.transfers(arrow.postings, amounts, parties, order_id=refund.order_id, payment_id=refund.payment_id)
    return (
        Move(Subject.ORDER, refund.order_id, refund.order_state, arrow.target, event, lines),
        (NewMessage("refunded", refund.order_id, chance.reference()),),
    )
