"""Giving money back because a person chose to: asked for, where it is large approved by somebody else, then sent.

Nothing is called here: the refund becomes due with its attempt, and a worker sends it like any other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from opla.core import choice, item
from opla.core.actor import Act, Actor
from opla.core.change import Change, Move, Subject
from opla.core.choice import Wish
from opla.core.item import Said
from opla.core.money import Money
from opla.core.refund import State
from opla.core.refusal import Code, Refusal
from opla.db.queries import refunds
from opla.db.queries.apply import Result, apply
from opla.db.queries.refunds import Chosen
from opla.operations.shop import Shop

_ROUNDS = 4


@dataclass(frozen=True)
class Evidence:
    """What the operator answered, as text, as a file, or both. Of the file its hash is kept: it may quote a code."""

    text: str = ""
    file: bytes = b""

    def __str__(self) -> str:
        digest = f"sha256:{hashlib.sha256(self.file).hexdigest()}" if self.file else ""
        return " ".join(part for part in (digest, choice.words(self.text)) if part)


def refund_by_choice(
    actor: Actor,
    order_id: UUID,
    *,
    refund_id: UUID,
    amount: Money | None,
    why: str,
    shop: Shop,
    at: datetime,
    evidence: Evidence | None = None,
) -> Chosen | Refusal:
    """Give back `amount` of an order's price, or (None) all that is left of it.

    `refund_id` is the caller's key, made when the form is drawn: the same one again answers with the refund that is
    there. The state of what comes back says whether it is under way (`due`) or waits for a second person (`asked`).
    """
    if no := actor.refused(Act.REFUND):
        return no
    wish = Wish(refund_id, amount.amount_minor if amount else None, choice.words(why), str(evidence or Evidence()))
    for _ in range(_ROUNDS):
        case, waits = refunds.choice(order_id), refunds.waiting(order_id) is not None
        # Looked at last: were it there already when the case was read, the case would hold this very refund.
        if (before := refunds.chosen(refund_id)) is not None:
            return _again(before, order_id, amount)
        if case is None:
            return Refusal(Code.NOT_FOUND, "order")
        if amount is not None and amount.currency != case.order.price.total.currency:
            return Refusal(Code.AMOUNT_UNREADABLE, "amount")
        if no := choice.refused(case, wish):
            return no
        if waits:
            return Refusal(Code.REFUND_WAITS, "order")
        # Counted over the order, so that two halves do not pass where the whole would not.
        if case.back_minor + choice.amount_minor(case, wish) > shop.refund_alone_minor:
            done = refunds.ask(
                refund_id,
                case,
                choice.amount_minor(case, wish),
                reason="choice" if choice.whole(case, wish) else "goodwill",
                why=wish.why,
                evidence=wish.evidence,
                actor=actor,
                at=at,
            )
        else:
            done = _start(choice.start(case, wish, asked=False, at=at, chance=shop.chance), actor, shop, at)
        if done in ("asked", Result.WON):
            break
    found = refunds.chosen(refund_id)
    return found if found is not None else Refusal(Code.STILL_RUNNING, "order")


def approve_refund(
    actor: Actor, refund_id: UUID, *, shop: Shop, at: datetime, says: tuple[Said, ...] = ()
) -> Chosen | Refusal:
    """The second person agrees. Everything is judged again: money may have gone back, a code may have been seen.

    `says` is what is kept of it beside its item, where it was decided there.
    """
    if no := actor.refused(Act.APPROVE_REFUND):
        return no
    for _ in range(_ROUNDS):
        asked = refunds.chosen(refund_id)
        if asked is None:
            return Refusal(Code.NOT_FOUND, "refund")
        if asked.state is not State.ASKED:
            return Refusal(Code.ITEM_CLOSED, "refund")
        if choice.same_person(asked.actor, actor):
            return Refusal(Code.SAME_PERSON, "refund")
        case = refunds.choice(asked.order_id)
        if case is None:
            return Refusal(Code.NOT_FOUND, "order")
        wish = Wish(refund_id, asked.amount.amount_minor, asked.why, asked.evidence)
        no = choice.refused(case, wish)
        if no is None and choice.whole(case, wish) is not (asked.reason == "choice"):
            no = Refusal(Code.REFUND_TOO_MUCH, "amount")  # another part was given back meanwhile: ask anew
        if no and _still_asked(refund_id):
            return no
        if no:  # somebody else decided it between the two reads, and the case was judged with their refund in it
            continue
        change = replace(choice.start(case, wish, asked=True, at=at, chance=shop.chance), says=says)
        if _start(change, actor, shop, at) is Result.WON:
            return refunds.chosen(refund_id) or Refusal(Code.NOT_FOUND, "refund")
    return Refusal(Code.STILL_RUNNING, "refund")


def deny_refund(
    actor: Actor, refund_id: UUID, *, why: str, shop: Shop, at: datetime, says: tuple[Said, ...] = ()
) -> Chosen | Refusal:
    """It is not given. Who asked may also take it back so."""
    if no := actor.refused(Act.APPROVE_REFUND):
        return no
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "reason")
    asked = refunds.chosen(refund_id)
    if asked is None:
        return Refusal(Code.NOT_FOUND, "refund")
    move = Move(Subject.REFUND, refund_id, State.ASKED, State.DENIED, "denied", why=choice.words(why))
    change = Change(moves=(move,), closes=((item.Kind.REFUND_APPROVAL, asked.order_id),), says=says)
    if _start(change, actor, shop, at) is not Result.WON:
        return Refusal(Code.ITEM_CLOSED, "refund")
    return refunds.chosen(refund_id) or Refusal(Code.NOT_FOUND, "refund")


def _still_asked(refund_id: UUID) -> bool:
    asked = refunds.chosen(refund_id)
    return asked is not None and asked.state is State.ASKED


def _start(change: Change, actor: Actor, shop: Shop, at: datetime) -> Result:
    [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
    return result


def _again(before: Chosen, order_id: UUID, amount: Money | None) -> Chosen | Refusal:
    """The same key: the same result, or a refusal that names the field that differs."""
    if before.order_id != order_id:
        return Refusal(Code.KEY_REUSED, "order", {"field": "order"})
    if (amount is None) is not (before.reason == "choice") and amount != before.amount:
        return Refusal(Code.KEY_REUSED, "amount", {"field": "amount"})
    if amount is not None and amount != before.amount:
        return Refusal(Code.KEY_REUSED, "amount", {"field": "amount"})
    return before
