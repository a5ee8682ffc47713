"""A new SIM or eSIM: what there is per operator, and the page of each that a price is asked from."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from opla.accounts.device import remember
from opla.core.catalog import FactKind, Operator, Product, sellable
from opla.core.device_check import Answers
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.operations import catalogue, starters
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.shop import Shop
from opla.presenting import facts, languages
from opla.storefront import device_form, draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.visit import now, visit, visit_with_device


@dataclass(frozen=True)
class Starter:
    """One of them as it is offered. `left`: somebody could have it now."""

    product: Product
    price: Money
    does: list[facts.Group]
    delivery: str
    left: bool


@dataclass(frozen=True)
class Brand:
    operator: Operator
    starters: list[Starter]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    here = visit(request)
    _, catalog = catalogue.active()
    there = starters.left(catalog.starters, shop=here.shop, at=here.at)
    brands = [
        Brand(operator, [_starter(p, there) for p in _on_sale(catalog.starters_of(operator.id), here.shop)])
        for operator in catalog.operators
    ]
    return render(request, "storefront/starters.html", {"brands": [brand for brand in brands if brand.starters]})


@require_http_methods(["GET", "HEAD", "POST"])
def starter(request: HttpRequest, sku: str) -> HttpResponse:
    here = visit_with_device(request)
    _, catalog = catalogue.active()
    product = catalog.starter(sku)
    operator = catalog.operator(product.operator) if product else None
    if product is None or operator is None or sellable(product, sandbox=here.shop.sandbox):
        raise Http404
    if request.method != "POST":
        said = device_form.read(request.GET.dict())  # from the page of the check, or of the price
        form = Form({"email": draft.email(request)})
        return _page(request, operator, product, form, device_form.context(_answers(said)), here.shop)
    values = {"email": draft.typed(request, "email")}
    said = device_form.read(request.POST.dict())
    answers = _answers(said)
    wanted = Wanted(
        operator.id, "", values["email"], languages.current(), sku=sku, claim=Claim(address=here.address),
        device=answers.encode() if answers else "",
    )  # fmt: skip
    made = quote_topup(here.actor, wanted, device=here.device, shop=here.shop, at=here.at)
    if not isinstance(made, Quote):
        no = said if isinstance(said, Refusal) else next((one for one in made if one.about == "device"), None)
        asked = device_form.context(request.POST.dict(), no)
        return _page(request, operator, product, refused(values, made), asked, here.shop, status=status_of(made))
    draft.keep_email(request, made.email)
    answer = redirect("quote", quote_id=made.id)
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _on_sale(products: tuple[Product, ...], shop: Shop) -> list[Product]:
    return sorted((p for p in products if sellable(p, sandbox=shop.sandbox) is None), key=lambda p: p.min_minor)


def _starter(product: Product, there: frozenset[str]) -> Starter:
    price = Money(product.min_minor, product.currency)
    return Starter(product, price, facts.summary(product), facts.delivery(product), product.sku in there)


def _answers(said: Answers | Refusal) -> Answers | None:
    return said if isinstance(said, Answers) else None


def _page(
    request: HttpRequest,
    operator: Operator,
    product: Product,
    form: Form,
    phone: dict[str, object],
    shop: Shop,
    *,
    status: int = 200,
) -> HttpResponse:
    shown = {
        "operator": operator,
        "one": _starter(product, starters.left([product], shop=shop, at=now())),
        "lines": facts.lines(product, without=(FactKind.DELIVERY,)),
        "esim": product.delivery.value is Kind.ESIM,
        "form": form,
        **phone,
    }
    return render(request, "storefront/starter.html", shown, status=status)
