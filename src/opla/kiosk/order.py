"""The one order of this visit: how its payment stands, its code for a minute, and how it goes along on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import uuid5

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from opla.core import order as states
from opla.core import payment
from opla.core.print_job import PRINTS, State
from opla.core.refusal import Refusal
from opla.db.queries import pages
from opla.db.queries import print_jobs as queries
from opla.db.queries.pages import OrderPage
from opla.db.queries.print_jobs import Job
from opla.kiosk.home import Keys, keypad, pressed, typed
from opla.kiosk.visiting import CODE_S, IDLE_S, WAITING_S, Here, ended, goes_on, looks_again, over
from opla.operations import catalogue, kiosk, print_jobs, reveal_code, terminal
from opla.operations.links import link_of
from opla.operations.outside import texts_go
from opla.presenting import numbers, orders, paying
from opla.presenting.kiosk import slip as slip_words
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence
from opla.storefront.views.code import Shown, shown

#: As long as nothing else is known, the page stays and looks again.
_UNDER_WAY: Final = ("placed", "paid")
#: Of these somebody would write to an e-mail address.
_NOT_TOLD: Final = ("parked", "refunding", "refund_parked")


@dataclass(frozen=True)
class Told:
    """The order as it stands. `stands` is `placed` while a machine takes the card, `paid` while it is on its way,
    `again` where another try may begin, else how it ended. `seen` changes whenever the drawn page would."""

    page: OrderPage
    status: orders.Status
    stands: str
    refresh_s: int
    slip: Job | None  # the last that was asked for here

    @property
    def waits(self) -> bool:
        return self.stands in _UNDER_WAY

    @property
    def seen(self) -> str:
        slip = self.slip.state if self.slip else ""
        return f"{self.stands}-{self.status.name}-{len(self.page.events)}-{slip}"

    @property
    def prints(self) -> bool:
        """Its slip waits for the printer, or is being printed: the page looks again by itself."""
        return self.slip is not None and self.slip.state in (State.NEW, State.SENDING)

    @property
    def code_ready(self) -> bool:
        return self.page.state is states.State.DELIVERED and self.page.kind.is_secret


def told(here: Here) -> Told | None:
    """The order of this visit; None where there is none."""
    page = pages.order_by_id(here.order, here.device_hash) if here.order else None
    if page is None or not page.proven:
        return None
    status = orders.status(page, here.at)
    slips = [one for one in queries.of_order(page.id, at=here.at) if one.station == here.station.name]
    return Told(
        page, status, _stands(page, status), min(orders.refresh_s(page, here.at) or 5, 5), slips[-1] if slips else None
    )


def _stands(page: OrderPage, status: orders.Status) -> str:
    if page.state is states.State.PLACED:
        if status.retry:
            return "again"
        open_ = page.payment_state in (payment.State.OPENING, payment.State.OPEN)
        return "placed" if open_ or page.payment_state is payment.State.CAPTURED else "over"
    if page.state is states.State.PAID:
        return "over" if page.parked else "paid"
    return str(page.state)


@require_safe
@goes_on
def show(request: HttpRequest, here: Here) -> HttpResponse:
    found = told(here)
    return _drawn(request, here, found) if found else ended(request)


@require_safe
@looks_again
def state(request: HttpRequest, here: Here) -> HttpResponse:
    """The page again, as it stands now: asked for by itself. 204 while nothing has changed, for htmx."""
    found = told(here)
    if found is None:
        return ended(request)
    _goes_on(here, found)
    if not request.headers.get("HX-Request"):
        return _drawn(request, here, found)
    seen = request.GET.get("seen", "")
    if seen == found.seen:
        return HttpResponse(status=204)
    announced = seen.split("-")[:2] != found.seen.split("-")[:2]
    return _drawn(request, here, found, template="kiosk/order_state.html", announced=announced)


def _goes_on(here: Here, found: Told) -> None:
    """While it is under way nobody has to touch the page for a while; what it became is shown for a minute."""
    if found.waits:
        here.waits()
    elif here.seen in _UNDER_WAY:
        here.waits_no_more()
    here.seen = found.stands


@require_safe
@goes_on
def leave(request: HttpRequest, here: Here) -> HttpResponse:
    """Somebody wants to begin again while money may still be taken for what they ordered."""
    found = told(here)
    if found is None or not found.waits:
        return over(request)
    _goes_on(here, found)
    return render(request, "kiosk/leave.html", {"here": here, "order": found.page, "idle_s": IDLE_S})


@require_POST
@goes_on
def again(request: HttpRequest, here: Here) -> HttpResponse:
    """Another try on a machine, after one that did not go through."""
    found, name = told(here), typed(request, "machine")
    if found is None:
        return ended(request)
    if name not in [one.name for one in terminal.terminals_at(here.shop, station=here.station.name)]:
        return redirect("kiosk-order")
    no = terminal.start_again(here.actor, found.page.id, terminal=name, shop=here.shop, at=here.at)
    if no is not None:
        return _drawn(request, here, found, refused=sentence(no), status=409)
    here.seen = "placed"
    here.waits()
    return redirect("kiosk-order")


@require_POST
@goes_on
def code(request: HttpRequest, here: Here) -> HttpResponse:
    """The code, for a minute; asked for again, for one more. Who looked is kept."""
    found = told(here)
    if found is None:
        return ended(request)
    got = reveal_code.reveal(here.actor, found.page.id, device=here.secret, shop=here.shop, at=here.at)
    if isinstance(got, Refusal):
        return _drawn(request, here, found, refused=sentence(got), status=409)
    here.shows_code()
    operator = catalogue.at_version(found.page.catalog_version).operator(found.page.operator)
    return _drawn(request, here, found, code=shown(got, operator, found.page.kind))


@require_POST
@goes_on
def slip(request: HttpRequest, here: Here) -> HttpResponse:
    """Have it printed beside the kiosk, before whoever presses may be gone. An order has one slip that is no copy,
    whoever presses how often; one that never left us may be asked for anew."""
    found = told(here)
    if found is None:
        return ended(request)
    before = found.slip.id if found.slip and found.slip.state is State.REFUSED else found.page.id
    here.shows_code()
    job = print_jobs.ask(
        here.actor, uuid5(before, "kiosk"), found.page.id, station=here.station.name, device=here.secret,
        leaves=here.until, at=here.at,
    )  # fmt: skip
    if isinstance(job, Refusal):
        return _drawn(request, here, found, refused=sentence(job), status=409)
    return _drawn(request, here, told(here) or found)


@require_POST
@goes_on
def phone(request: HttpRequest, here: Here) -> HttpResponse:
    """The order's link for a phone of their own, and six digits that let it see the code there."""
    found = told(here)
    if found is None:
        return ended(request)
    return _phone(request, here, found)


@require_POST
@goes_on
def text(request: HttpRequest, here: Here) -> HttpResponse:
    """The link by SMS, to the number on the keypad: at first that of the top-up, which may be somebody else's."""
    found = told(here)
    if found is None:
        return ended(request)
    known = numbers.grouped(here.number, catalogue.active()[1].country).replace(" ", "") if here.number else ""
    keys = pressed(request) if "digits" in request.POST else Keys(known)
    if isinstance(keys, Keys):
        return keypad(request, here, keys, {}, reverse("kiosk-text"), texts=True)
    no = kiosk.text_link(
        here.actor, found.page.id, keys.e164, device=here.secret, address=_address(here, found), shop=here.shop,
        at=here.at,
    )  # fmt: skip
    texted = "" if no else f"…{keys.e164[-3:]}"
    return _phone(request, here, found, refused=sentence(no) if no else "", texted=texted)


def _address(here: Here, found: Told) -> str:
    return here.shop.base_url + reverse("order", args=[link_of(found.page.id, here.shop.keyring) or ""])


def _phone(request: HttpRequest, here: Here, found: Told, *, refused: str = "", texted: str = "") -> HttpResponse:
    digits: str | Refusal = ""
    if found.page.kind.is_secret:
        digits = reveal_code.show_proof(here.actor, found.page.id, device=here.secret, shop=here.shop, at=here.at)
        if isinstance(digits, Refusal):
            return _drawn(request, here, found, refused=sentence(digits), status=409)
    here.shows_code()
    address = _address(here, found)
    shown = {
        "here": here, "told": found, "order": found.page, "address": address, "picture": qr(address),
        "digits": digits, "idle_s": CODE_S, "refused": refused, "texted": texted,
        "texts": texts_go(here.shop) and found.page.state not in kiosk.NOT_TEXTED,
    }  # fmt: skip
    return render(request, "kiosk/phone.html", shown, status=409 if refused else 200)


def _drawn(
    request: HttpRequest, here: Here, found: Told, *, template: str = "kiosk/order.html", status: int = 200,
    code: Shown | None = None, **more: object,
) -> HttpResponse:  # fmt: skip
    _goes_on(here, found)
    page = found.page
    on = terminal.of_order(page.id)
    context: dict[str, object] = {
        "here": here,
        "told": found,
        "order": page,
        "status": found.status,
        "operator": catalogue.at_version(page.catalog_version).operator(page.operator),
        # Whoever passes by reads no number: its end is enough for whoever typed it.
        "number": f"…{page.number[-3:]}" if page.number else "",
        "because": paying.why(page.payment_why) if found.stands == "again" else "",
        "try_page": on.page if on else "",
        "machines": terminal.terminals_at(here.shop, station=here.station.name),
        "prints": print_jobs.sight(here.station.name, at=here.at) in PRINTS,
        "slip": slip_words(found.slip.state) if found.slip else "",
        "code": code,
        "only_link": not page.email and found.status.name in _NOT_TOLD,
        "idle_s": WAITING_S if found.waits else CODE_S if code or found.prints else IDLE_S,
        **more,
    }
    return render(request, template, context, status=status)
