"""The first page of an account: my orders, and where the rest is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from opla.operations.my_orders import PAGE, mine
from opla.operations.sign_in import speak
from opla.presenting import numbers, orders
from opla.presenting.announcing import operator_name
from opla.storefront.members import Member, signed_in
from opla.storefront.views.language import remember


@require_safe
@signed_in
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    typed = request.GET.get("after", "")
    after = min(int(typed), 100_000) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 0
    found, more = mine(member.customer, shop=member.here.shop, after=after)
    shown = {
        "customer": member.customer,
        "orders": [
            {
                "link": one.link,
                "order": one.order,
                "operator": operator_name(one.order.operator),
                "state": orders.state(one.order.state),
                "number": numbers.grouped(one.order.number) if one.order.number else "",
            }
            for one in found
        ],
        "older": after + PAGE if more else 0,
        "newer": after > 0,
    }
    return render(request, "storefront/me.html", shown)


@require_POST
@signed_in
def language(request: HttpRequest, member: Member) -> HttpResponse:
    """What we write to them in, and what these pages speak."""
    wanted = speak(member.customer, request.POST.get("language", ""))
    answer = redirect("me")
    remember(answer, wanted)
    return answer
