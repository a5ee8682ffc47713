"""The owner signs in by a one-time link that the terminal of the shop's machine prints."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from opla.db.keyring import digest
from opla.db.models import OwnerLink

VALID = timedelta(minutes=15)


def make_link(*, at: datetime) -> str:
    """A token that signs the owner in once, within a quarter of an hour. Whoever can run this owns the shop anyway."""
    token = secrets.token_urlsafe(24)
    OwnerLink.objects.filter(expires_at__lte=at).delete()
    OwnerLink.objects.create(hash=digest(token.encode()), expires_at=at + VALID)
    return token


def use_link(token: str, *, at: datetime) -> bool:
    """True once, for a token that was made and is not over. Two at once: one wins."""
    deleted, _ = OwnerLink.objects.filter(hash=digest(token.encode()), expires_at__gt=at).delete()
    return deleted == 1
