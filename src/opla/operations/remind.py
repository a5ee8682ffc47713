"""Reminders: asked for, confirmed from the e-mail, sent once each and never by night, and gone with one tap.

        ask ──▶ an e-mail ──▶ confirm ──▶ looked at when something may be due ──▶ reminders in the outbox
                                  └ stop, or nothing left to remind of for long ──▶ everything deleted

Who is told of promotions is looked at in the same round (`follow`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from opla.core.actor import Act, Actor
from opla.core.day import ZONE
from opla.core.promotion import Promotions
from opla.core.refusal import Code, Refusal
from opla.core.reminder import due, look_next
from opla.core.usage import Usage, followed, watch
from opla.db.keyring import Unopenable
from opla.db.queries import reminders
from opla.db.queries.reminders import Decided, Kept
from opla.operations import follow, promotions, wishes
from opla.operations.aftercare import nudge
from opla.operations.count_in import count
from opla.operations.shop import Shop
from opla.operations.wishes import CONFIRM, Watched, Wished

_log = logging.getLogger(__name__)

#: Days between check-ins that can be chosen; 0: never asked.
INTERVALS: Final = (0, 3, 7, 14, 30)
#: Kept for this long when there is nothing left to remind of, in case a new reading comes; then deleted.
FORGET_AFTER: Final = timedelta(days=90)
_LEASE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Wanted:
    """As typed: an e-mail, the days between check-ins (one of `INTERVALS`), a language tag. `address`: of a visitor."""

    email: str
    every_days: str
    language: str
    address: str = field(default="", repr=False)


def ask(actor: Actor, wanted: Wanted, usage: Usage, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Keep the wish and send the e-mail that asks to confirm it; or every refusal."""
    to, every = wishes.addressed(actor, wanted.email, wanted.language), wanted.every_days
    refused = to if isinstance(to, list) else []
    if every not in map(str, INTERVALS):
        refused.append(Refusal(Code.INTERVAL_UNKNOWN, "every"))
    if refused or isinstance(to, list):
        return refused
    email, language = to
    limited = wishes.keep(
        email,
        language,
        lambda link: Watched(email, link, usage, int(every), language, confirmed=False),
        address=wanted.address,
        shop=shop,
        at=at,
    )
    return [limited] if limited else []


def find(link: str, *, shop: Shop) -> Watched | None:
    """The line that this link opens; None for a guess."""
    found = wishes.find(link, shop=shop)
    return found if isinstance(found, Watched) else None


def read(actor: Actor, link: str, newer: Usage, *, shop: Shop, at: datetime) -> Refusal | None:
    """A new reading of the line. Of two at once both count."""
    if refused := actor.refused(Act.REMIND):
        return refused
    for _ in range(5):
        kept = wishes.kept_by(link)
        watched = wishes.open_wish(kept, shop.keyring) if kept else None
        if kept is None or not isinstance(watched, Watched) or not kept.confirmed:
            return Refusal(Code.NOT_FOUND)
        watched = replace(watched, usage=followed(watched.usage, newer))
        if reminders.read(kept, wishes.seal(watched, kept.id, shop.keyring), at=at):
            return None
    return Refusal(Code.STILL_RUNNING)


def remind(*, shop: Shop, at: datetime, limit: int = 50) -> int:
    """Look at what is due, and leave what is to be sent in the outbox; how many were looked at.

    What was bought meanwhile, and is to be counted in, is counted in before; codes that are not entered go along.
    """
    count(shop=shop, at=at)
    nudged = nudge(shop=shop, at=at)
    claimed = reminders.claim(at=at, limit=limit, lease=_LEASE)
    if not claimed:
        return nudged
    _, known = promotions.to_be_had()
    decided: list[Decided] = []
    forget = []
    for kept in claimed:
        if not kept.confirmed:
            forget.append(kept.id)
            continue
        try:
            found = _decide(kept, wishes.open_wish(kept, shop.keyring), known, shop, at)
        except Unopenable:
            _log.exception("reminder %s: it does not open", kept.id)
            continue
        if found is None:
            forget.append(kept.id)
        else:
            decided.append(found)
    reminders.decide(decided, forget=forget, at=at)
    return len(claimed) + nudged


def _decide(kept: Kept, wished: Wished, known: Promotions, shop: Shop, at: datetime) -> Decided | None:
    """What to send now and when to look next; None where nothing will ever be due again."""
    if not isinstance(wished, Watched):
        return follow.decide(kept, wished, known, shop, at)
    watching = watch(wished.usage, at, wished.every)
    new = due(watching, at, ZONE, kept.sent)
    sent = kept.sent | {reminder.key for reminder in new}
    looked = look_next(watching, at, ZONE, sent)
    forgotten = watching.measured_at + FORGET_AFTER
    if looked is None and not new and forgotten <= at:
        return None
    following = looked or max(forgotten, at + timedelta(days=1))
    return Decided(kept.id, kept.version, following, tuple((one.key, shop.chance.reference()) for one in new))


def still_due(wished: Wished, topic: str, known: Promotions, at: datetime) -> bool:
    """Whether a message that was made is still true: readings change, and messages may wait."""
    if topic == CONFIRM:
        return not wished.confirmed
    if not isinstance(wished, Watched):
        return follow.still_due(wished, topic, known, at)
    return any(topic == reminder.key for reminder in due(watch(wished.usage, at, wished.every), at, ZONE))
