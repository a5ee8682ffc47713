"""The first page of a kiosk: operators, or the number on a keypad; and what is not sold here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.core import sim
from opla.core.catalog import Operator
from opla.core.phone import Number
from opla.core.print_job import Sight
from opla.core.refusal import Refusal
from opla.kiosk.visiting import Here, begins, stays
from opla.operations import catalogue, kiosk, print_jobs
from opla.presenting import numbers
from opla.presenting.kiosk import closed, elsewhere
from opla.presenting.refusals import sentence

_MAX_DIGITS: Final = 15
_LETTER: Final = 200


def typed(request: HttpRequest, name: str) -> str:
    """A posted text, cut to a length no honest answer reaches."""
    return request.POST.get(name, "")[:_LETTER].replace("\0", "").strip()  # no column holds that sign


@dataclass(frozen=True)
class Choice:
    """A button. `had`: somebody has something of it now."""

    operator: Operator
    had: bool


@require_safe
@begins
def page(request: HttpRequest, here: Here) -> HttpResponse:
    if here.order and here.seen in ("placed", "paid"):
        return redirect("kiosk-order")
    found = kiosk.standing(here.station, shop=here.shop, at=here.at)
    catalog = catalogue.active()[1]
    had = {one.operator for one in catalog.products if one.sku in found.had}
    sold = {one.operator for one in catalog.products if one.on_sale}
    hinted = catalog.hinted_operator(here.number) if here.number else None
    choices = [Choice(one, one.id in had) for one in catalog.operators if one.id in sold]
    shown = {
        "here": here,
        "first": not here.number and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES,
        "paperless": print_jobs.sight(here.station.name, at=here.at) in (Sight.PAPER_OUT, Sight.STOPPED),
        "closed": closed(found.closed) if found.closed else None,
        "choices": sorted(choices, key=lambda one: one.operator != hinted),
        "number": numbers.grouped(here.number, catalog.country) if here.number else "",
        "hinted": hinted,
        "web": elsewhere(here.shop.base_url + reverse("home")),
    }
    return render(request, "kiosk/home.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@begins
def number(request: HttpRequest, here: Here) -> HttpResponse:
    """The keypad; once the number is whole, the operator whose it was at first."""
    keys = pressed(request)
    if isinstance(keys, Number):
        here.number = keys.e164
        hinted = catalogue.active()[1].hinted_operator(keys.e164)
        return redirect("kiosk-operator", operator_id=hinted.id) if hinted else redirect("kiosk")
    return keypad(request, here, keys, {}, reverse("kiosk-number"))


@dataclass(frozen=True)
class Keys:
    """What was pressed so far, and what is wrong with it."""

    digits: str
    wrong: str = ""


def pressed(request: HttpRequest) -> Keys | Number:
    """The digits with the one that was pressed. They go to and fro in the form alone; a whole number ends it."""
    digits = "".join(one for one in typed(request, "digits") if one in "0123456789")
    press = typed(request, "press")
    if press == "done":
        catalog = catalogue.active()[1]
        found = sim.identify(digits, home=catalog.country, served=frozenset({catalog.country}))
        if isinstance(found, Number):
            return found
        no = found if isinstance(found, Refusal) else sim.why_not(found)
        return Keys(digits, sentence(no) if no else "")
    if press == "back":
        return Keys(digits[:-1])
    return Keys((digits + press if len(press) == 1 and press in "0123456789" else digits)[:_MAX_DIGITS])


def keypad(
    request: HttpRequest, here: Here, keys: Keys, carried: dict[str, str], action: str, *, texts: bool = False
) -> HttpResponse:
    """`texts`: the number is only written to, and nothing lands on it."""
    shown = {"here": here, "keys": keys, "pad": "123456789", "carried": carried, "action": action, "texts": texts}
    return render(request, "kiosk/number.html", shown, status=422 if keys.wrong else 200)


@require_safe
@begins
def not_here(request: HttpRequest, here: Here) -> HttpResponse:
    """What a kiosk cannot sell, by its name, and where it is."""
    base = here.shop.base_url
    shown = {"here": here, "web": elsewhere(base + reverse("home")), "new": elsewhere(base + reverse("new"))}
    return render(request, "kiosk/not_here.html", shown)


@require_POST
@stays
def touch(request: HttpRequest, here: Here) -> HttpResponse:  # noqa: ARG001 - the guard's
    """Somebody touched the page without leaving it."""
    return HttpResponse(status=204)
