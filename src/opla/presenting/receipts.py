"""The receipt of a payment: its facts once, drawn as a page and as a PDF. Never a code among them.

The PDF is made in the request, by typst from `receipt.typ` and a font of our own (`fonts/`, remade by docs/font.py):
tagged (PDF/UA-1), and the same facts in the same language are the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from opla.core.money import Money
from opla.db.queries import together
from opla.db.queries.together import Share
from opla.presenting import facts as words
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


def house() -> Seller:
    """This shop."""
    return Seller(settings.SHOP_NAME, settings.CONTACT, settings.ENTERPRISE_NUMBER)


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
class Row:
    """One order of several under one payment."""

    title: str
    facts: tuple[Fact, ...]
    amounts: tuple[Amount, ...]


@dataclass(frozen=True)
class Receipt:
    """All that stands on a receipt, in the language of whoever reads it.

    Of one order everything stands in `facts` and `amounts`; of several, what is each one's own stands in its row.
    """

    title: str
    number: str
    language: str
    seller: Seller
    enterprise: str  # the enterprise number behind its label; empty where none is set
    facts: tuple[Fact, ...]
    amounts: tuple[Amount, ...]
    note: str
    warning: str  # empty in a real shop
    rows: tuple[Row, ...] = ()


def receipt(
    order_id: UUID, device_hash: bytes, seller: Seller, *, sandbox: bool, customer: UUID | None = None
) -> Receipt | None:
    """The receipt of the payment that paid this order, as its visitor may see it. None before money has arrived.

    Whoever may not know of the other orders of the payment reads of this one, and that there is more.
    """
    paid = together.paid(order_id)
    if paid.paid_at is None:
        return None
    shares = together.shares(order_id, device_hash, customer)
    whole = len(shares) == paid.orders
    dated = Fact(_("Date"), figures.moment(paid.paid_at))
    method = Fact(_("Paid with"), payment_methods.method(paid.provider).name)
    zero = Money(0, paid.amount.currency)
    total = sum((share.price.total for share in shares), zero)
    beside = paid.beside if whole else zero
    refunded = sum((share.refunded for share in shares), beside)
    amounts = [Amount(_("Total"), figures.money(total), total=True)]
    if refunded.amount_minor:
        too_much = _("%(amount)s of it was paid too much") % {"amount": figures.money(beside)}
        amounts.append(Amount(_("Refunded"), f"−{figures.money(refunded)}", too_much if beside.amount_minor else ""))
    note = _("The face value is shown without VAT: the operator accounts for it when the credit is used.")
    if not whole:
        more = _("More was paid with the same payment. It shows on the device that ordered it.")
        note = f"{more} {note}"
    facts: tuple[Fact, ...] = (dated, method)
    rows = tuple(_row(share) for share in shares)
    if len(rows) == 1:
        [only], rows = rows, ()
        *own, state = only.facts
        facts, amounts = (dated, *own, method, state), [*only.amounts, *amounts]
    return Receipt(
        title=_("Receipt"),
        number=paid.receipt,
        language=languages.current(),
        seller=seller,
        enterprise=_("Enterprise number %(number)s") % {"number": seller.enterprise} if seller.enterprise else "",
        facts=facts,
        amounts=tuple(amounts),
        note=note,
        warning=_("Sandbox: this receipt proves nothing. No money moved.") if sandbox else "",
        rows=tuple(_with_price(row, share) for row, share in zip(rows, shares, strict=False)),
    )


def _row(share: Share) -> Row:
    price, money = share.price, figures.money
    facts = (
        Fact(_("Order number"), share.ticket),
        Fact(_("What"), share.product_name, _("example") if share.sample else ""),
        Fact(_("Delivery"), words.delivered(share.kind) if share.kind.is_starter else ""),
        Fact(_("For"), numbers.grouped(share.number) if share.number else ""),
        Fact(_("Serial number"), share.serial),
        Fact(_("State"), orders.state(share.state)),
    )
    vat = _("of which VAT %(vat)s") % {"vat": money(price.fee_vat)} if price.fee_vat.amount_minor else ""
    named = _("Price") if share.kind.is_starter else _("Face value")
    amounts = [Amount(named, money(price.face)), Amount(_("Service fee"), money(price.fee), vat)]
    if price.discount_minor:
        amounts.append(Amount(_("Promotion"), f"−{money(price.discount)}"))
    return Row(share.product_name, tuple(fact for fact in facts if fact.text), tuple(amounts))


def _with_price(row: Row, share: Share) -> Row:
    """Beside others: its own price, and what of it went back."""
    amounts = [*row.amounts, Amount(_("Price"), figures.money(share.price.total))]
    if share.refunded.amount_minor:
        amounts.append(Amount(_("Refunded"), f"−{figures.money(share.refunded)}"))
    return Row(row.title, row.facts, tuple(amounts))


def pdf(made: Receipt) -> bytes:
    """The same on paper."""
    # Loaded by the first receipt of a process and not before: typst and the font take memory.
    import typst

    return typst.compile(
        (_HERE / "receipt.typ").read_bytes(),
        font_paths=fonts(),
        sys_inputs={"receipt": json.dumps(asdict(made))},
        pdf_standards=[_TAGGED],
        timestamp=0,
    )


@cache
def fonts() -> typst.Fonts:
    """Ours, for whatever is put on paper."""
    import typst

    # What a shop's own name may need beyond our subset (Greek, Cyrillic) is in the fonts that typst carries.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[_HERE / "fonts"])
