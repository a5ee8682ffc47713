"""Messages leave through the outbox: written by the commit that made them true, sent at least once, noted when sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from opla.core import order
from opla.core.actor import SYSTEM
from opla.core.day import ZONE
from opla.core.nudge import Nudge
from opla.core.payment import TRANSFER
from opla.core.ports import Answer, Message
from opla.core.promotion import Promotions
from opla.core.reminder import awake
from opla.core.webhook import order_event
from opla.db.queries import attempts, floats, pages, reminders
from opla.db.queries.attempts import Outgoing
from opla.db.queries.floats import News
from opla.db.queries.pages import Addressed, OrderPage
from opla.operations import aftercare, letters, mail_back
from opla.operations.letters import Posted
from opla.operations.links import write_link
from opla.operations.outside import Outside
from opla.operations.promotions import to_be_had
from opla.operations.remind import still_due
from opla.operations.shop import Shop
from opla.operations.wait_for_date import DATED, SOON
from opla.operations.wishes import CONFIRM, Following, Watched, Wished, open_all

_log = logging.getLogger(__name__)
#: Messages of an order that are no news: they may have become untrue, and wait for the day.
_NUDGES = frozenset(Nudge)
_AGAIN_AFTER_S = (5, 30, 120, 600, 3600, 3600 * 6, 3600 * 24)


@dataclass(frozen=True)
class Letter:
    """What a message is about, for whoever writes its words."""

    topic: str
    page: OrderPage
    link_url: str
    proof: str
    agreed: str = ""


@dataclass(frozen=True)
class Reminding:
    """What a reminder is about, for whoever writes its words. `topic` is `confirm` or begins with a reminder's kind.

    `link_url` is the page of the line, where it is confirmed, read again and stopped.
    """

    topic: str
    watched: Watched
    link_url: str
    at: datetime


@dataclass(frozen=True)
class Announcing:
    """News of promotions, for whoever writes its words. `topic` is `confirm` or the key of the news."""

    topic: str
    following: Following
    link_url: str


#: Words for a letter: (subject, text), in its language.
Compose = Callable[[Letter | Reminding | Announcing | Posted], tuple[str, str]]


def tell(compose: Compose, *, worker: UUID, shop: Shop, outside: Outside, at: datetime, limit: int = 50) -> int:
    """Send what is due; how many were sent."""
    due = attempts.claim_outbox(worker, at=at, limit=limit, lease_s=60)
    orders = [outgoing.order_id for outgoing in due if outgoing.order_id]
    news = floats.news(orders) if orders else {}
    ours = [order_id for order_id in orders if order_id not in news]
    about = pages.addressed(ours) if ours else {}
    lines = [outgoing.reminder_id for outgoing in due if outgoing.reminder_id]
    wished = open_all(reminders.load(lines), shop.keyring) if lines else {}
    posted = letters.load([(o.letter_id, o.topic) for o in due if o.letter_id], shop=shop)
    known = to_be_had()[1] if wished else Promotions("EUR")
    written = [*(found.page for found in about.values()), *wished.values(), *posted.values()]
    dead = set(mail_back.dead({one.email for one in written}, shop=shop, at=at))
    done: list[tuple[str, bool, datetime | None]] = []
    for outgoing in due:
        to = ""
        send: Callable[[], Answer] = _nobody
        if outgoing.reminder_id:
            wish = wished.get(outgoing.reminder_id)
            if outgoing.topic != CONFIRM and (morning := awake(at, ZONE)) > at:
                done.append((outgoing.reference, False, morning))  # made by day, and it is night now
                continue
            if wish is None or not still_due(wish, outgoing.topic, known, at):
                done.append((outgoing.reference, False, None))  # over, or something newer says otherwise
                continue
            to, send = wish.email, partial(_remind, outgoing, wish, compose, shop, outside, at)
        elif outgoing.letter_id:
            if letter := posted.get(outgoing.letter_id):
                to, send = letter.email, partial(_post, outgoing, letter, compose, outside)
        elif outgoing.order_id in news:
            told_to = news[outgoing.order_id]
            to, send = told_to.to, partial(_told, _for_reseller(outgoing, told_to), outside)
        elif (put_off := _put_off(outgoing, about, at)) is not None:
            done.append((outgoing.reference, False, *put_off))
            continue
        elif outgoing.order_id in about:
            found = about[outgoing.order_id]
            to, send = found.page.email, partial(_send, outgoing, found, compose, shop, outside)
        if to in dead:
            done.append((outgoing.reference, False, None))  # given up: its page, or a person, says so
            continue
        answer = send()
        if answer is Answer.DECLINED and outgoing.order_id not in news:
            mail_back.refused(to, shop=shop, at=at)
            dead.add(to)
        sent, final = answer is Answer.SUCCEEDED, answer in (Answer.SUCCEEDED, Answer.DECLINED)
        # A message that was sent twice is a nuisance, one that was lost is not: unknown is tried again.
        later = _AGAIN_AFTER_S[outgoing.tries] if outgoing.tries < len(_AGAIN_AFTER_S) else None
        done.append((outgoing.reference, sent, None if final or later is None else at + timedelta(seconds=later)))
    attempts.finish_outbox(done, actor=SYSTEM, at=at)
    return sum(told for _, told, _ in done)


def _nobody() -> Answer:
    """What it was about is gone, or does not open."""
    return Answer.NOT_SENT


def _put_off(outgoing: Outgoing, about: Mapping[UUID, Addressed], at: datetime) -> tuple[datetime | None] | None:
    """Why a message about an order is not sent now: until when it waits, or that it is over. None: it is sent."""
    found = about.get(outgoing.order_id) if outgoing.order_id else None
    if found is not None and not found.page.email:
        return (None,)  # its buyer asked to be forgotten
    if outgoing.topic in _NUDGES and found is not None:
        if (morning := awake(at, ZONE)) > at:
            return (morning,)
        return None if aftercare.still_due(found.page, outgoing.topic, at) else (None,)  # entered meanwhile, or over
    if outgoing.topic == TRANSFER and found is not None and found.page.state is not order.State.PLACED:
        return (None,)  # it has come, or nobody waits for it any more
    if outgoing.topic in (DATED, SOON) and not _waits(outgoing, about, at):
        return (None,)  # called off, or delivered: another message says so
    return None


def _waits(outgoing: Outgoing, about: Mapping[UUID, Addressed], at: datetime) -> bool:
    """Whether what was bought for a date still waits for it."""
    found = about.get(outgoing.order_id) if outgoing.order_id else None
    if found is None or found.page.state is not order.State.PAID or found.page.deliver_at is None:
        return False
    return at < found.page.deliver_at


def _send(outgoing: Outgoing, about: Addressed, compose: Compose, shop: Shop, outside: Outside) -> Answer:
    page, opens = about.page, shop.keyring.open
    link = write_link(opens(about.link_sealed, page.id.bytes))
    sealed = about.proof_sealed if outgoing.topic == "proof" else None
    proof = opens(sealed, page.id.bytes).decode() if sealed else ""
    try:
        subject, text = compose(Letter(outgoing.topic, page, f"{shop.base_url}/o/{link}/", proof, about.agreed))
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: it could not be written", outgoing.reference)
        return Answer.NOT_SENT
    return _told(Message(outgoing.reference, page.email, subject, text, page.language), outside)


def _remind(outgoing: Outgoing, wish: Wished, compose: Compose, shop: Shop, outside: Outside, at: datetime) -> Answer:
    link_url = f"{shop.base_url}/r/{wish.link}/"
    letter: Reminding | Announcing
    if isinstance(wish, Watched):
        letter = Reminding(outgoing.topic, wish, link_url, at)
    else:
        letter = Announcing(outgoing.topic, wish, link_url)
    try:
        subject, text = compose(letter)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: it could not be written", outgoing.reference)
        return Answer.NOT_SENT
    stop_url = f"{link_url}stop/"
    return _told(Message(outgoing.reference, wish.email, subject, text, wish.language, stop_url), outside)


def _post(outgoing: Outgoing, letter: Posted, compose: Compose, outside: Outside) -> Answer:
    try:
        subject, text = compose(letter)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: it could not be written", outgoing.reference)
        return Answer.NOT_SENT
    return _told(Message(outgoing.reference, letter.email, subject, text, letter.language), outside)


def _for_reseller(outgoing: Outgoing, news: News) -> Message:
    """Facts for a program, shaped like Standard Webhooks (type, timestamp, data). No code: that is fetched."""
    data = {"order": news.ticket, "key": news.key, "state": news.state}
    event = order_event(outgoing.topic, news.state, delivered=news.delivered) or f"order.{outgoing.topic}"
    said = {"type": event, "timestamp": outgoing.made_at.isoformat(), "data": data}
    return Message(outgoing.reference, news.to, f"{said['type']} {news.ticket}", json.dumps(said), news.language)


def _told(message: Message, outside: Outside) -> Answer:
    try:
        return outside.tells().tell(message)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("message %s: the transport broke", message.reference)
        return Answer.UNKNOWN
