"""The ticket: what became of an order. Whoever has the link sees the state, never the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_POST, require_safe

from opla.core import order, payment
from opla.core.catalog import Operator, Product
from opla.core.ports import Kind
from opla.core.refusal import Refusal
from opla.db.queries import counting, pages
from opla.db.queries.pages import OrderPage
from opla.operations import catalogue, links, remind
from opla.operations import pay_again as paying
from opla.presenting import languages, numbers, orders, payment_methods, redeeming
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit


@dataclass(frozen=True)
class Ticket:
    """An order as it is drawn."""

    link: str
    page: OrderPage
    status: orders.Status
    operator: Operator | None
    product: Product | None
    refresh_s: int
    fresh: bool  # delivered within a day: what it gave is what there is

    @property
    def seen(self) -> str:
        """Changes whenever the drawn page would: what a browser has is compared with it."""
        bits = (self.page.state, self.status.name, len(self.page.events), self.page.proven, self.refresh_s)
        return "-".join(str(bit) for bit in (*bits, self.page.refunding.amount_minor, self.page.refunded.amount_minor))

    @property
    def stand_ins(self) -> str:
        """Where the sandbox's operators and mailbox are: beside its payment page. Empty in a real shop."""
        if self.page.provider != "sandbox" or not self.page.redirect_url:
            return ""
        return urljoin(self.page.redirect_url, "/")

    @property
    def code_ready(self) -> bool:
        return self.page.state is order.State.DELIVERED and self.page.kind is not Kind.DIRECT


def ticket(request: HttpRequest, link: str, here: Visit) -> Ticket:
    """The order of this link, or 404: a guessed link and a wrong one look the same."""
    link_hash = links.hash_link(link)
    page = pages.order_by_link(link_hash, here.device_hash, here.email) if link_hash else None
    if page is None:
        raise Http404
    if not chosen(request) and page.language in languages.NAMES:
        # Opened from a message on another device: the order's own language, until the person says otherwise.
        translation.activate(page.language.lower())
    catalog = catalogue.at_version(page.catalog_version)
    return Ticket(
        link,
        page,
        orders.status(page, here.at),
        catalog.operator(page.operator),
        catalog.product(page.sku),
        orders.refresh_s(page, here.at),
        page.delivered_at is not None and here.at - page.delivered_at < timedelta(days=1),
    )


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    going = _goes_to_pay(request, found)
    return draw(request, found, going=going)


@require_safe
def state(request: HttpRequest, link: str) -> HttpResponse:
    """The part that changes, for htmx; 204 while nothing has changed, so that nothing is read aloud twice."""
    here = visit(request)
    found = ticket(request, link, here)
    if going := _goes_to_pay(request, found):
        answer = HttpResponse(status=200)
        answer["HX-Redirect"] = going
        return answer
    if request.GET.get("seen") == found.seen:
        return HttpResponse(status=204)
    return draw(request, found, template="storefront/order_state.html")


def draw(
    request: HttpRequest, found: Ticket, *, template: str = "storefront/order.html", going: str = "", status: int = 200,
    **more: object,
) -> HttpResponse:  # fmt: skip
    page = found.page
    shown: dict[str, object] = {
        "ticket": found,
        "order": page,
        "status": found.status,
        "operator": found.operator,
        "number": numbers.grouped(page.number) if page.number else "",
        "events": [(happened.at, orders.event(happened.name)) for happened in page.events],
        "care": redeeming.care(found.operator) if found.operator else [],
        "balance": redeeming.balance(found.operator) if found.operator else [],
        "going": going,
        "counting": _counting(request, found),
        **more,
    }
    return render(request, template, shown, status=status)


def _counting(request: HttpRequest, found: Ticket) -> str:
    """Whether it is `counted` in on a reminder, or `can` be: on the ordering device, where one was opened."""
    if not (found.page.proven and found.page.delivered_at and draft.reminder(request)):
        return ""
    if counting.wanted(found.page.id):
        return "counted"
    watched = remind.find(draft.reminder(request), shop=visit(request).shop)
    same = watched is not None and watched.confirmed and watched.usage.line.operator == found.page.operator
    return "can" if same else ""


def _goes_to_pay(request: HttpRequest, found: Ticket) -> str:
    """The payment page's address, once per payment and only for the ordering device; the button stays for ever."""
    page = found.page
    if not (page.proven and found.status.payable and page.payment_state is payment.State.OPEN):
        return ""
    return page.redirect_url if draft.send_once(request, page.payment_id) else ""


@require_POST
def pay_again(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    method = request.POST.get("method", found.page.provider)
    refused = paying.pay_again(here.actor, found.page.id, shop=here.shop, method=method, at=here.at)
    if isinstance(refused, Refusal):
        return draw(request, found, refused=sentence(refused), status=409)
    return redirect("order", link=link)


@require_safe
def receipt(request: HttpRequest, link: str) -> HttpResponse:
    """On paper too. There is none before money has arrived."""
    found = ticket(request, link, visit(request))
    paid = next((happened.at for happened in found.page.events if happened.name in ("paid", "paid_late")), None)
    if paid is None:
        raise Http404
    shown = {
        "ticket": found,
        "order": found.page,
        "operator": found.operator,
        "paid_at": paid,
        "number": numbers.grouped(found.page.number) if found.page.number else "",
        "method": payment_methods.method(found.page.provider).name,
        "state": orders.state(found.page.state),
    }
    return render(request, "storefront/receipt.html", shown)
