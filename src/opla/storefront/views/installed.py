"""What a phone asks for to have the shop as an app. Nothing of it is anybody's, and none of it sets a cookie."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from opla.operations import passports
from opla.presenting import languages
from opla.storefront import installed
from opla.storefront.visit import visit


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """At the root, because a worker serves what lies below its own address."""
    return HttpResponse(installed.worker(*_keys(request)), content_type="text/javascript; charset=utf-8")


@require_safe
def manifest(_: HttpRequest, language: str) -> HttpResponse:
    said = json.dumps(installed.manifest(_known(language)), ensure_ascii=False, indent=1)
    return HttpResponse(said, content_type="application/manifest+json; charset=utf-8")


@require_safe
def kept(_: HttpRequest, language: str = "") -> HttpResponse:
    """What this phone keeps; for its worker in a language of its own, so that each has an address."""
    return HttpResponse(installed.kept_page(_known(language) if language else languages.current()))


@require_safe
def verify(request: HttpRequest, language: str) -> HttpResponse:
    """What a phone says of a seller's QR where there is no network; the worker shows it in the place of that page."""
    return HttpResponse(installed.verify_page(_known(language), *_keys(request)))


def _keys(request: HttpRequest) -> tuple[installed.Keys, str]:
    """The public keys of passports, and whose they are."""
    here = visit(request)
    return passports.keys(shop=here.shop, at=here.at), here.shop.base_url


def _known(language: str) -> str:
    if language not in languages.NAMES:
        raise Http404
    return language
