"""Partner shops: what was agreed, what goes on there now, each day's statement, and what is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.views import somebody
from opla.core import partner as core
from opla.core.actor import Act, Actor
from opla.core.calendar import add_months
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.partner import Day
from opla.core.places import Place
from opla.core.refusal import Refusal
from opla.db.queries import partners as queries
from opla.db.queries import stations
from opla.db.queries.partners import Partner, Sums
from opla.db.queries.stations import Station
from opla.operations import partners, places, shop
from opla.operations.cash import CURRENCY
from opla.presenting import languages
from opla.presenting import partners as words
from opla.presenting import stations as station_words
from opla.presenting.refusals import sentence

_MAX_TYPED = 200
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True)
class Row:
    """A partner with its devices and what was taken there since midnight."""

    partner: Partner
    percent: str
    places: list[Place]
    devices: list[tuple[Station, str]]
    today: Sums


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor, no = somebody(request, Act.READ_PARTNERS, at), None
    if request.method == "POST":
        somebody(request, Act.FUND if request.POST.get("act") == "paid" else Act.MANAGE_PARTNERS, at)
        no = _done(request, actor, at)
    if request.method == "POST" and no is None:
        return redirect("owner-partners")
    known = dict(places.known_by_id(sandbox=shop.current().sandbox))
    devices = stations.stations()
    shown = {
        "rows": [_row(one, known, devices, at) for one in queries.partners(CURRENCY)],
        "places": sorted((place.name or place.street, key) for key, place in known.items()),
        "speaks": languages.NAMES.items(),
        "refused": sentence(no) if no else "",
        "typed": request.POST if no else None,
        "key": uuid4(),
        "today": day_of(at).isoformat(),
        "agrees": actor.refused(Act.MANAGE_PARTNERS) is None,
        "pays": actor.refused(Act.FUND) is None,
        "devices": actor.refused(Act.MANAGE_STATIONS) is None,
    }
    return render(request, "backoffice/partners.html", shown, status=422 if no else 200)


def _row(one: Partner, known: dict[int, Place], devices: list[Station], at: datetime) -> Row:
    return Row(
        one, words.percent(one.agreement.permille), [known[key] for key in sorted(one.places) if key in known],
        [(it, station_words.state(it.state)) for it in devices if it.place_id in one.places],
        partners.today(one.agreement.name, at=at),
    )  # fmt: skip


def _done(request: HttpRequest, actor: Actor, at: datetime) -> Refusal | None:
    if request.POST.get("act") == "paid":
        return partners.pay(
            actor, _key(request), _typed(request, "name"), _typed(request, "amount"), why=_typed(request, "why"), at=at
        )
    agreement = core.read(
        _typed(request, "name"), _typed(request, "title"), enterprise=_typed(request, "enterprise"),
        percent=_typed(request, "percent"), email=_typed(request, "email"), language=_typed(request, "speaks"),
        agreed_on=_typed(request, "agreed_on"), ends_on=_typed(request, "ends_on"), paper=_typed(request, "paper"),
    )  # fmt: skip
    chosen = [int(key) for key in request.POST.getlist("places") if key.isascii() and key.isdigit() and len(key) < 19]
    return partners.keep(actor, agreement, chosen, shop=shop.current(), at=at)


@require_safe
def statement(request: HttpRequest, name: str) -> HttpResponse:
    """One month of a partner, as a page or as a file."""
    at = timezone.now()
    somebody(request, Act.READ_PARTNERS, at)
    found = queries.partner(name, CURRENCY)
    if found is None:
        raise Http404
    first = _month(request.GET.get("month", "")) or day_of(at).replace(day=1)
    days = queries.days(name, first, add_months(first, 1))
    if request.GET.get("as") == "csv":
        named = {"Content-Disposition": f'attachment; filename="{name}-{first:%Y-%m}.csv"'}
        return HttpResponse(words.as_csv(days), content_type="text/csv; charset=utf-8", headers=named)
    shown = {
        "partner": found,
        "first": first,
        "before": add_months(first, -1) if first > _FIRST else None,
        "after": add_months(first, 1),
        "days": days,
        "total": _total(days),
    }
    return render(request, "backoffice/partner.html", shown)


def _total(days: list[Day]) -> dict[str, Money]:
    nothing = Money(0, CURRENCY)
    return {name: sum((getattr(one, name) for one in days), nothing) for name in ("cash", "card", "back", "commission")}


def _month(text: str) -> date | None:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return found if _FIRST <= found < date(2200, 1, 1) else None


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()
