"""What a marketplace's buyer opens: who sold it, what it is, how to redeem it, and the code, for their device alone."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from opla.accounts.device import remember
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries import bulk
from opla.db.queries.codes import Revealed
from opla.operations import catalogue
from opla.operations import share as sharing
from opla.operations.links import hash_link
from opla.presenting import languages, orders, redeeming
from opla.presenting.refusals import sentence
from opla.storefront.views.code import shown
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit, visit_with_device


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    return _draw(request, link, visit(request))


@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, link: str) -> HttpResponse:
    """By POST, for the first device that asks; written down before it is shown."""
    if request.method != "POST":
        return redirect("gift", link=link)
    here = visit_with_device(request)
    _found(link, here)
    got = sharing.reveal(here.actor, link, device=here.device, shop=here.shop, at=here.at)
    answer = _draw(request, link, here, got)
    if not isinstance(got, Refusal):
        remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _found(link: str, here: Visit) -> bulk.Gift:
    """Only what a reseller sold; to a guess there is nothing here."""
    hashed = hash_link(link)
    found = bulk.gift(hashed, here.device_hash) if hashed else None
    if found is None:
        raise Http404
    return found


def _draw(request: HttpRequest, link: str, here: Visit, got: Revealed | Refusal | None = None) -> HttpResponse:
    found = _found(link, here)
    if isinstance(got, Refusal) and got.code is Code.NOT_FOUND:
        raise Http404
    operator = catalogue.at_version(found.catalog_version).operator(found.operator)
    # In the language that the seller's platform said, until the buyer chooses another one.
    with languages.speaking(languages.current() if chosen(request) else found.language):
        if found.share.over(here.at):
            return render(request, "storefront/shared_over.html", status=410)
        status = orders.passed(found)
        drawn = {
            "link": link,
            "gift": found,
            "operator": operator,
            "status": status,
            "can": found.share.with_code and status.arrived and found.kind.is_secret,
            "used": found.share.revealed and not found.share.mine,
            "how": redeeming.how(operator) if operator and found.kind is Kind.CODE else [],
            "care": redeeming.care(operator) if operator else [],
            "refused": sentence(got) if isinstance(got, Refusal) else "",
            "code": None if got is None or isinstance(got, Refusal) else shown(got, operator, found.kind),
        }
        return render(request, "storefront/gift.html", drawn, status=409 if isinstance(got, Refusal) else 200)
