"""Tablets and clerks: made, paired and ended; named, given a PIN and let go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.day import bounds, day_of
from opla.core.money import Money
from opla.core.print_job import Event, State
from opla.core.refusal import Code, Refusal
from opla.core.station import Kind
from opla.db.queries import cash, counter, print_jobs
from opla.db.queries import stations as queries
from opla.db.queries.counter import Today
from opla.db.queries.offline import limits
from opla.db.queries.stations import Shift, Station
from opla.operations import clerks, offline, places, shifts, shop, stations
from opla.operations import print_jobs as printing
from opla.operations.cash import CURRENCY
from opla.operations.clerks import Named
from opla.operations.stations import Pairing
from opla.presenting import items
from opla.presenting import stations as words
from opla.presenting.refusals import sentence

_MAX_TYPED = 200
_NEWEST = 200


@dataclass(frozen=True)
class Row:
    """A tablet, where it stands and what goes on at it now. `holds`: its drawer, by the books."""

    station: Station
    kind: str
    state: str
    place: str
    shift: Shift | None
    holds: Money | None
    offline: tuple[Money, Money]  # what it may hold of codes, and what it holds
    today: Today | None


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.MANAGE_STATIONS, at)
    done = _done(request, actor, at) if request.method == "POST" else None
    if request.method == "POST" and done is None:
        return redirect("owner-stations")
    here = shop.current()
    known = places.known_by_id(sandbox=here.sandbox)
    codes, sold = limits(), counter.today(bounds(day_of(at))[0], CURRENCY)
    names = {key: place.name or place.street for key, place in known}
    shown = {
        "rows": [_row(one, names, codes, sold) for one in queries.stations()],
        "clerks": [(one, names.get(one.place_id or 0, "")) for one in queries.clerks()],
        "drawers": [one.name for one in cash.drawers() if one.open],
        "places": sorted(names.items(), key=lambda one: one[1]),
        "pairing": done if isinstance(done, Pairing) else None,
        "refused": sentence(done) if isinstance(done, Refusal) else "",
        "address": request.build_absolute_uri(reverse("station")),
        "typed": request.POST if isinstance(done, Refusal) else None,
    }
    if "live" in request.GET:
        return render(request, "backoffice/stations_live.html", shown)
    response = render(request, "backoffice/stations.html", shown, status=422 if isinstance(done, Refusal) else 200)
    response["Cache-Control"] = "no-store"  # a code that pairs is shown once
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def trail(request: HttpRequest, name: str) -> HttpResponse:
    """Who did what at a tablet, and why; and, beside a kiosk, the slips that a person has to look at."""
    at = timezone.now()
    actor = somebody(request, Act.MANAGE_STATIONS, at)
    found = queries.named(name)
    if found is None:
        raise Http404
    no = _seen(request, actor, name, at) if request.method == "POST" else None
    if request.method == "POST" and no is None:
        return redirect("owner-station", name=name)
    rows = [(one, words.done(one.what), items.actor(one.actor)) for one in counter.trail(found.id, limit=_NEWEST)]
    # Nobody stands behind a kiosk; of a till's slips its clerk says it.
    slips = print_jobs.open_at(name, at=at) if found.kind is Kind.KIOSK else []
    shown = {
        "station": found,
        "rows": rows,
        "slips": [one for one in slips if one.state is State.UNKNOWN],
        "refused": sentence(no) if no else "",
    }
    return render(request, "backoffice/station.html", shown, status=409 if no else 200)


def _seen(request: HttpRequest, actor: Actor, name: str, at: datetime) -> Refusal | None:
    """What the owner saw beside a kiosk's printer."""
    event = {"came_out": Event.CAME_OUT, "spoilt": Event.SPOILT}.get(request.POST.get("act", ""))
    try:
        job = UUID(request.POST.get("job", ""))
    except ValueError:
        return Refusal(Code.NOT_FOUND, "job")
    if event is None:
        return Refusal(Code.NOT_FOUND, "act")
    return printing.say(actor, job, event, station=name, at=at)


def _row(one: Station, names: dict[int, str], codes: dict[str, tuple[int, int]], sold: dict[UUID, Today]) -> Row:
    most, held = codes.get(one.name, (0, 0))
    holds = cash.holds(one.drawer, CURRENCY) if one.drawer else None
    return Row(
        one, words.kind(one.kind), words.state(one.state), names.get(one.place_id, ""), shifts.current(one), holds,
        (Money(most, CURRENCY), Money(held, CURRENCY)), sold.get(one.id),
    )  # fmt: skip


def _done(request: HttpRequest, actor: Actor, at: datetime) -> Pairing | Refusal | None:
    name = _typed(request, "name")
    match request.POST.get("act"):
        case "till":
            return stations.keep(actor, name, Kind.TILL, drawer=_typed(request, "drawer"), shop=shop.current(), at=at)
        case "kiosk":
            place_id = _number(request, "place") or 0
            return stations.keep(actor, name, Kind.KIOSK, place_id=place_id, shop=shop.current(), at=at)
        case "offline":
            return offline.set_limit(actor, name, _typed(request, "amount"), at=at)
        case "unpair":
            return stations.unpair(actor, name, why=_typed(request, "why"), at=at)
        case "clerk":
            wanted = Named(
                name, _typed(request, "shown"), request.POST.get("pin", "").strip()[:_MAX_TYPED],
                _number(request, "place"), "manages" in request.POST, "left" not in request.POST,
            )  # fmt: skip
            return clerks.keep(actor, wanted, shop=shop.current(), at=at)
        case _:
            return Refusal(Code.NOT_FOUND, "act")


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()


def _number(request: HttpRequest, name: str) -> int | None:
    text = _typed(request, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
