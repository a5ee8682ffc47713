"""Small pictures as SVG: drawn by us, no requests, readable in light and dark."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from html import escape

import segno
from segno.helpers import make_epc_qr

from opla.core.money import Money
from opla.core.own_account import OwnAccount

_WIDE, _HIGH, _BAR = 320, 46, 18  # of the band, and where its bar lies


def qr(text: str) -> str:
    """A QR code as one SVG element (ISO/IEC 18004, error correction M): dark on white in any ink, or it is not read."""
    code = segno.make_qr(text, error="m")
    return code.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)


def transfer_code(account: OwnAccount, amount: Money, remittance: str) -> segno.QRCode:
    """What a bank's app fills a transfer in from (EPC069-12, version 002).

    The text is unstructured: what banking apps make of a Belgian reference in the structured field differs.
    """
    total, bic = Decimal(amount.decimal), account.bic or None
    return make_epc_qr(account.holder, account.iban, total, text=remittance, bic=bic, encoding="utf-8")


def transfer_qr(account: OwnAccount, amount: Money, remittance: str) -> str:
    """The same as one SVG element."""
    code = transfer_code(account, amount, remittance)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)


def band(start: datetime, ends: tuple[datetime | None, datetime | None, datetime | None], until: datetime | None,
         labels: tuple[str, str], said: str) -> str:  # fmt: skip
    """When something ends, as one SVG element: thick where it surely lasts, dashed where it may end, thin afterwards, a
    mark at the likely end and one where it expires. In one ink, whatever the ground is.

    `ends` are the earliest, the likely and the latest (None: never); `labels` stand at both sides; `said` is the same
    in words, for those who cannot see it.
    """
    earliest, likely, latest = ends
    last = max(at for at in (until, latest, likely, earliest, start) if at is not None)
    length_s = (last - start).total_seconds() or 1

    def place(at: datetime | None) -> int:
        return 4 + round((_WIDE - 8) * ((at or last) - start).total_seconds() / length_s)

    first, end, right = place(earliest), place(latest), _WIDE - 4
    parts = [f'<path d="M4 {_BAR}H{right}" stroke-width="2"/>', f'<path d="M4 {_BAR}H{first}" stroke-width="10"/>']
    if end > first:
        parts.append(f'<path d="M{first} {_BAR}H{end}" stroke-width="10" stroke-dasharray="3 3"/>')
    if likely is not None:
        mark = place(likely)
        parts.append(f'<path d="M{mark - 5} 2h10l-5 8z" fill="currentColor" stroke="none"/>')
    if until is not None:
        parts.append(f'<path d="M{place(until)} {_BAR - 9}v18" stroke-width="2"/>')
    left, far = (escape(label) for label in labels)
    low = _HIGH - 3
    return (
        f'<svg class="band" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(said)}" fill="none" '
        f'stroke="currentColor">{"".join(parts)}<g fill="currentColor" stroke="none" font-size="13">'
        f'<text x="4" y="{low}">{left}</text><text x="{right}" y="{low}" text-anchor="end">{far}</text></g></svg>'
    )
