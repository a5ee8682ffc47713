"""Another try at paying orders whose last payment failed or expired: what was to be paid together still is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import orders, together
from opla.operations.place_orders import new_payment
from opla.operations.shop import Shop


def pay_again(actor: Actor, order_id: UUID, *, shop: Shop, method: str, at: datetime) -> Refusal | None:
    """None when the order has an open payment now: a new one, or the one another tab has just opened."""
    if refused := actor.refused(Act.PAY):
        return refused
    if method not in shop.payment_methods:
        return Refusal(Code.PAYMENT_METHOD_UNKNOWN, "method", {"method": method})
    payment = new_payment(method, shop=shop, at=at)
    tries = [(one, payment) for one in together.unpaid(order_id, at)]
    result, *_ = orders.pay_again(tries, at=at, expires_at=at + shop.terms.payment_valid)
    return None if result in ("placed", "open") else Refusal(Code(result))
