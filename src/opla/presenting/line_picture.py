"""A line now and after a purchase, as an SVG of bars over time. It repeats what the table beside it says in words.

The inks are the page's (classes in style.css); what they mean can be told without colour: what is there now is an
outline, what comes is solid, what is lost is crossed out, a gap is dashed and hatched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape

WIDTH = 340
_TEXT, _BAR, _BETWEEN, _HEADING = 18, 12, 8, 24
_NARROWEST = 3


class Ink(StrEnum):
    NOW = "now"
    AFTER = "after"
    LOST = "lost"
    GAP = "gap"


@dataclass(frozen=True)
class Bar:
    """One bar and the words above it. `ends` None: beyond the right edge."""

    ink: Ink
    words: str
    starts: datetime
    ends: datetime | None


@dataclass(frozen=True)
class Part:
    """The bars of one kind of thing, under its name."""

    name: str
    bars: tuple[Bar, ...]


def svg(parts: Sequence[Part], start: datetime, until: datetime, left: str, right: str) -> str:
    """One SVG element. `left` and `right` are the words beneath the two ends of the time it shows."""
    drawn: list[str] = []
    y = 0
    for part in parts:
        y += _HEADING
        drawn.append(f'<text class="kind" x="0" y="{y - 7}">{escape(part.name)}</text>')
        for bar in part.bars:
            drawn += _bar(bar, y, start, until)
            y += _TEXT + _BAR + _BETWEEN
    drawn += axis(y, left, right)
    height = y + _HEADING
    return (
        f'<svg class="line-picture" viewBox="0 0 {WIDTH} {height}" aria-hidden="true" focusable="false">'
        f"{_PATTERNS}{''.join(drawn)}</svg>"
    )


def _bar(bar: Bar, y: int, start: datetime, until: datetime) -> Iterable[str]:
    x1, x2 = _x(bar.starts, start, until), WIDTH if bar.ends is None else _x(bar.ends, start, until)
    # A bar of minutes is still seen, and one at the very end still lies within.
    x1 = min(x1, WIDTH - _NARROWEST)
    width = max(x2 - x1, _NARROWEST)
    top = y + _TEXT
    yield f'<text x="0" y="{top - 5}">{escape(bar.words)}</text>'
    yield f'<rect class="{bar.ink}" x="{x1}" y="{top}" width="{width}" height="{_BAR}" rx="2"/>'
    if bar.ends is None or bar.ends > until:
        yield f'<path class="on" d="M{WIDTH - 7} {top + 2}l5 4-5 4"/>'


def axis(y: int, left: str, right: str) -> Iterable[str]:
    """The time beneath the bars, with the words at its two ends."""
    yield f'<path class="axis" d="M.5 {y - 3}v6M0 {y}H{WIDTH}M{WIDTH - 0.5} {y - 3}v6"/>'
    yield f'<text class="end" x="0" y="{y + 18}">{escape(left)}</text>'
    yield f'<text class="end" x="{WIDTH}" y="{y + 18}" text-anchor="end">{escape(right)}</text>'


def _x(at: datetime, start: datetime, until: datetime) -> int:
    """Whole units from the left edge, within the picture."""
    return max(0, min(WIDTH, (at - start) * WIDTH // (until - start)))


_PATTERNS = (
    '<defs><pattern id="ink-lost" width="6" height="6" patternUnits="userSpaceOnUse"><path class="stroke-lost" '
    'd="M0 0l6 6M6 0l-6 6"/></pattern><pattern id="ink-gap" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<path class="stroke-gap" d="M-2 2l4-4M0 8l8-8M6 10l4-4"/></pattern></defs>'
)
