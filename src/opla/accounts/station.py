"""The tablet a request comes from, and the clerk who is signed in on it.

The tablet's secret lies in its cookie, 128 random bits, and its hash with us: a tablet that is unpaired is a stranger's
from the same moment, whoever was signed in on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse

from opla.accounts.customer import STATION
from opla.accounts.device import NOBODY, read_secret, write_secret
from opla.core.actor import Actor, Role
from opla.core.station import IDLE
from opla.db.queries.stations import Clerk, Station
from opla.db.queries.stations import clerk as clerk_named
from opla.operations import stations
from opla.operations.clerks import actor_of

COOKIE: Final = STATION
_YEAR_S: Final = 365 * 24 * 3600
_CLERK, _WHERE, _UNTIL = "clerk", "clerk_where", "clerk_until"
#: How exactly "the last press" is kept: a page is not a write.
_SEEN_EVERY_S: Final = 60


def secret_of(request: HttpRequest) -> bytes:
    """What this tablet was paired with; `NOBODY` where it never was. The orders it places are this device's."""
    return read_secret(request.COOKIES.get(COOKIE, "")) or NOBODY


def station_of(request: HttpRequest, at: datetime) -> Station | None:
    """Which tablet of ours this is; None for everybody else's."""
    return stations.enter(secret_of(request), at=at)


def remember(response: HttpResponse, secret: bytes, *, secure: bool) -> None:
    response.set_cookie(COOKIE, write_secret(secret), max_age=_YEAR_S, httponly=True, samesite="Strict", secure=secure)


def kiosk(station: Station) -> Actor:
    """Whoever stands in front of it."""
    return Actor(Role.KIOSK, station.name)


def sign_in(request: HttpRequest, clerk: Clerk, station: Station, at: datetime) -> None:
    """This clerk works on this tablet from now on. Whatever the session held before is forgotten."""
    request.session.flush()
    request.session[_CLERK], request.session[_WHERE] = clerk.name, str(station.id)
    request.session[_UNTIL] = int((at + IDLE).timestamp())


def sign_out(request: HttpRequest) -> None:
    request.session.flush()


def clerk_of(request: HttpRequest, station: Station, at: datetime) -> tuple[Clerk, Actor] | None:
    """Who is signed in on this tablet, and as whom they act; None where nobody is, was let go, or pressed nothing for
    a while."""
    name, where, until = (request.session.get(key) for key in (_CLERK, _WHERE, _UNTIL))
    if not isinstance(name, str) or where != str(station.id) or not isinstance(until, int) or at.timestamp() >= until:
        return None
    found = clerk_named(name)
    if found is None or not found.active or found.place_id not in (None, station.place_id):
        return None
    again = int((at + IDLE).timestamp())
    if again - until >= _SEEN_EVERY_S:
        request.session[_UNTIL] = again
    return found, actor_of(found, station)
