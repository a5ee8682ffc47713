"""Suppliers as their owner sees them: what lies there, whether they answer, what of their lists is to be decided."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.ledger import SHELVES
from opla.core.money import MINOR_DIGITS, Money
from opla.core.refusal import Code, Refusal
from opla.core.supply import State
from opla.db.queries.suppliers import Supplied
from opla.operations import catalogue, prices, shop, suppliers
from opla.presenting import suppliers as words
from opla.presenting.refusals import sentence

#: So much of what is decided already is shown; the command line has all of it.
_SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.MANAGE_SUPPLIERS, at)
    refused: Refusal | None = None
    if request.method == "POST":
        refused = _decided(request, actor) if "decision" in request.POST else _below(request, actor)
        if refused is None:
            return redirect("owner-suppliers")
    here = shop.current()
    overview, supplied = suppliers.overview(actor, shop=here), suppliers.supplied(actor, shop=here)
    if isinstance(overview, Refusal) or isinstance(supplied, Refusal):
        raise Http404
    _, catalog = catalogue.active()
    terms = prices.terms(here)
    shown = {
        "suppliers": [
            (one, words.health(one.state, at), words.float_left(one), words.differences(one), words.is_below(one),
             words.synced(one.synced))
            for one in overview
        ],
        "news": [(*_row(one), words.customers(one, catalog.sold(one.sku), terms, _others(one, supplied, here)))
                 for one in supplied if one.news],
        "decided": [_row(one) for one in supplied if not one.news][:_SHOWN],
        "told": sentence(refused) if refused else "",
        "currencies": sorted(MINOR_DIGITS),
        "mapped": bool(here.mapped - SHELVES),
    }  # fmt: skip
    return render(request, "backoffice/suppliers.html", shown, status=422 if refused else 200)


def _row(one: Supplied) -> tuple[Supplied, str, str, str]:
    return one, ", ".join(words.news(word) for word in one.news), words.change(one), words.state(one.state)


def _others(one: Supplied, supplied: Sequence[Supplied], here: shop.Shop) -> list[str]:
    """Whoever else delivers this product: those approved for it, and those who know it by our name."""
    approved = {other.supplier for other in supplied if other.sku == one.sku and other.state is State.APPROVED}
    byname = {name for name in here.routes if name not in SHELVES and name not in here.mapped}
    return sorted((approved | byname) - {one.supplier})


def _decided(request: HttpRequest, actor: Actor) -> Refusal | None:
    """What the owner saw is what is decided: their list may have changed since."""
    posted = {name: request.POST.get(name, "") for name in ("supplier", "sku", "their_sku", "decision", "seen")}
    if posted["decision"] not in (State.APPROVED, State.REFUSED, State.GONE) or not posted["seen"]:
        raise Http404
    return suppliers.decide(
        actor,
        posted["supplier"],
        posted["sku"],
        posted["their_sku"],
        State(posted["decision"]),
        seen=posted["seen"],
        shop=shop.current(),
        at=timezone.now(),
    )


def _below(request: HttpRequest, actor: Actor) -> Refusal | None:
    typed, currency = request.POST.get("below", ""), request.POST.get("currency", "")
    below = Money.parse(typed or "0", currency) if currency in MINOR_DIGITS else None
    if below is None:
        return Refusal(Code.AMOUNT_UNREADABLE, "below", {"amount": typed})
    wanted = below if below.amount_minor else None
    here = shop.current()
    return suppliers.tell_below(actor, request.POST.get("supplier", ""), wanted, shop=here, at=timezone.now())
