"""Who we are, on what terms, how to step back, and who helps when we do not."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.core.catalog import AuthorityKind
from opla.core.money import Money
from opla.operations import catalogue
from opla.presenting import figures, official
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
    sold = visit(request).shop.terms
    minutes = int(sold.quote_valid.total_seconds()) // 60
    shown = _shown() | {
        "fee": Money(sold.fee_minor, catalog.currency),
        "minutes": minutes,
        "offices": list(official.offices(catalog.authorities, AuthorityKind.OMBUDSMAN, AuthorityKind.CONSUMERS)),
    }
    return render(request, "storefront/terms.html", shown)


@require_safe
@indexed
def withdrawal(request: HttpRequest) -> HttpResponse:
    return render(request, "storefront/withdrawal.html", _shown())


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
