"""What something that this shop quoted or sold does to a line, as it was known then."""

from __future__ import annotations

from datetime import datetime

from opla.core.effects import Effect, effect_of
from opla.core.promotion import Kept, with_bonus
from opla.operations import catalogue, promotions


def effect_sold(catalog_version: int, sku: str, face_minor: int, kept: Kept | None, at: datetime) -> Effect | None:
    """With what its operator added when it was quoted (`kept`), where that still runs at the instant it reaches a line.

    None where its figures are not known: the operator decides.
    """
    product = catalogue.at_version(catalog_version).product(sku)
    effect = effect_of(product, face_minor) if product else None
    if not isinstance(effect, Effect):
        return None
    if kept is None or not kept.given:
        return effect
    theirs = promotions.at_version(kept.version).theirs
    return with_bonus(effect, [promotion for promotion in theirs if promotion.id in kept.given], at)
