"""Step 3: who it is for. Asks only for what this product needs."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from opla.accounts.device import remember
from opla.core.catalog import Catalog, Operator, PriceKind, Product
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.operations import catalogue, order_texts
from opla.operations import shop as shops
from opla.operations.offers import Claim
from opla.operations.outside import texts_go
from opla.operations.quote_topup import Wanted, choose, quote_topup
from opla.presenting import facts, languages, numbers
from opla.storefront import draft, texting
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.views import amounts
from opla.storefront.visit import visit_with_device


@require_http_methods(["GET", "HEAD", "POST"])
def recipient(request: HttpRequest, operator: str, sku: str) -> HttpResponse:
    _, catalog = catalogue.active()
    brand = catalog.operator(operator)
    if brand is None:
        raise Http404
    if catalog.starter(sku):
        return redirect("starter", sku=sku)  # it tops up nothing
    amount = (request.POST if request.method == "POST" else request.GET).get("amount", "")[: draft.MAX_TYPED]
    here = visit_with_device(request)
    chosen = choose(catalog, Wanted(operator, amount, "", "", sku=sku), sandbox=here.shop.sandbox)
    if isinstance(chosen, Refusal):
        # Another operator's product, a withdrawn one, an amount off the range: back to the amounts, with the reason.
        return amounts.page(request, operator, refused({"amount": amount}, [chosen]), status=422)
    product, face = chosen
    if product.kind is PriceKind.RANGED and not amount.strip():
        missing = Refusal(Code.AMOUNT_UNREADABLE, "amount")
        return amounts.page(request, operator, refused({"amount": ""}, [missing]), status=422)
    if request.method != "POST":
        return _page(request, brand, product, face, Form(_kept(request, product, catalog)))
    values = {name: draft.typed(request, name) for name in _kept(request, product, catalog)}
    wanted = Wanted(
        operator,
        face.decimal,
        values["email"],
        languages.current(),
        sku=sku,
        number=values.get("number", ""),
        plan=values.get("plan", ""),
        claim=Claim(address=here.address),
    )
    told = texting.read(values)
    made = quote_topup(here.actor, wanted, device=here.device, shop=here.shop, at=here.at)
    if not isinstance(made, Quote) or isinstance(told, Refusal):
        wrong = [*([] if isinstance(made, Quote) else made), *([told] if isinstance(told, Refusal) else [])]
        return _page(request, brand, product, face, refused(values, wrong), status=status_of(wrong))
    if told is not None:
        order_texts.wish(made.id, told, shop=here.shop, at=here.at)
    draft.keep_email(request, made.email)
    if made.number:
        draft.keep_number(request, made.number)
    answer = redirect("quote", quote_id=made.id)
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def _kept(request: HttpRequest, product: Product, catalog: Catalog) -> dict[str, str]:
    """The fields of this product, filled with what was typed before."""
    fields: dict[str, str] = {}
    if product.delivery.value is Kind.DIRECT:
        kept = draft.number(request)
        fields["number"] = numbers.grouped(kept, catalog.country) if kept else ""
    if product.asks_plan:
        fields["plan"] = ""
    fields["email"] = draft.email(request)
    if texts_go(shops.current()):
        fields |= {"by_text": "", "text_number": ""}
    return fields


def _page(
    request: HttpRequest, operator: Operator, product: Product, face: Money, form: Form, status: int = 200
) -> HttpResponse:
    plans = [(plan.id, plan.name.value, facts.mark(plan.name.shown_as)) for plan in operator.plans_offered]
    shown = {
        "operator": operator,
        "product": product,
        "face": face,
        "form": form,
        "plans": plans if "plan" in form.values else [],
        "delivery": facts.delivery(product),
        "step": 3,
    }
    return render(request, "storefront/recipient.html", shown, status=status)
