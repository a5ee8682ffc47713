"""The operators' own ways, each on an honest page, also of those for whom we sell nothing."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from opla.core.catalog import AuthorityKind, Catalog, Operator, Product, sellable
from opla.core.guide import asked
from opla.core.money import Money
from opla.core.quote import price
from opla.operations import catalogue, prices
from opla.operations.shop import Shop
from opla.presenting import figures, guide, languages, official, redeeming
from opla.storefront.indexed import indexed
from opla.storefront.kept import Drawing, Kept
from opla.storefront.views import amounts, choose
from opla.storefront.views.guide import href
from opla.storefront.visit import visit

_KEPT: Final = Kept()


@require_safe
@indexed
def listed(request: HttpRequest) -> HttpResponse:
    version, catalog = catalogue.active()
    return _KEPT.page(request, catalog, lambda: _all(catalog, version))


@require_safe
@indexed
def show(request: HttpRequest, operator: str) -> HttpResponse:
    version, catalog = catalogue.active()
    found = catalog.operator(operator)
    if found is None:
        raise Http404
    shop = visit(request).shop
    return _KEPT.page(request, catalog, lambda: _one(found, catalog, version, shop))


def _all(catalog: Catalog, version: int) -> Drawing:
    selling, others = choose.operators(catalog)
    kinds = (AuthorityKind.COMPARATOR, AuthorityKind.NUMBER_LOOKUP, AuthorityKind.REGULATOR, AuthorityKind.OMBUDSMAN)
    return "storefront/official.html", {
        "selling": selling,
        "others": others,
        "offices": list(official.offices(catalog.authorities, *kinds)),
        "made_at": catalogue.made_at(version),
    }


def _one(operator: Operator, catalog: Catalog, version: int, shop: Shop) -> Drawing:
    sold = [p for p in catalog.products_of(operator.id) if sellable(p, sandbox=shop.sandbox) is None]
    sources, seen = guide.sources((operator,))
    tongue = languages.current()
    pages = [one for one in asked(catalog) if one.operator == operator.id]
    return "storefront/official_operator.html", {
        "operator": operator,
        "holder": (operator.holder.value, redeeming.mark(operator.holder)) if operator.holder.value else None,
        "network": (operator.host_network.value, redeeming.mark(operator.host_network)),
        "ways": official.ways(operator),
        "price": _price(sold, shop),
        "balance": redeeming.balance(operator),
        "rules": official.rules(operator),
        "sheet": official.sheet(operator),
        "comparators": list(official.offices(catalog.authorities, AuthorityKind.COMPARATOR)),
        "notes": amounts.notes(operator),
        "pages": [(href(one, tongue), guide.title(one, catalog)) for one in pages],
        "sources": sources,
        "seen": seen,
        "made_at": catalogue.made_at(version),
    }


def _price(sold: list[Product], shop: Shop) -> dict[str, str] | None:
    """What an amount costs here, by its smallest one: our fee is the same for all."""
    if not sold:
        return None
    least = min(sold, key=lambda product: (product.sample, product.min_minor))
    asked_ = price(Money(least.min_minor, least.currency), prices.terms(shop))
    return {
        "face": figures.money(asked_.face),
        "fee": figures.money(asked_.fee),
        "total": figures.money(asked_.total),
    }
