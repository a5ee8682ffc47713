"""What something that this shop quoted or sold does to a line, as it was known then."""

from __future__ import annotations

from opla.core.effects import Effect, effect_of
from opla.operations import catalogue


def effect_sold(catalog_version: int, sku: str, face_minor: int) -> Effect | None:
    """None where its figures are not known: the operator decides."""
    product = catalogue.at_version(catalog_version).product(sku)
    effect = effect_of(product, face_minor) if product else None
    return effect if isinstance(effect, Effect) else None
