"""A reseller's statement in words: as rows of a page, as a file for a spreadsheet, and on paper."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.cell import quoted
from opla.core.order import Event
from opla.core.reselling import Line
from opla.operations.float_statement import Month
from opla.presenting import figures, languages
from opla.presenting.receipts import Seller, fonts

_HERE: Final = Path(__file__).parent

#: What moved money on a float → its words. An event that is newer keeps its name: a statement hides nothing.
_EVENTS: Final[dict[str, str]] = {
    "paid_in": gettext_noop("Paid in"),
    "given_back": gettext_noop("Given back to where it was paid from"),
    "recovered": gettext_noop("A payment in was taken back"),
    "restored": gettext_noop("A payment in that was taken back has come again"),
    "paid_out": gettext_noop("Taken back or sent back by bank"),
    Event.RESERVED: gettext_noop("Held for an order"),
    Event.DELIVERED: gettext_noop("Order delivered"),
    Event.REROUTED: gettext_noop("Another supplier was asked"),
    Event.FREED: gettext_noop("Order came to nothing"),
    Event.FREED_AGAIN: gettext_noop("Delivery taken back by the operator"),
    Event.CREDITED: gettext_noop("Part of the price given back"),
    Event.CREDITED_WHOLE: gettext_noop("Price given back"),
    Event.RETURNED_TO_FLOAT: gettext_noop("Unseen code taken back"),
}

#: Column names are the same in every language: programs read them too. Amounts in the currency, with a point.
COLUMNS: Final = ("time", "event", "key", "order", "moved", "balance", "held", "currency")


@dataclass(frozen=True)
class Row:
    """One movement, as people read it."""

    at: str
    what: str
    key: str
    moved: str
    balance: str


def what(line: Line) -> str:
    return _(_EVENTS[line.name]) if line.name in _EVENTS else line.name


def rows(lines: tuple[Line, ...]) -> list[Row]:
    """Those that moved money: what was only held stands in the file."""
    return [
        Row(figures.moment(one.at), what(one), one.key, signed(one), figures.money(one.balance))
        for one in lines
        if one.moved.amount_minor
    ]


def signed(line: Line) -> str:
    """`+€15.00`, `−€15.00`."""
    sign = "−" if line.moved.amount_minor < 0 else "+"
    return sign + figures.money(-line.moved if line.moved.amount_minor < 0 else line.moved)


def as_csv(found: Month) -> str:
    """Every movement, what was held among them; keys that begin like a formula are quoted."""
    file = io.StringIO()
    write = csv.writer(file, lineterminator="\r\n").writerow
    write(COLUMNS)
    for one in found.lines:
        money = [amount.decimal for amount in (one.moved, one.balance, one.holding)]
        order = str(one.order_id or "")
        write([one.at.isoformat(), one.name, quoted(one.key), order, *money, one.moved.currency])
    return file.getvalue()


def as_pdf(found: Month, *, title: str, seller: Seller, sandbox: bool) -> bytes:
    """On paper (PDF/UA-1), from `statement.typ`: the same facts in the same language are the same bytes."""
    import typst

    shown = {
        "title": _("Statement of the float"),
        "number": figures.month(found.first),
        "language": languages.current(),
        "seller": [line for line in (seller.name, seller.contact, seller.enterprise) if line],
        "whose": title,
        "warning": _("Sandbox: this statement proves nothing. No money moved.") if sandbox else "",
        "head": [_("When"), _("What"), _("Your key"), _("Amount"), _("Balance")],
        "opening": [_("Balance before"), figures.money(found.opening)],
        "closing": [_("Balance after"), figures.money(found.closing)],
        "rows": [[row.at, row.what, row.key, row.moved, row.balance] for row in rows(found.lines)],
    }
    return typst.compile(
        (_HERE / "statement.typ").read_bytes(),
        font_paths=fonts(),
        sys_inputs={"statement": json.dumps(shown)},
        pdf_standards=["ua-1"],
        timestamp=0,
    )
