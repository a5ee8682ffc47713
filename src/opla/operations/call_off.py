"""Its customer calls off what was bought for a date, while it waits: the price goes back, a code held for it too."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opla.core import delivery
from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import attempts, cases, pages
from opla.db.queries.apply import Result, apply
from opla.operations.links import device_hash
from opla.operations.shop import Shop

_ROUNDS = 4


def call_off(
    actor: Actor, order_id: UUID, *, device: bytes, shop: Shop, at: datetime, customer: UUID | None = None
) -> Refusal | None:
    """None when its money is on its way back, now or since it was called off before.

    Only by who may see the order's code, a device or its `customer`: who has the link alone could send somebody's
    money back.
    """
    if refused := actor.refused(Act.CALL_OFF):
        return refused
    for _ in range(_ROUNDS):
        page = pages.order_by_id(order_id, device_hash(device), customer)
        if page is None:
            return Refusal(Code.NOT_FOUND, "order")
        if not page.proven:
            return Refusal(Code.PROOF_NEEDED, "order")
        # What waits is read before what happened: of two who call it off at once, each then sees what the other did.
        claimed, case = attempts.standing_send(order_id), cases.send_cases([order_id]).get(order_id)
        if _off(order_id):
            return None
        if claimed is None or case is None:
            return Refusal(Code.CALLED_OFF_TOO_LATE, "order")
        send = delivery.Send(claimed.id, claimed.state, claimed.adapter, claimed.tries, claimed.made_at)
        if not delivery.waits(send, case.order, at):
            return Refusal(Code.CALLED_OFF_TOO_LATE, "order")
        change = delivery.call_off(send, case.order, case.paid, at=at, chance=shop.chance)
        [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
        if result is Result.WON:
            return None
    return Refusal(Code.STILL_RUNNING, "order")


def _off(order_id: UUID) -> bool:
    page = pages.order_by_id(order_id)
    return page is not None and any(happened.name == "called_off" for happened in page.events)
