"""Reminders: asked for, confirmed from the e-mail, sent once each and never by night, and gone with one tap.

        ask ──▶ an e-mail ──▶ confirm ──▶ looked at when something may be due ──▶ reminders in the outbox
                                  └ stop, or nothing left to remind of for long ──▶ everything deleted

What somebody said (their address, their readings) is sealed and lives as long as this does: nothing else of it is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.day import ZONE
from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.core.reminder import due, look_next
from opla.core.usage import Usage, followed, read_usage, watch, write_usage
from opla.db.keyring import Keyring, Unopenable, digest
from opla.db.queries import reminders
from opla.db.queries.reminders import Decided, Kept, Wish
from opla.operations.links import hash_link, write_link
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)

#: Days between check-ins that can be chosen; 0: never asked.
INTERVALS: Final = (0, 3, 7, 14, 30)
#: A wish that nobody confirms is deleted.
CONFIRM_WITHIN: Final = timedelta(days=2)
#: One address is asked to confirm once in this time.
AGAIN: Final = timedelta(hours=1)
#: Kept for this long when there is nothing left to remind of, in case a new reading comes; then deleted.
FORGET_AFTER: Final = timedelta(days=90)
#: The topic of the e-mail that asks to confirm; those of reminders are their keys.
CONFIRM: Final = "confirm"
_LEASE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Wanted:
    """As typed: an address, the days between check-ins (one of `INTERVALS`), a language tag."""

    email: str
    every_days: str
    language: str


@dataclass(frozen=True)
class Watched:
    """One line that somebody is reminded of. `link` opens its page, and is the only secret of it."""

    email: str = field(repr=False)
    link: str = field(repr=False)
    usage: Usage
    every_days: int
    language: str
    confirmed: bool

    @property
    def every(self) -> timedelta | None:
        return timedelta(days=self.every_days) if self.every_days else None


def ask(actor: Actor, wanted: Wanted, usage: Usage, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Keep the wish and send the e-mail that asks to confirm it; or every refusal.

    An address that was asked within the hour is not asked again, and nobody is told: the answer is the same.
    """
    email, language = read_email(wanted.email), read_language(wanted.language)
    every = wanted.every_days
    refused = [actor.refused(Act.REMIND), email if isinstance(email, Refusal) else None]
    refused.append(language if isinstance(language, Refusal) else None)
    refused.append(Refusal(Code.INTERVAL_UNKNOWN, "every") if every not in map(str, INTERVALS) else None)
    found = [one for one in refused if one is not None]
    if found or isinstance(email, Refusal) or isinstance(language, Refusal):
        return found
    secret, id_ = shop.chance.secret(), shop.chance.uuid(at)
    watched = Watched(email, write_link(secret), usage, int(every), language, confirmed=False)
    wish = Wish(
        id_,
        digest(secret),
        hmac.new(shop.keyring.fingerprint_key, b"reminder:" + email.lower().encode(), hashlib.sha256).digest(),
        _seal(watched, id_.bytes, shop.keyring),
        language,
        shop.chance.reference(),
    )
    reminders.ask(wish, at=at, forget_at=at + CONFIRM_WITHIN, again=AGAIN)
    return []


def find(link: str, *, shop: Shop) -> Watched | None:
    """What this link opens; None for a guess."""
    kept = _kept(link)
    return _open(kept, shop.keyring) if kept else None


def confirm(actor: Actor, link: str, *, at: datetime) -> Refusal | None:
    """Somebody who reads the e-mail said yes."""
    if refused := actor.refused(Act.REMIND):
        return refused
    link_hash = hash_link(link)
    found = link_hash is not None and reminders.confirm(link_hash, at=at)
    return None if found else Refusal(Code.NOT_FOUND)


def read(actor: Actor, link: str, newer: Usage, *, shop: Shop, at: datetime) -> Refusal | None:
    """A new reading of the line. Of two at once both count."""
    if refused := actor.refused(Act.REMIND):
        return refused
    for _ in range(5):
        kept = _kept(link)
        if kept is None or not kept.confirmed:
            return Refusal(Code.NOT_FOUND)
        watched = _open(kept, shop.keyring)
        watched = replace(watched, usage=followed(watched.usage, newer))
        if reminders.read(kept, _seal(watched, kept.id.bytes, shop.keyring), at=at):
            return None
    return Refusal(Code.STILL_RUNNING)


def stop(actor: Actor, link: str) -> Refusal | None:
    """Delete everything of it. A link of nothing is stopped already."""
    if refused := actor.refused(Act.REMIND):
        return refused
    if link_hash := hash_link(link):
        reminders.stop(link_hash)
    return None


def remind(*, shop: Shop, at: datetime, limit: int = 50) -> int:
    """Look at what is due, and leave what is to be sent in the outbox; how many were looked at."""
    claimed = reminders.claim(at=at, limit=limit, lease=_LEASE)
    decided: list[Decided] = []
    forget = []
    for kept in claimed:
        if not kept.confirmed:
            forget.append(kept.id)
            continue
        try:
            found = _decide(kept, _open(kept, shop.keyring), shop, at)
        except Unopenable:
            _log.exception("reminder %s: it does not open", kept.id)
            continue
        if found is None:
            forget.append(kept.id)
        else:
            decided.append(found)
    if claimed:
        reminders.decide(decided, forget=forget, at=at)
    return len(claimed)


def _decide(kept: Kept, watched: Watched, shop: Shop, at: datetime) -> Decided | None:
    """What to send now and when to look next; None where nothing will ever be due again."""
    watching = watch(watched.usage, at, watched.every)
    new = due(watching, at, ZONE, kept.sent)
    sent = kept.sent | {reminder.key for reminder in new}
    looked = look_next(watching, at, ZONE, sent)
    forgotten = watching.measured_at + FORGET_AFTER
    if looked is None and not new and forgotten <= at:
        return None
    following = looked or max(forgotten, at + timedelta(days=1))
    return Decided(kept.id, kept.version, following, tuple((one.key, shop.chance.reference()) for one in new))


def still_due(watched: Watched, topic: str, at: datetime) -> bool:
    """Whether a message that was made is still true: readings change, and messages may wait."""
    if topic == CONFIRM:
        return not watched.confirmed
    return any(topic == reminder.key for reminder in due(watch(watched.usage, at, watched.every), at, ZONE))


def open_all(kept: dict[UUID, Kept], keyring: Keyring) -> dict[UUID, Watched]:
    """Those that open, for the messages about them."""
    found = {}
    for id_, one in kept.items():
        try:
            found[id_] = _open(one, keyring)
        except Unopenable:
            _log.exception("reminder %s: it does not open", id_)
    return found


def _kept(link: str) -> Kept | None:
    link_hash = hash_link(link)
    return reminders.by_link(link_hash) if link_hash else None


def _seal(watched: Watched, about: bytes, keyring: Keyring) -> bytes:
    document = {
        "email": watched.email,
        "link": watched.link,
        "every_days": watched.every_days,
        "usage": write_usage(watched.usage),
    }
    return keyring.seal(json.dumps(document).encode(), about)


def _open(kept: Kept, keyring: Keyring) -> Watched:
    """Raises `Unopenable`."""
    document = json.loads(keyring.open(kept.sealed, kept.id.bytes))
    usage = read_usage(document["usage"])
    if isinstance(usage, Refusal):
        raise Unopenable("what was sealed is no usage any more")
    return Watched(
        document["email"], document["link"], usage, document["every_days"], kept.language, kept.confirmed
    )  # fmt: skip
