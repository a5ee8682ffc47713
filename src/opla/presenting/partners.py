"""Partner shops in words: the letter of a day, and a month as rows and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from babel.numbers import format_percent
from django.utils.translation import gettext as _

from opla.core.money import Money
from opla.core.partner import Day
from opla.presenting import figures

#: Column names are the same in every language: programs read them too. Amounts with a point.
COLUMNS: Final = ("day", "cash", "card", "given_back", "base", "permille", "commission", "currency")


def percent(permille: int) -> str:
    """`4.5 %`, as the active language writes it."""
    return format_percent(Decimal(permille) / 1000, "#,##0.#\u00a0%", locale=figures.locale())


def letter(about: Mapping[str, str], base_url: str) -> tuple[str, str]:  # noqa: ARG001 - nothing of it is on a page
    """What a day came to, for the partner."""
    money = {
        name: figures.money(Money(int(about[name]), about["currency"]))
        for name in ("cash", "card", "back", "commission")
    }
    known = {
        **money,
        "title": about["title"],
        "day": figures.day(date.fromisoformat(about["day"])),
        "percent": percent(int(about["permille"])),
    }
    text = _(
        "%(title)s, %(day)s:\n\nTaken in cash: %(cash)s\nTaken by card: %(card)s\nGiven back: %(back)s\nYour "
        "commission (%(percent)s): %(commission)s\n\nIf this is not what you counted, answer us before the month ends."
    )
    return _("Your statement of %(day)s: %(commission)s") % known, text % known


def as_csv(days: Sequence[Day]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for one in days:
        amounts = (one.cash, one.card, one.back, one.base)
        writer.writerow(
            [one.day.isoformat(), *(money.decimal for money in amounts), one.permille, one.commission.decimal,
             one.cash.currency]
        )  # fmt: skip
    return out.getvalue()
