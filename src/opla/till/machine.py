"""A card at a till: the machine at this drawer is asked, and what it says is watched, or read to us by the clerk."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from opla.core.refusal import Code, Refusal
from opla.operations import counter_sale, shop, terminal
from opla.operations.counter_sale import Press, Sold
from opla.operations.terminal import Stand
from opla.till.guard import Till, signed_in
from opla.till.sales import drawn, told_of
from opla.till.selling import key_of, own, page, typed

#: Nobody waits for this machine any more: another way may begin.
OVER: Final = (Stand.DECLINED, Stand.EXPIRED)


@require_POST
@signed_in
def pay(request: HttpRequest, here: Till, quote_id: UUID) -> HttpResponse:
    """The customer pays by card: the order is placed, the sale numbered, and the machine asked."""
    made, total = own(quote_id, here), typed(request, "total")
    press = Press(
        key_of(request), made.id, int(total) if total.isascii() and total.isdecimal() and len(total) < 13 else -1, ""
    )
    done = counter_sale.sell_on_machine(
        here.actor, press, here.clerk, here.station, terminal=typed(request, "machine"), device=here.device,
        shop=shop.current(), at=here.at,
    )  # fmt: skip
    if isinstance(done, Sold):
        return redirect("till-sale", n=done.sale.n)
    return page(request, here, made, no=done)


@require_POST
@signed_in
def told(request: HttpRequest, here: Till, n: int) -> HttpResponse:
    """What the clerk reads on a machine that nobody can ask; another try; cash instead; or a card's money gone back."""
    sale = told_of(here, n)
    no = _done(request, here, sale.sale.order_id, sale.sale.payment_id)
    if isinstance(no, str):
        return redirect(f"{reverse('till-cash')}?{urlencode({'code': no})}")
    if no is not None:
        return drawn(request, here, sale, no=no, status=409)
    return redirect("till-sale", n=n)


def _done(request: HttpRequest, here: Till, order_id: UUID, payment_id: UUID) -> Refusal | str | None:
    key, receipt, why = key_of(request), typed(request, "receipt"), typed(request, "why")
    now = terminal.of_order(order_id)
    match request.POST.get("act"):
        case "yes":
            return terminal.confirm(here.actor, key, now.payment_id if now else payment_id, receipt, at=here.at)
        case "no":
            return terminal.refuse(here.actor, key, now.payment_id if now else payment_id, why, at=here.at)
        case "again":
            name = typed(request, "machine")
            return terminal.start_again(here.actor, order_id, terminal=name, shop=shop.current(), at=here.at)
        case "cash":
            return counter_sale.cash_instead(here.actor, order_id, shop=shop.current(), at=here.at)
        case "given_back":
            return terminal.give_back(
                here.actor, key, typed(request, "refund"), drawer=here.station.drawer, receipt=receipt, why=why,
                at=here.at,
            )  # fmt: skip
        case "by_bank":
            return terminal.by_bank(here.actor, typed(request, "refund"), why=why, at=here.at)
        case _:
            return Refusal(Code.NOT_FOUND, "act")
