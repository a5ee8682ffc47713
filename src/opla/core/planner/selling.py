"""How this shop sells: what a purchase costs beside its face value, and to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

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

    def seen_at(self, at: datetime, start: datetime) -> Self:
        """For a plan that begins with the day that began at `start`, asked for at an instant of that day: what is
        bought on its beginning is bought now, so what runs now has run since, and what is over is over."""
        if at <= start:
            return self
        running = (p for p in self.promotions if not p.window.over(at))
        ours = (
            replace(p, window=replace(p.window, start=start)) if start < p.window.start <= at else p for p in running
        )
        return replace(self, promotions=tuple(ours))

    def naming(self, sku: str) -> frozenset[str]:
        """Promotions for which it matters that it is this product."""
        return frozenset(promotion.id for promotion in self.promotions if sku in promotion.products)


#: Nothing but the face value.
FACE_VALUE: Final = Selling()
