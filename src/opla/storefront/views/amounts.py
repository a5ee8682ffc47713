"""Step 2: the amounts of one operator, each with what it does. Where nothing is sold: what is known, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.core.catalog import Catalog, Operator, PriceKind, Product, sellable, text_in
from opla.core.money import Money
from opla.operations import catalogue
from opla.operations.shop import Shop
from opla.presenting import facts, languages, redeeming
from opla.storefront.forms import Form
from opla.storefront.kept import Drawing, Kept
from opla.storefront.visit import visit

_KEPT: Final = Kept()


@dataclass(frozen=True)
class Choice:
    """One product as it is offered."""

    product: Product
    least: Money
    most: Money
    step: Money
    ranged: bool
    does: list[facts.Group]
    delivery: str
    sample: bool


@require_safe
def amounts(request: HttpRequest, operator: str) -> HttpResponse:
    return page(request, operator)


def page(request: HttpRequest, operator_id: str, form: Form | None = None, status: int = 200) -> HttpResponse:
    """Also drawn when the amount asked for is refused, with the reason beside its field."""
    here = visit(request)
    _, catalog = catalogue.active()
    operator = catalog.operator(operator_id)
    if operator is None:
        raise Http404
    if form is None:
        return _KEPT.page(request, catalog, lambda: _drawing(catalog, operator, Form({"amount": ""}), here.shop))
    template, shown = _drawing(catalog, operator, form, here.shop)
    return render(request, template, shown, status=status)


def _drawing(catalog: Catalog, operator: Operator, form: Form, shop: Shop) -> Drawing:
    sold = [p for p in catalog.products_of(operator.id) if sellable(p, sandbox=shop.sandbox) is None]
    shown = {
        "operator": operator,
        "notes": notes(operator),
        "choices": [_choice(p) for p in sorted(sold, key=lambda p: (p.kind is PriceKind.RANGED, p.min_minor))],
        "balance": redeeming.balance(operator),
        "form": form,
        "step": 2,
    }
    return "storefront/amounts.html" if sold else "storefront/nothing.html", shown


def notes(operator: Operator) -> dict[str, str]:
    """What people must know about this operator, in the active language: known, not known, what to do."""
    return {name: text_in(texts, languages.current()) for name, texts in operator.notes.items()}


def _choice(product: Product) -> Choice:
    least, most, step = (
        Money(minor, product.currency) for minor in (product.min_minor, product.max_minor, product.step_minor)
    )
    ranged = product.kind is PriceKind.RANGED
    does, sample = facts.summary(product), facts.has_sample(product)
    return Choice(product, least, most, step, ranged, does, facts.delivery(product), sample)
