"""What a product does to a SIM, as plain cells: every shape seen on the Belgian market has its place here.

`opla.core.effects` computes by them. What each word does, shown on named operators, is `docs/reference/rules.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Literal

from opla.core.catalog.cell import UNKNOWN, Cell
from opla.core.money import Money

#: A number of units, or as many as one likes.
Allowance = int | Literal["unlimited"]


class Content(StrEnum):
    CREDIT = "credit"
    DATA = "data"
    VOICE = "voice"
    SMS = "sms"


class EarlyRenewal(StrEnum):
    """What buying again does to what is left of the last purchase."""

    OVERWRITE_ALL = "overwrite_all"  # everything left lapses
    OVERWRITE_VOICE_ROLL_DATA = "overwrite_voice_roll_data"  # minutes and SMS lapse; data is kept and extended
    RESTART_MONTH = "restart_month"  # the period begins anew at the purchase
    CREDIT_ADDS = "credit_adds"  # only credit is added; a running bonus keeps its contents and its end
    QUEUE = "queue"  # starts when the current one ends
    REFUSED_WHILE_ACTIVE = "refused_while_active"  # one type at a time
    BESIDE = "beside"  # runs beside what is there, with an end of its own


class CreditRenewal(StrEnum):
    """What a new top-up does to the credit that is there."""

    KEEPS_ITS_END = "keeps_its_end"  # each top-up lives its own time
    LIVES_ON_WITH_NEW = "lives_on_with_new"  # all of it ends when the new credit does
    ADDS_UP = "adds_up"  # the new time is added to the old, up to the cap


class Starts(StrEnum):
    AT_TOP_UP = "at_top_up"
    AT_ACTIVATION = "at_activation"  # of a bundle bought with credit


class PlanChange(StrEnum):
    AT_EACH_TOP_UP = "at_each_top_up"
    IN_CUSTOMER_ZONE = "in_customer_zone"
    ONCE_A_PERIOD = "once_a_period"
    NEVER = "never"


class AutoRenew(StrEnum):
    NONE = "none"
    OPT_IN = "opt_in"
    BUILT_IN = "built_in"
    CREDIT_THRESHOLD = "credit_threshold"  # tops up when credit falls below an amount


class Activation(StrEnum):
    ALMOST_AT_ONCE = "almost_at_once"
    LATER = "later"


@dataclass(frozen=True)
class Length:
    """A time: whole days, or calendar months to the minute, or minutes of the clock. All zero: as long as the number.

    `opla.core.calendar.later` says which instant it leads to.
    """

    days: int = 0
    months: int = 0
    minutes: int = 0

    @property
    def with_number(self) -> bool:
        return not (self.days or self.months or self.minutes)


class Since(StrEnum):
    """What a number's life is counted from: the last of these."""

    TOP_UP = "top_up"
    USE = "use"  # a paid one: a call, a message, data
    PURCHASE = "purchase"  # a top-up, or something bought with the credit
    USE_OR_PURCHASE = "use_or_purchase"


@dataclass(frozen=True)
class NumberLife:
    """The number falls silent when this long has passed since the last of what keeps it alive."""

    length: Length
    since: Since


@dataclass(frozen=True)
class Rules:
    """The rules of one product. `credit`, `bonus_min` in money; `*_mb` in megabytes of 10⁶ bytes."""

    contents: Cell[tuple[Content, ...]] = UNKNOWN  # what kinds of thing it gives; the amounts follow
    credit_price: Cell[Money] = UNKNOWN  # bought with the credit on the SIM, at this price, and not with money
    credit: Cell[Money] = UNKNOWN  # of a product with a range: what is paid, when left out
    data_mb: Cell[Allowance] = UNKNOWN
    data_full_speed_mb: Cell[int] = UNKNOWN  # after which …
    data_then_kbps: Cell[int] = UNKNOWN  # … it goes on at this speed
    eu_data_mb: Cell[Allowance] = UNKNOWN  # of the data, what can be used abroad in the EU; unlimited: all of it
    voice_min: Cell[Allowance] = UNKNOWN
    sms: Cell[Allowance] = UNKNOWN
    network_generation: Cell[str] = UNKNOWN  # of this product; left out: the operator's
    max_mbps: Cell[int] = UNKNOWN  # the same
    lasts: Cell[Length] = UNKNOWN  # the benefit
    starts: Cell[Starts] = UNKNOWN
    early_renewal: Cell[EarlyRenewal] = UNKNOWN
    group: Cell[str] = UNKNOWN  # only products of one group renew each other; left out: those without one
    once_a_day: Cell[bool] = UNKNOWN  # ordered once a local day at most
    bonus_min: Cell[Money] = UNKNOWN  # below it: credit only
    bonus_window_days: Cell[int] = UNKNOWN  # since the previous top-up
    bonus_needs_plan: Cell[bool] = UNKNOWN  # not every plan gives one …
    bonus_plans: Cell[tuple[str, ...]] = UNKNOWN  # … these do
    credit_lasts: Cell[Length] = UNKNOWN  # per top-up
    credit_renewal: Cell[CreditRenewal] = UNKNOWN
    credit_cap: Cell[Length] = UNKNOWN  # from now, however many top-ups
    number_life: Cell[NumberLife] = UNKNOWN
    number_grace: Cell[Length] = UNKNOWN  # silent, but a top-up still saves it; then lost
    plan_change: Cell[PlanChange] = UNKNOWN
    plan_change_loses: Cell[tuple[Content, ...]] = UNKNOWN
    plan_change_loses_to: Cell[tuple[str, ...]] = UNKNOWN  # only when one of these plans is chosen; left out: any
    auto_renew: Cell[AutoRenew] = UNKNOWN
    reidentify_months: Cell[int] = UNKNOWN
    activation: Cell[Activation] = UNKNOWN
    starts_after: Cell[Length] = UNKNOWN  # how much later
    code_expires: Cell[bool] = UNKNOWN  # the code carries its own last day
    use_by: Cell[date] = UNKNOWN  # the last local day on which what it gives can start


RULE_FIELDS = tuple(f.name for f in fields(Rules))
