"""After a delivery: what its buyer says of it, and two reminders of a code that is not entered yet.

delivered ─(a day)▶ not said entered? ─▶ a message ─▶ (three days before its last day) still not? ─▶ another
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.day import ZONE
from opla.core.nudge import FIRST_AFTER, SETTLED, Said, Waiting, due, look_next
from opla.core.refusal import Code, Refusal
from opla.db.queries import aftercare
from opla.db.queries.aftercare import Decided, Looked
from opla.db.queries.pages import OrderPage
from opla.operations.links import device_hash
from opla.operations.shop import Shop

_LEASE: Final = timedelta(minutes=1)
#: A shop that was closed for longer begins with what it delivered since then.
_LOOK_BACK: Final = timedelta(days=8)


def say(
    actor: Actor, order_id: UUID, said: Said, *, device: bytes, at: datetime, customer: UUID | None = None
) -> Refusal | None:
    """Keep what the buyer says: from the ordering device, one that proved the order's e-mail, or its `customer`."""
    if refused := actor.refused(Act.SAY):
        return refused
    result = aftercare.say(order_id, device_hash(device), customer, said, actor=actor, at=at)
    return None if result == "said" else Refusal(Code(result))


def nudge(*, shop: Shop, at: datetime, limit: int = 50) -> int:
    """Look at the codes that are due, and leave what is to be sent in the outbox; how many were looked at."""
    looked = aftercare.claim_nudges(after=at - _LOOK_BACK, by=at - FIRST_AFTER, at=at, limit=limit, lease=_LEASE)
    if looked:
        aftercare.decide_nudges([_decide(one, shop, at) for one in looked], at=at)
    return len(looked)


def _decide(one: Looked, shop: Shop, at: datetime) -> Decided:
    reference = shop.chance.reference()
    if not one.open or one.said in SETTLED:
        return Decided(one.order_id, None, None, reference)
    now = due(one.waiting, at, ZONE)
    sent = {*one.waiting.sent, *([now] if now else ())}
    following = look_next(Waiting(one.waiting.delivered_at, one.waiting.last_day, sent), at, ZONE)
    return Decided(one.order_id, following, now, reference)


def still_due(page: OrderPage, topic: str, at: datetime) -> bool:
    """Whether a message that was made is still true: people enter codes, and messages may wait."""
    said, _ = aftercare.said_of([page.id]).get(page.id, ("", at))
    if page.state != "delivered" or page.delivered_at is None or said in SETTLED:
        return False
    return due(Waiting(page.delivered_at, page.code_valid_until), at, ZONE) == topic
