"""A passport on one page, to be put up at a counter: drawn by typst, in all five languages, for whoever comes in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from opla.core.passport import grouped
from opla.db.queries.passports import Passport
from opla.presenting import languages, passports
from opla.presenting.receipts import fonts

_HERE: Final = Path(__file__).parent


def pdf(passport: Passport, qr: str, host: str) -> bytes:
    """Tagged (PDF/UA-1), like a receipt."""
    import typst

    lines = []
    for tag in languages.NAMES:
        with languages.speaking(tag):
            lines.append({"language": tag, "text": _("Are we really a seller of Opla? Scan, or type the number.")})
    said = {
        "name": passport.seller.name, "legal": passport.seller.legal_name, "place": passport.place.text,
        "registration": f"{passport.seller.country} {passport.seller.number}", "number": grouped(passport.number),
        "address": f"{host}/verify", "lines": lines, "qr": passports.qr_svg(qr),
        "until": passports.last_day(passport.until) if passport.until else "", "until_label": _("Good until"),
        "alt": _("QR that leads to the page of this passport"), "language": languages.current(),
    }  # fmt: skip
    return typst.compile(
        (_HERE / "passport.typ").read_bytes(),
        font_paths=fonts(),
        sys_inputs={"passport": json.dumps(said)},
        pdf_standards=["ua-1"],
        timestamp=0,
    )
