"""Passing an order on: the buyer makes a link, and whoever has it sees what they need to top up, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts.device import remember
from opla.core.catalog import Operator
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries.aftercare import Share
from opla.db.queries.pages import OrderPage
from opla.operations import catalogue
from opla.operations import share as sharing
from opla.presenting import aftercare as words
from opla.presenting import figures, orders, pictures, redeeming
from opla.presenting.refusals import sentence
from opla.storefront.views.code import shown
from opla.storefront.views.order import draw, ticket
from opla.storefront.visit import Visit, visit, visit_with_device

_STATUS = {Code.PROOF_NEEDED: 403, Code.TOO_MANY_TRIES: 429}


@require_POST
def make(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    with_code = request.POST.get("with_code") == "on" and found.page.kind.is_secret
    made = sharing.share(
        here.actor, found.page.id, with_code=with_code, device=here.device, shop=here.shop, at=here.at,
        customer=here.customer_id,
    )  # fmt: skip
    if isinstance(made, Refusal):
        return draw(request, found, refused=sentence(made), status=_STATUS.get(made.code, 409))
    # Shown now and never again: only its hash is kept.
    picture, ends = pictures.qr(made.url), figures.moment(made.ends_at)
    return draw(request, found, share_url=made.url, share_picture=picture, share_ends=ends)


@require_POST
def end(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    refused = sharing.end(here.actor, found.page.id, device=here.device, at=here.at, customer=here.customer_id)
    if refused is not None:
        return draw(request, found, refused=sentence(refused), status=403)
    return redirect("order", link=link)


@dataclass(frozen=True)
class Passed:
    """What a recipient sees: nothing of the buyer, of the price, or of the order's own link."""

    link: str
    share: Share
    product_name: str
    operator: Operator | None
    status: orders.Passed
    code: bool  # it can be looked at here, now, by this device
    kind: Kind

    @property
    def direct(self) -> bool:
        return self.kind is Kind.DIRECT


def _passed(link: str, here: Visit) -> Passed | None:
    """None where it has ended; 404 for a guess."""
    got = sharing.find(link, device=here.device)
    if got is None:
        raise Http404
    share, page = got
    return None if share.over(here.at) else _of(link, share, page)


def _of(link: str, share: Share, page: OrderPage) -> Passed:
    operator = catalogue.at_version(page.catalog_version).operator(page.operator)
    status = orders.passed(page)
    code = share.with_code and status.arrived and page.kind.is_secret
    return Passed(link, share, page.product_name, operator, status, code, page.kind)


def _draw(request: HttpRequest, found: Passed | None, *, status: int = 200, **more: object) -> HttpResponse:
    if found is None:
        return render(request, "storefront/shared_over.html", status=410)
    operator = found.operator
    drawn = {
        "passed": found,
        "operator": operator,
        "used": found.share.revealed and not found.share.mine,
        "how": redeeming.how(operator) if operator and found.kind is Kind.CODE else [],
        "sms": words.sms(operator) if operator and not found.kind.is_starter else [],
        "care": redeeming.care(operator) if operator else [],
        **more,
    }
    return render(request, "storefront/shared.html", drawn, status=status)


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    return _draw(request, _passed(link, visit(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, link: str) -> HttpResponse:
    """The code, by POST, for the first device that asks; written down before it is shown."""
    if request.method != "POST":
        return redirect("shared", link=link)
    here = visit_with_device(request)
    found = _passed(link, here)
    if found is None:
        return _draw(request, None)
    got = sharing.reveal(here.actor, link, device=here.device, shop=here.shop, at=here.at)
    if isinstance(got, Refusal):
        if got.code is Code.NOT_FOUND:
            raise Http404
        return _draw(request, found, refused=sentence(got), status=409)
    answer = _draw(request, found, code=shown(got, found.operator, found.kind))
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer
