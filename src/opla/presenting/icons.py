"""The shop's mark as the icons of an installed app: drawn from a few rectangles, so that no program is needed to make
them. `./opla _icons` writes the files; a test compares them with what is drawn here.

A maskable icon keeps what matters in the middle: a phone cuts it to a circle, a drop or a square of its own, and only
the inner 80 % is safe (W3C Web Application Manifest, "Icon masks").
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

_GROUND: Final = (0x0B, 0x5A, 0x8A)
_INK: Final = (255, 255, 255)
#: On a field of 32 by 32, as in favicon.svg: x, y, width, height, and the corners' radius.
_BARS: Final = ((6.0, 17.0, 5.0, 9.0), (13.5, 12.0, 5.0, 14.0), (21.0, 6.0, 5.0, 20.0))
_FIELD: Final = 32
_FINE: Final = 4  # samples a pixel is made of, each way: edges are smooth


@dataclass(frozen=True)
class Icon:
    """A file, its size in pixels, the corners' radius of its ground, and how much of it the bars' field fills."""

    name: str
    size: int
    radius: float
    filled: float


ICONS: Final = (
    Icon("icon-192.png", 192, 6.0, 1.0),
    Icon("icon-512.png", 512, 6.0, 1.0),
    Icon("maskable-512.png", 512, 0.0, 0.8),
    Icon("apple-180.png", 180, 0.0, 0.9),
)


def svg(*, filled: float = 1.0, radius: float = 6.0) -> str:
    """The same as a picture that fits every size."""
    bars = "".join(
        f'<rect x="{_placed(x, filled):g}" y="{_placed(y, filled):g}" width="{w * filled:g}" height="{h * filled:g}"'
        f' rx="{filled:g}"/>'
        for x, y, w, h in _BARS
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_FIELD} {_FIELD}">'
        f'<rect width="{_FIELD}" height="{_FIELD}" rx="{radius:g}" fill="#0b5a8a"/><g fill="#fff">{bars}</g></svg>\n'
    )


def pixels(icon: Icon) -> bytes:
    """Red, green, blue and opacity of every pixel, row by row."""
    shapes = [(0.0, 0.0, float(_FIELD), float(_FIELD), icon.radius)]
    bars = [
        (_placed(x, icon.filled), _placed(y, icon.filled), w * icon.filled, h * icon.filled, icon.filled)
        for x, y, w, h in _BARS
    ]
    ground = [_cover(icon.size, shapes, row) for row in range(icon.size)]
    found = bytearray()
    for row in range(icon.size):
        ink = _cover(icon.size, bars, row)
        for under, over in zip(ground[row], ink, strict=True):
            found += bytes(
                round((of_ground * (_FULL - over) + of_ink * over) / _FULL)
                for of_ground, of_ink in zip(_GROUND, _INK, strict=True)
            )
            found.append(round(255 * under / _FULL))
    return bytes(found)


_FULL: Final = _FINE * _FINE


def png(icon: Icon) -> bytes:
    """The picture as a PNG file (W3C Portable Network Graphics, 3rd edition): true colour with opacity, no filter."""
    plain, line = pixels(icon), 4 * icon.size
    rows = b"".join(b"\0" + plain[at : at + line] for at in range(0, len(plain), line))
    head = struct.pack(">IIBBBBB", icon.size, icon.size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _placed(at: float, filled: float) -> float:
    return (at - _FIELD / 2) * filled + _FIELD / 2


def _cover(size: int, shapes: list[tuple[float, float, float, float, float]], row: int) -> list[int]:
    """How many of its `_FULL` samples each pixel of a row has inside one of the rounded rectangles."""
    covered = [0] * size
    unit = _FIELD / size
    for x, y, width, height, radius in shapes:
        for fine in range(_FINE):
            down = (row + (fine + 0.5) / _FINE) * unit
            if not y <= down <= y + height:
                continue
            away = max(y + radius - down, down - (y + height - radius), 0.0)
            inset = radius - (max(radius * radius - away * away, 0.0)) ** 0.5
            left, right = (x + inset) / unit, (x + width - inset) / unit
            for at in range(max(0, int(left)), min(size, int(right) + 1)):
                covered[at] += sum(left <= at + (part + 0.5) / _FINE <= right for part in range(_FINE))
    return covered
