"""This page is read inside another app, or on a phone without Google's services: what fails, and another way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.presenting import browsers
from opla.presenting.pictures import qr
from opla.storefront.context import browser_of
from opla.storefront.visit import visit


@require_safe
def inside(request: HttpRequest) -> HttpResponse:
    browser, address = browser_of(request), f"{visit(request).shop.base_url}/"
    shown = {
        "browser": browser,
        "fails": browsers.fails(browser),
        "steps": browsers.way_out(browser) if browser.app else [],
        "address": address,
        "picture": qr(address),
    }
    return render(request, "storefront/inside.html", shown)
