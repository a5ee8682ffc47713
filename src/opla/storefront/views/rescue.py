"""A link that somebody without data asked for by text: what it is, for whom, and a price for whoever pays."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.accounts.device import remember
from opla.core.catalog import FactKind
from opla.core.quote import Quote
from opla.operations import rescue as rescuing
from opla.operations.rescue import Asked
from opla.presenting import facts, languages, numbers
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.visit import visit, visit_with_device

#: Everything else is said beside the price, which comes next.
_SHORT = frozenset({FactKind.CREDIT, FactKind.DATA_MB, FactKind.VOICE_MIN, FactKind.SMS, FactKind.LASTS})
_LATER = frozenset(FactKind) - _SHORT


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, link: str) -> HttpResponse:
    """404 for a guess. By POST, a price on this device: from there on it is an order like any other."""
    here = visit_with_device(request) if request.method == "POST" else visit(request)
    found = rescuing.find(link, shop=here.shop, at=here.at)
    if found is None:
        raise Http404
    if request.method != "POST" or found.over or found.paid or found.dearer:
        return _page(request, link, found, Form({"email": draft.email(request)}))
    values = {"email": draft.typed(request, "email")}
    made = rescuing.quote_for(
        here.actor, found, values["email"], languages.current(), device=here.device, address=here.address,
        shop=here.shop, at=here.at,
    )  # fmt: skip
    if not isinstance(made, Quote):
        return _page(request, link, found, refused(values, made), status=status_of(made))
    draft.keep_email(request, made.email)
    answer = redirect("quote", quote_id=made.id)
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _page(request: HttpRequest, link: str, found: Asked, form: Form, status: int = 200) -> HttpResponse:
    shown = {
        "link": link,
        "asked": found,
        "who": numbers.grouped(found.who) if "…" not in found.who else found.who,
        "lines": facts.lines(found.product, without=_LATER),
        "delivery": facts.delivery(found.product),
        "form": form,
    }
    if found.over or found.paid or found.dearer:
        status = 410
    return render(request, "storefront/rescue.html", shown, status=status)
