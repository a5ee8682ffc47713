"""A link that lets somebody of the house in once: from the terminal of the shop's machine, or in an invitation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from opla.core.actor import HOUSE, Actor, Role
from opla.db.keyring import digest
from opla.db.models import OwnerLink

VALID = timedelta(minutes=15)


@dataclass(frozen=True)
class Used:
    """Whose link it was. `email`: of the person of the house; empty, and only in a sandbox: of nobody but this name."""

    actor: Actor
    email: str = field(default="", repr=False)


def make_link(actor: Actor, *, at: datetime, email: str = "", valid: timedelta = VALID) -> str:
    """A token that lets them in once. Whoever can run this owns the shop anyway."""
    if actor.role not in HOUSE:
        raise ValueError(f"nobody signs in as {actor.role}")
    token = secrets.token_urlsafe(24)
    OwnerLink.objects.filter(expires_at__lte=at).delete()
    if email:  # one at a time: an older one may lie with somebody else
        OwnerLink.objects.filter(email=email).delete()
    OwnerLink.objects.create(
        hash=digest(token.encode()), expires_at=at + valid, role=str(actor.role), name=actor.name, email=email
    )
    return token


def use_link(token: str, *, at: datetime) -> Used | None:
    """Who it was made for, once, while it is not over; else None. Two at once: one wins."""
    link = OwnerLink.objects.filter(hash=digest(token.encode()), expires_at__gt=at).first()
    if link is None:
        return None
    deleted, _ = OwnerLink.objects.filter(pk=link.pk).delete()
    return Used(Actor(Role(link.role), link.name), link.email) if deleted == 1 else None
