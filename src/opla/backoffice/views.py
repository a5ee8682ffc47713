"""The door of the house: a link that works once. To whoever is not of the house its pages do not exist."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.accounts.owner import owner_of, sign_in
from opla.core.actor import HOUSE, Act, Actor
from opla.operations.owner import use_link


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A button first: mail scanners and previews open links, and the link works once."""
    if request.method != "POST":
        return render(request, "backoffice/enter.html")
    at = timezone.now()
    actor = use_link(token, at=at)
    if actor is None:
        raise Http404(_("This link has been used, or is over. Make a new one with: ./opla owner"))
    sign_in(request, actor, at)
    return redirect("owner-items" if actor.refused(Act.SEE_ITEMS) is None else "owner")


class NotYours(Http404):
    """There is nothing here for them, whatever there may be for others."""


def anybody(request: HttpRequest, at: datetime) -> Actor:
    """Whoever of the house is signed in."""
    actor = owner_of(request, at)
    if actor is None or actor.role not in HOUSE:
        raise NotYours
    return actor


def somebody(request: HttpRequest, act: Act, at: datetime) -> Actor:
    """Who is signed in and may do this; to everybody else there is nothing here."""
    actor = anybody(request, at)
    if actor.refused(act):
        raise NotYours
    return actor
