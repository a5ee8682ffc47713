"""What to do with a kept line: the verdict of the core, with what this shop sells today, and what keeps a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from opla.core.calendar import start_of, zone
from opla.core.catalog import Catalog, Product, sellable
from opla.core.effects import Effect, Unknown, effect_of
from opla.core.forecast import Verdict as Lasts
from opla.core.keep_alive import KeptAlive, NotKnown, keep_alive, until_of
from opla.core.kept_line import Choice, KeptLine
from opla.core.line import Line
from opla.core.usage import Usage
from opla.core.verdict import Dry, Renewal, Verdict, Wish, verdict
from opla.operations import catalogue, prices
from opla.operations.shop import Shop


@dataclass(frozen=True)
class Advised:
    """A verdict, and the product it speaks of. `proposed`: nobody chose it, it is the nearest that is sold."""

    verdict: Verdict
    product: Product | None
    choice: Choice | None
    proposed: bool


def advise(kept: KeptLine, *, shop: Shop, at: datetime) -> Advised:
    """The verdict on one line, at today's catalogue and fee; promotions are seen with the price."""
    _, catalog = catalogue.active()
    choice, proposed = _choice(kept, catalog, shop)
    product = catalog.product(choice.sku) if choice else None
    bought = _renewal(product, choice, shop) if product and choice else None
    where = zone(catalog.time_zone)
    until = start_of(kept.until + timedelta(days=1), where) if kept.until else None
    line = _on_plan(kept.usage.line, choice)
    found = verdict(
        line, at, bought, offered(kept.operator, catalog, shop), where=where, wish=Wish(kept.aim, until),
        dry=_dry(kept.usage), effects=_renewing(line, catalog),
    )  # fmt: skip
    if found.renewal is not None and (choice is None or found.renewal.effect.sku != choice.sku):
        effect = found.renewal.effect
        product, choice, proposed = catalog.product(effect.sku), Choice(effect.sku, effect.price_minor), True
    return Advised(found, product, choice, proposed)


def alive(line: Line, months: int, *, shop: Shop, at: datetime) -> KeptAlive | NotKnown:
    """What keeps the number of this line for so many months at least cost."""
    _, catalog = catalogue.active()
    where = zone(catalog.time_zone)
    known = offered(line.operator, catalog, shop)
    if not known and choosable(line.operator, catalog, shop):
        return NotKnown.RULE  # it is sold, and nobody knows what it does
    return keep_alive(line, at, until_of(at, months, where), known, where=where)


def offered(operator: str, catalog: Catalog, shop: Shop) -> list[Renewal]:
    """What this shop sells of an operator and knows the effect of, each at its least amount, the cheapest first."""
    found, fee_minor = [], prices.terms(shop).fee_minor
    for product in catalog.products_of(operator):
        if sellable(product, sandbox=shop.sandbox) is not None:
            continue
        effect = effect_of(product, product.min_minor)
        if isinstance(effect, Effect):
            found.append(Renewal(effect, effect.price_minor + fee_minor))
    return sorted(found, key=lambda renewal: (renewal.cost_minor, renewal.effect.sku))


def choosable(operator: str, catalog: Catalog, shop: Shop) -> list[Product]:
    """What can be chosen to renew a line of this operator with."""
    return [p for p in catalog.products_of(operator) if sellable(p, sandbox=shop.sandbox) is None]


def _renewal(product: Product, choice: Choice, shop: Shop) -> Renewal | Unknown:
    effect = effect_of(product, choice.amount_minor)
    if isinstance(effect, Unknown):
        return effect
    plan = choice.plan if product.asks_plan else ""
    return Renewal(effect, effect.price_minor + prices.terms(shop).fee_minor, plan)


def _choice(kept: KeptLine, catalog: Catalog, shop: Shop) -> tuple[Choice | None, bool]:
    """Their last choice while it is sold; else what is on the line; else the least that gives what the line has."""
    sold = {product.sku: product for product in choosable(kept.operator, catalog, shop)}
    last = kept.choice
    if last and last.sku in sold and sold[last.sku].accepts(last.amount_minor) is None:
        return last, False
    plan = last.plan if last else ""
    on_it = next((bucket.sku for bucket in kept.usage.line.buckets if bucket.sku in sold), "")
    if on_it:
        return Choice(on_it, sold[on_it].min_minor, plan), True
    kinds = {bucket.kind for bucket in kept.usage.line.buckets}
    known = offered(kept.operator, catalog, shop)
    giving = [r.effect for r in known if kinds <= {portion.kind for portion in r.effect.portions}]
    nearest = giving or [r.effect for r in known]
    if nearest:
        return Choice(nearest[0].sku, nearest[0].price_minor, plan), True
    cheapest = min(sold.values(), key=lambda product: product.min_minor, default=None)
    return (Choice(cheapest.sku, cheapest.min_minor, plan), True) if cheapest else (None, True)


def _on_plan(line: Line, choice: Choice | None) -> Line:
    """What was bought last was bought on a plan: it is on it, where nobody said otherwise."""
    return replace(line, plan=choice.plan) if choice and choice.plan and not line.plan else line


def _dry(usage: Usage) -> Dry | None:
    """When the data is probably used up, where that comes before its end."""
    found, data = usage.forecast, usage.data
    if found is None or data is None or found.verdict is Lasts.LASTS or found.likely is None:
        return None
    return Dry(found.likely, data) if data.ends is None or found.likely < data.ends else None


def _renewing(line: Line, catalog: Catalog) -> dict[str, Effect]:
    """The effects of what renews by itself on this line."""
    names = {bucket.sku for bucket in line.buckets if bucket.renews}
    products = [product for name in names if (product := catalog.product(name) or catalog.bundle(name))]
    return {effect.sku: effect for effect in map(effect_of, products) if isinstance(effect, Effect)}
