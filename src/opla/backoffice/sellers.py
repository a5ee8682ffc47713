"""Sellers' passports as the owner sees them: what is applied for and what to check, what is good, what was reported."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.views import sees, somebody
from opla.core.actor import Act
from opla.core.passport import SIGNS, WITH_REASON, Event, grouped, move
from opla.core.refusal import Code, Refusal
from opla.db.queries.passports import Passport
from opla.operations import passport_reports, passports, shop
from opla.presenting import passports as words
from opla.presenting.refusals import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.CHECK_SELLERS, at)
    refused: Refusal | None = None
    number = request.POST.get("number", "")
    if request.method == "POST":
        refused = _decided(request, number)
        if refused is None:
            return redirect("owner-sellers")
    found, told = passports.listed(actor), passport_reports.reports(actor, shop=shop.current())
    if isinstance(found, Refusal) or isinstance(told, Refusal):
        raise Http404
    sees(actor, "sellers", at=at)
    shown = {
        "groups": [
            (_("To be looked at"), [_row(one, request, refused, number) for one in found["waiting"]], True),
            (_("Good, or suspended"), [_row(one, request, refused, number) for one in found["living"]], False),
            (_("Over"), [_row(one, request, refused, number) for one in found["ended"]], False),
        ],
        "reports": told,
    }
    return render(request, "backoffice/sellers.html", shown, status=422 if refused else 200)


def _row(one: Passport, request: HttpRequest, refused: Refusal | None, number: str) -> dict[str, object]:
    mine = refused is not None and one.number == number
    return {
        "passport": one,
        "number": grouped(one.number),
        "state": words.state(one.state),
        "place": words.place(one.place.kind),
        "registration": words.registration(one.seller.number_kind),
        "until": words.last_day(one.until) if one.until else "",
        "checks": words.checks(one.seller, one.place.kind, one.place.text),
        "choices": [
            (str(event), words.choice(event), event in WITH_REASON)
            for event in words.CHOICES
            if move(one.state, event) is not None
        ],
        "signs": any(move(one.state, event) is not None for event in SIGNS),
        "told": sentence(refused) if refused and mine else "",
        "reason": request.POST.get("reason", "")[:500] if mine else "",
    }


def _decided(request: HttpRequest, number: str) -> Refusal | None:
    at = timezone.now()
    actor = somebody(request, Act.CHECK_SELLERS, at)
    said, typed = request.POST.get("event", ""), request.POST.get("until", "")
    if said not in list(Event):
        raise Http404
    try:
        until = date.fromisoformat(typed) if typed else None
    except ValueError:
        return Refusal(Code.DAY_UNREADABLE, "until")
    reason = request.POST.get("reason", "")
    found = passports.decide(actor, number, Event(said), until=until, reason=reason, shop=shop.current(), at=at)
    if found is not None and found.code is Code.NOT_FOUND:
        raise Http404
    return found


@require_safe
def picture(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """What somebody sent: always downloaded, never shown, for it may hold anything."""
    actor = somebody(request, Act.CHECK_SELLERS, timezone.now())
    found = passport_reports.picture(actor, report_id, shop=shop.current())
    if isinstance(found, Refusal):
        raise Http404
    sees(actor, "seller_picture", report_id, at=timezone.now())
    name, data = found
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    return HttpResponse(data, content_type="application/octet-stream", headers={"Content-Disposition": disposition})
