"""Wishes to be written to: about one SIM, or about promotions. Kept when asked for, meant once confirmed by e-mail.

What somebody said (their address, their readings) is sealed and lives as long as the wish does: nothing else of it is
kept. The link in their e-mails is the only secret of it, and opens it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage, read_usage, write_usage
from opla.db.keyring import Keyring, Unopenable, digest
from opla.db.queries import reminders
from opla.db.queries.reminders import Kept, Wish
from opla.operations import limits
from opla.operations.links import hash_link, write_link
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)

#: A wish that nobody confirms is deleted.
CONFIRM_WITHIN: Final = timedelta(days=2)
#: One address is asked to confirm once in this time, of each kind of wish.
AGAIN: Final = timedelta(hours=1)
#: The topic of the e-mail that asks to confirm; those of other messages are their keys.
CONFIRM: Final = "confirm"


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


@dataclass(frozen=True)
class Following:
    """Promotions that somebody is told of: of one operator, or of all (empty), that begin after `since`."""

    email: str = field(repr=False)
    link: str = field(repr=False)
    operator: str
    since: datetime
    language: str
    confirmed: bool


Wished = Watched | Following


def addressed(actor: Actor, email: str, language: str) -> tuple[str, str] | list[Refusal]:
    """The address and the language as they are kept; or everything that is wrong with who asks."""
    address, tag = read_email(email), read_language(language)
    if isinstance(address, Refusal) or isinstance(tag, Refusal) or actor.refused(Act.REMIND):
        refused = (actor.refused(Act.REMIND), address, tag)
        return [one for one in refused if isinstance(one, Refusal)]
    return address, tag


def keep(
    email: str, language: str, make: Callable[[str], Wished], *, address: str, shop: Shop, at: datetime
) -> Refusal | None:
    """Keep what `make` makes of a new link, and send the e-mail that asks to confirm it. `address`: where they sit.

    Whoever asks too often is refused. An e-mail that was asked within the hour, or often today, is not asked again,
    and nobody is told: the answer is the same.
    """
    if refused := limits.by_address(limits.WISHES, address, shop=shop, at=at):
        return refused
    if limits.by_email(limits.CONFIRMS, email, shop=shop, at=at):
        return None
    secret, id_ = shop.chance.secret(), shop.chance.uuid(at)
    wished = make(write_link(secret))
    alone = isinstance(wished, Following)
    wish = Wish(
        id_,
        digest(secret),
        hashes_of(email, shop.keyring)[alone],
        seal(wished, id_, shop.keyring),
        language,
        shop.chance.reference(),
        alone,
    )
    reminders.ask(wish, at=at, forget_at=at + CONFIRM_WITHIN, again=AGAIN)
    return None


def hashes_of(email: str, keyring: Keyring) -> tuple[bytes, bytes]:
    """How the database knows an address: as one with reminders, and as one with news of promotions."""
    names = [prefix + email.lower().encode() for prefix in (b"reminder:", b"promotions:")]
    lines, news = (hmac.new(keyring.fingerprint_key, name, hashlib.sha256).digest() for name in names)
    return lines, news


def find(link: str, *, shop: Shop) -> Wished | None:
    """What this link opens; None for a guess."""
    kept = kept_by(link)
    return open_wish(kept, shop.keyring) if kept else None


def confirm(actor: Actor, link: str, *, at: datetime) -> Refusal | None:
    """Somebody who reads the e-mail said yes. Of promotions, the newest wish of an address takes the older's place."""
    if refused := actor.refused(Act.REMIND):
        return refused
    link_hash = hash_link(link)
    found = link_hash is not None and reminders.confirm(link_hash, at=at)
    return None if found else Refusal(Code.NOT_FOUND)


def stop(actor: Actor, link: str) -> Refusal | None:
    """Delete everything of it. A link of nothing is stopped already."""
    if refused := actor.refused(Act.REMIND):
        return refused
    if link_hash := hash_link(link):
        reminders.stop(link_hash)
    return None


def kept_by(link: str) -> Kept | None:
    link_hash = hash_link(link)
    return reminders.by_link(link_hash) if link_hash else None


def open_all(kept: dict[UUID, Kept], keyring: Keyring) -> dict[UUID, Wished]:
    """Those that open, for the messages about them."""
    found = {}
    for id_, one in kept.items():
        try:
            found[id_] = open_wish(one, keyring)
        except Unopenable:
            _log.exception("reminder %s: it does not open", id_)
    return found


def seal(wished: Wished, id_: UUID, keyring: Keyring) -> bytes:
    document: dict[str, object] = {"email": wished.email, "link": wished.link}
    if isinstance(wished, Watched):
        document |= {"every_days": wished.every_days, "usage": write_usage(wished.usage)}
    else:
        document |= {"operator": wished.operator, "since": wished.since.isoformat()}
    return keyring.seal(json.dumps(document).encode(), id_.bytes)


def open_wish(kept: Kept, keyring: Keyring) -> Wished:
    """Raises `Unopenable`."""
    document = json.loads(keyring.open(kept.sealed, kept.id.bytes))
    email, link = document["email"], document["link"]
    if "usage" not in document:
        since = datetime.fromisoformat(document["since"])
        return Following(email, link, document["operator"], since, kept.language, kept.confirmed)
    usage = read_usage(document["usage"])
    if isinstance(usage, Refusal):
        raise Unopenable("what was sealed is no usage any more")
    return Watched(email, link, usage, document["every_days"], kept.language, kept.confirmed)
