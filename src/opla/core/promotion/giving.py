"""What operators' promotions add to a top-up, as part of its effect: what is known of them, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from opla.core.effects import Doubt, Effect, Extra, Portion, Uncertain, doubts_of
from opla.core.effects.effect import KB_PER_MB, S_PER_MIN
from opla.core.line import Kind
from opla.core.promotion.model import Bonus, OperatorPromotion


def with_bonus(effect: Effect, theirs: Iterable[OperatorPromotion], at: datetime) -> Effect:
    """The effect of a purchase at this instant with what its operator adds then.

    A promotion counts when it runs, is about this product, is reached by its price, and can be computed.
    """
    given = [one for one in theirs if _adds(one, effect, at)]
    extras = [extra for one in given if (extra := _extra(one)) is not None]
    doubts = [Uncertain(one.id, found) for one in given if (found := _doubts(one))]
    return replace(effect, extras=(*effect.extras, *extras), uncertain=(*effect.uncertain, *doubts))


def computable(promotion: OperatorPromotion) -> bool:
    """Whether what it adds, from which amount, and for how long are known. Without these it is only told."""
    bonus = promotion.gives.value
    return bonus is not None and bonus.lasts is not None and promotion.minimum.known


def _adds(promotion: OperatorPromotion, effect: Effect, at: datetime) -> bool:
    bonus = promotion.gives.value
    same_money = bonus is None or bonus.credit is None or bonus.credit.currency == effect.currency
    return (
        computable(promotion)
        and same_money
        and promotion.runs(at)
        and promotion.sells(effect.operator, effect.sku)
        and effect.price_minor >= promotion.minimum_minor
    )


def _extra(promotion: OperatorPromotion) -> Extra | None:
    bonus = promotion.gives.value
    if bonus is None or bonus.lasts is None:
        return None
    credit_minor = bonus.credit.amount_minor if bonus.credit else 0
    return Extra(promotion.id, bonus.lasts, tuple(_portions(bonus)), credit_minor)


def _portions(bonus: Bonus) -> Iterator[Portion]:
    amounts = {
        Kind.DATA: bonus.data_mb * KB_PER_MB,
        Kind.VOICE: bonus.voice_min * S_PER_MIN,
        Kind.SMS: bonus.sms,
    }
    for kind, amount in amounts.items():
        if amount:
            yield Portion(kind, amount)


def _doubts(promotion: OperatorPromotion) -> tuple[Doubt, ...]:
    return tuple(dict.fromkeys(doubt for cell in promotion.cells for doubt in doubts_of(cell)))
