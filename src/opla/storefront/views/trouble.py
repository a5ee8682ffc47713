"""It did not work: what was seen, on which phone, and one thing to try after another. At the end, the shop.

Everything stands in the address, so that going back, reloading and a lost connection lose nothing; all of it are words
of ours, none a secret. Whoever has the order's link may read what there is to try.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from opla.core import trouble as rules
from opla.core.refusal import Refusal
from opla.core.trouble import Phone, Saw, Tried
from opla.operations import take_back
from opla.presenting import trouble as words
from opla.presenting.refusals import sentence
from opla.storefront.views.order import draw, ticket
from opla.storefront.visit import visit


@require_safe
def trouble(request: HttpRequest, link: str) -> HttpResponse:
    found = ticket(request, link, visit(request))
    kind = found.page.kind
    said = [request.GET.get(name, "")[:200] for name in ("saw", "phone", "tried")]
    tried = rules.read_tried(said[0], said[1], said[2], kind)
    shown: dict[str, object] = {
        "ticket": found,
        "order": found.page,
        "operator": found.operator,
        "saw": words.saw(tried.saw),
        "write_url": address("order-thread", link, tried),
    }
    if not tried.saw:
        shown["choices"] = [(address("order-trouble", link, Tried(saw)), words.saw(saw)) for saw in rules.seen(kind)]
        return render(request, "storefront/trouble.html", shown)
    saw = Saw(tried.saw)
    if rules.asks_phone(saw, kind) and not tried.phone:
        shown["phones"] = [
            (address("order-trouble", link, Tried(saw, phone, tried.steps)), words.phone(phone)) for phone in Phone
        ]
        return render(request, "storefront/trouble.html", shown)
    if "worked" in request.GET:
        return render(request, "storefront/trouble.html", {**shown, "worked": True})
    step = rules.next_step(saw, kind, tried.steps)
    if step is None:
        return redirect(address("order-thread", link, tried))
    shown["try"] = words.to_try(step, tried.phone, found.page, found.operator, found.product)
    shown["worked_url"] = address("order-trouble", link, tried) + "&worked=1"
    shown["not_url"] = address("order-trouble", link, Tried(tried.saw, tried.phone, (*tried.steps, step)))
    shown["number"] = len(tried.steps) + 1
    shown["count"] = len(rules.steps(saw, kind))
    return render(request, "storefront/trouble.html", shown)


def address(name: str, link: str, tried: Tried) -> str:
    """A page of this order, with what was tried."""
    said = {"saw": str(tried.saw), "phone": str(tried.phone), "tried": ".".join(tried.steps)}
    query = urlencode({key: value for key, value in said.items() if value})
    return reverse(name, args=[link]) + (f"?{query}" if query else "")


@require_POST
def back(request: HttpRequest, link: str) -> HttpResponse:
    """Give back a code that nobody has looked at."""
    here = visit(request)
    found = ticket(request, link, here)
    refused = take_back.take_code_back(
        here.actor, found.page.id, device=here.device, shop=here.shop, at=here.at, customer=here.customer_id
    )
    if isinstance(refused, Refusal):
        return draw(request, found, refused=sentence(refused), status=409)
    return redirect("order", link=link)
