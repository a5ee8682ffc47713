"""What a payment provider keeps for its work: for captures and charge-backs of a payment, and for each refund.

It is taken out of what the provider owes us, whenever it says so: with the answer, at a later look, at settlement.
What it says is a sum: told twice it is one fee. A fee may grow with a second capture or a charge-back, and fall when a
charge-back is won. A figure that changes although nothing else did, or is below nothing, contradicts what is in the
books: it is not posted, and a person gets an item.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from opla.core import item, ledger, payment
from opla.core.change import Change, Fee, Move, Subject
from opla.core.item import Why
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.payment import Event, Payment
from opla.core.ports import Answer, ChargeReport, RefundReport
from opla.core.refund import Refund, State


def of_payment(change: Change, paid: Payment, charge_id: UUID, report: ChargeReport) -> Change:
    """`change`, what was made of a report, with the provider's fee posted as far as the report and the books agree."""
    captured_minor = paid.captured_minor + sum(s.captured_minor for s in change.sums)
    charged_back_minor = paid.charged_back_minor + sum(s.charged_back_minor for s in change.sums)
    if report.fee is None or not captured_minor:
        return change
    if (report.captured_minor, report.charged_back_minor) != (captured_minor, charged_back_minor):
        return change  # an older report, or one whose news is judged at the next look: its fee waits with it
    on = f"{captured_minor}/{charged_back_minor}"
    known_minor = paid.fee_minor or 0
    if paid.fee_minor is not None:
        same = on == paid.fee_on
        won = charged_back_minor < int(paid.fee_on.partition("/")[2])
        if same and report.fee == Money(known_minor, paid.amount.currency):
            return change
        if same or (report.fee.amount_minor < known_minor and not won):
            return _contradicts(change, report.fee, known_minor, paid.amount.currency, charge_id, paid.id)
    if report.fee.amount_minor < 0 or report.fee.currency != paid.amount.currency:
        return _contradicts(change, report.fee, known_minor, paid.amount.currency, charge_id, paid.id)
    delta_minor = report.fee.amount_minor - known_minor
    change = replace(change, fees=(Fee(charge_id, report.fee.amount_minor, on),))
    if not delta_minor:
        return change
    event = Event.FEE_KEPT if delta_minor > 0 else Event.FEE_GIVEN_BACK
    source = payment.State.CAPTURED
    target, postings = payment.ARROWS[source, event]
    lines = ledger.transfers(
        postings,
        {Reason.PSP_FEE: delta_minor, Reason.PSP_FEE_BACK: -delta_minor},
        Parties(paid.amount.currency, provider=paid.provider),
        order_id=None,
        payment_id=paid.id,
    )
    return replace(change, moves=(*change.moves, Move(Subject.PAYMENT, paid.id, source, target, event, lines)))


def of_refund(change: Change, refund: Refund, attempt_id: UUID, report: RefundReport) -> Change:
    """The same of one refund, once it is done."""
    if report.fee is None or report.answer is not Answer.SUCCEEDED or refund.state not in (State.DUE, State.DONE):
        return change
    currency, known_minor = refund.amount.currency, refund.fee_minor
    if report.fee == Money(known_minor or 0, currency) and known_minor is not None:
        return change
    if known_minor is not None or report.fee.amount_minor < 0 or report.fee.currency != currency:
        return _contradicts(change, report.fee, known_minor or 0, currency, attempt_id, refund.payment_id)
    change = replace(change, fees=(Fee(attempt_id, report.fee.amount_minor, State.DONE),))
    if not report.fee.amount_minor:
        return change
    lines = ledger.transfers(
        (ledger.PSP_FEE,),
        {Reason.PSP_FEE: report.fee.amount_minor},
        Parties(currency, provider=refund.provider),
        order_id=None,
        payment_id=refund.payment_id,
    )
    kept = Move(Subject.REFUND, refund.id, State.DONE, State.DONE, Event.FEE_KEPT, lines)
    return replace(change, moves=(*change.moves, kept))


def share_minor(fee_minor: int, allocations: list[tuple[UUID, int]], order_id: UUID) -> int:
    """An order's share of its payment's fee, by price: the shares of all orders add up to the fee, to the cent."""
    whole, before = sum(part for _, part in allocations), 0
    for whose, part in sorted(allocations):
        if whose == order_id:
            return _up_to(fee_minor, before + part, whole) - _up_to(fee_minor, before, whole)
        before += part
    return 0


def _up_to(fee_minor: int, part: int, whole: int) -> int:
    return fee_minor * part // whole


def _contradicts(
    change: Change, told: Money, known_minor: int, currency: str, attempt_id: UUID, payment_id: UUID
) -> Change:
    known = Money(known_minor, currency)
    if told.currency != currency:
        why, at_risk, params = Why.FEE_CURRENCY, known, {"came": told.currency, "asked": currency}
    else:
        why, at_risk = Why.FEE_CHANGED, Money(abs(told.amount_minor - known_minor), currency)
        params = {"before": known.decimal, "now": told.decimal}
    parked = item.NewItem(item.Kind.CONTRADICTION, at_risk, why, params, payment_id=payment_id, attempt_id=attempt_id)
    return replace(change, items=(*change.items, parked))
