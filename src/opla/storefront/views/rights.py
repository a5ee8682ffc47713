"""Who we are, on what terms, how to step back, and who helps when we do not."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from opla.core.catalog import AuthorityKind
from opla.core.money import Money
from opla.operations import catalogue, prices
from opla.operations import rights as stepping
from opla.presenting import figures, languages, official
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.indexed import indexed
from opla.storefront.visit import visit


@require_safe
@indexed
def about(request: HttpRequest) -> HttpResponse:
    _, catalog = catalogue.active()
    shown = _shown() | {
        "domains": domains(),
        "offices": list(official.offices(catalog.authorities, AuthorityKind.OMBUDSMAN, AuthorityKind.CONSUMERS)),
    }
    return render(request, "storefront/about.html", shown)


@require_safe
@indexed
def terms(request: HttpRequest) -> HttpResponse:
    _, catalog = catalogue.active()
    sold = prices.terms(visit(request).shop)
    minutes = int(sold.quote_valid.total_seconds()) // 60
    shown = _shown() | {
        "fee": Money(sold.fee_minor, catalog.currency),
        "minutes": minutes,
        "offices": list(official.offices(catalog.authorities, AuthorityKind.OMBUDSMAN, AuthorityKind.CONSUMERS)),
    }
    return render(request, "storefront/terms.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@indexed
def withdrawal(request: HttpRequest) -> HttpResponse:
    """The right, and the function to use it: a statement, looked at once more, then confirmed (art. 11a)."""
    if request.method != "POST":
        return _withdrawal(request, Form({"name": "", "ticket": "", "email": draft.email(request)}))
    here = visit(request)
    typed = {name: draft.typed(request, name) for name in ("name", "ticket", "email")}
    statement = stepping.Statement(**typed, language=languages.current(), address=here.address)
    read = stepping.checked(statement)
    if isinstance(read, list):
        return _withdrawal(request, refused(typed, read), status=422)
    if "confirm" not in request.POST:
        return render(request, "storefront/withdrawal_confirm.html", {"statement": read})
    if wrong := stepping.step_back(here.actor, read, shop=here.shop, at=here.at):
        return _withdrawal(request, refused(typed, wrong), status=status_of(wrong))
    return render(request, "storefront/withdrawal_done.html", {"statement": read, "at": here.at})


def _withdrawal(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    return render(request, "storefront/withdrawal.html", _shown() | {"form": form}, status=status)


def domains() -> list[str]:
    """Every domain of this shop's: that of its own address first."""
    own = urlsplit(settings.BASE_URL).hostname or ""
    return list(dict.fromkeys([own, *settings.SHOP_DOMAINS]))


def _shown() -> dict[str, object]:
    """Who runs this shop, as far as its settings say."""
    return {
        "shop": {
            "name": settings.SHOP_NAME,
            "company": settings.SHOP_COMPANY,
            "number": settings.ENTERPRISE_NUMBER,
            "address": settings.SHOP_ADDRESS,
        },
        "confirmed": _confirmed(),
    }


def _confirmed() -> str:
    """The day the owner confirmed these texts, or nothing."""
    try:
        return figures.day(date.fromisoformat(settings.TERMS_CONFIRMED))
    except ValueError:
        return ""
