"""Short messages to browsers that asked for them: beside the mail, never instead of it, and never with anything in them
but "something changed" and the order's number.

        an order ──▶ asked for on its page ──▶ kept, sealed ──▶ news in the outbox, one beside it (db/sql/push.sql)
                                                 └ stopped, or the browser has gone: everything of it deleted
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.day import ZONE
from opla.core.ports import Answer, Push, PushReport
from opla.core.promotion import Promotions
from opla.core.push import HOSTS, Subscription, read_subscription
from opla.core.refusal import Code, Refusal
from opla.core.reminder import awake
from opla.db.keyring import Keyring, Unopenable
from opla.db.queries import push, reminders
from opla.db.queries.push import About, Waiting
from opla.operations import limits
from opla.operations.outside import Outside, configuration
from opla.operations.promotions import to_be_had
from opla.operations.remind import still_due
from opla.operations.shop import Shop
from opla.operations.wishes import Wished, kept_by, open_all

_log = logging.getLogger(__name__)
_NAME: Final = "web_push"
#: Browsers that one order or one reminder may tell.
_MOST: Final = 5
#: An order that is over is told of no longer; a charge-back or refund months later has its e-mail.
_DAYS: Final = 90
#: Then it is given up: a phone that is off is the push service's to wait for, and the e-mail is there.
_AGAIN_AFTER_S: Final = (10, 60, 600, 3600)
_LEASE_S: Final = 60


@dataclass(frozen=True)
class Given:
    """A subscription as a browser posts it, and the visitor's network address."""

    endpoint: str
    p256dh: str
    auth: str
    address: str


@dataclass(frozen=True)
class Pushing:
    """What a short message is about, for whoever writes its words: an order by its ticket, or an operator's line."""

    ticket: str
    watched: Wished | None
    language: str


#: Words for a short message: (title, text), in its language.
Words = Callable[[Pushing], tuple[str, str]]


def public_key(shop: Shop) -> bytes:
    """What a browser is told when it subscribes; empty where this shop sends no push."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not shop.sandbox and not configuration("notices", _NAME, shop.var).get("subject"):
        return b""
    key = ec.derive_private_key(shop.keyring.push_key, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def reminder(link: str) -> About | None:
    """What a reminder's link stands for, once it is confirmed; None for a guess."""
    kept = kept_by(link)
    return About(reminder_id=kept.id) if kept and kept.confirmed else None


def keep(actor: Actor, about: About, given: Given, *, shop: Shop, at: datetime) -> Refusal | None:
    """Tell this browser from now on. Whose order it is, the caller has looked at."""
    if refused := actor.refused(Act.REMIND) or limits.by_address(limits.WISHES, given.address, shop=shop, at=at):
        return refused
    if not public_key(shop):
        return Refusal(Code.NOT_FOUND)
    found = read_subscription(given.endpoint, given.p256dh, given.auth, _hosts(shop))
    if found is None:
        return Refusal(Code.NOT_FOUND)
    id_ = shop.chance.uuid(at)
    document = [found.endpoint, found.p256dh.hex(), found.auth.hex()]
    sealed = shop.keyring.seal(json.dumps(document).encode(), id_.bytes)
    push.keep(about, id_, _digest(found.endpoint, shop.keyring), sealed, at=at, most=_MOST, days=_DAYS)
    return None


def stop(actor: Actor, about: About, endpoint: str, *, shop: Shop) -> Refusal | None:
    """This browser is told nothing more of it; one that was never told is stopped already."""
    if refused := actor.refused(Act.REMIND):
        return refused
    push.stop(about, _digest(endpoint, shop.keyring))
    return None


def push_out(words: Words, *, shop: Shop, outside: Outside, at: datetime, limit: int = 50) -> int:
    """Send what is due; how many were sent."""
    due = push.claim(at=at, limit=limit, lease_s=_LEASE_S)
    if not due:
        return 0
    lines = [waiting.reminder_id for waiting in due if waiting.reminder_id]
    wished = open_all(reminders.load(lines), shop.keyring) if lines else {}
    known = to_be_had()[1] if wished else Promotions("EUR")
    ended: list[tuple[str, UUID, datetime | None]] = []
    gone, sent = [], 0
    for waiting in due:
        wish = wished.get(waiting.reminder_id) if waiting.reminder_id else None
        again: datetime | None = None
        if waiting.reminder_id and (morning := awake(at, ZONE)) > at:
            again = morning
        elif waiting.ticket or (wish and still_due(wish, waiting.topic, known, at)):
            report = _send(waiting, wish, words, shop, outside)
            sent += report.answer is Answer.SUCCEEDED
            if report.gone:
                gone.append(waiting.subscription_id)
            # One that came twice takes its own place on the phone, so unknown is tried again.
            if report.answer not in (Answer.SUCCEEDED, Answer.DECLINED) and waiting.tries < len(_AGAIN_AFTER_S):
                again = at + timedelta(seconds=_AGAIN_AFTER_S[waiting.tries])
        ended.append((waiting.reference, waiting.subscription_id, again))
    push.done(ended, gone)
    return sent


def _send(waiting: Waiting, wish: Wished | None, words: Words, shop: Shop, outside: Outside) -> PushReport:
    try:
        endpoint, p256dh, auth = json.loads(shop.keyring.open(waiting.sealed, waiting.subscription_id.bytes))
        title, text = words(Pushing(waiting.ticket, wish, waiting.language))
        said = {
            "title": title,
            "body": text,
            "tag": tag_of(waiting.reminder_id, shop) if waiting.reminder_id else waiting.ticket,
            "lang": waiting.language,
        }
        to = Subscription(endpoint, bytes.fromhex(p256dh), bytes.fromhex(auth))
        return outside.pushes().push(Push(waiting.reference, to, json.dumps(said, ensure_ascii=False)))
    except Unopenable:
        return PushReport(Answer.DECLINED, gone=True)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("push %s: it could not be sent", waiting.reference)
        return PushReport(Answer.UNKNOWN)


def _hosts(shop: Shop) -> tuple[str, ...]:
    if shop.sandbox:
        return HOSTS
    return tuple(configuration("notices", _NAME, shop.var).get("hosts", "").replace(",", " ").split()) or HOSTS


def _digest(endpoint: str, keyring: Keyring) -> bytes:
    return hmac.new(keyring.fingerprint_key, b"push:" + endpoint.encode(), hashlib.sha256).digest()


def tag_of(reminder_id: UUID, shop: Shop) -> str:
    """By which name a phone knows a reminder, and so which page to open. It opens nothing; an order's is its ticket."""
    return hmac.new(shop.keyring.fingerprint_key, b"push of " + reminder_id.bytes, hashlib.sha256).hexdigest()[:16]
