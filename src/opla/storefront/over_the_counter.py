"""What a tablet of ours shows before anybody pays: an operator's amounts, and everything that a price stands for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opla.core.catalog import Catalog, Operator, PriceKind, Product, sellable
from opla.core.money import Money
from opla.core.quote import Quote
from opla.operations import catalogue, promotions
from opla.presenting import facts, numbers
from opla.presenting import promotions as promotion_words
from opla.presenting.changes import Changes
from opla.storefront import having


@dataclass(frozen=True)
class Amount:
    """One product as it is offered. `least` and `most` differ where the customer says how much."""

    product: Product
    least: Money
    most: Money
    does: list[facts.Group]
    delivery: str
    sample: bool

    @property
    def ranged(self) -> bool:
        return self.product.kind is PriceKind.RANGED


def amounts(catalog: Catalog, operator: Operator, *, sandbox: bool) -> list[Amount]:
    """What is sold of this operator, those with a price of their own first, the cheapest in front."""
    sold = [p for p in catalog.products_of(operator.id) if sellable(p, sandbox=sandbox) is None]
    return [
        Amount(
            p, Money(p.min_minor, p.currency), Money(p.max_minor, p.currency), facts.summary(p), facts.delivery(p),
            facts.has_sample(p),
        )
        for p in sorted(sold, key=lambda p: (p.kind is PriceKind.RANGED, p.min_minor))
    ]  # fmt: skip


def shown(made: Quote, at: datetime) -> dict[str, object]:
    """A price for its page: what, for whom, and what it does on the SIM."""
    catalog = catalogue.at_version(made.catalog_version)
    product, brand = catalog.sold(made.sku), catalog.operator(made.operator)
    if product is None or brand is None:
        raise LookupError(f"the catalogue of version {made.catalog_version} lost {made.sku}")
    changed = having.changes_of(made, None)
    kept = made.promotions
    return {
        "quote": made,
        "operator": brand,
        "product": product,
        "number": numbers.grouped(made.number) if made.number else "",
        "plan": next((plan.name.value for plan in brand.plans if plan.id == made.plan), made.plan),
        "delivery": facts.delivery(product),
        "changes": changed if isinstance(changed, Changes) else None,
        "replaces": facts.replaces(product),
        "loses": facts.loses_something(product),
        "lines": facts.when(product),
        "promotions": promotion_words.of_quote(kept, promotions.at_version(kept.version)) if kept else None,
        "expired": made.refused(at) is not None,
    }
