"""Paying at a kiosk: on the card machine beside it, or at a till, whose clerk reads nine digits and sells it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from opla.core.cash import grouped
from opla.core.refusal import Refusal
from opla.db.queries import pages
from opla.kiosk.choosing import own, priced
from opla.kiosk.home import typed
from opla.kiosk.visiting import CODE_S, Here, goes_on
from opla.operations import catalogue, counter_sale, kiosk, terminal
from opla.operations.terminal import Wish
from opla.presenting import cash as cash_words
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence


@require_POST
@goes_on
def card(request: HttpRequest, here: Here, quote_id: UUID) -> HttpResponse:
    """Ring the machine. Pressed twice it is one order; while an order waits for its card, no other begins."""
    made = own(quote_id, here)
    known = pages.order_by_id(here.order, here.device_hash) if here.order else None
    if known is not None and here.seen in ("placed", "paid"):
        return redirect("kiosk-order")
    name = typed(request, "machine")
    if name not in [one.name for one in terminal.terminals_at(here.shop, station=here.station.name)]:
        raise Http404
    if no := kiosk.taken(name, made.id):
        return priced(request, here, made, sentence(no), status=409)
    wish = Wish(made.id, made.price.total.amount_minor)
    [placed] = terminal.start(here.actor, [wish], device=here.secret, terminal=name, shop=here.shop, at=here.at)
    if isinstance(placed, Refusal):
        return priced(request, here, made, sentence(placed), status=409)
    here.order, here.seen = placed.order_id, "placed"
    here.waits()
    return redirect("kiosk-order")


@require_POST
@goes_on
def counter(request: HttpRequest, here: Here, quote_id: UUID) -> HttpResponse:
    """Digits that a clerk types or scans. Nothing is ordered and nothing paid: the till makes its own price of it,
    takes the money and hands over what was bought."""
    made = own(quote_id, here)
    tills = kiosk.tills_for(here.shop)
    if not tills:
        raise Http404
    here.shows_code()
    code = counter_sale.bring(made, shop=here.shop)
    shown = {
        "here": here,
        "idle_s": CODE_S,
        "quote": made,
        "code": grouped(code),
        "picture": qr(code),
        "until": here.at + here.shop.terms.cash_valid,
        "places": cash_words.where([one.place for one in tills], catalogue.active()[1], here.at),
    }
    return render(request, "kiosk/counter.html", shown)
