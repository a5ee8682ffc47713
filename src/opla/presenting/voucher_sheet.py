"""Vouchers on paper, eight to an A4 sheet, in their batch's language: the one place where their codes are in clear.

The QR leads to the page that redeems with the code behind the `#`: a browser keeps that to itself, so no server, no log
and no address that is passed on has it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from opla.core.voucher import grouped
from opla.operations.shop import Shop
from opla.operations.vouchers import Printed
from opla.presenting import figures, languages, passports
from opla.presenting.barcode import code128
from opla.presenting.receipts import fonts

SHEET: Final = (Path(__file__).parent / "voucher.typ").read_bytes()


def pdf(printed: Printed, *, shop: Shop) -> bytes:
    """Tagged (PDF/UA-1), like a receipt."""
    import typst

    return typst.compile(
        SHEET, font_paths=fonts(), sys_inputs=facts(printed, shop=shop), pdf_standards=["ua-1"], timestamp=0
    )


def facts(printed: Printed, *, shop: Shop) -> dict[str, str]:
    """What the sheet is drawn from."""
    batch, address = printed.batch, f"{shop.base_url}/redeem/"
    with languages.speaking(batch.language):
        said = {
            "language": batch.language,
            "title": _("Voucher"),
            "product": batch.product_name,
            "price": figures.money(batch.price.total),
            "steps": [
                _("Scan the QR with your phone, or open %(address)s and type the code.")
                % {"address": urlsplit(address).netloc + "/redeem"},
                _("Whoever has the code can use it, like cash. Without internet: ask where you bought it."),
                _("It works once the shop has scanned the barcode and you have paid."),
            ],
            "until": _("Good until %(day)s") % {"day": figures.day(batch.until)},
            "code_label": _("Code of the voucher"),
            "serial_label": _("Serial number"),
            "qr_alt": _("QR that opens the page where this voucher is redeemed"),
            "barcode_alt": _("Barcode of the serial number"),
            "warning": _("Sandbox: this voucher is worth nothing.") if shop.sandbox else "",
            "vouchers": [
                {
                    "serial": grouped(serial),
                    "code": grouped(code),
                    "qr": passports.qr_svg(f"{address}#{code}"),
                    "barcode": code128(serial),
                }
                for serial, code in printed.vouchers
            ],
        }
    return {"vouchers": json.dumps(said)}
