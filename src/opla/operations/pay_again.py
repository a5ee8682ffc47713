"""Another try at paying orders whose last payment failed or expired: what was to be paid together still is."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from uuid import UUID

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import card_testing, orders, terminals, together
from opla.db.queries.terminals import Terminal
from opla.operations.card_testing import Asked, too_much
from opla.operations.cash import may_pay
from opla.operations.place_orders import new_payment
from opla.operations.shop import Shop


def pay_again(
    actor: Actor,
    order_id: UUID,
    *,
    shop: Shop,
    method: str,
    at: datetime,
    device: bytes = b"",
    address: str = "",
    terminal: Terminal | None = None,
) -> Refusal | None:
    """None when the order has an open payment now: a new one, or the one another tab has just opened.

    `device` and `address` are a visitor's: whoever asks for too many payments waits. `terminal`: at a counter, the
    card machine it is paid on.
    """
    if refused := actor.refused(Act.PAY):
        return refused
    if not (method == terminal.method if terminal else may_pay(method, shop)):
        return Refusal(Code.PAYMENT_METHOD_UNKNOWN, "method", {"method": method})
    payment = new_payment(method, shop=shop, at=at)
    unpaid = together.unpaid(order_id, at)
    asked = [Asked(payment.payment_id, o.email, o.number, o.total) for o in card_testing.payable(unpaid, at)]
    if not terminal and (paused := too_much(asked, device=device, address=address, shop=shop, at=at)):
        return paused
    tries = [(one, payment) for one in unpaid]
    with transaction.atomic() if terminal else nullcontext():
        result, *_ = orders.pay_again(tries, at=at, expires_at=at + shop.terms.valid(method))
        if terminal:
            terminals.rings(terminal.name, [payment.payment_id])
    return None if result in ("placed", "open") else Refusal(Code(result))
