"""Where the people of a reseller begin: what is free on its float, and where to go from there."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from opla.core.api_access import Scope
from opla.core.money import Money
from opla.db.queries import floats
from opla.operations import members
from opla.portal.guard import Seller, may, to_sign_in
from opla.storefront.visit import visit


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """To the one reseller that somebody acts for, or a list of them."""
    here = visit(request)
    if here.customer is None:
        return to_sign_in(request)
    found = members.of(here.customer.email)
    if not found:
        raise Http404
    if len(found) == 1:
        return redirect("reseller", found[0].reseller)
    return render(request, "portal/choose.html", {"people": found})


@require_safe
@may(Scope.CATALOGUE)
def home(request: HttpRequest, seller: Seller) -> HttpResponse:
    person = seller.person
    shown: dict[str, object] = {"person": person, "may": {scope.name: True for scope in person.access.scopes}}
    if not person.access.refused(Scope.FLOAT_READ):
        found = floats.balance(person.reseller, "EUR")
        shown |= {"free": Money(found.free_minor, "EUR"), "held": Money(found.held_minor, "EUR")}
    return render(request, "portal/home.html", shown)
