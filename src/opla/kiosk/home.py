"""The first page of a kiosk."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.accounts.station import station_of
from opla.core.station import Kind


@require_http_methods(["GET", "HEAD"])
def page(request: HttpRequest) -> HttpResponse:
    found = station_of(request, timezone.now())
    if found is None or found.kind is not Kind.KIOSK:
        raise Http404
    return render(request, "kiosk/home.html", {"station": found})
