"""Keys of a reseller's programs: made and shown once, changed for another, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.core.api_access import PEOPLE_ONLY, USUAL, Scope
from opla.core.refusal import Code, Refusal
from opla.operations import api_keys
from opla.operations.api_keys import Key, Terms
from opla.portal.guard import Seller, may
from opla.presenting import reselling
from opla.presenting.refusals import sentence

#: For how many days a key is made; the empty choice is for as long as nobody ends it.
DAYS: Final = ("", "30", "90", "365")
_SCOPES: Final = sorted(set(Scope) - PEOPLE_ONLY)
#: Of one key so many networks are kept.
_MOST_NETWORKS: Final = 20


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.KEYS)
def page(request: HttpRequest, seller: Seller) -> HttpResponse:
    """What was made stands on the answer to the form itself: it is kept nowhere, so nothing could show it again."""
    made: Key | Refusal | None = None
    if request.method == "POST":
        made = _done(request, seller)
        if made is None:
            return redirect("reseller-keys", seller.person.reseller)
    keys = [
        (key, [(word, reselling.scope(word)) for word in key.scopes])
        for key in api_keys.keys_of(seller.person.reseller)
    ]
    typed = request.POST if isinstance(made, Refusal) else None
    chosen = set(typed.getlist("scope")) if typed else {str(scope) for scope in USUAL}
    shown = {
        "person": seller.person,
        "keys": keys,
        "scopes": [(str(scope), reselling.scope(scope), str(scope) in chosen) for scope in _SCOPES],
        "days": [(days, reselling.lasting(days)) for days in DAYS],
        "typed": typed,
        "changes": reselling.changes(api_keys.changes(seller.person.reseller)),
        "made": made if isinstance(made, Key) else None,
        "wrong": sentence(made) if isinstance(made, Refusal) else "",
    }
    return render(request, "portal/keys.html", shown, status=400 if isinstance(made, Refusal) else 200)


def _done(request: HttpRequest, seller: Seller) -> Key | Refusal | None:
    """None: done, and there is nothing to show once."""
    here, reseller, typed = seller.here, seller.person.reseller, request.POST
    number = typed.get("key", "")
    key_id = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    match typed.get("act"):
        case "make":
            days = typed.get("days", "")
            networks = tuple(typed.get("addresses", "")[:2000].replace(",", " ").split())[:_MOST_NETWORKS]
            terms = Terms(
                typed.get("name", "").strip(),
                tuple(typed.getlist("scope")),
                networks,
                here.at + timedelta(days=int(days)) if days in DAYS[1:] else None,
                sandbox=typed.get("sandbox") == "yes",
            )
            return api_keys.make(seller.actor, reseller, terms, shop=here.shop, at=here.at)
        case "rotate":
            return api_keys.rotate(seller.actor, key_id, reseller, shop=here.shop, at=here.at)
        case "revoke":
            return api_keys.revoke(seller.actor, key_id, reseller, at=here.at)
        case _:
            return Refusal(Code.NOT_FOUND)
