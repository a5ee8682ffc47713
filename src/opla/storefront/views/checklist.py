"""Before paying: five things worth having ready. Can be skipped; the ticks stay in the visitor's own browser."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from opla.operations.cash import ways
from opla.presenting import checklist as words
from opla.presenting import payment_methods
from opla.storefront import draft
from opla.storefront.visit import visit


@require_http_methods(["GET", "HEAD", "POST"])
def checklist(request: HttpRequest) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    quote = _quote(sent.get("quote", ""))
    if request.method == "POST":
        draft.keep_ticks(request, [name for name in words.THINGS if name in request.POST])
        return redirect(_address(quote) + "#kept")
    ticks = draft.ticks(request)
    shown = {
        "things": words.things(),
        "ticks": ticks,
        "ready": len(ticks) == len(words.THINGS),
        "methods": [payment_methods.method(name) for name in ways(visit(request).shop)],
        "quote": quote,
        "back": reverse("quote", args=[quote]) if quote else reverse("home"),
    }
    return render(request, "storefront/checklist.html", shown)


def _address(quote: UUID | None) -> str:
    return reverse("checklist") + (f"?quote={quote}" if quote else "")


def _quote(text: str) -> UUID | None:
    """The quote somebody came from; whatever is none is nobody's address to go back to."""
    try:
        return UUID(text)
    except ValueError:
        return None
