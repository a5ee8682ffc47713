"""Messages with the shop about an order: on the ordering device, signed in, or after the proof of the order's e-mail.

To everybody else who has the link there is only the way to prove it; whether anything was written is not said.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.accounts.device import customer, ensured, remember
from opla.core.refusal import Code, Refusal
from opla.core.thread import MAX_MESSAGE
from opla.core.trouble import Tried, read_tried
from opla.operations import reveal_code, threads
from opla.operations.threads import Thread
from opla.presenting import cards, languages
from opla.presenting import trouble as words
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.views.order import Ticket, ticket
from opla.storefront.views.trouble import address
from opla.storefront.visit import Visit, visit

#: One byte more than may be kept is enough to be refused by.
_MOST = 4 * MAX_MESSAGE


@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = ticket(request, link, here)
    tried = read_tried(_said(request, "saw"), _said(request, "phone"), _said(request, "tried"), found.page.kind)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    if act == "proof":
        no = reveal_code.ask_proof(here.actor, found.page.id, shop=here.shop, at=here.at, address=here.address)
        return _page(request, found, here, tried, asked=True, no=no, status=429 if no else 200)
    if act == "prove":
        return _prove(request, found, here, tried)
    if act:
        return _say(request, found, here, tried)
    return _page(request, found, here, tried)


def _said(request: HttpRequest, name: str) -> str:
    return (request.POST if request.method == "POST" else request.GET).get(name, "")[:200]


def _say(request: HttpRequest, found: Ticket, here: Visit, tried: Tried) -> HttpResponse:
    text = request.POST.get("message", "")[:_MOST]
    done = threads.say(
        here.actor,
        found.page.id,
        text,
        device=here.device,
        language=languages.current(),
        shop=here.shop,
        at=here.at,
        address=here.address,
        tried=tried,
        customer=here.customer_id,
    )
    if not isinstance(done, Refusal):
        return redirect("order-thread", link=found.link)
    if done.code is Code.PROOF_NEEDED:
        return _page(request, found, here, tried, no=done, status=403)
    return _page(request, found, here, tried, form=refused({"message": text}, [done]), status=status_of([done]))


def _prove(request: HttpRequest, found: Ticket, here: Visit, tried: Tried) -> HttpResponse:
    device = ensured(request, here.shop.chance)
    typed = draft.typed(request, "proof")
    no = reveal_code.prove(customer(device), found.page.id, typed, device=device, at=here.at)
    if no is not None:
        form = refused({"proof": typed}, [no])
        return _page(request, found, here, tried, asked=True, form=form, status=422)
    answer = redirect(address("order-thread", found.link, tried))
    remember(answer, device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _page(
    request: HttpRequest,
    found: Ticket,
    here: Visit,
    tried: Tried,
    *,
    asked: bool = False,
    form: Form | None = None,
    no: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    mine = threads.of_order(here.actor, found.page.id, device=here.device, shop=here.shop, customer=here.customer_id)
    shown = {
        "ticket": found,
        "order": found.page,
        "operator": found.operator,
        "proven": found.page.proven,
        "thread": mine if isinstance(mine, Thread) else None,
        "tried": tried,
        "tried_dots": ".".join(tried.steps),
        "told": words.told(tried),
        "form": form or Form({"message": cards.matter(_said(request, "matter")), "proof": ""}),
        "asked": asked,
        "most": MAX_MESSAGE,
        "refused": sentence(no) if no else "",
    }
    return render(request, "storefront/thread.html", shown, status=status)
