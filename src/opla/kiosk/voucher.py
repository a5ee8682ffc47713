"""A voucher at a kiosk: its code on a keyboard of the screen, or scanned; then what it is for, and one button.

The code goes from page to page in a field of the form, and into nothing that is kept.
"""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from opla.core.chance import ALPHABET
from opla.core.ports import Kind
from opla.core.refusal import Refusal
from opla.core.voucher import DRAWN, grouped
from opla.kiosk.home import Keys, keypad, pressed, typed
from opla.kiosk.visiting import Here, begins
from opla.operations import catalogue, vouchers
from opla.operations.vouchers import By, For, Good, Redeemed, Unfit
from opla.presenting import facts, languages, numbers
from opla.presenting.consent import consent
from opla.presenting.refusals import sentence

#: Twelve letters and two figures that check them, in which 0 and 1 occur too.
_LENGTH: Final = DRAWN + 2
_KEYS: Final = "0123456789" + "".join(one for one in ALPHABET if one.isalpha())


@require_http_methods(["GET", "HEAD", "POST"])
@begins
def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The keyboard, until the code is whole; then the product it names."""
    if request.method != "POST":
        return _keyboard(request, here, "")
    code, press = _letters(typed(request, "code")), request.POST.get("press", "")
    if press == "back" and "digits" not in request.POST:
        return _keyboard(request, here, code[:-1])
    if "digits" in request.POST:  # the number it is for: pressing a digit is no try of a code
        keys = pressed(request)
        if isinstance(keys, Keys):
            return keypad(request, here, keys, {"code": code}, reverse("kiosk-voucher"))
        here.number = keys.e164
    elif press not in ("done", "redeem"):
        return _keyboard(request, here, code + (press if press in _KEYS else ""))
    by = By(here.secret, station=here.station.name)
    found = vouchers.look(here.actor, code, by=by, shop=here.shop, at=here.at)
    if isinstance(found, Redeemed):
        return _ordered(here, found)
    if isinstance(found, Refusal):
        return _keyboard(request, here, code, sentence(found))
    direct = found.product.delivery.value is Kind.DIRECT
    if direct and not here.number:
        return keypad(request, here, Keys(""), {"code": code}, reverse("kiosk-voucher"))
    if press != "redeem":
        return _asks(request, here, found, code)
    wanted = For(languages.current(), here.number if direct else "")
    done = vouchers.redeem(here.actor, code, wanted, consent=consent, by=by, shop=here.shop, at=here.at)
    if isinstance(done, Redeemed):
        return _ordered(here, done)
    if isinstance(done, Unfit):
        if direct and any(no.about == "number" for no in done.refusals):
            here.number = ""
        return _asks(request, here, found, code, " ".join(sentence(no) for no in done.refusals))
    return _keyboard(request, here, code, sentence(done))


def _ordered(here: Here, found: Redeemed) -> HttpResponse:
    here.order, here.seen = found.order_id, "paid"
    here.waits()
    return redirect("kiosk-order")


def _letters(text: str) -> str:
    """What was pressed or scanned so far, as a code is written."""
    return "".join(one for one in text.upper() if one in _KEYS)[:_LENGTH]


def _keyboard(request: HttpRequest, here: Here, code: str, wrong: str = "") -> HttpResponse:
    shown = {
        "here": here,
        "code": code,
        "read_out": grouped(code) if code else "",
        "keys": _KEYS,
        "wrong": wrong,
    }
    return render(request, "kiosk/voucher.html", shown, status=422 if wrong else 200)


def _asks(request: HttpRequest, here: Here, good: Good, code: str, wrong: str = "") -> HttpResponse:
    """What it is for, before it is used up."""
    catalog = catalogue.active()[1]
    direct = good.product.delivery.value is Kind.DIRECT
    shown = {
        "here": here,
        "code": code,
        "good": good,
        "delivery": facts.delivery(good.product),
        "number": numbers.grouped(here.number, catalog.country) if direct else "",
        "consent": consent(Kind(str(good.product.delivery.value))),
        "wrong": wrong,
    }
    return render(request, "kiosk/voucher_for.html", shown, status=422 if wrong else 200)
