"""The design system as data: the colours of `style.css` in paper and in ink, and how well they can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: What stands on what. Each pair is text to be read, so each passes WCAG AA (1.4.3) in both schemes.
PAIRS: Final = (
    ("ink", "paper"), ("ink", "card"), ("quiet", "paper"), ("quiet", "card"), ("signal", "paper"), ("signal", "card"),
    ("on-signal", "signal"), ("ink", "signal-soft"), ("signal", "signal-soft"), ("on-mind", "mind"), ("bad", "paper"),
    ("bad", "card"), ("ink", "bad-soft"), ("good", "card"),
)  # fmt: skip
AA: Final = 4.5
_BLOCK: Final = re.compile(r":root\s*\{([^}]*)\}")
_TOKEN: Final = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})")


@dataclass(frozen=True)
class Token:
    """One colour: its name, and its value on paper and in ink."""

    name: str
    paper: str
    ink: str


@dataclass(frozen=True)
class Pair:
    """Text on its ground, with the contrast of both schemes as `7.3`."""

    text: Token
    ground: Token
    paper: str
    ink: str


def tokens(css: str) -> list[Token]:
    """The colours of a style sheet: its first `:root` is paper, its second (dark) ink."""
    paper, ink = (_colours(block) for block in _BLOCK.findall(css)[:2])
    return [Token(name, colour, ink.get(name, colour)) for name, colour in paper.items()]


def schemes(css: str) -> str:
    """A style sheet with both schemes as classes, so that one page can show both side by side."""
    paper, ink = _BLOCK.findall(css)[:2]
    return (
        f".as-paper {{ color-scheme: light; {_declared(paper)} }}\n.as-ink {{ color-scheme: dark; {_declared(ink)} }}\n"
    )


def pairs(css: str) -> list[Pair]:
    by_name = {token.name: token for token in tokens(css)}
    found = []
    for text, ground in PAIRS:
        a, b = by_name[text], by_name[ground]
        found.append(Pair(a, b, f"{contrast(a.paper, b.paper):.1f}", f"{contrast(a.ink, b.ink):.1f}"))
    return found


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colours(block: str) -> dict[str, str]:
    return {str(name): str(colour) for name, colour in _TOKEN.findall(block)}


def _declared(block: str) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in _colours(block).items())
