"""Two currencies in one sale: what a supplier takes of us in its own money, against what the customer paid in theirs.

Every transfer has one currency. So a conversion is two of them, one in each, and between them stands the position of
the pair: `fx:EUR/USD:EUR` and `fx:EUR/USD:USD`. What was taken in dollars and reckoned in euros stands on both, each
amount as it was; when dollars are bought, they leave again. Once none is owed, what remains in euros is what the rate
has cost us or brought us: nobody reckons it, it stays behind.

A rate is what somebody told, with its source and its day. It is never guessed: without one, or when the newest is old,
a person gets an item. An amount is rounded once, half away from zero.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opla.core.money import MINOR_DIGITS, Money, MoneyError, share_half_up

#: Central banks publish on working days; the longest row of others is Easter's.
FRESH: Final = timedelta(days=7)
_MILLION: Final = 10**6
_WRITTEN: Final = re.compile(r"\d{1,6}([.,]\d{1,6})?")


@dataclass(frozen=True)
class Rate:
    """One `base` is worth `micros` millionths of a `quote`, as `source` said on `as_of`: EUR, USD, 1_086_700."""

    base: str
    quote: str
    micros: int
    source: str
    as_of: datetime

    def fraction(self, foreign: str, home: str) -> tuple[int, int]:
        """What one minor unit of `foreign` is in minor units of `home`, as numerator and denominator."""
        up, down = _MILLION, self.micros
        if (foreign, home) == (self.base, self.quote):
            up, down = down, up
        elif (foreign, home) != (self.quote, self.base):
            raise MoneyError(f"a rate of {self.base} in {self.quote} says nothing of {foreign} in {home}")
        return up * 10 ** MINOR_DIGITS[home], down * 10 ** MINOR_DIGITS[foreign]

    def __str__(self) -> str:
        whole, rest = divmod(self.micros, _MILLION)
        return f"1 {self.base} = {whole}.{rest:06d} {self.quote}"


@dataclass(frozen=True)
class Conversion:
    """`foreign` was reckoned as `home`: times `numerator` ∕ `denominator`, rounded once. `told`: who says so.

    Both are positive where we came to owe foreign money, and negative where we got or bought some.
    """

    foreign: Money
    home: Money
    numerator: int
    denominator: int
    told: str

    def __neg__(self) -> Conversion:
        return Conversion(-self.foreign, -self.home, self.numerator, self.denominator, self.told)


def convert(foreign: Money, home: str, rate: Rate) -> Conversion:
    """The one place where an amount becomes another currency's."""
    numerator, denominator = rate.fraction(foreign.currency, home)
    amount_minor = share_half_up(foreign.amount_minor, numerator, denominator)
    told = f"{rate}, {rate.source}, {rate.as_of:%Y-%m-%d}"
    return Conversion(foreign, Money(amount_minor, home), numerator, denominator, told)


def read_micros(text: str) -> int | None:
    """A rate as somebody typed it: `1.0867` → 1_086_700. None for nothing, and for more than six decimals."""
    text = text.strip()
    if not text.isascii() or not _WRITTEN.fullmatch(text):
        return None
    whole, _, rest = text.replace(",", ".").partition(".")
    return int(whole) * _MILLION + int(rest.ljust(6, "0")) or None


def pair(one: str, other: str) -> str:
    """The pair's name in the accounts, the same whichever is the order's: `EUR/USD`."""
    return "/".join(sorted((one, other)))
