"""A photo of a seller's QR, read here where a phone's browser cannot: looked at once, and not kept."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from io import BytesIO
from threading import Lock
from typing import Final
from urllib.parse import parse_qs, urlsplit

from opla.core.refusal import Code, Refusal
from opla.operations import limits
from opla.operations.shop import Shop

MOST_MEGABYTES: Final = 16
#: What phones take. Pillow tries no other reader on what a stranger sends.
_KINDS: Final = ("JPEG", "PNG", "WEBP")
#: As many as ordinary phones take. Each may cost four bytes, or six while a progressive JPEG is read.
_MOST_PIXELS: Final = 26_000_000
#: Of one process; however many are sent at once, they cost the memory of one.
_ONE_AT_A_TIME: Final = Lock()
#: Longest side that is searched; a QR that fills a fiftieth of it is still found.
_LONGEST: Final = 2_400
_PATH: Final = re.compile(r"/verify/([0-9A-Za-z-]{8,9})/")


def read(photo: bytes, ours: Collection[str], *, address: str, shop: Shop, at: datetime) -> tuple[str, str] | Refusal:
    """Number and proof ("" without one) in the one QR that leads to this shop: to a host of `ours`, or to its address.

    Only these two are taken from it: wherever else it leads, nobody is sent there.
    """
    if len(photo) > MOST_MEGABYTES * 1024 * 1024:
        return Refusal(Code.FILE_TOO_LARGE, "photo", {"most": str(MOST_MEGABYTES)})
    if refused := limits.by_visitor(limits.PASSPORTS, address, shop=shop, at=at):
        return refused
    texts = _texts(photo)
    if texts is None:
        return Refusal(Code.FILE_UNREADABLE, "photo")
    if not texts:
        return Refusal(Code.QR_NOT_FOUND, "photo")
    hosts = {*ours, urlsplit(shop.base_url).hostname}
    found = {one for one in (_ours(text, hosts) for text in texts) if one is not None}
    return found.pop() if len(found) == 1 else Refusal(Code.QR_NOT_OURS, "photo")


def _ours(text: str, hosts: Collection[str | None]) -> tuple[str, str] | None:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:  # no address at all
        return None
    path = _PATH.fullmatch(parts.path)
    if parts.scheme not in {"http", "https"} or host is None or host not in hosts or path is None:
        return None
    return path[1], parse_qs(parts.query).get("proof", [""])[0]


def _texts(photo: bytes) -> list[str] | None:
    """What the QRs of a picture say; None: it is no picture of these kinds, or one made to burst."""
    # Few visits need them, and no web process holds them until one does.
    import zxingcpp
    from PIL import Image

    try:
        with _ONE_AT_A_TIME, Image.open(BytesIO(photo), formats=_KINDS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.draft("L", (_LONGEST, _LONGEST))  # a JPEG is decoded at half or a quarter of its size
            grey = picture.convert("L")
            grey.thumbnail((_LONGEST, _LONGEST))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return [
        one.text for one in zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    ]
