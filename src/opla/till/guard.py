"""What stands in front of every page of a tablet: whose is none of ours sees nothing but the page that pairs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from opla.accounts.station import clerk_of, secret_of, station_of
from opla.core.actor import Actor
from opla.core.station import Kind
from opla.db.queries.stations import Clerk, Shift, Station
from opla.operations import shifts

P = ParamSpec("P")


@dataclass(frozen=True)
class Till:
    """A clerk who is signed in, where, and when. `device`: whose orders these are. `shift`: the one that is open."""

    station: Station
    clerk: Clerk
    actor: Actor
    device: bytes
    at: datetime
    shift: Shift | None


Page = Callable[Concatenate[HttpRequest, Till, P], HttpResponse]
View = Callable[..., HttpResponse]


def till(request: HttpRequest, at: datetime) -> Station:
    """The till this tablet is; there is nothing here for any other."""
    found = station_of(request, at)
    if found is None or found.kind is not Kind.TILL:
        raise Http404
    return found


def signed_in(page: Page[P]) -> View:
    """For a clerk at a till of ours; a till where nobody is signed in asks who it is."""

    @wraps(page)
    def view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        at = timezone.now()
        station = till(request, at)
        who = clerk_of(request, station, at)
        if who is None:
            return redirect("till-sign-in")
        clerk, actor = who
        here = Till(station, clerk, actor, secret_of(request), at, shifts.current(station))
        return page(request, here, *args, **kwargs)

    return view
