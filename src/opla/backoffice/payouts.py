"""What payment providers paid out, as the owner sees it: each payout, its lines, what does not agree."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from opla.backoffice.views import somebody
from opla.core.actor import Act
from opla.core.money import Money
from opla.db.queries import payouts as queries
from opla.operations import shop
from opla.operations.payouts import providers
from opla.presenting import payouts as words

_NEWEST: Final = 60
#: Of one payout so many lines are shown, what does not agree first; the command line has all of them.
_LINES: Final = 200


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    somebody(request, Act.READ_BOOKS, timezone.now())
    looks = queries.looks()
    shown = {
        "payouts": [(one, words.state(one.state)) for one in queries.newest(limit=_NEWEST)],
        "providers": [
            (name, words.looked(looks[name]))
            for name in sorted(providers(shop.current()))
            if name in looks and looks[name].said
        ],
    }
    return render(request, "backoffice/payouts.html", shown)


@require_safe
def one(request: HttpRequest, payout_id: UUID) -> HttpResponse:
    somebody(request, Act.READ_BOOKS, timezone.now())
    found = queries.one(payout_id)
    if found is None:
        raise Http404
    currency = found.amount.currency
    lines = [
        (
            seen,
            words.movement(seen.line.kind),
            words.verdict(seen.verdict),
            Money(seen.line.gross_minor, currency),
            Money(seen.line.fee_minor, currency) if seen.line.fee_minor else None,
        )
        for seen in queries.lines(payout_id, limit=_LINES)
    ]
    shown = {
        "payout": found,
        "state": words.state(found.state),
        "gross": Money(found.gross_minor, currency),
        "fees": Money(found.fees_minor, currency),
        "lines": lines,
        "more": found.lines - len(lines),
    }
    return render(request, "backoffice/payout.html", shown)
