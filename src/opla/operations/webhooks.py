"""Endpoints of resellers: made, changed, given another secret, tried, and told again what they missed.

Whoever asks does it for one reseller and sees no other's. A sandbox key has endpoints of its own, which are told of
what such keys ask and of nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from opla.core.actor import Act, Actor
from opla.core.api_access import Access
from opla.core.endpoint import read_url
from opla.core.refusal import Code, Refusal
from opla.core.webhook import BOTH_SIGN, MOST, Event, read_events
from opla.db.models import Reseller, WebhookEndpoint
from opla.db.queries import webhooks
from opla.db.queries.webhooks import MessageRow, TryRow
from opla.operations.shop import Shop

_ABOUT: Final = b"webhook "
_PREFIX: Final = "whsec_"
#: Why an endpoint has ended that is here only until all it was told is deleted, which may be millions of rows.
REMOVED: Final = "removed"
_NOTE: Final = "This is a test. Nothing happened."


@dataclass(frozen=True)
class Made:
    """An endpoint with a new secret, in the clear for the one time it is shown."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Wish:
    """What is to be changed; None: left as it is."""

    url: str | None = None
    events: Sequence[str] | None = None
    active: bool | None = None


def make(
    actor: Actor, access: Access, url: str, events: Sequence[str], *, shop: Shop, at: datetime
) -> Made | list[Refusal]:
    """One more endpoint, told from now on; or everything that is wrong with it."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return [refused]
    read, wanted = read_url(url, sandbox=shop.sandbox), read_events(events)
    wrong = [found for found in (read, wanted) if isinstance(found, Refusal)]
    if wrong or isinstance(wanted, Refusal):
        return wrong
    id_ = shop.chance.uuid(at)
    secret, sealed = _new_secret(id_, shop)
    with _alone(access):
        if _told(access, url):
            return [Refusal(Code.WEBHOOK_KNOWN, "url")]
        if _of(access).count() >= MOST:
            return [Refusal(Code.WEBHOOKS_TOO_MANY, params={"most": str(MOST)})]
        endpoint = WebhookEndpoint.objects.create(
            id=id_,
            reseller_id=access.reseller,
            sandbox=access.sandbox,
            url=url.strip(),
            events=[str(event) for event in wanted],
            secret_sealed=sealed,
            made_at=at,
        )
    return Made(endpoint, secret)


def change(
    actor: Actor, access: Access, endpoint_id: UUID, wish: Wish, *, shop: Shop, at: datetime
) -> WebhookEndpoint | list[Refusal]:
    """Another address, other events, disabled, or enabled again: then what it did before is forgiven."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return [refused]
    found = _of(access).filter(id=endpoint_id).first()
    if found is None:
        return [Refusal(Code.NOT_FOUND)]
    read = None if wish.url is None else read_url(wish.url, sandbox=shop.sandbox)
    wanted = None if wish.events is None else read_events(wish.events)
    if wrong := [one for one in (read, wanted) if isinstance(one, Refusal)]:
        return wrong
    changed: dict[str, object] = {}
    if wish.url is not None:
        changed["url"] = wish.url.strip()
    if wanted is not None and not isinstance(wanted, Refusal):
        changed["events"] = [str(event) for event in wanted]
    if wish.active is True and found.ended_at is not None:
        changed |= {"ended_at": None, "ended_why": "", "failing_since": None, "failed_at": None, "gone_at": None}
    if changed:
        with _alone(access):
            if wish.url is not None and _told(access, wish.url, besides=endpoint_id):
                return [Refusal(Code.WEBHOOK_KNOWN, "url")]
            _of(access).filter(id=endpoint_id).update(**changed)
    if wish.active is False:
        webhooks.end(endpoint_id, "by_hand", [], at=at, dead_after=None)
    return _of(access).get(id=endpoint_id)


def rotate(
    actor: Actor, access: Access, endpoint_id: UUID, *, instead_of: str | None = None, shop: Shop, at: datetime
) -> Made | Refusal:
    """Another secret. For a day it signs beside the one in use, so that nothing is missed while it is changed at the
    other side: one that is made within that day takes the place of the newest, which nobody may have put in yet.

    `instead_of`: which secret (`newest`) was there when somebody asked; with another one there now nothing happens.
    """
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return refused
    secret, sealed = _new_secret(endpoint_id, shop)
    with _alone(access):
        found = _of(access).filter(id=endpoint_id).first()
        if found is None or instead_of not in (None, newest(found)):
            return Refusal(Code.NOT_FOUND)
        if found.old_until is None or found.old_until <= at:
            found.old_secret_sealed = found.secret_sealed
        found.old_until, found.secret_sealed = at + BOTH_SIGN, sealed
        found.save(update_fields=["old_secret_sealed", "old_until", "secret_sealed"])
    return Made(found, secret)


def newest(endpoint: WebhookEndpoint) -> str:
    """Which secret an endpoint has, without a word of it: what a form carries, so that sent twice it makes one."""
    return hashlib.sha256(bytes(endpoint.secret_sealed)).hexdigest()[:16]


def remove(actor: Actor, access: Access, endpoint_id: UUID, *, at: datetime) -> Refusal | None:
    """For good, with whatever waited for it. Nobody sees it any more; `tidy` deletes it with what it was told."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return refused
    gone = _of(access).filter(id=endpoint_id).update(ended_at=at, ended_why=REMOVED)
    return None if gone else Refusal(Code.NOT_FOUND)


def send_test(actor: Actor, access: Access, endpoint_id: UUID, *, shop: Shop, at: datetime) -> str | Refusal:
    """A message that says nothing, to this endpoint alone; its id."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return refused
    if not _of(access).filter(id=endpoint_id).exists():
        return Refusal(Code.NOT_FOUND)
    reference = shop.chance.reference()
    made = webhooks.say_test(endpoint_id, reference, str(Event.TEST), _NOTE, at=at)
    return reference if made else Refusal(Code.WEBHOOK_ENDED)


def replay(
    actor: Actor, access: Access, reference: str, *, endpoint_id: UUID | None = None, at: datetime
) -> int | Refusal:
    """One message once more, to every endpoint that wants it, or to this one alone; to how many."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return refused
    if webhooks.message(access.reseller, reference, sandbox=access.sandbox, at=at) is None:
        return Refusal(Code.NOT_FOUND)
    if endpoint_id is not None and (wrong := _deaf(access, endpoint_id)):
        return wrong
    return webhooks.again(
        access.reseller,
        sandbox=access.sandbox,
        besides=str(Event.TEST),
        at=at,
        reference=reference,
        endpoint_id=endpoint_id,
    )


def replay_since(
    actor: Actor, access: Access, endpoint_id: UUID, since: datetime, *, at: datetime
) -> int | Refusal:  # fmt: skip
    """Everything an endpoint wants since then, whether it had come or not; how many messages."""
    if refused := actor.refused(Act.MANAGE_WEBHOOKS):
        return refused
    if wrong := _deaf(access, endpoint_id):
        return wrong
    return webhooks.again(
        access.reseller, sandbox=access.sandbox, besides=str(Event.TEST), at=at, endpoint_id=endpoint_id, since=since
    )  # fmt: skip


def _deaf(access: Access, endpoint_id: UUID) -> Refusal | None:
    """Why nothing can be posted to it."""
    found = _of(access).filter(id=endpoint_id).first()
    if found is None:
        return Refusal(Code.NOT_FOUND)
    return Refusal(Code.WEBHOOK_ENDED) if found.ended_at is not None else None


def endpoints_of(access: Access) -> list[WebhookEndpoint]:
    """The oldest first."""
    return list(_of(access).order_by("made_at", "id"))


def endpoint(access: Access, endpoint_id: UUID) -> WebhookEndpoint | None:
    return _of(access).filter(id=endpoint_id).first()


def messages(
    access: Access,
    *,
    limit: int,
    after: str | None = None,
    type_: str | None = None,
    endpoint_id: UUID | None = None,
    at: datetime,
) -> list[MessageRow]:
    """The newest first, those older than the message `after`."""
    return webhooks.messages(
        access.reseller, sandbox=access.sandbox, limit=limit, after=after, type_=type_, endpoint_id=endpoint_id, at=at
    )


def message(access: Access, reference: str, *, at: datetime) -> tuple[MessageRow, list[TryRow]] | None:
    """One message, and every try to post it."""
    found = webhooks.message(access.reseller, reference, sandbox=access.sandbox, at=at)
    return None if found is None else (found, webhooks.tries(reference))


def opened(sealed: bytes, endpoint_id: UUID, shop: Shop) -> str:
    """A secret as its people have it. Raises `Unopenable`."""
    return _PREFIX + base64.b64encode(shop.keyring.open(sealed, _ABOUT + endpoint_id.bytes)).decode()


def _new_secret(endpoint_id: UUID, shop: Shop) -> tuple[str, bytes]:
    plain = shop.chance.secret() + shop.chance.secret()  # 32 bytes, as the standard wants (24 to 64)
    return _PREFIX + base64.b64encode(plain).decode(), shop.keyring.seal(plain, _ABOUT + endpoint_id.bytes)


@contextmanager
def _alone(access: Access) -> Iterator[None]:
    """Nobody else makes or changes an endpoint of this reseller meanwhile."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).filter(id=access.reseller).first()
        yield


def _told(access: Access, url: str, besides: UUID | None = None) -> bool:
    return any(one.id != besides for one in _of(access).filter(url=url.strip()))


def _of(access: Access) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(reseller=access.reseller, sandbox=access.sandbox).exclude(ended_why=REMOVED)
