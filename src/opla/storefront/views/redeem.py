"""A voucher's code, and what it is for: typed, or behind the `#` of the address its QR opens, which no server is told.

The code goes from page to page in a field of the form, and into nothing that is kept.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.accounts.device import remember
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.voucher import grouped, read_code
from opla.operations import catalogue, vouchers
from opla.operations.vouchers import By, For, Good, Redeemed, Unfit
from opla.presenting import facts, languages, numbers
from opla.presenting.consent import consent
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.indexed import indexed
from opla.storefront.visit import Visit, visit_with_device


@require_http_methods(["GET", "HEAD", "POST"])
@indexed
def redeem(request: HttpRequest) -> HttpResponse:
    """First the code alone; then whatever this product needs, and one button."""
    if request.method != "POST":
        return _asks(request, Form({"code": ""}))
    here, code = visit_with_device(request), draft.typed(request, "code")
    by, typed = By(here.device, here.address), _typed(request)
    if "redeem" not in request.POST or "at_once" not in request.POST:
        found = vouchers.look(here.actor, code, by=by, shop=here.shop, at=here.at)
        no = [Refusal(Code.CONSENT_MISSING)] if "redeem" in request.POST else []
        if isinstance(found, Good):
            return _page(request, found, code, typed, no)
        return _ended(request, code, found, here)
    wanted = For(languages.current(), typed["number"], typed["plan"], typed["email"])
    done = vouchers.redeem(here.actor, code, wanted, consent=consent, by=by, shop=here.shop, at=here.at)
    if isinstance(done, Unfit):
        return _page(request, done.good, code, typed, done.refusals)
    return _ended(request, code, done, here)


def _typed(request: HttpRequest) -> dict[str, str]:
    """What was typed; before that, what this browser was told before."""
    if "redeem" in request.POST:
        return {name: draft.typed(request, name) for name in ("number", "plan", "email")}
    return {"number": draft.number(request), "plan": "", "email": draft.email(request)}


def _ended(request: HttpRequest, code: str, found: Redeemed | Refusal, here: Visit) -> HttpResponse:
    """The order's page; or the code again, with the one sentence."""
    if isinstance(found, Refusal):
        return _asks(request, refused({"code": code}, [found]), status_of([found]))
    answer = redirect("order", link=found.link)
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _asks(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    return render(request, "storefront/redeem.html", {"form": form}, status=status)


def _page(request: HttpRequest, good: Good, code: str, typed: dict[str, str], no: list[Refusal]) -> HttpResponse:
    """What it is for, and the fields of this product."""
    _, catalog = catalogue.active()
    product = good.product
    if product.delivery.value is not Kind.DIRECT:
        del typed["number"]
    elif "redeem" not in request.POST and typed["number"]:
        typed["number"] = numbers.grouped(typed["number"], catalog.country)
    plans = good.operator.plans_offered if product.asks_plan else ()
    shown = {
        "good": good,
        "form": refused(typed, no),
        "code": read_code(code),
        "read_out": grouped(read_code(code)),
        "plans": [(plan.id, plan.name.value, facts.mark(plan.name.shown_as)) for plan in plans],
        "delivery": facts.delivery(product),
        "consent": consent(Kind(str(product.delivery.value))),
        "agreed": "at_once" in request.POST,
    }
    return render(request, "storefront/redeem.html", shown, status=status_of(no) if no else 200)
