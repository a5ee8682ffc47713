"""A customer gives back a code that nobody has looked at: by the ordering device, signed in, or with a proof."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from opla.core import order, take_back
from opla.core.actor import Act, Actor
from opla.core.day import ZONE
from opla.core.refund import UNSEEN
from opla.core.refusal import Code, Refusal
from opla.core.take_back import Back
from opla.db.queries import pages, refunds
from opla.db.queries.apply import Result, apply
from opla.db.queries.pages import OrderPage
from opla.operations.links import device_hash
from opla.operations.shop import Shop

_ROUNDS: Final = 4


def may(page: OrderPage, at: datetime) -> bool:
    """Whether the order's page offers it on this device. What decides is `take_code_back`."""
    ready = page.state is order.State.DELIVERED and page.kind.is_secret
    day = _valid_until(page)
    in_time = day is None or at.astimezone(ZONE).date() <= day - take_back.MARGIN
    return page.proven and ready and not page.revealed and in_time


def take_code_back(
    actor: Actor, order_id: UUID, *, device: bytes, shop: Shop, at: datetime, customer: UUID | None = None
) -> Refusal | None:
    """The code goes back, and its price with the next worker. Asked twice it is done once, and None both times."""
    if refused := actor.refused(Act.TAKE_BACK):
        return refused
    for _ in range(_ROUNDS):
        page = pages.order_by_id(order_id, device_hash(device), customer)
        if page is None:
            return Refusal(Code.NOT_FOUND)
        if not (page.proven and (device or customer)):
            return Refusal(Code.PROOF_NEEDED)
        case = refunds.choice(order_id)
        if case is None:
            return Refusal(Code.NOT_FOUND)
        if case.order.state is not order.State.DELIVERED and refunds.has(order_id, UNSEEN):
            return None
        if refunds.waiting(order_id) is not None:
            return Refusal(Code.REFUND_WAITS)
        back = Back(case, _valid_until(page))
        if refused := take_back.refused(back, at.astimezone(ZONE).date()):
            if refunds.has(order_id, UNSEEN):
                continue  # somebody asked for the same between two looks of ours
            return refused
        change = take_back.start(back, shop.chance.uuid(at), at=at, chance=shop.chance)
        [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
        if result is Result.WON:
            return None
    return Refusal(Code.STILL_RUNNING)


def _valid_until(page: OrderPage) -> date | None:
    return page.code_valid_until if isinstance(page.code_valid_until, date) else None
