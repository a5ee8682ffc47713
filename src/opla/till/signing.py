"""Who works at this till: names as buttons, then a short PIN."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from opla.accounts import station as tablet
from opla.core.refusal import Refusal
from opla.db.queries.stations import clerks_at
from opla.operations import clerks, shop
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.till.guard import till

_MAX_TYPED = 60


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    here = till(request, at)
    name, wrong = request.POST.get("name", request.GET.get("name", ""))[:_MAX_TYPED], ""
    if request.method == "POST":
        found = clerks.sign_in(name, request.POST.get("pin", "")[:_MAX_TYPED], here, shop=shop.current(), at=at)
        if not isinstance(found, Refusal):
            tablet.sign_in(request, found, here, at)
            draft.forget(request)
            return redirect("till")
        wrong = sentence(found)
    shown = {"station": here, "clerks": clerks_at(here.place_id), "name": name, "wrong": wrong}
    return render(request, "till/sign_in.html", shown, status=422 if wrong else 200)


@require_POST
def out(request: HttpRequest) -> HttpResponse:
    till(request, timezone.now())
    tablet.sign_out(request)
    draft.forget(request)
    return redirect("till-sign-in")
