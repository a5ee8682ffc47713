"""Slips of this till's sales on paper: asked for, looked at, printed again as a copy; and vouchers that are sold."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from opla.core import cash
from opla.core.money import Money
from opla.core.print_job import Event
from opla.core.refusal import Code, Refusal
from opla.db.queries import print_jobs
from opla.operations import print_jobs as printing
from opla.operations import shop, vouchers
from opla.operations.cash import step_minor
from opla.operations.vouchers import Activated, ToSell
from opla.presenting import figures, slips
from opla.presenting.refusals import sentence
from opla.till.guard import Till, signed_in
from opla.till.sales import Told, drawn, told_of
from opla.till.selling import key_of, typed


@require_POST
@signed_in
def slip(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """A slip is asked for, comes as a file, or somebody says what became of one."""
    sale = told_of(here, n)
    done = _done(request, here, sale)
    if isinstance(done, HttpResponse):
        return done
    if done is not None:
        return drawn(request, here, sale, no=done, status=409)
    return redirect("till-sale", n=n)


def _done(request: HttpRequest, here: Till, sale: Told) -> HttpResponse | Refusal | None:
    act, order_id, why = request.POST.get("act"), sale.sale.order_id, typed(request, "why")
    job, name = _job(request), here.station.name
    if act in ("print", "file"):
        asked = printing.ask(
            here.actor, key_of(request), order_id, station=name, device=here.device, why=why, at=here.at
        )
        if isinstance(asked, Refusal) or act == "print":
            return asked if isinstance(asked, Refusal) else None
        return _file(here, asked)
    if job is None or job not in {one.id for one in print_jobs.of_order(order_id, at=here.at)}:
        return Refusal(Code.NOT_FOUND, "job")
    match act:
        case "came_out":
            return printing.say(here.actor, job, Event.CAME_OUT, station=name, at=here.at)
        case "called_off":
            return printing.say(here.actor, job, Event.CALLED_OFF, station=name, at=here.at)
        case "again":
            again = printing.again(
                here.actor, job, key_of(request), order_id, station=name, device=here.device, why=why, at=here.at
            )
            return again if isinstance(again, Refusal) else None
        case _:
            return Refusal(Code.NOT_FOUND, "act")


def _job(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("job", ""))
    except ValueError:
        return None


def _file(here: Till, job: UUID) -> HttpResponse | Refusal:
    """For a printer that only this tablet knows. Given once."""
    about = printing.hand_over(here.actor, job, station=here.station.name, shop=shop.current(), at=here.at)
    if isinstance(about, Refusal):
        return about
    made = slips.of(about, sandbox=shop.current().sandbox)
    named = {"Content-Disposition": f'inline; filename="{about.page.ticket}.pdf"'}
    return HttpResponse(slips.pdf(made), content_type="application/pdf", headers=named)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def voucher(request: HttpRequest, here: Till) -> HttpResponse:
    """A voucher is scanned, and sold: from then on its code is money."""
    serial = (typed(request, "serial") if request.method == "POST" else request.GET.get("serial", "")[:60]).strip()
    sold: Activated | Refusal | None = None
    if request.method == "POST":
        sold = vouchers.activate(
            here.actor, serial, drawer=here.station.drawer, line_id=key_of(request), given=typed(request, "given"),
            at=here.at,
        )  # fmt: skip
    found = None if isinstance(sold, Activated) else vouchers.look_up(here.actor, serial, at=here.at)
    no = next((one for one in (sold, found) if isinstance(one, Refusal)), None)
    if no is None and isinstance(found, ToSell):
        no = found.refused
    sells = found if isinstance(found, ToSell) and found.refused is None else None
    shown = {
        "here": here,
        "serial": serial,
        "sold": sold if isinstance(sold, Activated) else None,
        "sells": sells,
        "notes": _notes(sells.coins) if sells else [],
        "refused": sentence(no) if no else "",
        "key": key_of(request),
    }
    return render(request, "till/voucher.html", shown, status=422 if no else 200)


def _notes(coins: Money) -> list[tuple[str, str]]:
    return [(figures.money_short(one), one.decimal) for one in cash.handed(coins, step_minor())]
