"""Money that a reseller pays into its float at a payment provider: how, how much, and giving it back.

The rest is the machine that every payment has (`core.payment`): no order waits for it, so it is never too late, and two
payments are two deposits. The provider's fee is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import attempt, ledger
from opla.core.chance import Chance
from opla.core.change import Change, Move, NewAttempt, NewRefund, Subject, Sums
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.payment import Event, Payment, move
from opla.core.refusal import Code, Refusal
from opla.core.ways import Means, means

#: Less is not worth its fee; more goes by bank transfer.
LEAST_MINOR: Final = 1_000
MOST_MINOR: Final = 1_000_000

#: A bank transfer has the float's own reference, and cash a counter.
_ELSEWHERE: Final = frozenset({Means.TRANSFER, Means.CASH, Means.TERMINAL})


def ways(methods: Sequence[str]) -> tuple[str, ...]:
    """Of a shop's ways of paying those that open a page and are over in minutes."""
    return tuple(name for name in methods if means(name) not in _ELSEWHERE)


def refused(amount: Money | None, method: str, methods: Sequence[str]) -> Refusal | None:
    """None where this much may be paid in so."""
    if amount is None or amount.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount")
    if amount.amount_minor < LEAST_MINOR:
        return Refusal(Code.AMOUNT_BELOW_MIN, "amount", {"min": str(LEAST_MINOR), "currency": amount.currency})
    if amount.amount_minor > MOST_MINOR:
        return Refusal(Code.AMOUNT_ABOVE_MAX, "amount", {"max": str(MOST_MINOR), "currency": amount.currency})
    if method not in ways(methods):
        return Refusal(Code.PAYMENT_METHOD_UNKNOWN, "method", {"method": method})
    return None


def given_back(
    paid: Payment, refund_id: UUID, amount_minor: int, why: str, *, at: datetime, chance: Chance
) -> Change | Refusal:
    """A person gives back what was paid in, or a part: off the float now, and on its way to where it came from.

    The database refuses what the float does not hold free.
    """
    if amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount")
    if amount_minor > paid.kept_minor:
        return Refusal(Code.REFUND_TOO_MUCH, "amount")
    target, postings = move(paid, Event.GIVEN_BACK)
    currency = paid.amount.currency
    lines = ledger.transfers(
        postings,
        {Reason.REFUND_DUE: amount_minor},
        Parties(currency, provider=paid.provider, reseller=paid.float_of),
        order_id=None,
        payment_id=paid.id,
    )
    kind, reference = attempt.Kind.REFUND, chance.reference()
    return Change(
        moves=(Move(Subject.PAYMENT, paid.id, paid.state, target, Event.GIVEN_BACK, lines, why=paid.float_key),),
        sums=(Sums(paid.id, refunding_minor=amount_minor, seen=paid.seen),),
        refunds=(NewRefund(refund_id, paid.id, None, amount_minor, currency, "choice", why),),
        attempts=(NewAttempt(chance.uuid(at), kind, paid.provider, reference, due_at=at, refund_id=refund_id),),
    )
