"""What is said when something is not there, broken, or refused for safety. In plain words; nothing typed is lost."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, HttpResponseServerError
from django.middleware.csrf import REASON_BAD_ORIGIN
from django.shortcuts import render
from django.template.loader import render_to_string

from opla.core.refusal import Code, Refusal
from opla.presenting.refusals import sentence

_NOT_TYPED: Final = frozenset({"csrfmiddlewaretoken"})
_MAX_FIELDS: Final = 20
_BAD_ORIGIN: Final = REASON_BAD_ORIGIN.partition("%s")[0]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    said = str(exception.args[0]) if exception.args and isinstance(exception.args[0], str) else ""
    shown = {"told": said or sentence(Refusal(Code.NOT_FOUND))}
    return render(request, "storefront/not_found.html", shown, status=404)


def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (what broke may be anything, so nothing of the request is used)
    """Every language at once, without database, session or context: whatever broke, this page does not."""
    return HttpResponseServerError(render_to_string("storefront/broken.html"))


def closed(request: HttpRequest) -> HttpResponse:
    """What was asked for moves something, and the shop is in quarantine. On a tablet its first page says so."""
    for tablet in ("/till/", "/kiosk/"):
        if request.path.startswith(tablet) and request.path != tablet:
            return HttpResponseRedirect(tablet)
    shown = {"told": sentence(Refusal(Code.QUARANTINE))}
    answer = render(request, "storefront/closed.html", shown, status=503)
    answer["Retry-After"] = "600"
    return answer


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The safety token was missing or old. What was typed stands in a fresh form, to be sent again by hand.

    Only where the browser says the form came from our own page: another site's form is not offered again.
    """
    ours = not reason.startswith(_BAD_ORIGIN)
    kept = [(name, request.POST[name]) for name in request.POST if name not in _NOT_TYPED][:_MAX_FIELDS] if ours else []
    shown = {"again": ours, "kept": kept, "action": request.path}
    return render(request, "storefront/form_refused.html", shown, status=403)
