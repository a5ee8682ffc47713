"""The shift of this till's drawer: opened by a count, money brought to the safe, the drawer opened without a sale, what
was sold so far (X), closed by a count that is blind (Z); and the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from opla.core.cash import PIECES
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.shift import Sum
from opla.db.queries import counter
from opla.db.queries import stations as queries
from opla.db.queries.counter import Did
from opla.db.queries.stations import Shift
from opla.operations import drawers, shifts
from opla.operations.cash import CURRENCY
from opla.operations.shifts import Report
from opla.presenting import cash as words
from opla.presenting import figures
from opla.presenting.refusals import sentence
from opla.till.guard import Till, signed_in
from opla.till.selling import key_of, typed

_NEWEST: Final = 30
#: Of a shift's trail, what moved no money.
_TOLD: Final = ("no_sale", "count_differs")


@dataclass(frozen=True)
class Piece:
    """A coin or a note to be counted, as it was typed."""

    minor: int
    shown: str
    typed: str


def _pieces(values: Mapping[str, str]) -> list[Piece]:
    return [
        Piece(minor, figures.money_short(Money(minor, CURRENCY)), values.get(f"piece_{minor}", "")[:6])
        for minor in PIECES
    ]


def _counted(request: HttpRequest) -> dict[int, str]:
    return {minor: text for minor in PIECES if (text := typed(request, f"piece_{minor}"))}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: HttpRequest, here: Till) -> HttpResponse:
    if request.method != "POST":
        return _drawn(request, here)
    act, key = request.POST.get("act", ""), key_of(request)
    if act == "open":
        done: object = shifts.open_shift(here.actor, key, here.clerk, here.station, _counted(request), at=here.at)
    elif act == "drop":
        done = drawers.drop_in_shift(
            here.actor, key, here.station.drawer, typed(request, "amount"), why=typed(request, "why"), at=here.at
        )
    elif act == "no_sale":
        done = shifts.no_sale(here.actor, here.station, why=typed(request, "why"), at=here.at)
    else:
        done = Refusal(Code.NOT_FOUND, "act")
    if isinstance(done, Refusal):
        return _drawn(request, here, done, act)
    return redirect("till") if act == "open" else redirect(f"{reverse('till-shift')}?{urlencode({'done': act})}")


def _drawn(request: HttpRequest, here: Till, no: Refusal | None = None, act: str = "") -> HttpResponse:
    typed_before = {name: str(value) for name, value in request.POST.items()}
    shown = {
        "here": here,
        "refused": sentence(no) if no else "",
        "act": act,
        "done": request.GET.get("done", "") if not no else "",
        "amount": typed_before.get("amount", "") if act == "drop" else "",
        "why": typed_before.get("why", ""),
        "pieces": _pieces(typed_before if act == "open" else {}),
        "key": uuid4(),
        "earlier": [one for one in queries.shifts(here.station.drawer, CURRENCY, limit=_NEWEST) if one.closed_at],
    }
    return render(request, "till/shift.html", shown, status=422 if no else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def close(request: HttpRequest, here: Till) -> HttpResponse:
    """Count what is there, without being told what should be. What differs is signed for with a reason."""
    if here.shift is None:
        return redirect("till-shift")
    no: Refusal | None = None
    if request.method == "POST":
        done = shifts.close_shift(
            here.actor, here.shift.id, here.clerk, _counted(request), why=typed(request, "why"), at=here.at
        )
        if isinstance(done, Shift):
            return redirect("till-report", n=done.n)
        no = done
    values = {name: str(value) for name, value in request.POST.items()}
    shown = {
        "here": here,
        "refused": sentence(no) if no else "",
        "differs": no is not None and no.code is Code.SHIFT_DIFFERS,
        "pieces": _pieces(values),
        "why": values.get("why", ""),
    }
    return render(request, "till/close.html", shown, status=422 if no else 200)


@dataclass(frozen=True)
class Line:
    """What all lines of one kind did, in words."""

    name: str
    sum: Sum


@require_safe
@signed_in
def report(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """X while the shift is open, Z from then on; of this till's own drawer. An open one tells no sum of the drawer
    to whoever will count it, unless they manage."""
    found = queries.numbered_shift(here.station.drawer, n, CURRENCY)
    told = shifts.report(here.actor, found.id) if found else None
    if not isinstance(told, Report):
        raise Http404
    shown = {
        "here": here,
        "report": told,
        "shift": told.shift,
        "lines": [Line(words.kind(one.kind), one) for one in told.sums],
        "sold": counter.in_shift(told.shift.id, CURRENCY),
        "numbers": counter.numbers_in(told.shift.id),
        "did": _did(told, here),
        "pieces": [
            (figures.money_short(Money(minor, CURRENCY)), times)
            for minor, times in sorted(told.shift.pieces.items(), reverse=True)
        ],
        "expected": told.expected if told.closed or here.clerk.manages else None,
    }
    return render(request, "till/report.html", shown)


def _did(told: Report, here: Till) -> list[Did]:
    until = told.shift.closed_at or here.at
    return counter.done_at(told.shift.station_id, _TOLD, told.shift.opened_at, until)
