"""Money, time and quantities as people write them, in the active language. Times are those of the shop's time zone."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton
from babel.numbers import format_currency, format_decimal
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opla.core.catalog import Length
from opla.core.money import Money
from opla.presenting import languages

# Day before month as Belgium writes it; Chinese as Chinese does. One table, because locales differ by region.
_DAY = {"zh-Hans": "y年M月d日", "de": "d. MMM y"}
_DAY_ELSEWHERE = "d MMM y"
_GIGA = 1000  # megabytes; 10⁶ and 10⁹ bytes, as operators count


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def locale() -> Locale:
    return _locale(languages.babel_name())


def money(amount: Money) -> str:
    """`€15.00`, `15,00 €`: every cent."""
    return format_currency(Decimal(amount.decimal), amount.currency, locale=locale())


def money_short(amount: Money) -> str:
    """`€15`, `15 €` where there are no cents: for buttons and headings."""
    whole = Decimal(amount.decimal)
    if whole != whole.to_integral_value():
        return money(amount)
    without_cents = locale().currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(whole, amount.currency, locale=locale(), format=without_cents, currency_digits=False)


def day(at: date) -> str:
    """`3 Dec 2026`, `1er déc. 2026`, `2026年12月3日`."""
    local = timezone.localtime(at) if isinstance(at, datetime) else at
    return format_date(local, _pattern(local), locale=locale())


def month(of: date) -> str:
    """`November 2026`, `2026年11月`."""
    return format_skeleton("yMMMM", of, locale=locale())


def moment(at: datetime) -> str:
    """Day and minute."""
    local = timezone.localtime(at)
    between = " " if languages.current() == "zh-Hans" else ", "
    return format_datetime(local, f"{_pattern(local)}{between}HH:mm", locale=locale())


def _pattern(local: date) -> str:
    """How a day is written; the first of a month is `1er` in French, which CLDR does not say."""
    if languages.current() == "fr" and local.day == 1:
        return f"d'er'{_DAY_ELSEWHERE[1:]}"
    return _DAY.get(languages.current(), _DAY_ELSEWHERE)


def local_day(at: datetime) -> date:
    """The shop's day an instant belongs to."""
    return timezone.localtime(at).date()


def clock(at: datetime) -> str:
    """`14:02:07`, for what happened a moment ago."""
    return f"{timezone.localtime(at):%H:%M:%S}"


def minute(at: datetime) -> str:
    """`14:02`, for what will happen soon."""
    return f"{timezone.localtime(at):%H:%M}"


def megabytes(amount: int) -> str:
    """`4 GB`, `1.5 GB`, `500 MB`."""
    if amount < _GIGA:
        return f"{amount} MB"
    return f"{format_decimal(Decimal(amount) / _GIGA, locale=locale())} GB"


def length(lived: Length) -> str:
    """A time that something lives."""
    if lived.with_number:
        return _("as long as the number")
    if lived.minutes:
        hours, minutes = divmod(lived.minutes, 60)
        if minutes:
            return ngettext("%(n)s minute", "%(n)s minutes", lived.minutes) % {"n": lived.minutes}
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    if lived.months:
        return ngettext("%(n)s month", "%(n)s months", lived.months) % {"n": lived.months}
    return ngettext("%(n)s day", "%(n)s days", lived.days) % {"n": lived.days}


def country(code: str) -> str:
    """The name of a country (ISO alpha-2) in the active language; empty where there is none."""
    return str(locale().territories.get(code, "")) if code.isalpha() else ""
