"""What people pay beside the face value, and who keeps what: where each of it is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.proposals import version_seen
from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.money import Money
from opla.core.quote import price
from opla.core.refusal import Refusal
from opla.operations import prices, shop
from opla.presenting import figures, items
from opla.presenting.refusals import sentence

_DAYS: Final = 30
_VERSIONS: Final = 20
#: The face value that the example is of.
_FACE_MINOR: Final = 1500


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    refused: Refusal | None = None
    if request.method == "POST":
        refused = _done(request, actor, at)
        if refused is None:
            return redirect("owner-prices")
    here = shop.current()
    found = prices.draft(actor, shop=here)
    if isinstance(found, Refusal):
        raise Http404
    counting = prices.terms(here)
    face = Money(_FACE_MINOR, found.now.currency)
    sales = prices.would_have_cost(found, days=_DAYS, at=at) if found.is_new else None
    shown = {
        "draft": found,
        "made_by": items.actor(found.made_by) if found.is_new else "",
        "percent": counting.vat_percent,
        "now": price(face, counting),
        "then": price(face, replace(counting, fee_minor=found.then.amount_minor)) if found.is_new else None,
        "days": _DAYS,
        "sales": sales,
        "sum": _signed(sales.difference) if sales else "",
        "versions": [
            (one, Money(one.fee_minor, one.currency), items.actor(one.made_by), items.actor(one.approved_by))
            for one in prices.versions(_VERSIONS)
        ],
        "typed": request.POST if refused else None,
        "told": sentence(refused) if refused else "",
    }
    return render(request, "backoffice/prices.html", shown, status=422 if refused else 200)


def _signed(money: Money) -> str:
    return f"{'+' if money.amount_minor > 0 else ''}{figures.money(money)}"


def _done(request: HttpRequest, actor: Actor, at: datetime) -> Refusal | None:
    posted, here = request.POST, shop.current()
    version = version_seen(request)
    match posted.get("act"):
        case "propose":
            fee, why = (posted.get(name, "")[:300].replace("\0", "") for name in ("fee", "why"))
            return prices.propose(actor, fee, why=why, seen=version, shop=here, at=at)
        case "approve":
            return prices.approve(actor, seen=version, shop=here, at=at)
        case "discard":
            return prices.discard(actor, seen=version, shop=here)
        case _:
            raise Http404
