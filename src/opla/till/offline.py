"""Selling without a line: the page, which a tablet keeps; codes given to it; and what it tells afterwards."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from opla.core import cash
from opla.core.money import Money
from opla.core.offline import MOST
from opla.core.refusal import Code, Refusal
from opla.db.queries.offline import limits
from opla.operations import offline, shop
from opla.operations.cash import step_minor
from opla.operations.offline import Given, Keys, Said, Sealed
from opla.presenting import figures
from opla.presenting.refusals import sentence
from opla.storefront.templatetags.opla import asset
from opla.till.guard import Till, signed_in, till

_WORKER: Final = Path(__file__).with_name("offline-worker.js")
_FILES: Final = ("storefront/style.css", "till/offline.js")
_MOST_BYTES: Final = 1_000_000


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The same for every clerk: what a tablet holds, it fills in itself. A till of ours keeps it for the hours without
    a line."""
    till(request, timezone.now())
    return HttpResponse(_page())


def _page() -> str:
    shown = {"language": translation.get_language(), "sandbox": settings.SANDBOX, "step": step_minor()}
    return render_to_string("till/offline.html", shown)


@require_safe
def worker(_: HttpRequest) -> HttpResponse:
    """What shows the page where nothing answers, for all below /till/. Nothing of anybody's is in it."""
    source = _WORKER.read_text("utf-8")
    files = [asset(name) for name in _FILES]
    told = {"PAGE": reverse("till-offline"), "FILES": files}
    version = hashlib.sha256("".join((source, *files, _page())).encode()).hexdigest()[:16]
    text = f"const VERSION = {json.dumps(version)};\n"
    text += "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items())
    # It stands below /till/offline/ and serves all of /till/ (Service Workers §3.4.1, Service-Worker-Allowed).
    allowed = {"Service-Worker-Allowed": reverse("till")}
    return HttpResponse(text + source, content_type="text/javascript; charset=utf-8", headers=allowed)


@require_safe
@signed_in
def stock(request: HttpRequest, here: Till) -> HttpResponse:
    """Where a clerk asks for codes to hold."""
    most, held = limits().get(here.station.name, (0, 0))
    shown = {
        "here": here,
        "most": Money(most, "EUR"),
        "held": Money(held, "EUR"),
        "products": offline.may_hold(sandbox=shop.current().sandbox),
    }
    return render(request, "till/offline_stock.html", shown)


@require_POST
@signed_in
def codes(request: HttpRequest, here: Till) -> HttpResponse:
    """What this tablet holds, sealed for the keys it sends and for the clerk's PIN."""
    asked = _asked(request)
    wanted = asked.get("wanted")
    pin, keys = asked.get("pin"), Keys(_bytes(asked.get("wrapping")), _bytes(asked.get("signing")))
    if not isinstance(pin, str) or not isinstance(wanted, dict):
        return _no(Refusal(Code.OFFLINE_KEY_INVALID, "keys"))
    times = {str(sku)[:80]: n for sku, n in wanted.items() if isinstance(n, int) and 0 < n < 1000}
    found = offline.give(here.clerk, pin[:20], here.station, keys, times, shop=shop.current(), at=here.at)
    return _no(found) if isinstance(found, Refusal) else JsonResponse(_given(found))


def _given(found: Given) -> dict[str, object]:
    return {
        "key": str(found.key_id),
        "clerk": found.clerk,
        "salt": _text(found.salt),
        "point": _text(found.point),
        "rounds": found.rounds,
        "codes": [_sealed(one) for one in found.codes],
    }


def _sealed(one: Sealed) -> dict[str, object]:
    coins = cash.rounded(one.price, step_minor())
    return {
        "id": str(one.code_id),
        "sku": one.sku,
        "operator": one.operator,
        "product": one.product,
        "price_minor": one.price.amount_minor,
        "currency": one.price.currency,
        "coins_minor": coins.amount_minor,
        "shown": figures.money(one.price),
        "coins": figures.money(coins),
        "serial": one.serial,
        "until": one.valid_until.isoformat() if one.valid_until else "",
        "box": _text(one.box),
    }


@csrf_exempt  # the tablet's signature says who speaks, also after it was unpaired
@require_POST
def sales(request: HttpRequest) -> HttpResponse:
    """What a tablet sold without a line, as it wrote it down and signed it."""
    said = _asked(request).get("sales")
    if not isinstance(said, list) or len(said) > MOST or not all(isinstance(one, dict) for one in said):
        return _no(Refusal(Code.OFFLINE_SALES_WRONG, "sales"))
    told = [Said(str(one.get("text", "")), str(one.get("signature", ""))) for one in said]
    found = offline.say(told, at=timezone.now())
    if isinstance(found, Refusal):
        return _no(found)
    return JsonResponse({"results": [{"n": n, "result": str(result)} for n, result in found]})


def _no(refused: Refusal) -> HttpResponse:
    told = {"code": str(refused.code), "message": sentence(refused), **refused.params}
    return JsonResponse(told, status=422)


def _asked(request: HttpRequest) -> dict[str, object]:
    try:
        found = json.loads(request.body[:_MOST_BYTES])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(text: object) -> bytes:
    try:
        return base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except ValueError:
        return b""


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
