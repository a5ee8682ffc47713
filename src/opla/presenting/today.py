"""The owner's first page: what is counted there in words and pictures, and the same figures as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from babel.units import format_unit
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.money import Money
from opla.db.queries.today import AGES, Earned, Hour, Supplier, Underway, Waited
from opla.presenting import charts, figures, ledger

_UNDERWAY: Final[dict[tuple[str, bool], str]] = {
    ("charge", False): gettext_noop("Payments that customers have not finished"),
    ("charge", True): gettext_noop("Payments of which nobody has said whether they came in"),
    ("send", False): gettext_noop("Deliveries on their way"),
    ("send", True): gettext_noop("Deliveries of which nobody has said whether they were made"),
    ("refund", False): gettext_noop("Refunds on their way"),
    ("refund", True): gettext_noop("Refunds of which nobody has said whether they were made"),
}
_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86_400


def lasted(seconds: float) -> str:
    """`0.4 sec`, `12 min`, `3 hr`: as much as says enough."""
    for unit, one in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if seconds == one or seconds >= 2 * one:
            return format_unit(round(seconds / one), unit, "short", locale=figures.locale())
    return format_unit(round(seconds, 1 if seconds < 10 else 0), "second", "short", locale=figures.locale())


def ages() -> list[str]:
    """The headings of the columns of age."""
    ends = [lasted(age.total_seconds()) for age in AGES]
    return [*(_("up to %(age)s") % {"age": end} for end in ends), _("older")]


class Line(NamedTuple):
    """What is asked about by itself; a cell for each age: how many, and how much money."""

    kind: str
    unknown: bool
    words: str
    cells: list[tuple[int, str] | None]


def underway(rows: Sequence[Underway]) -> list[Line]:
    """A line for each thing that is asked about."""
    lines: dict[tuple[str, bool], list[list[Underway]]] = {}
    for row in rows:
        cells = lines.setdefault((row.kind, row.unknown), [[] for _age in range(len(AGES) + 1)])
        cells[row.age].append(row)
    return [Line(*of, _(words), [_cell(cell) for cell in lines[of]]) for of, words in _UNDERWAY.items() if of in lines]


def on_its_way(kind: str, *, unknown: bool) -> str:
    """What such a line is called; empty where there is none."""
    return _(_UNDERWAY[kind, unknown]) if (kind, unknown) in _UNDERWAY else ""


def _cell(rows: Sequence[Underway]) -> tuple[int, str] | None:
    if not rows:
        return None
    return sum(row.count for row in rows), amounts(row.amount for row in rows)


def amounts(of: Iterable[Money]) -> str:
    """Sums by currency, side by side."""
    sums: dict[str, Money] = {}
    for one in of:
        sums[one.currency] = sums[one.currency] + one if one.currency in sums else one
    return " + ".join(figures.money(sums[currency]) for currency in sorted(sums))


def earned(rows: Sequence[Earned]) -> list[tuple[str, str]]:
    """Each account in words with what came to it, and what is left of all of them."""
    lines = [(account(row.kind), figures.money(row.amount)) for row in rows]
    return [*lines, (_("Left for us"), amounts(row.amount for row in rows))] if rows else []


def account(kind: str) -> str:
    """An account's kind in words, whoever it is with."""
    return ledger.account(f"{kind}:")


def sales_picture(hours: Sequence[Hour]) -> str:
    """How much was sold in each hour; of several currencies the one that brought most."""
    main = max((one.sold for one in hours), key=lambda sold: sold.amount_minor, default=None)
    if main is None:
        return ""
    values = {one.hour: one.sold.amount_minor for one in hours if one.sold.currency == main.currency}
    return charts.by_hour(values, figures.money(main))


def waits_picture(rows: Sequence[Waited]) -> str:
    by_hour = {one.hour: (one.half_s, one.most_s) for one in rows if one.hour >= 0}
    return charts.waits(by_hour, {s: lasted(s) for s in charts.MARKS_S}) if by_hour else ""


def suppliers_picture(rows: Sequence[Supplier]) -> str:
    return charts.shares([(one.name, one.succeeded, one.undecided, one.declined) for one in rows]) if rows else ""


def sales_csv(hours: Sequence[Hour]) -> str:
    return _csv(
        ("hour", "currency", "placed", "delivered", "sold_minor"),
        ((one.hour, one.sold.currency, one.placed, one.delivered, one.sold.amount_minor) for one in hours),
    )


def suppliers_csv(rows: Sequence[Supplier]) -> str:
    return _csv(
        ("supplier", "asked", "succeeded", "declined", "undecided"),
        ((one.name, one.asked, one.succeeded, one.declined, one.undecided) for one in rows),
    )


def waits_csv(rows: Sequence[Waited]) -> str:
    """The line of all hours together has no hour."""
    return _csv(
        ("hour", "delivered", "p50_s", "p99_s"),
        ((one.hour if one.hour >= 0 else "", one.delivered, one.half_s, one.most_s) for one in rows),
    )


def _csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue()
