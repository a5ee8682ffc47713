"""Letters and order slips: their words in the language of whoever reads them, and the sheets, drawn by typst.

Where the address stands is said by `core.letter`, so that it shows in the window of an envelope and nothing else does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import code128, letter, structured
from opla.core.catalog import Operator
from opla.core.letter import Topic
from opla.core.own_account import OwnAccount
from opla.core.ports import Kind
from opla.core.slip import Reason
from opla.db.queries.post import Slip
from opla.operations.letters_out import Sheet
from opla.presenting import figures, languages, numbers, redeeming
from opla.presenting.consent import consent
from opla.presenting.receipts import fonts

_HERE: Final = Path(__file__).parent
#: Of ways to enter a code, as many as a letter explains.
_WAYS: Final = 2

TOPICS: Final[dict[Topic, str]] = {
    Topic.SLIP: gettext_noop("order slip"),
    Topic.CODE: gettext_noop("code"),
    Topic.DELIVERED: gettext_noop("it is delivered"),
    Topic.REFUNDED: gettext_noop("it is refunded"),
    Topic.EXPIRED: gettext_noop("no money came"),
    Topic.SENT_BACK: gettext_noop("slip sent back"),
}
STATES: Final[dict[letter.State, str]] = {
    letter.State.TO_PRINT: gettext_noop("to be printed"),
    letter.State.PRINTED: gettext_noop("printed"),
    letter.State.POSTED: gettext_noop("in the post"),
    letter.State.RETURNED: gettext_noop("came back"),
    letter.State.LOST: gettext_noop("lost in the post"),
    letter.State.ENDED: gettext_noop("over"),
}
REASONS: Final[dict[Reason, str]] = {
    Reason.UNREADABLE: gettext_noop("We could not read your order slip."),
    Reason.NUMBER_WRONG: gettext_noop("The mobile number on your order slip cannot be topped up."),
    Reason.NOTHING_TICKED: gettext_noop("No amount is ticked on your order slip, or more than one."),
    Reason.NOT_SIGNED: gettext_noop("Your order slip is not signed."),
    Reason.PRICE_CHANGED: gettext_noop("What you ticked costs something else now than is printed on your order slip."),
    Reason.NOT_SOLD: gettext_noop("What you ticked is not sold any more."),
}


def topic(of: Topic) -> str:
    return _(TOPICS[of])


def state(of: letter.State) -> str:
    return _(STATES[of])


def agreed(kind: Kind) -> str:
    """What is signed on a slip, and kept."""
    return consent(kind, posted=kind is Kind.CODE)


@dataclass(frozen=True)
class House:
    """Who writes: the shop's name, its postal address and how it is asked. What is not set is empty."""

    name: str
    address: str
    contact: str
    account: OwnAccount | None
    sandbox: bool


@dataclass(frozen=True)
class _Way:
    title: str
    shown: str = field(repr=False)
    steps: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class _Page:
    """One sheet, in one language."""

    language: str
    to: tuple[str, ...]
    title: str
    paragraphs: tuple[str, ...] = ()
    code: str = field(default="", repr=False)
    facts: tuple[tuple[str, str], ...] = ()
    ways: tuple[_Way, ...] = field(default=(), repr=False)
    copy: str = ""
    closing: tuple[str, ...] = ()
    slip: Mapping[str, object] | None = None


def letters(sheets: Sequence[Sheet], house: House, *, png: bool = False) -> bytes:
    """All of them in one file, a page each."""
    return _drawn([_letter(sheet, house) for sheet in sheets], house, png=png)


def blank(slips: Sequence[Slip], operator: Operator, house: House, *, png: bool = False) -> bytes:
    """Slips that are given to whoever wants one: their name and address are written on them by hand."""
    return _drawn([_slip(slip, operator, (), "", house) for slip in slips], house, png=png)


def barcode(number: str) -> str:
    """Code 128 as SVG, with the ten quiet modules on both sides."""
    bars, at = [], 10
    for n, width in enumerate(code128.widths(number)):
        if n % 2 == 0:
            bars.append(f"M{at} 0h{width}v24h-{width}z")
        at += width
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {at + 10} 24"><path d="{"".join(bars)}"/></svg>'


def _drawn(pages: Sequence[_Page], house: House, *, png: bool) -> bytes:
    """Tagged (PDF/UA-1), like a receipt; as a picture, for whoever looks at it with a camera."""
    import typst

    warning = {}
    for language in {page.language for page in pages}:
        with languages.speaking(language):
            warned = _("This is a sandbox: no real money moved, and codes top up nothing.") if house.sandbox else ""
            warning[language] = warned
    said = {
        "title": pages[0].title if pages else "",
        "house": {"name": house.name, "lines": [line for line in (house.address, house.contact) if line]},
        "address": asdict(letter.ADDRESS),
        "warning": warning,
        "pages": [asdict(page) for page in pages],
    }
    draw = partial(
        typst.compile, (_HERE / "post.typ").read_bytes(), font_paths=fonts(), sys_inputs={"post": json.dumps(said)}
    )
    if png:
        return _first(draw(format="png", ppi=150.0))
    return _first(draw(pdf_standards=["ua-1"], timestamp=0))


def _first(drawn: bytes | list[bytes] | list[bytes | None] | None) -> bytes:
    found = drawn[0] if isinstance(drawn, list) else drawn
    if not isinstance(found, bytes):
        raise TypeError("nothing was drawn")
    return found


def _letter(sheet: Sheet, house: House) -> _Page:
    one, to = sheet.letter, sheet.to.lines
    with languages.speaking(one.slip.language):
        copy = ""
        if sheet.copy:
            copy = _("Printed again (%(n)s). It takes the place of a letter that did not arrive.") % {"n": sheet.copy}
        if one.topic is Topic.SLIP and sheet.operator is not None:
            return _slip(one.slip, sheet.operator, to, copy, house)
        title, paragraphs = _words(sheet)
        pin = sheet.code.pin if sheet.code else ""
        code = " ".join(pin[at : at + 4] for at in range(0, len(pin), 4))
        ways = redeeming.on_paper(sheet.operator, pin)[:_WAYS] if sheet.operator and pin else []
        closing = (_("Questions? %(contact)s") % {"contact": house.contact},) if house.contact else ()
        return _Page(
            one.slip.language, to, title, paragraphs, code, _facts(sheet),
            tuple(_way(way) for way in ways), copy, closing,
        )  # fmt: skip


def _way(way: redeeming.Way) -> _Way:
    return _Way(f"{way.title} ({way.mark})" if way.mark else way.title, way.shown_text, way.steps)


def _facts(sheet: Sheet) -> tuple[tuple[str, str], ...]:
    about, code = sheet.letter.order, sheet.code
    found = [
        (_("Order number"), about.ticket if about else ""),
        (_("What"), about.product_name if about else ""),
        (_("For"), numbers.grouped(about.number) if about and about.number else ""),
        (_("Serial number"), code.serial if code else ""),
        (_("Good until"), figures.day(code.valid_until) if code and code.valid_until else ""),
    ]
    return tuple(row for row in found if row[1])


def _words(sheet: Sheet) -> tuple[str, tuple[str, ...]]:
    about = sheet.letter.order
    if about is None:
        reason = _(REASONS[Reason(sheet.letter.slip.why)])
        return _("Your order slip comes back"), (
            reason,
            _("Nothing was ordered. What you have transferred for it goes back to the bank account it came from."),
            _("To order, ask us for a new slip."),
        )
    known = {
        "product": about.product_name, "amount": figures.money(about.total), "time": figures.moment(about.expires_at),
        "number": numbers.grouped(about.number) if about.number else "",
    }  # fmt: skip
    match sheet.letter.topic:
        case Topic.CODE:
            return _("Your code"), (_("Whoever reads this code can use it. Keep this sheet until it is used."),)
        case Topic.DELIVERED:
            said = _("%(product)s was credited to %(number)s. There is nothing more to do.")
            return _("Your top-up has arrived"), (said % known,)
        case Topic.REFUNDED:
            said = _("%(amount)s was sent back to the bank account it came from.")
            return _("Your money has gone back"), (said % known,)
        case Topic.EXPIRED:
            said = _(
                "We waited until %(time)s for %(amount)s, and it did not come. Your order has ended. Money that comes "
                "later goes back by itself."
            )
            return _("Your money has not come"), (said % known, _("To order, ask us for a new slip."))
        case _:
            raise ValueError(f"no letter of an order is about {sheet.letter.topic}")


def _slip(slip: Slip, operator: Operator, to: tuple[str, ...], copy: str, house: House) -> _Page:
    with languages.speaking(slip.language):
        kinds = sorted({offer.kind for offer in slip.offers})
        direct = Kind.DIRECT in kinds
        headings = iter(range(1, 9))

        def step(text: str) -> str:
            return f"{next(headings)}. {text}"

        account = house.account
        said: dict[str, object] = {
            "number": structured.belgian(slip.number),
            "barcode": barcode(slip.number),
            "send": _("Fill in this sheet, transfer the money, and send the sheet to %(address)s. When both have come, "
                      "your order is done.") % {"address": house.address},
            "topped": step(_("The mobile number to be topped up")) if direct else "",
            "tick": step(_("Tick one amount")),
            "offers": [
                [one.name, _("you transfer %(total)s") % {"total": figures.money(one.total)}] for one in slip.offers
            ],
            "answer": step(_("How shall we answer?")) if direct else "",
            "answers": [_("by letter"), _("by SMS to this number")],
            "transfer": step(_("Transfer the money, with exactly this communication")),
            "account": [
                (_("Name"), account.holder if account else ""), ("IBAN", account.shown if account else ""),
                (_("Communication"), structured.belgian(slip.number)),
            ],
            "sign": step(_("Sign")),
            "consents": [agreed(kind) for kind in kinds],
            "signature": _("Date and signature"),
            "whose": "" if to else step(_("Your name and address")),
        }  # fmt: skip
        title = _("Order slip: %(operator)s") % {"operator": operator.name}
        return _Page(slip.language, to, title, copy=copy, slip=said)
