"""Why a coupon that was typed does nothing: said by name, never passed over in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from opla.core.order import Price
from opla.core.promotion.choosing import Facts, applies
from opla.core.promotion.model import Promotion
from opla.core.refusal import Code, Refusal


def coupon_refused(opened: Sequence[Promotion], price: Price, facts: Facts, at: datetime) -> Refusal | None:
    """None when one of the promotions that it opens applies here and now, even where another one saves more."""
    if not opened:
        return Refusal(Code.COUPON_UNKNOWN, "coupon")
    able = [p for p in opened if applies(p, price, facts)]
    if any(p.window.runs(at) for p in able):
        return None
    running = [p for p in opened if p.window.runs(at)]
    if not running:
        return Refusal(Code.COUPON_NOT_NOW, "coupon", _when(opened[0], at))
    unused = replace(facts, used={})
    if any(applies(p, price, unused) for p in running):
        return Refusal(Code.COUPON_USED_UP, "coupon")
    return Refusal(Code.COUPON_NOT_HERE, "coupon", _needs(running[0], price))


def _when(promotion: Promotion, at: datetime) -> Mapping[str, str]:
    window = promotion.window
    if at < window.start:
        return {"from": window.start.isoformat()}
    return {"until": window.until.isoformat()} if window.until is not None else {}


def _needs(promotion: Promotion, price: Price) -> Mapping[str, str]:
    """What can be said of its conditions: the amount, and the operators."""
    needs = {"operators": " ".join(sorted(promotion.operators))}
    if price.face.amount_minor < promotion.minimum_minor:
        needs |= {"min": str(promotion.minimum_minor), "currency": price.face.currency}
    return needs
