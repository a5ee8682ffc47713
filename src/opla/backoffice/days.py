"""Closed days: what was fixed, and the journal an accountant takes with them."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.views import somebody
from opla.core.actor import Act
from opla.core.day import last_over
from opla.core.refusal import Refusal
from opla.db.queries import days as queries
from opla.db.queries.days import ClosedDay
from opla.operations.close_day import close_all, first_open
from opla.presenting import items as words
from opla.presenting import ledger
from opla.presenting.refusals import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.READ_BOOKS, at)
    told = ""
    if request.method == "POST":
        somebody(request, Act.CLOSE_DAY, at)
        found = close_all(actor, at=at)
        if not isinstance(found, Refusal):
            return redirect("owner-days")
        told = sentence(found)
    due, last = first_open(), last_over(at)
    shown = {"days": queries.closed_days(), "due": due if due and due <= last else None, "last": last, "told": told}
    return render(request, "backoffice/days.html", shown, status=400 if told else 200)


@require_safe
def one(request: HttpRequest, day: str) -> HttpResponse:
    somebody(request, Act.READ_BOOKS, timezone.now())
    found = _closed(day)
    accounts = [(a, ledger.account(a.account)) for a in queries.accounts(found.day)]
    return render(
        request,
        "backoffice/day.html",
        {"day": found, "accounts": accounts, "closed_by": words.actor(found.closed_by), "iso": found.day.isoformat()},
    )


@require_safe
def journal(request: HttpRequest, day: str) -> HttpResponse:
    somebody(request, Act.READ_BOOKS, timezone.now())
    found = _closed(day)
    text = "".join(ledger.journal_csv(queries.journal(found.from_at, found.until_at)))
    named = {"Content-Disposition": f'attachment; filename="journal-{found.day.isoformat()}.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=named)


def _closed(day: str) -> ClosedDay:
    try:
        found = queries.closed(date.fromisoformat(day))
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
