"""Resellers' keys: made, changed for another, ended; and what happens at the door of the API with each call.

| bucket      | of whom | at once | and again, a second |
|-------------|---------|---------|---------------------|
| calls       | a key   | 120     | 20                  |

What is more work costs more of it: a plan is ten calls, a file of orders twenty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from opla.core.actor import Act, Actor
from opla.core.api_access import PEOPLE_ONLY, USUAL, Access, Bounds, Scope, admitted, manages, read_networks
from opla.core.refusal import Code, Refusal
from opla.db.keyring import digest
from opla.db.models import ApiKey, Reseller
from opla.db.queries import api, members
from opla.db.queries.members import Changed
from opla.operations.shop import Shop

MOST: Final = 120
PER_S: Final = 20
#: How the key of a sandbox begins, so that nobody mistakes it.
SANDBOX_PREFIX: Final = "opla_test_"
#: How long an old key goes on working beside the one that replaces it.
OVERLAP: Final = timedelta(days=7)
#: What is kept of keys. Never renamed: they stand beside events.
MADE: Final = "key_made"
ROTATED: Final = "key_changed"
REVOKED: Final = "key_ended"
_SHOWN: Final = 20


@dataclass(frozen=True)
class Key:
    """A new key, in the clear for the one time it is shown."""

    key_id: int
    secret: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Terms:
    """What a key is made with. `scopes` as words: what is none of ours is refused."""

    name: str = ""
    scopes: tuple[str, ...] = tuple(sorted(USUAL))
    addresses: tuple[str, ...] = ()
    expires_at: datetime | None = None
    sandbox: bool = False


def enter(secret: str, cost: int = 1, *, address: str, at: datetime) -> Access | Refusal:
    """Whose key this is and what it may; or why it may nothing now. One call of the database, nothing written twice."""
    found = api.enter(digest(secret.encode()), cost, most=MOST, per_s=PER_S, at=at) if secret else None
    if found is None:
        return Refusal(Code.API_KEY_WRONG)
    if refused := admitted(Bounds(found.expires_at, found.addresses), address, at):
        return refused
    if not found.went:
        return Refusal(Code.TOO_MANY_CALLS, params={"seconds": str(max(1, math.ceil((cost - found.tokens) / PER_S)))})
    return Access(
        found.reseller, found.email, _known(found.scopes), found.sandbox, found.key_id, int(found.tokens), MOST
    )


def holders(secrets: Iterable[str], *, at: datetime) -> dict[str, tuple[Access, Bounds]]:
    """Whose keys these are and what bounds them, without those of nobody or of a reseller that may not order now.

    For who asks rarely and believes it for a while: no bucket is touched.
    """
    hashes = {digest(secret.encode()): secret for secret in secrets}
    keys = ApiKey.objects.filter(hash__in=list(hashes), revoked_at=None, reseller__active=True)
    found = {
        hashes[bytes(key.hash)]: (
            Access(key.reseller_id, key.reseller.email, _known(key.scopes), key.sandbox, key.pk),
            Bounds(key.expires_at, tuple(key.addresses)),
        )
        for key in keys.select_related("reseller")
    }
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=at - timedelta(minutes=1))
    keys.filter(long_ago).update(last_used_at=at)
    return found


def make(actor: Actor, reseller: str, terms: Terms, *, shop: Shop, at: datetime) -> Key | Refusal:
    """One more key of a reseller; those it has go on working."""
    if refused := manages(actor, reseller):
        return refused
    scopes, networks = _scopes(terms.scopes), read_networks(terms.addresses)
    if isinstance(scopes, Refusal):
        return scopes
    if isinstance(networks, Refusal):
        return networks
    if not Reseller.objects.filter(id=reseller).exists():
        return Refusal(Code.NOT_FOUND, "name", {"name": reseller})
    with transaction.atomic():
        made, key = _made(reseller, terms, scopes, networks, shop=shop, at=at)
        members.changed(reseller, MADE, _called(made), actor=actor, at=at)
    return key


def _made(
    reseller: str, terms: Terms, scopes: Iterable[str], networks: Iterable[str], *, shop: Shop, at: datetime
) -> tuple[ApiKey, Key]:
    secret = f"{SANDBOX_PREFIX if terms.sandbox else 'opla_live_'}{shop.chance.reference()}"
    made = ApiKey.objects.create(
        hash=digest(secret.encode()),
        hint=secret[: len(SANDBOX_PREFIX) + 4],
        reseller_id=reseller,
        name=terms.name[:60],
        scopes=sorted(scopes),
        addresses=list(networks),
        expires_at=terms.expires_at,
        sandbox=terms.sandbox,
        made_at=at,
    )
    return made, Key(made.pk, secret, terms.expires_at)


def rotate(actor: Actor, key_id: int, reseller: str, *, shop: Shop, at: datetime) -> Key | Refusal:
    """Another key that may the same, for as long as the old one was made for. The old one works for a week more, so
    that nothing stops while it is changed; one whose time is over is none to change."""
    if refused := manages(actor, reseller):
        return refused
    with transaction.atomic():
        old = ApiKey.objects.select_for_update().filter(id=key_id, reseller=reseller, revoked_at=None).first()
        if old is None:
            return Refusal(Code.NOT_FOUND, "key")
        if old.expires_at is not None and old.expires_at <= at:
            return Refusal(Code.API_KEY_EXPIRED, "key")
        expires_at = at + (old.expires_at - old.made_at) if old.expires_at else None
        terms = Terms(old.name, (), (), expires_at, old.sandbox)
        new, key = _made(reseller, terms, old.scopes, old.addresses, shop=shop, at=at)
        ends = min(old.expires_at or at + OVERLAP, at + OVERLAP)
        ApiKey.objects.filter(id=old.pk).update(expires_at=ends)
        members.changed(reseller, ROTATED, f"{_called(old)} → {new.hint}", actor=actor, at=at)
    return key


def revoke(actor: Actor, key_id: int, reseller: str, *, at: datetime) -> Refusal | None:
    """End one key now."""
    if refused := manages(actor, reseller):
        return refused
    with transaction.atomic():
        found = ApiKey.objects.select_for_update().filter(id=key_id, reseller=reseller, revoked_at=None).first()
        if found is None:
            return Refusal(Code.NOT_FOUND, "key")
        ApiKey.objects.filter(id=found.pk).update(revoked_at=at)
        members.changed(reseller, REVOKED, _called(found), actor=actor, at=at)
    return None


def revoke_all(actor: Actor, reseller: str, *, at: datetime) -> int | Refusal:
    """End every key of a reseller; how many. Order intake forgets them within `resellers.KNOWN_FOR_S` seconds."""
    if refused := actor.refused(Act.MANAGE_RESELLERS):
        return refused
    with transaction.atomic():
        found = list(ApiKey.objects.select_for_update().filter(reseller=reseller, revoked_at=None).order_by("id"))
        if found:
            ApiKey.objects.filter(id__in=[one.pk for one in found]).update(revoked_at=at)
            members.changed(reseller, REVOKED, ", ".join(map(_called, found)), actor=actor, at=at)
    return len(found)


def keys_of(reseller: str) -> list[ApiKey]:
    """Those that are not revoked, newest first."""
    return list(ApiKey.objects.filter(reseller=reseller, revoked_at=None).order_by("-made_at", "-id"))


def changes(reseller: str) -> list[Changed]:
    """Who made, changed and ended which key, newest first."""
    return members.changes(reseller, (MADE, ROTATED, REVOKED), limit=_SHOWN)


def _called(key: ApiKey) -> str:
    """What tells it from others, and opens nothing."""
    return f"{key.hint}… {key.name}".strip()


def _known(words: Iterable[str]) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in words if word in set(Scope)) - PEOPLE_ONLY


def _scopes(words: Iterable[str]) -> frozenset[Scope] | Refusal:
    known = {str(scope) for scope in Scope} - {str(scope) for scope in PEOPLE_ONLY}
    strange = sorted(set(words) - known)
    if strange:
        return Refusal(Code.SCOPE_UNKNOWN, "scopes", {"scope": strange[0][:60]})
    return frozenset(Scope(word) for word in words)
