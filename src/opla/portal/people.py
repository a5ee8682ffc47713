"""Who acts for a reseller: named and removed by its owner. Nobody removes the last owner."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.core.api_access import Member, Scope
from opla.core.refusal import Refusal
from opla.operations import members
from opla.portal.guard import Seller, may
from opla.presenting import reselling
from opla.presenting.refusals import sentence


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.KEYS)
def page(request: HttpRequest, seller: Seller) -> HttpResponse:
    reseller, wrong = seller.person.reseller, ""
    if request.method == "POST":
        found = _done(request, seller)
        if found is None:
            return redirect("reseller-people", reseller)
        wrong = sentence(found)
    shown = {
        "person": seller.person,
        "people": [(one, reselling.member(one.role)) for one in members.at_reseller(reseller)],
        "roles": [(str(role), reselling.member(role), reselling.member_may(role)) for role in Member],
        "changes": reselling.changes(members.changes(reseller)),
        "typed": request.POST if wrong else None,
        "wrong": wrong,
    }
    return render(request, "portal/people.html", shown, status=400 if wrong else 200)


def _done(request: HttpRequest, seller: Seller) -> Refusal | None:
    reseller, email = seller.person.reseller, request.POST.get("email", "")
    if request.POST.get("act") == "remove":
        return members.remove(seller.actor, reseller, email, at=seller.here.at)
    return members.name(seller.actor, reseller, email, request.POST.get("role", ""), at=seller.here.at)
