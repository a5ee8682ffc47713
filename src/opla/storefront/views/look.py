"""The design system on one page: its colours in paper and ink, its ten components, in all five languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.accounts.owner import owner_of
from opla.core.money import Money
from opla.presenting import languages, look
from opla.storefront.visit import now


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    _for_the_house(request)
    css = _css()
    shown = {
        "tokens": look.tokens(css),
        "pairs": look.pairs(css),
        "columns": [(scheme, tag, name) for scheme in ("paper", "ink") for tag, name in languages.NAMES.items()],
        "price": Money(1500, "EUR"),
        "until": now(),
    }
    return render(request, "storefront/look.html", shown)


@require_safe
def schemes(request: HttpRequest) -> HttpResponse:
    """Both schemes as classes, made from the style sheet itself so that they cannot differ from it."""
    _for_the_house(request)
    return HttpResponse(look.schemes(_css()), content_type="text/css; charset=utf-8")


def _for_the_house(request: HttpRequest) -> None:
    """In the sandbox for everybody; in a real shop for whoever runs it."""
    if not settings.SANDBOX and owner_of(request, now()) is None:
        raise Http404


@cache
def _css() -> str:
    found = finders.find("storefront/style.css")
    return Path(str(found)).read_text("utf-8")
