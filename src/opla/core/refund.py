"""Money going back: a refund is decided once, then tried until it is done or a person must find another way.

due ──paid back──▶ done
 └──refused by the provider──▶ refused ──a person paid it from the bank──▶ otherwise
                               (an item: pay it back another way)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from opla.core import attempt, item, ledger, order
from opla.core.attempt import Contradiction
from opla.core.chance import Chance
from opla.core.change import Change, Move, NewAttempt, NewMessage, NewRefund, Note, Subject, Sums
from opla.core.ledger import Parties
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport


class State(StrEnum):
    DUE = "due"
    DONE = "done"
    REFUSED = "refused"
    OTHERWISE = "otherwise"


#: Reasons whose refund is an order's own ending; the others give back what was paid beside it.
ENDS_ORDER = frozenset({"late", "declined", "reversed", "choice"})

#: Why money goes back by rule, without asking anybody (up to the day's cap).
BY_RULE = frozenset({"late", "second", "overpaid", "underpaid", "declined", "reversed"})


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
            items=(_item(item.Kind.REFUND_REFUSED, refund, tried.id, item.Why.REFUND_REFUSED, said=report.why),),
            closes=_waiting(tried.id),
        )
    if target in (attempt.State.UNKNOWN, attempt.State.NEW) and age.parks(promises, at):
        why = item.Why.REFUND_SILENT if target is attempt.State.UNKNOWN else item.Why.REFUND_UNREACHABLE
        return Change(
            moves=tuple(moves), notes=(note,), items=(_item(item.Kind.UNKNOWN_REFUND, refund, tried.id, why),)
        )
    return change


def _waiting(attempt_id: UUID) -> tuple[tuple[str, UUID], ...]:
    """The items that an answer of any kind makes pointless."""
    return (item.Kind.UNKNOWN_REFUND, attempt_id), (item.Kind.REFUND_CAP, attempt_id)


def _item(kind: item.Kind, refund: Refund, attempt_id: UUID, why: item.Why, **params: str) -> item.NewItem:
    return item.NewItem(
        kind, refund.amount, why, params, order_id=refund.order_id, payment_id=refund.payment_id, attempt_id=attempt_id
    )


def _done(change: Change, refund: Refund, *, chance: Chance, attempt_id: UUID) -> Change:
    """The provider gave it back: the debt is paid, and the order (if this was its ending) is refunded."""
    done = Move(Subject.REFUND, refund.id, refund.state, State.DONE, "done")
    moved, messages = _paid(refund, ledger.REFUND_PAID, "", chance=chance)
    return Change(
        moves=(*change.moves, done, moved),
        notes=change.notes,
        sums=(_paid_sums(refund, refunding_minor=-refund.amount.amount_minor),),
        messages=messages,
        closes=_waiting(attempt_id),
    )


def paid_otherwise(refund: Refund, *, why: str, chance: Chance) -> Change:
    """A person paid it from our bank account, after the provider refused. Raises `Contradiction` for any other."""
    if refund.state is not State.REFUSED:
        raise Contradiction(item.Why.MOVE_IMPOSSIBLE, subject="refund", state=refund.state, event="paid_otherwise")
    paid = Move(Subject.REFUND, refund.id, refund.state, State.OTHERWISE, "paid_otherwise", why=why)
    moved, messages = _paid(refund, ledger.REFUND_PAID_OTHERWISE, "_otherwise", chance=chance)
    return Change(moves=(paid, moved), sums=(_paid_sums(refund),), messages=messages)


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


def _paid(
    refund: Refund, posting: ledger.Posting, suffix: str, *, chance: Chance
) -> tuple[Move, tuple[NewMessage, ...]]:
    """The move of what the refund belongs to. `suffix` tells the events of one way of paying from another's."""
    parties = Parties(refund.amount.currency, provider=refund.provider)
    amounts = {posting.reason: refund.amount.amount_minor}
    if refund.order_id is None or refund.order_state is None:
        # What was paid beyond the orders' sum belongs to the payment alone.
        lines = ledger.transfers((posting,), amounts, parties, order_id=None, payment_id=refund.payment_id)
        return Move(Subject.PAYMENT, refund.payment_id, "captured", "captured", f"extra_refunded{suffix}", lines), ()
    ending = order.Event.REFUNDED if refund.reason in ENDS_ORDER else order.Event.SECOND_REFUNDED
    event = order.Event(f"{ending}{suffix}")
    arrow = order.arrow(refund.order_state, event)
    lines = ledger.transfers(arrow.postings, amounts, parties, order_id=refund.order_id, payment_id=refund.payment_id)
    moved = Move(Subject.ORDER, refund.order_id, refund.order_state, arrow.target, event, lines)
    return moved, (NewMessage("refunded", refund.order_id, chance.reference()),)


def _paid_sums(refund: Refund, refunding_minor: int = 0) -> Sums:
    return Sums(refund.payment_id, refunding_minor=refunding_minor, refunded_minor=refund.amount.amount_minor)
