"""What would be bought for a line that somebody describes, compiled from the catalogue of today; nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opla.core.catalog import Catalog, PriceKind, check, sellable
from opla.core.effects import Effect, Unknown, effect_of
from opla.core.line import Line
from opla.core.line_file import read_line
from opla.core.refusal import Code, Refusal
from opla.operations.shop import Shop

#: Buckets and lots of credit on one line: what is on a SIM is a handful.
_MOST_THINGS = 100


@dataclass(frozen=True)
class Wish:
    """A product by its SKU; of one with a price range the face value, and with it the plan chosen."""

    sku: str
    amount_minor: int | None = None
    plan: str = ""


def described(document: object, catalog: Catalog) -> Line | Refusal:
    """The line of a line file, of an operator that is known here."""
    line = read_line(document)
    if isinstance(line, Refusal):
        return line
    if catalog.operator(line.operator) is None:
        return Refusal(Code.OPERATOR_UNKNOWN, "line.operator", {"operator": line.operator})
    if line.currency != catalog.currency:
        return Refusal(Code.LINE_CURRENCY, "line.currency")
    if len(line.buckets) + len(line.credit) > _MOST_THINGS:
        return Refusal(Code.LINE_UNREADABLE, "line", {"field": "buckets", "problem": "too_many"})
    return line


def effect_wished(wish: Wish, line: Line | None, catalog: Catalog, *, shop: Shop) -> Effect | Refusal:
    """What buying this does, or why nobody may buy it or can say. A bundle paid from the credit is looked at too."""
    product = catalog.product(wish.sku) or catalog.bundle(wish.sku)
    if product is None:
        return Refusal(Code.PRODUCT_UNKNOWN, "sku", {"sku": wish.sku})
    if refused := sellable(product, sandbox=shop.sandbox) or (check(product, line.operator) if line else None):
        return refused
    amount = wish.amount_minor
    if not product.from_credit and (amount is not None or product.kind is PriceKind.RANGED):
        if amount is None:
            return Refusal(Code.AMOUNT_UNREADABLE, "amount_minor")
        if refused := product.accepts(amount):
            return refused
    effect = effect_of(product, amount)
    if isinstance(effect, Unknown):
        return Refusal(Code.EFFECT_UNKNOWN, "sku", {"sku": wish.sku, "cells": " ".join(effect.cells)})
    return effect


def effects_of(operator: str, catalog: Catalog) -> Mapping[str, Effect]:
    """All of an operator's that can be computed, for what renews or is topped up by itself."""
    sold = (*catalog.products_of(operator), *catalog.bundles_of(operator))
    found = (effect_of(product) for product in sold if product.kind is not PriceKind.RANGED)
    return {effect.sku: effect for effect in found if isinstance(effect, Effect)}
