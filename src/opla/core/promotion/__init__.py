"""Promotions: ours make a price lower, operators' add something to a top-up. Pure; the document is read elsewhere."""

from __future__ import annotations

from opla.core.promotion.choosing import LEAST_MINOR, Facts, OnSale, Used
from opla.core.promotion.coupon import coupon_refused
from opla.core.promotion.editing import (
    Difference,
    Side,
    changed,
    differences,
    entries,
    entry_of,
    takes_only,
    with_entry,
    without,
)
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
from opla.core.promotion.trying import Purchase, Tried, tried

__all__ = [
    "LEAST_MINOR",
    "SOON",
    "Applied",
    "Benefit",
    "Bonus",
    "Channel",
    "Cheaper",
    "Context",
    "Difference",
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
    "Purchase",
    "Side",
    "Tried",
    "Used",
    "Window",
    "best",
    "changed",
    "changes_between",
    "cheaper_later",
    "computable",
    "coupon_refused",
    "differences",
    "entries",
    "entry_of",
    "news",
    "next_news",
    "parse_promotions",
    "price_at",
    "read_coupon",
    "takes_only",
    "tried",
    "with_bonus",
    "with_entry",
    "without",
]
