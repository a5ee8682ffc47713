"""Who runs the shop signs in by a one-time link that the terminal of the shop's machine prints."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from opla.core.actor import HOUSE, Actor, Role
from opla.db.keyring import digest
from opla.db.models import OwnerLink

VALID = timedelta(minutes=15)
#: Who may be given a link.
ROLES = HOUSE


def make_link(actor: Actor, *, at: datetime) -> str:
    """A token that signs them in once, within a quarter of an hour. Whoever can run this owns the shop anyway."""
    if actor.role not in ROLES:
        raise ValueError(f"nobody signs in as {actor.role}")
    token = secrets.token_urlsafe(24)
    OwnerLink.objects.filter(expires_at__lte=at).delete()
    OwnerLink.objects.create(hash=digest(token.encode()), expires_at=at + VALID, role=str(actor.role), name=actor.name)
    return token


def use_link(token: str, *, at: datetime) -> Actor | None:
    """Who it was made for, once, while it is not over; else None. Two at once: one wins."""
    link = OwnerLink.objects.filter(hash=digest(token.encode()), expires_at__gt=at).first()
    if link is None:
        return None
    deleted, _ = OwnerLink.objects.filter(pk=link.pk).delete()
    return Actor(Role(link.role), link.name) if deleted == 1 else None
