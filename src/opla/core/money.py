"""Money: an integer number of minor units with its currency. There is no float anywhere in Opla."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

#: Digits after the decimal sign, per ISO 4217. A currency that is not here is refused, never guessed.
MINOR_DIGITS: dict[str, int] = {"EUR": 2, "USD": 2, "GBP": 2, "CNY": 2, "CHF": 2, "JPY": 0, "TND": 3}

_DECIMAL = re.compile(r"[+-]?\d{1,13}([.,]\d{1,3})?")


class MoneyError(ValueError):
    """Two currencies were mixed, or a text is no amount: a mistake of the program, not of a person."""


@dataclass(frozen=True, order=False)
class Money:
    """An amount: `amount_minor` is in the smallest unit of `currency` (cents for EUR)."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise MoneyError(f"an amount is an integer of minor units, not {self.amount_minor!r}")
        if self.currency not in MINOR_DIGITS:
            raise MoneyError(f"unknown currency {self.currency!r}")

    def __add__(self, other: Self) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Self) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def __lt__(self, other: Self) -> bool:
        self._same(other)
        return self.amount_minor < other.amount_minor

    def __le__(self, other: Self) -> bool:
        self._same(other)
        return self.amount_minor <= other.amount_minor

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} do not mix")

    @property
    def decimal(self) -> str:
        """The amount as a plain decimal with a point, as payment providers write it: `15.00`."""
        digits = MINOR_DIGITS[self.currency]
        sign = "-" if self.amount_minor < 0 else ""
        whole, rest = divmod(abs(self.amount_minor), 10**digits)
        return f"{sign}{whole}" + (f".{rest:0{digits}d}" if digits else "")

    @classmethod
    def parse(cls, text: str, currency: str) -> Money | None:
        """What a person typed (`15`, `15.5`, `15,50`), exactly; None when it is no amount of this currency."""
        text = text.strip()
        if not text.isascii() or not _DECIMAL.fullmatch(text):
            return None
        whole, _, rest = text.replace(",", ".").partition(".")
        digits = MINOR_DIGITS[currency]
        if len(rest) > digits and rest[digits:].strip("0"):
            return None
        minor = int(whole.lstrip("+-")) * 10**digits + int((rest + "000")[:digits] or "0")
        return cls(-minor if whole.startswith("-") else minor, currency)


def share_half_up(amount_minor: int, numerator: int, denominator: int) -> int:
    """`amount × numerator ∕ denominator`, rounded half away from zero: the one rounding Opla has.

    Used to find the VAT inside a fee (`share_half_up(fee, 21, 121)`). The remainder stays with
    whoever computed by subtraction, so that no cent is lost.
    """
    sign = 1 if amount_minor >= 0 else -1
    return sign * ((2 * abs(amount_minor) * numerator + denominator) // (2 * denominator))
