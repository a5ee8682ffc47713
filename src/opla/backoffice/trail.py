"""Who of the house did and saw what, when, where and why; and how far that is chained, so that nobody rewrites it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from opla.backoffice.views import somebody
from opla.core.actor import Act
from opla.db.queries import audit, people
from opla.db.queries.audit import Asked, Sort, Step
from opla.presenting import trail as words

_NEWEST: Final = 200
_IN_A_FILE: Final = 20_000
_MAX_TYPED: Final = 60


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    somebody(request, Act.READ_TRAIL, timezone.now())
    asked = _asked(request)
    if request.GET.get("as") == "csv":
        named = {"Content-Disposition": 'attachment; filename="trail.csv"'}
        text = words.as_csv(audit.trail(asked, limit=_IN_A_FILE))
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=named)
    found = audit.trail(asked, limit=_NEWEST)
    chosen = {"who": asked.who, "order": asked.ticket, "sort": str(asked.sort or "")}
    shown = {
        "rows": [words.row(step) for step in found],
        "asked": asked,
        "sorts": [(str(sort), words.sort(sort)) for sort in Sort],
        "names": [one.name for one in people.everybody()],
        "chosen": urlencode({key: value for key, value in chosen.items() if value}),
        "older": _older(found),
        "sealed": audit.sealed(),
    }
    return render(request, "backoffice/trail.html", shown)


def _older(found: list[Step]) -> str:
    """Where the next page begins; empty where there is none."""
    return found[-1].at.isoformat() if len(found) == _NEWEST else ""


def _asked(request: HttpRequest) -> Asked:
    def typed(name: str) -> str:
        return request.GET.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()

    sort = typed("sort")
    try:
        before = datetime.fromisoformat(typed("before"))
    except ValueError:
        before = None
    if before is not None and before.tzinfo is None:
        before = None
    return Asked(typed("who"), typed("order").upper(), Sort(sort) if sort in list(Sort) else None, before)
