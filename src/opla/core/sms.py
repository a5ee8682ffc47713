"""A text as SMS: in which alphabet it goes, and in how many parts. Counted before anything is sent, because parts cost.

| alphabet          | signs                                   | alone | in each of several |
|-------------------|-----------------------------------------|-------|--------------------|
| GSM 7 bit         | Latin, some Greek; `^{}\\[~]|€` count two | 160   | 153                |
| UCS-2 (UTF-16 BE) | everything else: Chinese, most accents  | 70    | 67                 |

Source: 3GPP TS 23.038 §6.2.1 (alphabet and extension table) and TS 23.040 §9.2.3.24.1 (the header of six octets that
joins parts: 7 septets, or 3 UTF-16 units). One sign outside the first alphabet sends the whole text in the second.
Neither an escaped sign nor a surrogate pair is ever cut in two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE: Final = 0x1B
_SEPTETS: Final = {
    **{sign: bytes([at]) for at, sign in enumerate(_BASIC) if at != _ESCAPE},
    **{sign: bytes([_ESCAPE, at]) for sign, at in _EXTENDED.items()},
}
_FROM_EXTENDED: Final = {at: sign for sign, at in _EXTENDED.items()}
#: A header says of how many parts a text is in one octet.
MOST_PARTS: Final = 255


class Coding(IntEnum):
    """The alphabet, by its number in SMPP 3.4's `data_coding` (§5.2.19). Septets go one to an octet there."""

    GSM = 0
    UCS2 = 8

    @property
    def alone(self) -> int:
        """Octets that one message holds as SMPP carries it: 160 septets, or 70 units of two."""
        return 160 if self is Coding.GSM else 140

    @property
    def joined(self) -> int:
        """Octets of text in each of several parts."""
        return 153 if self is Coding.GSM else 134


@dataclass(frozen=True)
class Sms:
    """One text, ready to go. `parts` are octets without their header; an empty text is one empty part."""

    coding: Coding
    parts: tuple[bytes, ...]

    @property
    def units(self) -> int:
        """Septets, or UTF-16 units, of the whole text."""
        return sum(map(len, self.parts)) // (1 if self.coding is Coding.GSM else 2)


def written(text: str) -> Sms:
    """The text in the smaller alphabet that has all its signs. What no alphabet has (a lone surrogate) becomes `?`."""
    coding, signs = _signs(text)
    if sum(map(len, signs)) <= coding.alone:
        return Sms(coding, (b"".join(signs),))
    parts, part = [], b""
    for sign in signs:
        if len(part) + len(sign) > coding.joined:
            parts.append(part)
            part = b""
        part += sign
    return Sms(coding, (*parts, part))


def header(reference: int, part: int, of: int) -> bytes:
    """What goes before one part of several. `reference` is the same in all of them, and counts from 0 to 255."""
    return bytes([5, 0, 3, reference % 256, of, part])


def read(octets: bytes, data_coding: int) -> str | None:
    """What came in; None in an alphabet nobody here reads, such as bytes for a program.

    Latin-1 and ASCII come too, though we never write them. What has no sign becomes `?`, as a phone shows it.
    """
    match data_coding:
        case Coding.GSM:
            return _read_gsm(octets)
        case Coding.UCS2:
            units = octets[: len(octets) // 2 * 2].decode("utf-16-be", "surrogatepass")
            return "".join("?" if "\ud800" <= sign <= "\udfff" else sign for sign in units)
        case 1 | 3:
            return octets.decode("latin-1")
        case _:
            return None


def _signs(text: str) -> tuple[Coding, list[bytes]]:
    """The octets of each sign, in the alphabet that has them all."""
    if all(sign in _SEPTETS for sign in text):
        return Coding.GSM, [_SEPTETS[sign] for sign in text]
    return Coding.UCS2, [sign.encode("utf-16-be", "replace") for sign in text]


def _read_gsm(octets: bytes) -> str:
    text, escaped = "", False
    for octet in octets:
        if escaped:
            text += _FROM_EXTENDED.get(octet, _BASIC[octet] if octet < len(_BASIC) else "?")
            escaped = False
        elif octet == _ESCAPE:
            escaped = True
        else:
            text += _BASIC[octet] if octet < len(_BASIC) else "?"
    return text
