"""Closed months: what each account began and ended with, what was earned on what, and the files an accountant takes."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.views import somebody
from opla.core import month as months
from opla.core import vat
from opla.core.actor import Act, Actor
from opla.core.refusal import Refusal
from opla.db.queries import months as queries
from opla.db.queries.months import ClosedMonth
from opla.operations.chart import chart
from opla.operations.close_month import blocked, close_month, closed_month, first_open, unreadable
from opla.presenting import items, ledger
from opla.presenting import months as words
from opla.presenting.refusals import sentence


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.READ_BOOKS, at)
    due = first_open()
    told = ""
    if request.method == "POST":
        asked = months.read(request.POST.get("month", "")[:10])
        if asked is None:
            raise Http404
        found = close_month(actor, asked, at=at)
        if not isinstance(found, Refusal):
            return redirect("owner-month", months.name(asked))
        told = sentence(found)
    no = blocked(due, at=at) if due else None
    shown = {
        "months": [(one, months.name(one.month)) for one in queries.closed_months()],
        "due": due,
        "due_name": months.name(due) if due else "",
        "waits": sentence(no) if no else "",
        "open": queries.waiting(due) if due else 0,
        "may_close": actor.refused(Act.CLOSE_DAY) is None,
        "told": told,
    }
    return render(request, "backoffice/months.html", shown, status=422 if told else 200)


@require_safe
def one(request: HttpRequest, month: str) -> HttpResponse:
    actor = somebody(request, Act.READ_BOOKS, timezone.now())
    found = _closed(actor, month)
    accounts, numbers = queries.accounts(found.month), chart()
    no = unreadable(found)
    shown = {
        "month": found,
        "name": month,
        "closed_by": items.actor(found.closed_by),
        "accounts": sorted(
            (
                (a, ledger.account(a.account), "" if isinstance(numbers, Refusal) else numbers.of(a.account).number)
                for a in accounts
            ),
            key=lambda row: (row[2], row[0].account),
        ),
        "totals": words.totals(accounts),
        "vat": [] if no else vat.report(queries.own_fees(found)),
        "fees": words.provider_fees(accounts),
        "sales": [] if no else words.sales(queries.sold(found)),
        "items": [(item, items.kind(item.kind)) for item in queries.items(found.month)],
        "leads": actor.refused(Act.SEE_ITEMS) is None,
        "files": words.files(),
        "refused": sentence(no) if no else sentence(numbers) if isinstance(numbers, Refusal) else "",
    }
    return render(request, "backoffice/month.html", shown)


@require_safe
def download(request: HttpRequest, month: str, name: str) -> HttpResponse:
    found = _closed(somebody(request, Act.READ_BOOKS, timezone.now()), month)
    if name not in words.FILES:
        raise Http404
    numbers = unreadable(found) or chart()
    if isinstance(numbers, Refusal):
        return HttpResponse(sentence(numbers), status=422, content_type="text/plain; charset=utf-8")
    kind = "text/csv" if name.endswith(".csv") else "text/plain"
    named = {"Content-Disposition": f'attachment; filename="{month}-{name}"'}
    text = "".join(words.export(name, found, numbers))
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers=named)


def _closed(actor: Actor, month: str) -> ClosedMonth:
    asked = months.read(month)
    found = closed_month(actor, asked) if asked else None
    if found is None or isinstance(found, Refusal):
        raise Http404
    return found
