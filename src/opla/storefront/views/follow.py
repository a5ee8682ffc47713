"""News of promotions: asked for beneath their list, confirmed from the e-mail, stopped on a page of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from opla.operations.follow import Wanted, follow
from opla.operations.wishes import Following
from opla.presenting import announcing, languages
from opla.storefront import draft
from opla.storefront.forms import refused, status_of
from opla.storefront.patience import patient
from opla.storefront.views import promotions
from opla.storefront.visit import visit


@require_POST
@patient
def ask(request: HttpRequest) -> HttpResponse:
    """Send the e-mail that asks to confirm. The answer is the same whether the address was asked before or not."""
    here = visit(request)
    typed = {name: draft.typed(request, name) for name in ("email", "operator")}
    wanted = Wanted(typed["email"], typed["operator"], languages.current(), here.address)
    if wrong := follow(here.actor, wanted, shop=here.shop, at=here.at):
        return promotions.page(request, "", refused(typed, wrong), status=status_of(wrong))
    draft.keep_email(request, typed["email"].strip())
    return render(request, "storefront/follow_asked.html")


def page(request: HttpRequest, following: Following, link: str) -> HttpResponse:
    shown = {
        "link": link,
        "confirmed": following.confirmed,
        "name": announcing.operator_name(following.operator),
        "operator": following.operator,
    }
    return render(request, "storefront/follow.html", shown)
