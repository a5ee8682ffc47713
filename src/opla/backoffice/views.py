"""The owner's one page: what waits for a person, oldest first. Whoever is not the owner is told it does not exist."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from opla.accounts.owner import owner_of, sign_in
from opla.core.actor import Act
from opla.db.queries import items as queries
from opla.operations.owner import use_link
from opla.presenting import items as words
from opla.presenting import orders


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A button first: mail scanners and previews open links, and the link works once."""
    if request.method != "POST":
        return render(request, "backoffice/enter.html")
    at = timezone.now()
    if not use_link(token, at=at):
        raise Http404(_("This link has been used, or is over. Make a new one with: ./opla owner"))
    sign_in(request, at)
    return redirect("owner-items")


@require_safe
def items(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    owner = owner_of(request, at)
    if owner is None or owner.refused(Act.SEE_ITEMS):
        raise Http404
    found = [
        (item, words.kind(item.kind), orders.state(item.state), _age(at - item.opened_at))
        for item in queries.open_items()
    ]
    return render(request, "backoffice/items.html", {"items": found})


def _age(lived: timedelta) -> str:
    hours = int(lived.total_seconds() // 3600)
    if hours >= 48:
        return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}
    if hours:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    minutes = int(lived.total_seconds() // 60)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
