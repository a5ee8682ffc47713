"""Promotions: ours make a price lower, operators' add something to a top-up. Pure; the document is read elsewhere."""

from __future__ import annotations

from opla.core.promotion.choosing import LEAST_MINOR, Facts, OnSale, Used
from opla.core.promotion.coupon import coupon_refused
from opla.core.promotion.giving import computable, with_bonus
from opla.core.promotion.kept import Kept
from opla.core.promotion.model import (
    Benefit,
    Bonus,
    Channel,
    FeeWaived,
    Off,
    OperatorPromotion,
    Percent,
    Promotion,
    Promotions,
    Window,
    read_coupon,
)
from opla.core.promotion.news import News, news, next_news
from opla.core.promotion.offer import SOON, Applied, Lack, Nearly, Offer, best
from opla.core.promotion.parsing import parse_promotions
from opla.core.promotion.pricing import Cheaper, Context, changes_between, cheaper_later, price_at

__all__ = [
    "LEAST_MINOR",
    "SOON",
    "Applied",
    "Benefit",
    "Bonus",
    "Channel",
    "Cheaper",
    "Context",
    "Facts",
    "FeeWaived",
    "Kept",
    "Lack",
    "Nearly",
    "News",
    "Off",
    "Offer",
    "OnSale",
    "OperatorPromotion",
    "Percent",
    "Promotion",
    "Promotions",
    "Used",
    "Window",
    "best",
    "changes_between",
    "cheaper_later",
    "computable",
    "coupon_refused",
    "news",
    "next_news",
    "parse_promotions",
    "price_at",
    "read_coupon",
    "with_bonus",
]
