"""Messages leave through the outbox: written by the commit that made them true, sent at least once, noted when sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.actor import SYSTEM
from opla.core.ports import Answer, Message
from opla.db.queries import attempts, floats, pages
from opla.db.queries.attempts import Outgoing
from opla.db.queries.floats import News
from opla.db.queries.pages import Addressed, OrderPage
from opla.operations.links import write_link
from opla.operations.outside import Outside
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
_AGAIN_AFTER_S = (5, 30, 120, 600, 3600, 3600 * 6, 3600 * 24)


@dataclass(frozen=True)
class Letter:
    """What a message is about, for whoever writes its words."""

    topic: str
    page: OrderPage
    link_url: str
    proof: str


#: Words for a letter: (subject, text), in the order's language.
Compose = Callable[[Letter], tuple[str, str]]


def tell(compose: Compose, *, worker: UUID, shop: Shop, outside: Outside, at: datetime, limit: int = 50) -> int:
    """Send what is due; how many were sent."""
    due = attempts.claim_outbox(worker, at=at, limit=limit, lease_s=60)
    news = floats.news([outgoing.order_id for outgoing in due]) if due else {}
    ours = [outgoing.order_id for outgoing in due if outgoing.order_id not in news]
    about = pages.addressed(ours) if ours else {}
    done: list[tuple[str, bool, datetime | None]] = []
    for outgoing in due:
        if outgoing.order_id in news:
            sent = _told(_for_reseller(outgoing, news[outgoing.order_id]), outside)
        else:
            sent = outgoing.order_id in about and _send(outgoing, about[outgoing.order_id], compose, shop, outside)
        # A message that was sent twice is a nuisance, one that was lost is not: unknown is tried again.
        later = _AGAIN_AFTER_S[outgoing.tries] if outgoing.tries < len(_AGAIN_AFTER_S) else None
        done.append((outgoing.reference, sent, None if sent or later is None else at + timedelta(seconds=later)))
    attempts.finish_outbox(done, actor=SYSTEM, at=at)
    return sum(told for _, told, _ in done)


def _send(outgoing: Outgoing, about: Addressed, compose: Compose, shop: Shop, outside: Outside) -> bool:
    page, opens = about.page, shop.keyring.open
    link = write_link(opens(about.link_sealed, page.id.bytes))
    sealed = about.proof_sealed if outgoing.topic == "proof" else None
    proof = opens(sealed, page.id.bytes).decode() if sealed else ""
    try:
        subject, text = compose(Letter(outgoing.topic, page, f"{shop.base_url}/o/{link}/", proof))
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: it could not be written", outgoing.reference)
        return False
    return _told(Message(outgoing.reference, page.email, subject, text, page.language), outside)


def _for_reseller(outgoing: Outgoing, news: News) -> Message:
    """Facts for a program, shaped like Standard Webhooks (type, timestamp, data). No code: that is fetched."""
    data = {"order": news.ticket, "key": news.key, "state": news.state}
    said = {"type": f"order.{outgoing.topic}", "timestamp": outgoing.made_at.isoformat(), "data": data}
    return Message(outgoing.reference, news.to, f"{said['type']} {news.ticket}", json.dumps(said), news.language)


def _told(message: Message, outside: Outside) -> bool:
    try:
        return outside.tells().tell(message) is Answer.SUCCEEDED
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: the transport broke", message.reference)
        return False
