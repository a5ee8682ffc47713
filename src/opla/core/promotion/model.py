"""What a promotion is. Ours: this shop charges less. Theirs: an operator gives more, whoever sells the top-up.

Ours is a price and nothing else: percent of the face value, an amount, or our own fee. What lands on the SIM is the
operator's to give, so a bonus is always theirs: a cell with a source and a sureness, like every catalogue figure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from opla.core.catalog import UNKNOWN, Cell, Length, Sure, Texts
from opla.core.money import Money

_COUPON_LEAST: Final = 4
_COUPON_MOST: Final = 40


class Channel(StrEnum):
    """Where somebody buys."""

    WEB = "web"
    TERMINAL = "terminal"
    TILL = "till"
    KIOSK = "kiosk"
    API = "api"


@dataclass(frozen=True)
class Window:
    """When it runs: from `start`, inclusive, until `until`, exclusive; None: until somebody ends it."""

    start: datetime
    until: datetime | None = None

    def runs(self, at: datetime) -> bool:
        return self.start <= at and not self.over(at)

    def over(self, at: datetime) -> bool:
        return self.until is not None and at >= self.until


@dataclass(frozen=True)
class Percent:
    """So many hundredths of the face value, rounded half up to the cent. Never of a price another one made lower,
    so that the order of several changes nothing."""

    percent: int


@dataclass(frozen=True)
class Off:
    """A fixed amount."""

    amount: Money


@dataclass(frozen=True)
class FeeWaived:
    """Our own fee is not charged; so there is no VAT on it either."""


Benefit = Percent | Off | FeeWaived


@dataclass(frozen=True)
class Promotion:
    """One of ours. Every condition left empty is no condition.

    coupons      its codes, as keyed digests once imported; with any of them it is for those who typed one
    most_uses    orders in all; most_each: orders of one customer, known by e-mail and by recipient's number
    stacks       it combines with others that do; of one `group` at most one
    """

    id: str
    title: Texts
    window: Window
    benefit: Benefit
    operators: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    minimum_minor: int = 0
    channels: frozenset[Channel] = frozenset()
    first_purchase: bool = False
    groups: frozenset[str] = frozenset()
    coupons: frozenset[str] = frozenset()
    most_uses: int | None = None
    most_each: int | None = None
    stacks: bool = False
    group: str = ""

    @property
    def each(self) -> int | None:
        """`most_each`; a first purchase happens once, whatever else is written."""
        return 1 if self.first_purchase else self.most_each

    def sells(self, operator: str, sku: str) -> bool:
        """Whether it is about this product."""
        return (not self.operators or operator in self.operators) and (not self.products or sku in self.products)


@dataclass(frozen=True)
class Bonus:
    """What an operator adds. `data_mb` in megabytes of 10⁶ bytes; `lasts` None: not told."""

    credit: Money | None = None
    data_mb: int = 0
    voice_min: int = 0
    sms: int = 0
    lasts: Length | None = None


@dataclass(frozen=True)
class OperatorPromotion:
    """One of theirs. With `gives` known it changes what a top-up does; without, it is only told."""

    id: str
    operator: str
    title: Texts
    start: Cell[datetime] = UNKNOWN
    until: Cell[datetime] = UNKNOWN  # exclusive
    products: frozenset[str] = frozenset()
    minimum: Cell[Money] = UNKNOWN
    gives: Cell[Bonus] = UNKNOWN

    @property
    def cells(self) -> tuple[Cell[object], ...]:
        return (self.start, self.until, self.minimum, self.gives)

    @property
    def sample(self) -> bool:
        return any(cell.sure is Sure.SAMPLE for cell in self.cells)

    def runs(self, at: datetime) -> bool:
        """As far as is known: one whose beginning nobody told is not claimed to run."""
        started = self.start.value is not None and self.start.value <= at
        return started and not (self.until.value is not None and at >= self.until.value)

    def sells(self, operator: str, sku: str) -> bool:
        return operator == self.operator and (not self.products or sku in self.products)

    @property
    def minimum_minor(self) -> int:
        return self.minimum.value.amount_minor if self.minimum.value is not None else 0


@dataclass(frozen=True)
class Promotions:
    """One version of the whole document. `groups`: e-mail domains by the name of the customers' group."""

    currency: str
    ours: tuple[Promotion, ...] = ()
    theirs: tuple[OperatorPromotion, ...] = ()
    groups: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    sample: bool = False

    @cached_property
    def _ours(self) -> Mapping[str, Promotion]:
        return {promotion.id: promotion for promotion in self.ours}

    def find(self, promotion_id: str) -> Promotion | None:
        return self._ours.get(promotion_id)

    def opened_by(self, coupon: str) -> frozenset[str]:
        """The promotions that a coupon opens, by the digest it is kept as; over ones too."""
        return frozenset(promotion.id for promotion in self.ours if coupon in promotion.coupons)

    def groups_of(self, email: str) -> frozenset[str]:
        """The groups an address belongs to by its domain. Typing an address proves nothing: cap what rests on it."""
        domain = email.rpartition("@")[2].lower()
        return frozenset(name for name, domains in self.groups.items() if domain in domains)


def read_coupon(text: str) -> str | None:
    """A coupon as it is compared: letters and digits only, in capitals, of any width; None when it cannot be one."""
    if len(text) > 2 * _COUPON_MOST:
        return None
    found = "".join(sign for sign in unicodedata.normalize("NFKC", text).upper() if sign.isalnum())
    return found if _COUPON_LEAST <= len(found) <= _COUPON_MOST else None
