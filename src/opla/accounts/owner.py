"""Who runs the shop (the owner, support), signed in by a one-time link from the shop's own terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from opla.core.actor import Actor, Role

_UNTIL: Final = "owner_until"
_WHO: Final = "owner_who"
#: A working day; then another link is made.
SIGNED_IN: Final = timedelta(hours=12)


def sign_in(request: HttpRequest, actor: Actor, at: datetime) -> None:
    """Remember whose browser this is. Whatever the session held before is forgotten."""
    request.session.flush()
    request.session[_UNTIL] = int((at + SIGNED_IN).timestamp())
    request.session[_WHO] = [str(actor.role), actor.name]
    request.session.set_expiry(SIGNED_IN)


def owner_of(request: HttpRequest, at: datetime) -> Actor | None:
    """Whoever of the house is signed in; None for everybody else."""
    until, who = request.session.get(_UNTIL), request.session.get(_WHO)
    if not isinstance(until, int) or at.timestamp() >= until or not isinstance(who, list):
        return None
    role, name = who
    return Actor(Role(role), str(name))
