"""Codes of our own: what lies on the shelf, what was bought from whom, and the batches it came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.backoffice.cash import key_of
from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.core.stock import BatchEvent, BatchState, PurchaseState
from opla.operations import catalogue, shop, stock
from opla.operations.shop import Shop
from opla.operations.stock_codes import MAX_MEGABYTES, stock_codes
from opla.presenting import items
from opla.presenting import stock as words
from opla.presenting.refusals import sentence

#: Who has a code, on the page of its batch; the command lists them all.
_LISTED: Final = 1000
_BATCH_ACTS: Final = {
    "block": BatchEvent.BLOCKED,
    "release": BatchEvent.RELEASED,
    "recall": BatchEvent.RECALLED,
    "send_back": BatchEvent.SENT_BACK,
}


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.COUNT_STOCK, at)
    here = shop.current()
    if request.method != "POST":
        return _page(request, actor, at)
    somebody(request, Act.STOCK_CODES, at)
    if "file" in request.FILES or request.POST.get("act") == "import":
        return _imported(request, actor, here, at)
    do = _acts(request, actor, here, at).get(request.POST.get("act", ""))
    if do is None:
        raise Http404
    found = do()
    if isinstance(found, Refusal):
        return _page(request, actor, at, refused=[sentence(found)])
    return redirect("owner-stock")


def _acts(request: HttpRequest, actor: Actor, here: Shop, at: datetime) -> dict[str, Callable[[], object | Refusal]]:
    """The buttons of the page, by their names."""

    def typed(name: str) -> str:
        return request.POST.get(name, "")[:200]

    def count(name: str) -> int:
        text = typed(name).strip() or "0"
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1

    number = count("purchase")
    seen = count("paid_minor") if typed("paid_minor") else -1
    return {
        "order": lambda: stock.order(
            actor,
            typed("vendor"),
            typed("sku"),
            count("quantity"),
            typed("cost"),
            invoice=typed("invoice"),
            key=key_of(request),
            shop=here,
            at=at,
        ),
        "received": lambda: stock.received(
            actor, number, damaged=count("damaged"), invoice=typed("invoice") or None, at=at
        ),
        "call_off": lambda: stock.call_off(actor, number, at=at),
        "paid": lambda: stock.pay(actor, number, typed("amount"), seen_minor=seen, at=at),
        "paid_back": lambda: stock.pay(actor, number, typed("amount"), back=True, seen_minor=seen, at=at),
        "rule": lambda: stock.tell_rule(
            actor, typed("sku"), below=count("below"), min_days=count("min_days"), shop=here, at=at
        ),
    }


def _imported(request: HttpRequest, actor: Actor, here: Shop, at: datetime) -> HttpResponse:
    upload = request.FILES.get("file")
    # One byte more than may be kept is enough to be refused by.
    data = upload.read(MAX_MEGABYTES * 1024 * 1024 + 1) if upload is not None else b""
    of = request.POST.get("purchase", "")
    number = (int(of) if of.isascii() and of.isdigit() and len(of) < 10 else 0) if of else None
    name = (upload.name if upload is not None else None) or ""
    found = stock_codes(actor, data, shop=here, at=at, purchase=number, file_name=name)
    if isinstance(found, list):
        return _page(request, actor, at, refused=[sentence(one) for one in found])
    new = {"new": found.stored, "known": len(found.known_lines)}
    return _page(request, actor, at, told=_("%(new)s new codes, %(known)s known before.") % new)


def _page(
    request: HttpRequest, actor: Actor, at: datetime, *, told: str = "", refused: Sequence[str] = ()
) -> HttpResponse:
    levels = stock.levels(actor, at=at)
    if isinstance(levels, Refusal):
        raise Http404
    shown: dict[str, object] = {"levels": levels}
    if actor.refused(Act.STOCK_CODES) is None:
        shown |= _bought(actor) | {"buys": True, "key": uuid4(), "told": told, "refused": refused}
    return render(request, "backoffice/stock.html", shown, status=422 if refused else 200)


def _bought(actor: Actor) -> dict[str, object]:
    """What came from whom, for whoever buys."""
    purchases, batches = stock.purchases(actor), stock.batches(actor)
    if isinstance(purchases, Refusal) or isinstance(batches, Refusal):
        raise Http404
    _version, catalog = catalogue.active()
    return {
        "purchases": [(one, words.purchase(one.state), -one.owed) for one in purchases],
        "open": [one for one in purchases if one.state is PurchaseState.ORDERED],
        "batches": [(one, words.batch(one.state), items.actor(one.made_by)) for one in batches],
        "products": [one for one in (*catalog.products, *catalog.starters) if one.delivery.value in ("code", "esim")],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def batch(request: HttpRequest, number: int) -> HttpResponse:
    """One batch: what became of it, who has its codes, and what may be done with the rest."""
    at = timezone.now()
    actor = somebody(request, Act.STOCK_CODES, at)
    refused: Refusal | None = None
    if request.method == "POST":
        event = _BATCH_ACTS.get(request.POST.get("act", ""))
        if event is None:
            raise Http404
        moved = stock.move_batch(actor, number, event, why=request.POST.get("why", ""), at=at)
        if not isinstance(moved, Refusal):
            return redirect("owner-batch", number)
        refused = moved
    found = stock.batch(actor, number, newest=_LISTED, at=at)
    if isinstance(found, Refusal):
        raise Http404
    one, sold = found
    shown = {
        "one": one,
        "state": words.batch(one.state),
        "made_by": items.actor(one.made_by),
        "sold": sold,
        "more": len(sold) < one.sold,
        "on_sale": one.state is BatchState.ON_SALE,
        "blocked": one.state is BatchState.BLOCKED,
        "told": sentence(refused) if refused else "",
        "why_missing": refused is not None and refused.code is Code.REASON_MISSING,
    }
    return render(request, "backoffice/batch.html", shown, status=422 if refused else 200)
