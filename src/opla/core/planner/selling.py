"""How this shop sells: what a purchase costs beside its face value, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opla.core.promotion import Facts, Promotion

_ANYBODY: Final = Facts("", "")


@dataclass(frozen=True)
class Selling:
    """What decides about the price of a purchase.

    fee_minor   our own service fee, charged with every purchase that is paid with money
    promotions  ours; what operators give besides is not counted
    facts       who asks: channel, first purchase, groups, coupons they have, uses that stand. The operator and the
                product in it are those of each purchase
    """

    fee_minor: int = 0
    promotions: tuple[Promotion, ...] = ()
    facts: Facts = _ANYBODY

    def naming(self, sku: str) -> frozenset[str]:
        """Promotions for which it matters that it is this product."""
        return frozenset(promotion.id for promotion in self.promotions if sku in promotion.products)


#: Nothing but the face value.
FACE_VALUE: Final = Selling()
