"""Figures that a person typed into a field: money, data, a day. None where that is not what stands there."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from opla.core.money import Money

#: kB of the units that data is typed in.
KB: Final = {"GB": 1000 * 1000, "MB": 1000}
_MOST_MINOR: Final = 10**9
_DATA: Final = re.compile(r"(\d{1,7}(?:[.,](\d{1,3}))?) ?(GB|MB)?", re.ASCII)
_DAY: Final = re.compile(r"2[01]\d\d-\d\d-\d\d", re.ASCII)


def money_minor(text: str, currency: str) -> int | None:
    """`12.35`, `12,35`, `€ 12`; in minor units, less than ten million euros."""
    amount = Money.parse(text.removeprefix("€").strip(), currency)
    return amount.amount_minor if amount and 0 <= amount.amount_minor < _MOST_MINOR else None


def data_kb(text: str, unit: str = "GB") -> int | None:
    """kB of `1.2`, `1,2 GB`, `500 MB`; `unit` is meant where none is written.

    `1.500` MB may be fifteen hundred: nobody writes a thousandth of a megabyte, so it is refused.
    """
    found = _DATA.fullmatch(text.upper())
    unit = (found and found[3]) or unit
    if found is None or unit not in KB or (unit == "MB" and len(found[2] or "") == 3):
        return None
    return int(Decimal(found[1].replace(",", ".")) * KB[unit])


def day(text: str) -> date | None:
    """`2026-12-31`, as a browser sends it."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
