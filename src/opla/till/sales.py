"""After the coins: how the sale goes, its code, the customer's link, and its way back; and what this till sold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from opla.core.cash import grouped
from opla.core.ledger import CASH
from opla.core.money import Money
from opla.core.order import State
from opla.core.ports import Kind
from opla.core.print_job import State as Printed
from opla.core.refusal import Refusal
from opla.db.queries import cash as codes
from opla.db.queries import counter, pages, print_jobs
from opla.db.queries.counter import Sale
from opla.db.queries.pages import OrderPage
from opla.db.queries.print_jobs import Job
from opla.operations import catalogue, counter_sale, reveal_code, shop, terminal
from opla.operations import print_jobs as printing
from opla.operations.cash import VOID_WITHIN
from opla.operations.counter_sale import CARD
from opla.operations.links import device_hash, link_of
from opla.presenting import numbers, orders, redeeming, slips
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence
from opla.storefront.views.code import Shown, shown
from opla.till.guard import Till, signed_in
from opla.till.selling import key_of, typed

_NEWEST: Final = 50


@dataclass(frozen=True)
class Told:
    """A sale as it stands. `seen` changes whenever the drawn page would."""

    sale: Sale
    page: OrderPage
    status: orders.Status
    refresh_s: int
    machine: terminal.Shown | None  # the card machine it is paid on
    slips: tuple[Job, ...]  # on paper, or on their way

    @property
    def seen(self) -> str:
        page = self.page
        machine = (self.machine.stand, self.machine.told) if self.machine else ()
        bits = (
            page.state, self.status.name, len(page.events), page.refunding.amount_minor, page.refunded.amount_minor,
            *machine, *(one.state for one in self.slips),
        )  # fmt: skip
        return "-".join(str(bit) for bit in bits)

    @property
    def code_ready(self) -> bool:
        return self.page.state is State.DELIVERED and self.page.kind.is_secret


def told_of(here: Till, n: int) -> Told:
    """A sale of this very till; of any other there is none."""
    sale = counter.numbered(here.station.id, n)
    page = pages.order_by_id(sale.order_id, device_hash(here.device)) if sale else None
    if sale is None or page is None:
        raise Http404
    machine = terminal.of_order(sale.order_id) if sale.method == CARD else None
    slips = tuple(print_jobs.of_order(sale.order_id, at=here.at))
    return Told(sale, page, orders.status(page, here.at), orders.refresh_s(page, here.at), machine, slips)


@require_safe
@signed_in
def sale(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    return drawn(request, here, told_of(here, n))


@require_safe
@signed_in
def state(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """The part that changes, for htmx; 204 while nothing has changed, so that nothing is read aloud twice."""
    told = told_of(here, n)
    seen = request.GET.get("seen", "")
    if seen == told.seen:
        return HttpResponse(status=204)
    announced = seen.split("-")[:2] != told.seen.split("-")[:2]
    return drawn(request, here, told, template="till/sale_state.html", announced=announced)


@require_POST
@signed_in
def code(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """The code, for the customer beside the clerk: who looked is kept."""
    told = told_of(here, n)
    got = reveal_code.reveal(here.actor, told.page.id, device=here.device, shop=shop.current(), at=here.at)
    if isinstance(got, Refusal):
        return drawn(request, here, told, refused=sentence(got), status=409)
    operator = catalogue.at_version(told.page.catalog_version).operator(told.page.operator)
    made = shown(got, operator, told.page.kind)
    # The customer's phone dials, not this tablet.
    return drawn(request, here, told, code=replace(made, ways=[replace(way, href="") for way in made.ways]))


@require_POST
@signed_in
def undo(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """It was a mistake, a moment ago."""
    told = told_of(here, n)
    no = counter_sale.undo(
        here.actor, told.sale.id, here.station, here.clerk, why=typed(request, "why"), shop=shop.current(), at=here.at
    )
    if no is not None:
        return drawn(request, here, told, refused=sentence(no), status=409)
    return redirect("till-sale", n=n)


@require_POST
@signed_in
def give_back(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """Its price goes back, by the rules of refunds."""
    told, found = told_of(here, n), counter_sale.found(here.station, n, here.clerk)
    done = (
        found
        if isinstance(found, Refusal)
        else counter_sale.give_back(
            here.actor, key_of(request), found, here.station, why=typed(request, "why"),
            evidence=typed(request, "evidence"), shop=shop.current(), at=here.at,
        )
    )  # fmt: skip
    if isinstance(done, Refusal):
        return drawn(request, here, told, refused=sentence(done), status=409)
    return drawn(request, here, told_of(here, n), back=done)


def drawn(
    request: HttpRequest, here: Till, told: Told, *, template: str = "till/sale.html", status: int = 200,
    code: Shown | None = None, no: Refusal | None = None, **more: object,
) -> HttpResponse:  # fmt: skip
    page, sold = told.page, told.sale
    operator = catalogue.at_version(page.catalog_version).operator(page.operator)
    link = link_of(page.id, shop.current().keyring) or ""
    address = shop.current().base_url + reverse("order", args=[link])
    owed = codes.owed_to(page.id) if page.refunding.amount_minor and page.provider == CASH else []
    working = any(one.state in (Printed.NEW, Printed.SENDING) for one in told.slips)
    status_shown = replace(told.status, final=bool(sold.left) or (told.status.final and not working))
    context: dict[str, object] = {
        "here": here,
        "told": told,
        "sale": sold,
        "order": page,
        "status": status_shown,
        "operator": operator,
        "number": numbers.grouped(page.number) if page.number else "",
        "change": counter_sale.change_of(sold),
        "machine": told.machine,
        "machines": terminal.terminals_at(shop.current(), drawer=here.station.drawer) if told.machine else [],
        "card_owed": terminal.owed(page.ticket) if told.machine and page.refunding.amount_minor else [],
        "slips": [(one, slips.state(one.state)) for one in told.slips],
        "printer": slips.sight(printing.sight(here.station.name, at=here.at)),
        "refused": sentence(no) if no else "",
        "address": address,
        "picture": qr(address),
        "balance": redeeming.balance(operator) if operator else [],
        "code": code,
        "owed": [(grouped(one.code), one.code, one.amount) for one in owed],
        "may_undo": _may_undo(here, sold, here.at),
        "may_give_back": not sold.left and page.state is State.DELIVERED and _theirs(here, sold),
        "seen_code": page.revealed and page.kind is not Kind.DIRECT,
        "key": uuid4(),
        **more,
    }
    return render(request, template, context, status=status)


def _theirs(here: Till, sold: Sale) -> bool:
    return sold.clerk == here.clerk.name or here.clerk.manages


def _may_undo(here: Till, sold: Sale, at: datetime) -> bool:
    line = codes.line(sold.id)  # a card is given back, not undone
    return line is not None and not sold.left and at - sold.at <= VOID_WITHIN and _theirs(here, sold)


# ── what this till sold ───────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """A sale in the list: the number with its end alone, whoever looks over a shoulder."""

    sale: Sale
    state: str
    number: str
    total: Money


@require_safe
@signed_in
def listed(request: HttpRequest, here: Till) -> HttpResponse:
    rows = [
        Row(one, orders.state(one.state), f"…{one.number[-3:]}" if one.number else "", one.total)
        for one in counter.newest(here.station.id, limit=_NEWEST)
    ]
    return render(request, "till/sales.html", {"here": here, "rows": rows})
