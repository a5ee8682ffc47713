"""Where to buy over a counter: near a position that is posted and forgotten, or by what somebody types."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from opla.core.calendar import zone
from opla.core.catalog import Catalog
from opla.core.places import Asked, Found, find, read_hours, read_position
from opla.operations import catalogue, places
from opla.operations import shop as shops
from opla.presenting import places as words
from opla.storefront import draft
from opla.storefront.forms import Form
from opla.storefront.views.choose import operators
from opla.storefront.visit import now


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """A position comes by POST alone, so it is in no address, no log and no history; it is used once and not kept."""
    _, catalog = catalogue.active()
    typed = request.POST if request.method == "POST" else request.GET
    values = {name: typed.get(name, "").strip()[: draft.MAX_TYPED] for name in ("where", "operator")}
    values["open"] = "yes" if typed.get("open") == "yes" else ""
    if values["operator"] and catalog.operator(values["operator"]) is None:
        raise Http404
    near = None
    if request.method == "POST":
        near = read_position(request.POST.get("latitude", ""), request.POST.get("longitude", ""))
    asked = Asked("" if near else values["where"], values["operator"], bool(values["open"]), near)
    every = places.known(sandbox=shops.current().sandbox)
    at, where = now(), zone(catalog.time_zone)
    answer = find(every, asked, at, where, catalog.country)
    names = {operator.id: operator.name for operator in catalog.operators}

    def drawn(found: Found) -> words.Card:
        return words.card(found, names, read_hours(found.place.hours, catalog.country), at, where)

    shown = {
        "form": Form(values),
        "operators": _sold(catalog, {name for place in every for name in place.operators}),
        "operator": catalog.operator(values["operator"]),
        "any": bool(every),
        "asked": bool(near or asked.text or asked.operator or asked.open_now),
        "near": near is not None,
        "lost": request.method == "POST" and near is None and "latitude" in request.POST,
        "cards": [drawn(found) for found in answer.found],
        "more": answer.more,
        "elsewhere": drawn(answer.elsewhere) if answer.elsewhere else None,
        "sure": any(found.opening.surely_open for found in answer.found),
        "sample": any(place.sample for place in every),
        "openstreetmap": words.from_openstreetmap(every),
    }
    response = render(request, "storefront/places.html", shown)
    # The one page that may ask the browser where it is, and does so after a click only.
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(self), payment=()"
    return response


def _sold(catalog: Catalog, known: set[str]) -> list[tuple[str, str]]:
    """Operators that can be asked for: those that we or any place sells."""
    selling, others = operators(catalog)
    return [(one.id, one.name) for one in [*selling, *(o for o in others if o.id in known)]]
