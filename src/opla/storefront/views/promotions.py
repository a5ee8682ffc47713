"""What is cheaper now, and what soon will be: one page, for everybody or for one operator."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.db.queries.promotions import uses
from opla.operations import catalogue
from opla.operations import promotions as promoting
from opla.presenting import promotions as words
from opla.storefront import draft
from opla.storefront.forms import Form
from opla.storefront.visit import now


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    chosen = request.GET.get("operator", "")[: draft.MAX_TYPED]
    return page(request, chosen, Form({"email": draft.email(request), "operator": chosen}))


def page(request: HttpRequest, chosen: str, form: Form, status: int = 200) -> HttpResponse:
    """The list, for one operator or (empty) for all, with the form of who wants to be told."""
    at = now()
    _, catalog = catalogue.active()
    _, known = promoting.active()
    operator = catalog.operator(chosen)
    if chosen and operator is None:
        raise Http404
    used = {promotion: n for (promotion, _customer), n in uses([p.id for p in known.ours], []).items()}
    selling = {product.operator for product in catalog.products if product.on_sale}
    shown = {
        "running": words.running(known, catalog, used, chosen, at),
        "starting": words.starting(known, catalog, chosen, at),
        "operator": operator,
        "sample": known.sample,
        "operators": [o for o in catalog.operators if o.id in selling],
        "form": form,
    }
    return render(request, "storefront/promotions.html", shown, status=status)
