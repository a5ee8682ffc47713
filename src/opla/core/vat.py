"""The VAT inside our own fee, by its rate. The face value of a top-up is not in it (docs/explanation/books.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from opla.core.money import Money, share_half_up

#: Belgian rates, the standard one first: of a fee so small that two fit, it is that one.
RATES: Final = (21, 12, 6, 0)


@dataclass(frozen=True)
class Fees:
    """What one time earned of orders whose price had this fee with this VAT in it, as it was posted.

    `base` and `vat` are what was posted less what was taken back, so they may be below nothing.
    """

    fee_minor: int
    fee_vat_minor: int
    orders: int
    base: Money
    vat: Money


@dataclass(frozen=True)
class Row:
    """One rate in one currency. `percent` None: no rate of this country makes such a VAT of such a fee."""

    percent: int | None
    orders: int
    base: Money
    vat: Money


def rate_of(fee_minor: int, vat_minor: int) -> int | None:
    """The rate by which this VAT is inside this fee, rounded as a quote rounds it (`core.quote.price`)."""
    if not vat_minor:
        return 0
    return next((rate for rate in RATES if share_half_up(fee_minor, rate, 100 + rate) == vat_minor), None)


def report(fees: Iterable[Fees]) -> list[Row]:
    """A row per currency and rate, the highest rate first and what has none last."""
    sums: dict[tuple[str, int | None], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for one in fees:
        key = one.base.currency, rate_of(one.fee_minor, one.fee_vat_minor)
        orders, base, vat = sums[key]
        sums[key] = orders + one.orders, base + one.base.amount_minor, vat + one.vat.amount_minor
    ordered = sorted(sums.items(), key=lambda item: (item[0][0], -1 - item[0][1] if item[0][1] is not None else 0))
    return [
        Row(percent, orders, Money(base, currency), Money(vat, currency))
        for (currency, percent), (orders, base, vat) in ordered
    ]
