"""The page that makes a tablet ours: a code that the owner reads out is typed in, once."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.accounts.address import address_of
from opla.accounts.station import remember, station_of
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.operations import limits, shop, stations
from opla.presenting.refusals import sentence

_AFTER = {Kind.TILL: "till", Kind.KIOSK: "kiosk"}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at, here = timezone.now(), shop.current()
    if request.method != "POST":
        known = station_of(request, at)
        return redirect(_AFTER[known.kind]) if known else render(request, "till/pairing.html")
    no = limits.by_address(limits.PAIRINGS, address_of(request), shop=here, at=at)
    paired = no or stations.pair(
        request.POST.get("code", "")[:60], request.headers.get("User-Agent", ""), shop=here, at=at
    )
    if isinstance(paired, Refusal):
        return render(request, "till/pairing.html", {"wrong": sentence(paired)}, status=422)
    response = redirect("station")
    remember(response, paired.secret, secure=settings.SESSION_COOKIE_SECURE)
    return response
