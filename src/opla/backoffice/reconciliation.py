"""What others say beside our books, how far money has come, and the rest by its age, each a click from its decision."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from opla.backoffice.items import age_of
from opla.backoffice.views import somebody
from opla.core.actor import Act
from opla.core.day import day_of
from opla.core.refusal import Refusal
from opla.operations import shop
from opla.operations.reconcile import reconcile
from opla.presenting import items
from opla.presenting import reconciling as words


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """With `?as=` one of its tables as a file."""
    at = timezone.now()
    actor = somebody(request, Act.READ_BOOKS, at)
    found = reconcile(actor, shop=shop.current(), at=at)
    if isinstance(found, Refusal):
        raise Http404
    match request.GET.get("as", ""):
        case "standings":
            return _file(f"reconciliation-{day_of(at)}.csv", "".join(words.standings_csv(found.standings)))
        case "open":
            return _file(f"open-{day_of(at)}.csv", "".join(words.open_csv(found.open)))
    shown = {
        "leads": actor.refused(Act.SEE_ITEMS) is None,
        "agrees": not any(one.difference is not None and one.difference.amount_minor for one in found.standings),
        "standings": [(one, words.party(one.party)) for one in found.standings],
        "chains": found.chains,
        "stopped": found.stopped,
        "ages": words.aged(found.open),
        "open": [
            (
                row, words.kind(row), items.why(row.item), words.party(row.party), age_of(at - row.item.opened_at),
                words.suggestion(row.suggestion) if row.suggestion else "",
            )
            for row in found.open
        ],
    }  # fmt: skip
    return render(request, "backoffice/reconciliation.html", shown)


def _file(name: str, text: str) -> HttpResponse:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=named)
