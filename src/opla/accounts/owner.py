"""The owner, signed in by a one-time link from their own terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from opla.core.actor import Actor, Role

_KEY: Final = "owner_until"
#: A working day; then another link is made. The session is signed, not stored, so it ends by time alone.
SIGNED_IN: Final = timedelta(hours=12)


def sign_in(request: HttpRequest, at: datetime) -> None:
    """Remember that this browser is the owner's. Whatever the session held before is forgotten."""
    request.session.flush()
    request.session[_KEY] = int((at + SIGNED_IN).timestamp())


def owner_of(request: HttpRequest, at: datetime) -> Actor | None:
    """The owner, while signed in; None for everybody else."""
    until = request.session.get(_KEY)
    return Actor(Role.OWNER, "owner") if isinstance(until, int) and at.timestamp() < until else None
