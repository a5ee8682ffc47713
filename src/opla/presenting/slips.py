"""The slip of a delivered order: its code with how to enter it, and the receipt; on a roll and as a PDF.

It is said in the order's language. What a roll's code page cannot write is drawn by typst as dots, and so is every QR:
no printer's own idea of Chinese or of a QR is relied on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import segno
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Operator, RedeemBy, group
from opla.core.paper import Pair, Paper, Part, Picture, Rule, Slip, Square, Strip, Words, lines
from opla.core.ports import Kind
from opla.core.print_job import Sight, State
from opla.db.queries.codes import Revealed
from opla.db.queries.pages import OrderPage
from opla.operations import catalogue
from opla.operations.print_jobs import Printing
from opla.presenting import esims, figures, languages, numbers, payment_methods, redeeming
from opla.presenting.pictures import qr
from opla.presenting.receipts import Seller, fonts, house
from opla.presenting.redeeming import Way

_HERE: Final = Path(__file__).parent
_DOTS_PER_INCH: Final = 203.2  # 8 dots a millimetre
_QUIET: Final = 4  # modules around a QR (ISO/IEC 18004)


_STATES: Final[dict[State, str]] = {
    State.NEW: gettext_noop("waits for the printer"),
    State.SENDING: gettext_noop("is being printed"),
    State.PRINTED: gettext_noop("printed"),
    State.UNKNOWN: gettext_noop("Look at the printer: did it come out?"),
    State.SPOILT: gettext_noop("did not come out"),
    State.REFUSED: gettext_noop("was not printed"),
}
_SIGHTS: Final[dict[Sight, str]] = {
    Sight.READY: "",
    Sight.PAPER_LOW: gettext_noop("The printer's paper ends soon."),
    Sight.PAPER_OUT: gettext_noop("The printer has no paper."),
    Sight.STOPPED: gettext_noop("The printer stands still: look at its cover and its cutter."),
    Sight.SILENT: gettext_noop("No printer answers here: print it as a file."),
}


def state(of: State) -> str:
    """How a slip stands, for whoever asked for it."""
    return _(_STATES[of])


def sight(of: Sight) -> str:
    """What is wrong with a printer; empty where nothing is."""
    return _(_SIGHTS[of]) if _SIGHTS[of] else ""


def of(printing: Printing, *, sandbox: bool) -> Slip:
    """The slip of an order as this shop makes it."""
    operator = catalogue.at_version(printing.page.catalog_version).operator(printing.page.operator)
    return slip(printing, operator, house(), sandbox=sandbox)


def slip(printing: Printing, operator: Operator | None, seller: Seller, *, sandbox: bool) -> Slip:
    """What stands on it, in the language of the order."""
    page = printing.page
    with languages.speaking(page.language):
        parts: list[Part] = [Words(seller.name, bold=True, centred=True)]
        if printing.copy:
            parts += _copy(printing)
        parts += [Rule(), Words(page.product_name, bold=True)]
        if page.number:
            parts.append(Pair(_("For"), numbers.grouped(page.number)))
        if printing.revealed is not None:
            parts += _given(page.kind, printing.revealed, operator, sandbox=sandbox)
        if page.delivered_at is not None:
            parts.append(Pair(_("Delivered"), figures.moment(page.delivered_at)))
        parts += [Rule(), *_receipt(page, seller, sandbox=sandbox)]
        if printing.copy:
            parts += [Rule(), *_copy(printing)]
        return Slip(page.ticket, languages.current(), tuple(parts))


def _copy(printing: Printing) -> list[Part]:
    printed = _("Printed again: %(moment)s") % {"moment": figures.moment(printing.at)}
    return [Words(_("COPY"), bold=True, big=True, centred=True), Words(printed, centred=True)]


def _given(kind: Kind, code: Revealed, operator: Operator | None, *, sandbox: bool) -> list[Part]:
    if kind is Kind.ESIM:
        return _esim(code, sandbox=sandbox)
    parts: list[Part] = [Words(group(code.pin), bold=True, big=True, centred=True)]
    if code.serial:
        parts.append(Pair(_("Serial number"), code.serial))
    if code.valid_until:
        parts.append(Words(_("enter it by %(day)s") % {"day": figures.day(code.valid_until)}))
    if sandbox:
        parts.append(Words(_("A sandbox code tops up nothing: do not dial it on a real phone."), bold=True))
    scanned = False
    for way in redeeming.ways(operator, code.pin) if operator else []:
        parts += _way(way)
        if way.picture and not scanned:
            scanned = True
            parts.append(Square(way.href, _("Scan it with the phone that holds the SIM.")))
            parts.append(Words(_("Scan it with the phone that holds the SIM."), centred=True))
    return [*parts, Words(_("A code is like cash: whoever sees it can use it."))]


def _way(way: Way) -> list[Part]:
    """As a person does it from paper: nothing is tapped there."""
    title = f"{way.title} ({way.mark})" if way.mark else way.title
    steps: tuple[str, ...]
    match way.kind:
        case RedeemBy.USSD:
            steps = (_("On the phone that holds the SIM, dial this, and press call:"), way.shown_text)
        case RedeemBy.SMS:
            steps = (_("From the phone that holds the SIM, send this SMS (text → number):"), way.shown_text)
        case _:
            steps = way.steps
    return [Words(title, bold=True), *(Words(step) for step in steps)]


def _esim(code: Revealed, *, sandbox: bool) -> list[Part]:
    esim = esims.esim(code.pin)
    parts: list[Part] = [Words(_("Scan it with the phone it is for"), bold=True)]
    parts.append(Square(esim.raw, _("Scan it with the phone it is for")))
    if sandbox:
        parts.append(Words(_("A sandbox eSIM belongs to no network: no phone can install it."), bold=True))
    parts += [Words(_("Or type it"), bold=True), Words(_("Address (SM-DP+)")), Words(esim.address)]
    parts += [Words(_("Activation code (matching ID)")), Words(esim.matching_id)]
    if code.serial:
        parts.append(Pair(_("Serial number (ICCID)"), code.serial))
    if code.valid_until:
        parts.append(Words(_("install it by %(day)s") % {"day": figures.day(code.valid_until)}))
    return [*parts, Words(_("Whoever sees it can install it, and then nobody else can."))]


def _receipt(page: OrderPage, seller: Seller, *, sandbox: bool) -> list[Part]:
    price, money = page.price, figures.money
    named = _("Price") if page.kind.is_starter else _("Face value")
    parts: list[Part] = [Words(_("Receipt"), bold=True), Pair(_("Order number"), page.ticket)]
    parts += [
        Pair(_("Date"), figures.moment(page.placed_at)),
        Pair(_("Paid with"), payment_methods.method(page.provider).name),
        Pair(named, money(price.face)),
        Pair(_("Service fee"), money(price.fee)),
    ]
    if price.fee_vat.amount_minor:
        parts.append(Words(_("of which VAT %(vat)s") % {"vat": money(price.fee_vat)}))
    if price.discount_minor:
        parts.append(Pair(_("Promotion"), f"−{money(price.discount)}"))
    parts.append(Pair(_("Total"), money(price.total), bold=True))
    parts.append(Words(_("The face value is shown without VAT: the operator accounts for it when the credit is used.")))
    if seller.enterprise:
        parts.append(Words(_("Enterprise number %(number)s") % {"number": seller.enterprise}))
    if seller.contact:
        parts.append(Words(seller.contact))
    if sandbox:
        parts.append(Words(_("Sandbox: this receipt proves nothing. No money moved."), bold=True))
    return parts


# ── on paper ──────────────────────────────────────────────────────────────


def rolled(made: Slip, paper: Paper) -> tuple[Strip, ...]:
    """Line by line for a roll; what it cannot write is drawn, as much as stands together in one picture."""
    strips: list[Strip] = []
    drawn: list[Part] = []
    for part in made.parts:
        found = None if isinstance(part, Square) else lines(part, paper)
        if found is None and not isinstance(part, Square):
            drawn.append(part)
            continue
        strips += _pictured(drawn, made, paper)
        drawn = []
        strips += [_scanned(part, paper)] if isinstance(part, Square) else found or []
    return (*strips, *_pictured(drawn, made, paper))


def _pictured(parts: Sequence[Part], made: Slip, paper: Paper) -> list[Strip]:
    if not parts:
        return []
    return [Picture(_compiled(made, parts, paper.dots // 8))]


def _scanned(square: Square, paper: Paper) -> Strip:
    """Over half of the paper's width, each module a whole number of dots."""
    code = segno.make_qr(square.data, error="m")
    wide = code.symbol_size(border=_QUIET)[0]
    made = io.BytesIO()
    code.save(made, kind="png", scale=max(2, paper.dots * 5 // 8 // wide), border=_QUIET)
    return Picture(made.getvalue(), centred=True)


def pdf(made: Slip) -> bytes:
    """The same for an ordinary printer."""
    return _compiled(made, made.parts)


def _compiled(made: Slip, parts: Sequence[Part], width_mm: int = 0) -> bytes:
    """As one picture of this width; without one as pages."""
    # Loaded by the first slip of a process and not before: typst and the font take memory.
    import typst

    told = {"title": made.title, "language": made.language, "width": width_mm, "parts": [_told(part) for part in parts]}
    source, given = (_HERE / "slip.typ").read_bytes(), {"slip": json.dumps(told)}
    if width_mm:
        png = typst.compile(source, font_paths=fonts(), sys_inputs=given, format="png", ppi=_DOTS_PER_INCH)
        if not isinstance(png, bytes):
            raise TypeError("a picture of several pages")
        return png
    return typst.compile(source, font_paths=fonts(), sys_inputs=given, pdf_standards=["ua-1"], timestamp=0)


def _told(part: Part) -> dict[str, object]:
    told: dict[str, object] = {"kind": type(part).__name__.lower(), **asdict(part)}
    if isinstance(part, Square):
        told["svg"] = qr(part.data)
    return told
