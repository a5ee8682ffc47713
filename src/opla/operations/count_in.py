"""A purchase counted in on a reminder: by the buyer's own box or button, never by comparing e-mails or numbers.

    box beside the price, button on the order's page ──▶ delivered ──▶ a worker: the line with it ──▶ reminders of that

Nothing links a reminder to an order unless its owner says so: anybody may type somebody else's e-mail into an order.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.usage import topped_up
from opla.db.keyring import Unopenable
from opla.db.queries import counting, pages
from opla.db.queries.counting import Bought
from opla.operations import wishes
from opla.operations.effect_sold import effect_sold
from opla.operations.links import hash_link
from opla.operations.shop import Shop
from opla.operations.wishes import Watched

_log = logging.getLogger(__name__)


def count_in(actor: Actor, link: str, order_id: UUID, *, shop: Shop, at: datetime) -> Refusal | None:
    """Count this order in on the line of this link when it is delivered: a code as entered now, if that is later."""
    if refused := actor.refused(Act.REMIND):
        return refused
    watched, page, link_hash = wishes.find(link, shop=shop), pages.order_by_id(order_id), hash_link(link)
    if not isinstance(watched, Watched) or page is None or link_hash is None:
        return Refusal(Code.NOT_FOUND)
    if watched.usage.line.operator != page.operator:
        return Refusal(Code.PRODUCT_OF_ANOTHER_OPERATOR, "reminder")
    return None if counting.count_in(order_id, link_hash, at=at) else Refusal(Code.NOT_FOUND)


def count(*, shop: Shop, at: datetime, limit: int = 50) -> int:
    """Count in what was delivered, and forget what will not be; how many."""
    found = counting.over(limit)
    for bought in found:
        # Where somebody was first, or the line is another by now, the next round looks again.
        counting.counted(bought, _sealed(bought, shop), at=at)
    return len(found)


def _sealed(bought: Bought, shop: Shop) -> bytes | None:
    """The line with the purchase; None where it stays as it is."""
    if bought.delivered_at is None:
        return None
    # A code works from when it is entered.
    reached_at = bought.delivered_at if bought.kind is Kind.DIRECT else max(bought.delivered_at, bought.said_at)
    effect = effect_sold(bought.catalog_version, bought.sku, bought.face_minor, bought.promotions, reached_at)
    if effect is None:
        return None
    try:
        watched = wishes.open_wish(bought.kept, shop.keyring)
    except Unopenable:
        _log.exception("reminder %s: it does not open", bought.kept.id)
        return None
    if not isinstance(watched, Watched):
        return None
    usage = topped_up(watched.usage, effect, reached_at.replace(microsecond=0), plan=bought.plan)
    if isinstance(usage, Refusal):
        _log.info("reminder %s: order %s is not counted in: %s", bought.kept.id, bought.order_id, usage.code)
        return None
    return wishes.seal(replace(watched, usage=usage), bought.kept.id, shop.keyring)
