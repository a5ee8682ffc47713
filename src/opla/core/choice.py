"""Money given back by choice: a person decides, says why, and above a limit a second person agrees.

What the whole price gives back depends on what became of its value:

    a code of ours nobody has seen      back on the shelf; the sale is undone, line by line
    a supplier's code nobody has seen   blocked; its cost is our loss
    a code somebody has seen            blocked, and only with the operator's answer as evidence; our loss
    credit on a number                  stays given; our loss

A part of the price leaves the order delivered. Every loss is `goodwill`: out of the margin, with fee and VAT as earned.
A reseller's order was paid from its float, and there the money is again in the same commit: nobody outside is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import attempt, item, order
from opla.core.actor import Actor
from opla.core.chance import Chance
from opla.core.change import Change, CodeBack, GivenBack, Move, NewAttempt, NewMessage, NewRefund, Subject, Sums
from opla.core.gone import Code
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.order import Order
from opla.core.refund import State
from opla.core.refusal import Code as Why
from opla.core.refusal import Refusal, first

#: Long enough for any reason; a letter belongs into the file that is kept as evidence.
MAX_WORDS: Final = 1_000
_LONG_DIGITS: Final = re.compile(r"\d(?:[ .\-]?\d){5,}(?=(?:[ .\-]?\d){4})")


@dataclass(frozen=True)
class Case:
    """A delivered (or any other) order, and the payment that paid it, as a refund by choice sees them.

    Without a payment a reseller's float paid it: what is left of its price is all that may go back.
    """

    order: Order
    payment_id: UUID | None
    provider: str
    share_minor: int
    back_minor: int  # of the share, given back by choice before
    kept_minor: int  # of the whole payment: what may still be refunded
    seen: str
    supplier: str
    cost_minor: int
    code: Code | None

    @property
    def open_minor(self) -> int:
        """What of the order's price has not been given back yet."""
        return self.share_minor - self.back_minor


@dataclass(frozen=True)
class Wish:
    """What a person wants: `amount_minor` is None for all that is left of the order's price.

    `why` and `evidence` are kept as they stand here: see `words`.
    """

    refund_id: UUID
    amount_minor: int | None
    why: str
    evidence: str = ""


def words(text: str) -> str:
    """A person's words as they are kept: bounded, and every long number but its last four digits left out of them,
    because what an operator answers may quote a code."""
    return _LONG_DIGITS.sub("…", " ".join(text.split()))[:MAX_WORDS]


def amount_minor(case: Case, wish: Wish) -> int:
    return case.open_minor if wish.amount_minor is None else wish.amount_minor


def whole(case: Case, wish: Wish) -> bool:
    return amount_minor(case, wish) == case.open_minor


def refused(case: Case, wish: Wish) -> Refusal | None:
    """Why not, or None."""
    wanted_minor, left_minor = amount_minor(case, wish), min(case.open_minor, case.kept_minor)
    left = {"left": str(max(left_minor, 0)), "currency": case.order.price.total.currency}
    over = left_minor <= 0 or case.order.state in (order.State.PLACED, order.State.CANCELLED, order.State.REFUNDED)
    ruled = case.order.state in (order.State.PAID, order.State.REFUNDING)
    seen = case.code is not None and case.code.revealed and whole(case, wish)
    return first(
        [
            Refusal(Why.REFUND_BY_RULE, "order") if ruled else None,
            Refusal(Why.NOTHING_TO_REFUND, "order") if over and not ruled else None,
            Refusal(Why.AMOUNT_UNREADABLE, "amount") if wanted_minor <= 0 and not over else None,
            Refusal(Why.REFUND_TOO_MUCH, "amount", left) if wanted_minor > left_minor and not over else None,
            Refusal(Why.REASON_MISSING, "reason") if not wish.why.strip() else None,
            Refusal(Why.EVIDENCE_MISSING, "evidence") if seen and not wish.evidence.strip() else None,
        ]
    )


def same_person(one: str, other: Actor) -> bool:
    """Whether the actor written beside a row is this person, in whatever role. Nobody's name is nobody else."""
    name = one.partition(":")[2].strip().casefold()
    return not name or not other.name.strip() or name == other.name.strip().casefold()


def start(
    case: Case,
    wish: Wish,
    *,
    asked: bool,
    at: datetime,
    chance: Chance,
    reason: str = "",
    undone: order.Event | None = None,
) -> Change:
    """The refund begins: posted, due, and on its way with the next worker. `asked`: its row waits for this already.

    `reason` is of a refund that a rule gives in the same way (`take_back`, `card`); empty: by choice. `undone` is the
    order's event where the whole sale is undone for another reason than a code that is on the shelf again.
    """
    sold, money = case.order, Money(amount_minor(case, wish), case.order.price.total.currency)
    parties = Parties(money.currency, provider=case.provider, source=case.supplier)
    codes: tuple[CodeBack, ...] = ()
    amounts = {Reason.GOODWILL: money.amount_minor, Reason.REFUND_DUE: money.amount_minor}
    event = order.Event.GOODWILL
    if whole(case, wish):
        event = order.Event.WITHDRAWN
        back = case.code is not None and case.code.ours and not case.code.revealed
        if back or undone is not None:
            event = undone or order.Event.RETURNED
            amounts = order.undone(
                sold.price, case.cost_minor, goodwill_minor=case.back_minor, refund_minor=money.amount_minor
            )
        if case.code is not None:
            codes = (CodeBack(case.code.id, sold.id, "stock" if back else "blocked", case.code.revealed),)
    if case.payment_id is None:
        return _credited(case, wish, event, amounts, codes, asked=asked, chance=chance, reason=reason)
    arrow = order.arrow(sold.state, event)
    lines = order.journal(sold, arrow, amounts, parties, case.payment_id)
    moves = [Move(Subject.ORDER, sold.id, sold.state, arrow.target, event, lines)]
    refunds: tuple[NewRefund, ...] = ()
    if asked:
        moves.append(Move(Subject.REFUND, wish.refund_id, State.ASKED, State.DUE, "approved"))
    else:
        reason = reason or ("choice" if whole(case, wish) else "goodwill")
        refunds = (
            NewRefund(
                wish.refund_id,
                case.payment_id,
                sold.id,
                money.amount_minor,
                money.currency,
                reason,
                wish.why,
                wish.evidence,
            ),
        )
    tried = NewAttempt(
        chance.uuid(at),
        attempt.Kind.REFUND,
        case.provider,
        chance.reference(),
        due_at=at,
        refund_id=wish.refund_id,
    )
    return Change(
        moves=tuple(moves),
        sums=(Sums(case.payment_id, refunding_minor=money.amount_minor, seen=case.seen),),
        attempts=(tried,),
        refunds=refunds,
        codes=codes,
        messages=(NewMessage("refunding", sold.id, chance.reference()),),
        closes=((item.Kind.REFUND_APPROVAL, sold.id),) if asked else (),
    )


#: What a refund by choice is for an order that a float paid.
_ON_FLOAT: Final = {
    order.Event.GOODWILL: order.Event.CREDITED,
    order.Event.WITHDRAWN: order.Event.CREDITED_WHOLE,
    order.Event.RETURNED: order.Event.RETURNED_TO_FLOAT,
}


def _credited(
    case: Case,
    wish: Wish,
    event: order.Event,
    amounts: dict[Reason, int],
    codes: tuple[CodeBack, ...],
    *,
    asked: bool,
    chance: Chance,
    reason: str,
) -> Change:
    """The money is on the reseller's float again, and that is the end of it."""
    sold, minor = case.order, amount_minor(case, wish)
    parties = Parties(sold.price.total.currency, source=case.supplier, reseller=sold.reseller)
    happened = _ON_FLOAT[event]
    arrow = order.arrow(sold.state, happened)
    lines = order.journal(sold, arrow, amounts, parties)
    moves = [Move(Subject.ORDER, sold.id, sold.state, arrow.target, happened, lines)]
    refunds: tuple[NewRefund, ...] = ()
    if asked:
        moves.append(Move(Subject.REFUND, wish.refund_id, State.ASKED, State.DONE, "credited"))
    else:
        reason = reason or ("choice" if whole(case, wish) else "goodwill")
        currency = sold.price.total.currency
        refunds = (NewRefund(wish.refund_id, None, sold.id, minor, currency, reason, wish.why, wish.evidence),)
    topic = "refunded" if arrow.target is order.State.REFUNDED else "credited"
    return Change(
        moves=tuple(moves),
        refunds=refunds,
        codes=codes,
        given_back=(GivenBack(sold.id, case.back_minor),),
        messages=(NewMessage(topic, sold.id, chance.reference()),),
        closes=((item.Kind.REFUND_APPROVAL, sold.id),) if asked else (),
    )
