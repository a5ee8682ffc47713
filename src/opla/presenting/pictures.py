"""Small pictures as SVG: drawn by us, no requests, readable in light and dark."""

from __future__ import annotations

import segno


def qr(text: str) -> str:
    """A QR code as one SVG element (ISO/IEC 18004, error correction M): dark on white in any ink, or it is not read."""
    code = segno.make_qr(text, error="m")
    return code.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
