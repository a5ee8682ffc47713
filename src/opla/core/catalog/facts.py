"""What there is to say about a product before paying, in the order to say it. Surfaces add words, never meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opla.core.catalog.cell import Cell
from opla.core.catalog.model import Product
from opla.core.catalog.rules import Content


class FactKind(StrEnum):
    """What a fact is about; beside each, the type of its cell's value. Published: surfaces translate by these."""

    CONTENTS = "contents"  # tuple[Content]: the kinds of thing given; here only when even that is unknown
    CREDIT_PRICE = "credit_price"  # Money: taken from the credit on the SIM
    CREDIT = "credit"  # Money
    DATA_MB = "data_mb"  # int megabytes, or "unlimited"
    DATA_FULL_SPEED_MB = "data_full_speed_mb"  # int megabytes, after which it is slow
    DATA_THEN_KBPS = "data_then_kbps"  # int: how slow
    VOICE_MIN = "voice_min"  # int minutes, or "unlimited"
    SMS = "sms"  # int, or "unlimited"
    EU_DATA_MB = "eu_data_mb"  # int megabytes of the data, or "unlimited": all of it
    NETWORK_GENERATION = "network_generation"  # str: 4G
    MAX_MBPS = "max_mbps"  # int
    LASTS = "lasts"  # Length: the benefit
    STARTS = "starts"  # Starts
    STARTS_AFTER = "starts_after"  # Length: so much later
    EARLY_RENEWAL = "early_renewal"  # EarlyRenewal
    ONCE_A_DAY = "once_a_day"  # bool
    BONUS_MIN = "bonus_min"  # Money: less than this gives credit only
    BONUS_WINDOW_DAYS = "bonus_window_days"  # int: reload within so many days of the last time
    BONUS_NEEDS_PLAN = "bonus_needs_plan"  # bool: not every plan gives a bonus
    CREDIT_LASTS = "credit_lasts"  # Length
    CREDIT_RENEWAL = "credit_renewal"  # CreditRenewal
    CREDIT_CAP = "credit_cap"  # Length: at most, however many top-ups
    NUMBER_LIFE = "number_life"  # NumberLife: when the number is lost
    NUMBER_GRACE = "number_grace"  # Length: a top-up still saves it
    PLAN_CHANGE = "plan_change"  # PlanChange
    PLAN_CHANGE_LOSES = "plan_change_loses"  # tuple[Content]
    AUTO_RENEW = "auto_renew"  # AutoRenew
    REIDENTIFY_MONTHS = "reidentify_months"  # int
    ACTIVATION = "activation"  # Activation
    CODE_EXPIRES = "code_expires"  # bool: the code itself has a last day
    USE_BY = "use_by"  # date: the last day for it to begin
    NEEDS = "needs"  # tuple[Need]: what it takes before a starter can be used
    DELIVERY = "delivery"  # ports.Kind: code, direct, esim, sim


@dataclass(frozen=True)
class Fact:
    kind: FactKind
    cell: Cell[object]


#: Said even when unknown: a person decides by these.
_ALWAYS = frozenset({FactKind.LASTS, FactKind.EARLY_RENEWAL, FactKind.CREDIT_LASTS})

_OF_CONTENT = {
    FactKind.CREDIT: Content.CREDIT,
    FactKind.DATA_MB: Content.DATA,
    FactKind.VOICE_MIN: Content.VOICE,
    FactKind.SMS: Content.SMS,
}

#: Facts about a benefit beside the credit: there is none when only credit is given.
_OF_BENEFIT = frozenset({FactKind.LASTS, FactKind.BONUS_WINDOW_DAYS, FactKind.BONUS_NEEDS_PLAN, FactKind.BONUS_MIN})


def describe(product: Product) -> tuple[Fact, ...]:
    """What is given (unknown amounts of known contents included), how long, what renewing does, how it arrives."""
    return tuple(Fact(kind, cell) for kind in FactKind if _worth_saying(kind, cell := _cell(product, kind), product))


def _cell(product: Product, kind: FactKind) -> Cell[object]:
    if kind is FactKind.DELIVERY:
        return product.delivery
    if kind is FactKind.NEEDS:
        return product.needs
    cell: Cell[object] = getattr(product.rules, kind.value)
    return cell


def _worth_saying(kind: FactKind, cell: Cell[object], product: Product) -> bool:
    contents = product.rules.contents.value
    if kind is FactKind.CONTENTS:
        return contents is None
    if kind in _OF_BENEFIT and contents == (Content.CREDIT,):
        return False
    if product.is_starter and kind in (FactKind.EARLY_RENEWAL, FactKind.NEEDS):
        return kind is FactKind.NEEDS  # nothing is renewed; what it takes first is said even when unknown
    if kind in _OF_CONTENT and contents is not None and _OF_CONTENT[kind] in contents:
        return True
    return cell.known or kind in _ALWAYS
