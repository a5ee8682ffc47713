"""The door of the house. To whoever is not of it its pages do not exist; whoever is shows first that it is them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.accounts import owner as house
from opla.accounts.customer import customer_of
from opla.accounts.owner import owner_of
from opla.core import one_time
from opla.core.actor import HOUSE, Act, Actor
from opla.core.refusal import Refusal
from opla.db.models import Customer
from opla.db.queries import audit, people
from opla.db.queries.people import Person
from opla.operations import passkeys, second_step, shop
from opla.operations import sign_in as signing
from opla.operations.owner import use_link
from opla.presenting.agents import browser
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence

_TYPED = 200


class NotYours(Http404):
    """There is nothing here for them, whatever there may be for others."""


class ToShow(NotYours):
    """It may be somebody of the house, who has not shown it yet, or not lately."""


class AsksToShow:
    """Middleware: whoever is to show that it is them is sent to where that is done."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._answer(request)

    def process_exception(self, _request: HttpRequest, raised: Exception) -> HttpResponse | None:
        return redirect("owner-factor") if isinstance(raised, ToShow) else None


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A button first: mail scanners and previews open links, and the link works once."""
    if request.method != "POST":
        return render(request, "backoffice/enter.html")
    at = timezone.now()
    used = use_link(token, at=at)
    person = people.by_email(used.email) if used and used.email else None
    if used is None or (person is None and (used.email or not settings.SANDBOX)):
        raise Http404(_("This link has been used, or is over. Make a new one with: ./opla owner"))
    if person is not None:
        house.let_in(request, person, at)
        return redirect("owner-factor")
    house.sign_in(request, used.actor, at)
    return redirect("owner")


@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """What somebody of the house shows besides a link: set up here by who was just invited, before anything else."""
    at = timezone.now()
    person, customer = house.person_of(request), customer_of(request)
    if person is None or customer is None:
        raise NotYours
    if owner_of(request, at) is not None:
        return redirect("owner")
    if person.has_factor:
        return render(request, "backoffice/factor.html", {"person": person, "known": True})
    if not house.invited(request) and not settings.SANDBOX:
        return render(request, "backoffice/factor.html", {"person": person})
    if request.method == "POST":
        return _set_up(request, person, customer, at)
    return _factors(request, person, customer, at)


def _set_up(request: HttpRequest, person: Person, customer: Customer, at: datetime) -> HttpResponse:
    here, act = shop.current(), request.POST.get("act", "passkey")
    if act == "skip" and settings.SANDBOX:
        house.prove(request, person, house.SKIPPED, at)
        return redirect("owner")
    if act == "digits":
        wrong = second_step.confirm(customer, request.POST.get("digits", "")[:_TYPED], shop=here, at=at)
        if wrong:
            return _factors(request, person, customer, at, wrong)
        house.prove(request, person, "step", at)
        signing.tell_of_change(customer, shop=here, at=at)
        codes = second_step.new_codes(customer, shop=here)
        return render(request, "storefront/recovery_codes.html", {"codes": codes, "then": "owner"})
    name = request.POST.get("name", "")[:_TYPED].strip() or browser(request.headers.get("User-Agent", ""))
    state, answer = request.POST.get("state", ""), request.POST.get("answer", "")
    if wrong := passkeys.add(customer, state, answer, name, shop=here, at=at):
        return _factors(request, person, customer, at, wrong)
    house.prove(request, person, "passkey", at)
    signing.tell_of_change(customer, shop=here, at=at)
    return redirect("owner")


def _factors(
    request: HttpRequest, person: Person, customer: Customer, at: datetime, wrong: Refusal | None = None
) -> HttpResponse:
    here = shop.current()
    key = second_step.begin(customer, shop=here, at=at)
    written, address = one_time.written(key), one_time.address(key, "Opla", person.email)
    shown = {
        "person": person,
        "sets_up": True,
        "question": passkeys.ask_new(customer, shop=here, at=at),
        "device": browser(request.headers.get("User-Agent", "")),
        "key": " ".join(written[n : n + 4] for n in range(0, len(written), 4)),
        "address": address,
        "picture": qr(address),
        "refused": sentence(wrong) if wrong else "",
        "may_skip": settings.SANDBOX,
    }
    return render(request, "backoffice/factor.html", shown, status=422 if wrong else 200)


def sees(actor: Actor, page: str, subject: object = "", *, order_id: UUID | None = None, at: datetime) -> None:
    """Write that they are about to see a person's data on this page: of this subject, or of all that it lists."""
    audit.look(actor, page, [(str(subject), order_id)], at=at)


def anybody(request: HttpRequest, at: datetime) -> Actor:
    """Whoever of the house is signed in, and showed that it is them."""
    actor = owner_of(request, at)
    if actor is None:
        raise ToShow if house.person_of(request) else NotYours
    if actor.role not in HOUSE:
        raise NotYours
    return actor


def somebody(request: HttpRequest, act: Act, at: datetime) -> Actor:
    """Who is signed in and may do this; to everybody else there is nothing here."""
    actor = anybody(request, at)
    if actor.refused(act):
        raise NotYours
    return actor
