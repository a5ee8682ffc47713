"""What is put on paper at a counter, as a value: words, pairs, squares to scan. And how it lies on a roll.

A roll has as many columns as its paper is wide, in a code page that every such printer has. What that cannot write is
drawn (`presenting.slips`), and so is what is scanned.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Paper(StrEnum):
    """A roll's width in millimetres."""

    NARROW = "58"
    WIDE = "80"

    @property
    def columns(self) -> int:
        """Signs of the printer's usual font, 12 dots wide."""
        return self.dots // 12

    @property
    def dots(self) -> int:
        """What is printed of it, 8 dots a millimetre: 48 and 72 mm."""
        return 384 if self is Paper.NARROW else 576


@dataclass(frozen=True)
class Words:
    """A paragraph. What it says stays out of `repr`: codes are money."""

    text: str = field(repr=False)
    bold: bool = False
    big: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Pair:
    """A label at the left, what it is at the right."""

    label: str
    text: str = field(repr=False)
    bold: bool = False


@dataclass(frozen=True)
class Square:
    """A QR of `data`; `said` is what it is for, to those who cannot see it."""

    data: str = field(repr=False)
    said: str


@dataclass(frozen=True)
class Rule:
    """A line across."""


Part = Words | Pair | Square | Rule


@dataclass(frozen=True)
class Slip:
    """One piece of paper for one person, in that person's language."""

    title: str
    language: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Line:
    """One line as a printer writes it."""

    text: str = field(repr=False)
    bold: bool = False
    big: bool = False
    centred: bool = False


@dataclass(frozen=True)
class Picture:
    """What is drawn, as PNG, no wider than the paper's dots."""

    png: bytes = field(repr=False)
    centred: bool = False


Strip = Line | Picture

#: Windows-1252: French, Dutch, German, English and the euro, with œ and ’ (which code page 858 has not).
CODE_PAGE: Final = "cp1252"
#: What typesetting has and it has not, and what stands for it on a roll.
_PLAINER: Final = str.maketrans(
    {"\u202f": "\u00a0", "\u2009": "\u00a0", "\u2011": "-", "\u2212": "-", "\u2192": "->", "\t": " "}
)
#: It holds a line together until that is broken, and is a space on paper: not every printer knows it.
_NO_BREAK: Final = "\u00a0"


def plain(text: str) -> str | None:
    """As a roll's code page writes it; None where it cannot. Nothing in it is a printer's command."""
    found = text.translate(_PLAINER)
    try:
        found.encode(CODE_PAGE)
    except UnicodeEncodeError:
        return None
    return "".join(sign for sign in found if sign.isprintable() or sign == _NO_BREAK)


def lines(part: Words | Pair | Rule, paper: Paper) -> list[Line] | None:
    """How it is written in the columns of this paper; None: it must be drawn."""
    match part:
        case Rule():
            return [Line("-" * paper.columns)]
        case Words():
            text = plain(part.text)
            columns = paper.columns // 2 if part.big else paper.columns
            return (
                None if text is None else [Line(t, part.bold, part.big, part.centred) for t in _broken(text, columns)]
            )
        case Pair():
            label, told = plain(part.label), plain(part.text)
            return None if label is None or told is None else _beside(label, told, paper.columns, bold=part.bold)


def _beside(label: str, text: str, columns: int, *, bold: bool) -> list[Line]:
    """On one line where there is room, else the one above the other."""
    if len(label) + len(text) + 2 <= columns:
        return [Line((label + text.rjust(columns - len(label))).replace(_NO_BREAK, " "), bold)]
    return [Line(one, bold) for one in [*_broken(label, columns), *(f"  {t}" for t in _broken(text, columns - 2))]]


def _broken(text: str, columns: int) -> list[str]:
    return [one.replace(_NO_BREAK, " ") for one in textwrap.wrap(text, columns, break_on_hyphens=False)] or [""]
