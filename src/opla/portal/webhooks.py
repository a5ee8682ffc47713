"""Where a reseller's programs are told: for its owners, the same as the API has for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from opla.core.actor import Actor, Role
from opla.core.api_access import Scope
from opla.core.refusal import Refusal
from opla.core.webhook import EVENTS, Event
from opla.db.models import WebhookEndpoint
from opla.operations import webhooks as operations
from opla.operations.webhooks import Made, Wish
from opla.portal.guard import Seller, may
from opla.presenting import webhooks as words
from opla.storefront import draft
from opla.storefront.forms import Form, refused

#: How far back somebody may ask for everything once more, in hours: an hour, a day, three days, all that is kept.
_BACK_H: Final = (1, 24, 72, 720)
_SHOWN: Final = 50
_URL_SIGNS: Final = 600
_EVENTS: Final = tuple(str(event) for event in EVENTS if event is not Event.TEST)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.WEBHOOKS)
def webhooks(request: HttpRequest, seller: Seller) -> HttpResponse:
    """All of them, and one more."""
    if request.method == "POST":
        here, (url, events) = seller.here, _typed(request)
        made = operations.make(_actor(seller), seller.person.access, url, events, shop=here.shop, at=here.at)
        if isinstance(made, Made):
            return _page(request, seller, made.endpoint, secret=made.secret)
        return _list(request, seller, refused({"url": url}, made), events)
    return _list(request, seller, Form(), ())


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.WEBHOOKS)
def webhook(request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    """One of them: how it stands, what was posted to it, and changed."""
    found = _found(seller, endpoint_id)
    if request.method == "POST":
        here, (url, events) = seller.here, _typed(request)
        wish = Wish(url, events)
        changed = operations.change(
            _actor(seller), seller.person.access, endpoint_id, wish, shop=here.shop, at=here.at
        )  # fmt: skip
        if isinstance(changed, list):
            found.events = events
            return _page(request, seller, found, form=refused({"url": url}, changed))
        return _back(seller, endpoint_id)
    return _page(request, seller, found)


@require_POST
@may(Scope.WEBHOOKS)
def secret(request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    """Another one, shown this once."""
    here = seller.here
    before = draft.typed(request, "instead_of")
    made = operations.rotate(
        _actor(seller), seller.person.access, endpoint_id, instead_of=before, shop=here.shop, at=here.at
    )
    if isinstance(made, Refusal):  # the form was sent before: its secret was shown then
        return _back(seller, endpoint_id)
    return _page(request, seller, made.endpoint, secret=made.secret)


@require_POST
@may(Scope.WEBHOOKS)
def test(request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    here = seller.here
    told = operations.send_test(_actor(seller), seller.person.access, endpoint_id, shop=here.shop, at=here.at)
    return _back(seller, endpoint_id) if isinstance(told, str) else _no(request, seller, endpoint_id, told)


@require_POST
@may(Scope.WEBHOOKS)
def again(request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    """To this one alone: one message once more, or everything of the last hours."""
    who, at = seller.person.access, seller.here.at
    _found(seller, endpoint_id)
    told: int | Refusal
    if reference := draft.typed(request, "message"):
        told = operations.replay(_actor(seller), who, reference, endpoint_id=endpoint_id, at=at)
    else:
        hours = draft.typed(request, "hours")
        back_h = int(hours) if hours in {str(known) for known in _BACK_H} else _BACK_H[0]
        told = operations.replay_since(_actor(seller), who, endpoint_id, at - timedelta(hours=back_h), at=at)
    return _no(request, seller, endpoint_id, told) if isinstance(told, Refusal) else _back(seller, endpoint_id)


@require_POST
@may(Scope.WEBHOOKS)
def switch(request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    """On or off, as the button said."""
    here, wish = seller.here, Wish(active="on" in request.POST)
    changed = operations.change(
        _actor(seller), seller.person.access, endpoint_id, wish, shop=here.shop, at=here.at
    )  # fmt: skip
    if isinstance(changed, list):
        raise Http404
    return _back(seller, endpoint_id)


@require_POST
@may(Scope.WEBHOOKS)
def remove(_request: HttpRequest, seller: Seller, endpoint_id: UUID) -> HttpResponse:
    if operations.remove(_actor(seller), seller.person.access, endpoint_id, at=seller.here.at) is not None:
        raise Http404
    return redirect("reseller-webhooks", seller.person.reseller)


def _actor(seller: Seller) -> Actor:
    return Actor(Role.RESELLER, seller.person.email)


def _typed(request: HttpRequest) -> tuple[str, list[str]]:
    """An address, whole, so that a long one is refused and not cut; and the events whose boxes are ticked."""
    return request.POST.get("url", "")[:_URL_SIGNS], request.POST.getlist("events")[: len(_EVENTS)]


def _found(seller: Seller, endpoint_id: UUID) -> WebhookEndpoint:
    found = operations.endpoint(seller.person.access, endpoint_id)
    if found is None:
        raise Http404
    return found


def _back(seller: Seller, endpoint_id: UUID) -> HttpResponse:
    return redirect("reseller-webhook", seller.person.reseller, endpoint_id)


def _no(request: HttpRequest, seller: Seller, endpoint_id: UUID, why: Refusal) -> HttpResponse:
    return _page(request, seller, _found(seller, endpoint_id), form=refused({}, [why]))


def _list(request: HttpRequest, seller: Seller, form: Form, chosen: list[str] | tuple[str, ...]) -> HttpResponse:
    found = [
        (one, words.standing(one.ended_why, one.failing_since)) for one in operations.endpoints_of(seller.person.access)
    ]
    shown = {"person": seller.person, "endpoints": found, "form": form, "events": _EVENTS, "chosen": chosen}
    return render(request, "portal/webhooks.html", shown, status=422 if form.wrong else 200)


def _page(
    request: HttpRequest, seller: Seller, one: WebhookEndpoint, *, secret: str = "", form: Form | None = None
) -> HttpResponse:
    rows = operations.messages(seller.person.access, limit=_SHOWN, endpoint_id=one.id, at=seller.here.at)
    messages = []
    for row in rows:
        mine = next(delivery for delivery in row.deliveries if delivery.endpoint_id == one.id)
        last = "" if mine.last_status is None else words.outcome(mine.last_status, mine.last_why)
        messages.append((row, words.delivery(mine), last))
    shown = {
        "person": seller.person,
        "endpoint": one,
        "standing": words.standing(one.ended_why, one.failing_since),
        "secret": secret,
        "newest": operations.newest(one),
        "form": form or Form({"url": one.url}),
        "events": _EVENTS,
        "chosen": one.events,
        "messages": messages,
        "back_h": _BACK_H,
    }
    return render(request, "portal/webhook.html", shown, status=422 if form is not None and form.wrong else 200)
