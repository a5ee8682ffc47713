"""The float: what is free, how to pay in, and when to be told that little is left."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.core.api_access import Scope
from opla.core.money import Money
from opla.db.queries import floats
from opla.operations import float_deposits
from opla.operations.float_deposits import CURRENCY
from opla.portal.guard import Seller, may
from opla.presenting import languages, transfers
from opla.presenting.refusals import sentence

#: What the picture for a bank's app says where nobody typed an amount: it has to say one.
_USUAL_MINOR = 50_000


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.FLOAT_READ)
def page(request: HttpRequest, seller: Seller) -> HttpResponse:
    person, here = seller.person, seller.here
    wrong: dict[str, str] = {}
    if request.method == "POST":
        if not seller.may(Scope.FLOAT_WRITE):
            raise Http404
        below = request.POST.get("below", "")[:20]
        found = float_deposits.warn_below(person.reseller, below, languages.current(), at=here.at)
        if found is None:
            return redirect("reseller-float", person.reseller)
        wrong = {"below": sentence(found), "typed_below": below}
    account, asked = here.shop.account, _amount(request.GET.get("amount", ""))
    transfer = None
    if account is not None and seller.may(Scope.FLOAT_WRITE):
        number = float_deposits.reference(person.reseller, shop=here.shop, at=here.at)
        transfer = transfers.transfer(account, asked or Money(_USUAL_MINOR, CURRENCY), number)
    balance, below_minor = floats.balance(person.reseller, CURRENCY), floats.alarm(person.reseller)
    shown = {
        "person": person,
        "free": Money(balance.free_minor, CURRENCY),
        "held": Money(balance.held_minor, CURRENCY),
        "transfer": transfer,
        "asked": asked,
        "writes": seller.may(Scope.FLOAT_WRITE),
        "below": Money(below_minor, CURRENCY).decimal if below_minor else "",
        **wrong,
    }
    return render(request, "portal/float.html", shown, status=400 if wrong else 200)


def _amount(text: str) -> Money | None:
    found = Money.parse(text[:20], CURRENCY) if text else None
    return found if found is not None and 0 < found.amount_minor < 100_000_000 else None
