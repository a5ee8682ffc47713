"""Vouchers as their owner sees them: printed here, where each batch is, and what became of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
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
from opla.core.voucher import Event, grouped
from opla.operations import catalogue, places, shop, vouchers
from opla.operations.cash import counters
from opla.operations.shop import Shop
from opla.operations.vouchers import Made
from opla.presenting import figures, languages, voucher_sheet
from opla.presenting import vouchers as words
from opla.presenting.refusals import sentence

_MAX_TYPED: Final = 300
_MAX_SERIALS: Final = 200_000


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at, here = timezone.now(), shop.current()
    actor = somebody(request, Act.MANAGE_VOUCHERS, at)
    if request.method != "POST":
        return _page(request, actor, here)
    act = request.POST.get("act", "")
    if act == "make":
        made = _made(request, actor, here, at)
        return _page(request, actor, here, no=made) if isinstance(made, Refusal) else _paper(made)
    if act == "give_back":
        back = vouchers.give_back(
            actor, _typed(request, "code"), drawer=_typed(request, "till"), line_id=key_of(request),
            why=_typed(request, "why"), shop=here, at=at,
        )  # fmt: skip
        if isinstance(back, Refusal):
            return _page(request, actor, here, no=back)
        return _page(request, actor, here, told=[_("Give back %(amount)s.") % {"amount": figures.money(back)}])
    if act not in {str(event) for event in words.MOVES}:
        raise Http404
    place = _typed(request, "place")
    moved = vouchers.move(
        actor, request.POST.get("serials", "")[:_MAX_SERIALS], Event(act),
        place_id=int(place) if place.isascii() and place.isdigit() and len(place) < 18 else None,
        why=_typed(request, "why"), sandbox=here.sandbox, at=at,
    )  # fmt: skip
    if isinstance(moved, Refusal):
        return _page(request, actor, here, no=moved)
    if set(moved) == {"moved"}:
        return redirect("owner-vouchers")
    return _page(request, actor, here, told=words.moved(moved))


def _made(request: HttpRequest, actor: Actor, here: Shop, at: datetime) -> Made | Refusal:
    quantity, until = _typed(request, "quantity"), _typed(request, "until")
    try:
        day = date.fromisoformat(until)
    except ValueError:
        day = None
    return vouchers.make(
        actor, _typed(request, "sku"), int(quantity) if quantity.isascii() and quantity.isdigit() else 0,
        amount=_typed(request, "amount"), until=day, language=_typed(request, "language"),
        draw=lambda printed: voucher_sheet.pdf(printed, shop=here), shop=here, at=at,
    )  # fmt: skip


def _paper(made: Made) -> HttpResponse:
    """The one time that anybody sees these codes."""
    name = f"opla-vouchers-{made.number}.pdf"
    return HttpResponse(
        made.paper, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()


def _page(
    request: HttpRequest, actor: Actor, here: Shop, *, told: Sequence[str] = (), no: Refusal | None = None
) -> HttpResponse:
    batches = vouchers.listed(actor)
    if isinstance(batches, Refusal):
        raise Http404
    _version, catalog = catalogue.active()
    known = dict(places.known_by_id(sandbox=here.sandbox))
    names = {id_: one.name or one.street for id_, one in known.items()}
    own = {id_: name for id_, name in names.items() if known[id_].source == "own" or known[id_].sample}
    shown = {
        "batches": [
            (
                one,
                languages.NAMES[one.batch.language],
                [
                    (
                        words.state(lying.state),
                        lying.count,
                        names.get(lying.place_id or 0, ""),
                        grouped(lying.first),
                        grouped(lying.last),
                    )
                    for lying in one.lying
                ],
            )
            for one in batches
        ],
        "products": [one for one in catalog.products if one.on_sale],
        "spoken": languages.NAMES.items(),
        "moves": [(event, words.move(event)) for event in words.MOVES],
        "places": sorted(own.items(), key=lambda one: one[1]),
        "tills": [one.drawer for one in counters(here)],
        "key": uuid4(),
        "told": told,
        "refused": sentence(no) if no else "",
        "why_missing": no is not None and no.code is Code.REASON_MISSING,
    }
    return render(request, "backoffice/vouchers.html", shown, status=422 if no else 200)
