"""News of promotions: for who asked, each once when it begins, never by night, for one operator or for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from opla.core.actor import Actor
from opla.core.promotion import Promotions, news, next_news
from opla.core.refusal import Code, Refusal
from opla.db.queries.reminders import Decided, Kept
from opla.operations import catalogue, wishes
from opla.operations.shop import Shop
from opla.operations.wishes import Following

#: What the owner imports meanwhile is noticed within this.
_LOOK_EVERY: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Wanted:
    """As typed: an e-mail, an operator of the catalogue (empty: all), a language tag. `address`: of a visitor."""

    email: str
    operator: str
    language: str
    address: str = field(default="", repr=False)


def follow(actor: Actor, wanted: Wanted, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Keep the wish and send the e-mail that asks to confirm it; or every refusal."""
    to = wishes.addressed(actor, wanted.email, wanted.language)
    refused = to if isinstance(to, list) else []
    _, catalog = catalogue.active()
    if wanted.operator and catalog.operator(wanted.operator) is None:
        refused.append(Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": wanted.operator}))
    if refused or isinstance(to, list):
        return refused
    email, language = to
    limited = wishes.keep(
        email,
        language,
        lambda link: Following(email, link, wanted.operator, at, language, confirmed=False),
        address=wanted.address,
        shop=shop,
        at=at,
    )
    return [limited] if limited else []


def decide(kept: Kept, following: Following, known: Promotions, shop: Shop, at: datetime) -> Decided:
    """What to send, and when to look next. What is decided by night waits in the outbox (`tell`) for the morning."""
    new = news(known, following.operator, since=following.since, at=at, told=kept.sent)
    begins = next_news(known, following.operator, at) or at + _LOOK_EVERY
    looked = min(begins, at + _LOOK_EVERY)
    return Decided(kept.id, kept.version, looked, tuple((one.key, shop.chance.reference()) for one in new))


def still_due(following: Following, topic: str, known: Promotions, at: datetime) -> bool:
    """Whether news that was written down is still true: a promotion ends, and messages may wait."""
    return any(topic == one.key for one in news(known, following.operator, since=following.since, at=at))
