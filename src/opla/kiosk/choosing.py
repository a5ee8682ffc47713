"""An amount, a number where it asks for one, and the price: what it costs and what it does on the SIM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from opla.core.catalog import Operator, Product
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.promotion import Channel
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.db.queries import pages
from opla.kiosk.home import Keys, keypad, pressed, typed
from opla.kiosk.visiting import Here, begins, goes_on
from opla.operations import catalogue, kiosk
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, choose, quote_topup
from opla.presenting import languages, numbers
from opla.presenting.refusals import sentence
from opla.storefront import over_the_counter
from opla.storefront.over_the_counter import Amount

#: Of a product that takes any amount in a range, those that are offered: nobody types at a kiosk but digits.
_ROUND_MINOR: Final = (500, 1000, 1500, 2000, 2500, 3000, 5000, 10000)


@dataclass(frozen=True)
class Offer:
    """A button that makes a price."""

    amount: Amount
    face: Money


@require_safe
@begins
def operator(request: HttpRequest, here: Here, operator_id: str) -> HttpResponse:
    found = catalogue.active()[1].operator(operator_id)
    if found is None:
        raise Http404
    return _amounts(request, here, found)


def _amounts(request: HttpRequest, here: Here, brand: Operator, wrong: str = "") -> HttpResponse:
    catalog, found = catalogue.active()[1], kiosk.standing(here.station, shop=here.shop, at=here.at)
    if found.closed:
        return redirect("kiosk")
    amounts = over_the_counter.amounts(catalog, brand, sandbox=here.shop.sandbox)
    shown = {
        "here": here,
        "operator": brand,
        "number": numbers.grouped(here.number, catalog.country) if here.number else "",
        "offers": [Offer(one, face) for one in amounts if one.product.sku in found.had for face in _faces(one)],
        "wrong": wrong,
    }
    return render(request, "kiosk/amounts.html", shown, status=422 if wrong else 200)


def _faces(one: Amount) -> list[Money]:
    if not one.ranged:
        return [one.least]
    found = {one.least.amount_minor, *_ROUND_MINOR, one.most.amount_minor}
    return [Money(n, one.least.currency) for n in sorted(found) if one.product.accepts(n) is None]


@require_POST
@goes_on
def price(request: HttpRequest, here: Here) -> HttpResponse:
    """A price; where it asks for a number or a plan, those first."""
    sku, amount = typed(request, "sku"), typed(request, "amount")
    catalog = catalogue.active()[1]
    brand = catalog.operator(typed(request, "operator"))
    if brand is None:
        raise Http404
    chosen = choose(catalog, Wanted(brand.id, amount, "", "", sku=sku), sandbox=here.shop.sandbox)
    if isinstance(chosen, Refusal):
        return _amounts(request, here, brand, sentence(chosen))
    product, face = chosen
    carried = {"operator": brand.id, "sku": product.sku, "amount": face.decimal}
    direct = product.delivery.value is Kind.DIRECT
    if direct and (not here.number or "press" in request.POST):
        keys = pressed(request)
        if isinstance(keys, Keys):
            return keypad(request, here, keys, carried, reverse("kiosk-price"))
        here.number = keys.e164
    if product.asks_plan and "plan" not in request.POST:
        return _plans(request, here, brand, product, face, carried)
    wanted = Wanted(
        brand.id, face.decimal, "", languages.current(), sku=product.sku, number=here.number if direct else "",
        plan=typed(request, "plan") if product.asks_plan else "", claim=Claim(Channel.KIOSK),
    )  # fmt: skip
    made = quote_topup(here.actor, wanted, device=here.secret, shop=here.shop, at=here.at)
    if isinstance(made, Quote):
        return redirect("kiosk-quote", quote_id=made.id)
    if (about := next((no for no in made if no.about == "number"), None)) and direct:
        held, here.number = here.number, ""
        keys = Keys(numbers.grouped(held, catalog.country).replace(" ", ""), sentence(about))
        return keypad(request, here, keys, carried, reverse("kiosk-price"))
    return _amounts(request, here, brand, " ".join(sentence(no) for no in made))


def _plans(
    request: HttpRequest, here: Here, brand: Operator, product: Product, face: Money, carried: dict[str, str]
) -> HttpResponse:
    shown = {
        "here": here, "operator": brand, "product": product, "face": face, "carried": carried,
        "plans": [(plan.id, plan.name.value) for plan in brand.plans_offered],
    }  # fmt: skip
    return render(request, "kiosk/plan.html", shown)


@require_safe
@goes_on
def quote(request: HttpRequest, here: Here, quote_id: UUID) -> HttpResponse:
    """What it costs, what it does, and the ways to pay."""
    return priced(request, here, own(quote_id, here))


def own(quote_id: UUID, here: Here) -> Quote:
    """A price that was made in this visit."""
    found = pages.quote(quote_id, here.device_hash)
    if found is None:
        raise Http404
    return found


def priced(request: HttpRequest, here: Here, made: Quote, no: str = "", status: int = 200) -> HttpResponse:
    found = kiosk.standing(here.station, shop=here.shop, at=here.at)
    if found.closed:
        return redirect("kiosk")
    shown = over_the_counter.shown(made, here.at) | {
        "here": here,
        "machines": found.machines,
        "tills": found.tills,
        "refused": no,
    }
    return render(request, "kiosk/quote.html", shown, status=status)
