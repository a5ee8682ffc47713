"""A receipt: its facts once, drawn as a page and as a PDF. Never a code among them.

The PDF is made in the request, by typst from `receipt.typ` and a font of our own (`fonts/`, remade by docs/font.py):
tagged (PDF/UA-1), and the same facts in the same language are the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from opla.db.queries.pages import OrderPage
from opla.presenting import figures, languages, numbers, orders, payment_methods

if TYPE_CHECKING:
    import typst

_HERE: Final = Path(__file__).parent
_TAGGED: Final = "ua-1"


@dataclass(frozen=True)
class Seller:
    """Who sold it, as the shop's settings say; what is not set is empty."""

    name: str
    contact: str = ""
    enterprise: str = ""


@dataclass(frozen=True)
class Fact:
    """`mark`: a word of doubt beside it."""

    label: str
    text: str
    mark: str = ""


@dataclass(frozen=True)
class Amount:
    """`small`: what is said of it besides."""

    label: str
    text: str
    small: str = ""
    total: bool = False


@dataclass(frozen=True)
class Receipt:
    """All that stands on a receipt, in the language of whoever reads it."""

    title: str
    number: str
    language: str
    seller: Seller
    enterprise: str  # the enterprise number behind its label; empty where none is set
    facts: tuple[Fact, ...]
    amounts: tuple[Amount, ...]
    note: str
    warning: str  # empty in a real shop


def paid_at(page: OrderPage) -> datetime | None:
    """When its money arrived; None: there is no receipt yet."""
    return next((happened.at for happened in page.events if happened.name in ("paid", "paid_late")), None)


def receipt(page: OrderPage, paid: datetime, seller: Seller, *, sandbox: bool) -> Receipt:
    """The receipt of an order that was paid at this instant."""
    return Receipt(
        title=_("Receipt"),
        number=page.receipt,
        language=languages.current(),
        seller=seller,
        enterprise=_("Enterprise number %(number)s") % {"number": seller.enterprise} if seller.enterprise else "",
        facts=tuple(fact for fact in _facts(page, paid) if fact.text),
        amounts=tuple(_amounts(page)),
        note=_("The face value is shown without VAT: the operator accounts for it when the credit is used."),
        warning=_("Sandbox: this receipt proves nothing. No money moved.") if sandbox else "",
    )


def _facts(page: OrderPage, paid: datetime) -> tuple[Fact, ...]:
    return (
        Fact(_("Date"), figures.moment(paid)),
        Fact(_("Order number"), page.ticket),
        Fact(_("What"), page.product_name, _("example") if page.sample else ""),
        Fact(_("For"), numbers.grouped(page.number) if page.number else ""),
        Fact(_("Serial number"), page.serial),
        Fact(_("Paid with"), payment_methods.method(page.provider).name),
        Fact(_("State"), orders.state(page.state)),
    )


def _amounts(page: OrderPage) -> list[Amount]:
    price, money = page.price, figures.money
    vat = _("of which VAT %(vat)s") % {"vat": money(price.fee_vat)} if price.fee_vat.amount_minor else ""
    found = [Amount(_("Face value"), money(price.face)), Amount(_("Service fee"), money(price.fee), vat)]
    if price.discount_minor:
        found.append(Amount(_("Promotion"), f"−{money(price.discount)}"))
    found.append(Amount(_("Total"), money(price.total), total=True))
    if page.refunded.amount_minor:
        found.append(Amount(_("Refunded"), f"−{money(page.refunded)}"))
    return found


def pdf(made: Receipt) -> bytes:
    """The same on paper."""
    # Loaded by the first receipt of a process and not before: typst and the font take memory.
    import typst

    return typst.compile(
        (_HERE / "receipt.typ").read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"receipt": json.dumps(asdict(made))},
        pdf_standards=[_TAGGED],
        timestamp=0,
    )


@cache
def _fonts() -> typst.Fonts:
    import typst

    # What a shop's own name may need beyond our subset (Greek, Cyrillic) is in the fonts that typst carries.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[_HERE / "fonts"])
