"""Cash for what was ordered elsewhere: a code that pays for an order of the web is taken, one that collects a refund is
paid out, at this till's drawer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from opla.core import cash as core
from opla.core.cash import Kind, grouped
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.db.queries import cash as queries
from opla.operations import cash, counter_sale, shop
from opla.operations.cash import Due, Taken, ToPay
from opla.presenting import figures, orders
from opla.presenting.refusals import sentence
from opla.till.guard import Till, signed_in
from opla.till.selling import key_of, typed


@dataclass(frozen=True)
class Panel:
    """What a code stands for. `refused`: why nothing may be done about it."""

    code: str
    coins: Money
    pays_out: bool
    sold: tuple[tuple[str, str, str], ...]  # the order's number, what it is, how it stands
    notes: list[tuple[str, str]]
    refused: str

    @property
    def shown(self) -> str:
        return grouped(self.code)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: HttpRequest, here: Till) -> HttpResponse:
    act = request.POST.get("act", "look") if request.method == "POST" else "look"
    code = (typed(request, "code") if request.method == "POST" else request.GET.get("code", "")[:60]).strip()
    if act == "look":
        found = cash.look_up(here.actor, code, at=here.at) if code else None
        no = found if isinstance(found, Refusal) else None
        return _drawn(request, here, code, _panel(found) if isinstance(found, Due | ToPay) else None, no)
    key, why, drawer = key_of(request), typed(request, "why"), here.station.drawer
    done: object
    if act == "take":
        done = cash.take(here.actor, key, drawer=drawer, code=code, given=typed(request, "given"), at=here.at)
    elif act == "pay_out":
        done = cash.pay_out(here.actor, key, drawer=drawer, code=code, why=why, at=here.at)
    elif act == "by_bank":
        done = cash.by_bank(here.actor, code, why=why, at=here.at)
    elif act == "undo":
        done = counter_sale.undo(here.actor, key, here.station, here.clerk, why=why, shop=shop.current(), at=here.at)
    else:
        done = Refusal(Code.NOT_FOUND, "act")
    if isinstance(done, Refusal):
        known = cash.look_up(here.actor, code, at=here.at) if code else done
        return _drawn(request, here, code, _panel(known) if isinstance(known, Due | ToPay) else None, done)
    return redirect(f"{reverse('till-cash')}?line={key}")


def _panel(found: Due | ToPay) -> Panel:
    refused = sentence(found.refused) if found.refused else ""
    if isinstance(found, ToPay):
        return Panel(found.owed.code, found.coins, True, tuple((t, "", "") for t in found.owed.tickets), [], refused)
    sold = tuple((one.ticket, one.product_name, orders.state(one.state)) for one in found.charge.orders)
    notes = [(figures.money_short(one), one.decimal) for one in core.handed(found.coins, cash.step_minor())]
    return Panel(found.charge.code, found.coins, False, sold, notes, refused)


def _drawn(request: HttpRequest, here: Till, code: str, panel: Panel | None, no: Refusal | None) -> HttpResponse:
    told = _told(request, here) if request.method != "POST" else None
    shown = {
        "here": here,
        "code": code,
        "panel": panel,
        "refused": sentence(no) if no else "",
        "taken": told if isinstance(told, Taken) else None,
        "paid_out": told if isinstance(told, Money) else None,
        "line": request.GET.get("line", "") if isinstance(told, Taken) else "",
        "key": uuid4(),
    }
    return render(request, "till/cash.html", shown, status=422 if no else 200)


def _told(request: HttpRequest, here: Till) -> Taken | Money | None:
    """What the last press did at this drawer, until its money has left again: what to give back, or to hand over."""
    try:
        line = queries.line(UUID(request.GET.get("line", "")))
    except ValueError:
        return None
    if line is None or line.drawer != here.station.drawer or line.left:
        return None
    if line.kind is Kind.PAID_OUT:
        return Money(-line.amount.amount_minor, line.amount.currency)
    if line.kind is not Kind.TAKEN or line.given_minor is None:
        return None
    return Taken(line.amount, Money(line.given_minor, line.amount.currency) - line.amount, again=False)
