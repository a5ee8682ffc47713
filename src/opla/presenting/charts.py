"""Figures over the hours of a day, and shares of a whole, as SVG. Each repeats a table that stands beside it.

Told apart without colour: full, hatched, outlined. The inks are the page's (classes in style.css and house.css).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

WIDTH = 340
_HIGH, _TOP, _FOOT = 96, 20, 22
_HOURS = 24
_ROW, _BAR = 40, 14
#: Where a line is drawn on a scale of waiting, and where that begins and ends: seconds, evenly by their size.
MARKS_S = (1, 60, 3600)
_LEAST_S, _MOST_S = 0.1, 86_400.0


def by_hour(values: Mapping[int, int], most: str) -> str:
    """A column for each hour; `most` is the highest one's figure in words."""
    highest = max(values.values(), default=0)
    drawn = [f'<text x="0" y="14">{escape(most)}</text>']
    for hour, value in values.items():
        if value > 0:
            high = max(2, value * _HIGH // highest)
            drawn.append(_column(hour, _TOP + _HIGH - high, high, "after"))
    return _svg([*drawn, *_day_axis()], _TOP + _HIGH + _FOOT)


def waits(values: Mapping[int, tuple[float, float]], marks: Mapping[int, str]) -> str:
    """For each hour what half of them waited at most (full) and what 99 of 100 did (outlined), on a scale by size.

    `marks` are the words of the lines at a second, a minute and an hour.
    """
    drawn = []
    for second in MARKS_S:
        y = _TOP + _HIGH - _high(second)
        drawn.append(f'<path class="axis" d="M0 {y}H{WIDTH}"/><text class="end" x="0" y="{y - 3}">')
        drawn.append(f"{escape(marks[second])}</text>")
    for hour, (half, most) in values.items():
        drawn.append(_column(hour, _TOP + _HIGH - _high(most), _high(most), "now"))
        drawn.append(_column(hour, _TOP + _HIGH - _high(half), _high(half), "after"))
    return _svg([*drawn, *_day_axis()], _TOP + _HIGH + _FOOT)


def shares(rows: Sequence[tuple[str, int, int, int]]) -> str:
    """A bar for each name: what went well full, what is not decided hatched, what was declined outlined."""
    drawn: list[str] = []
    for n, (name, well, undecided, declined) in enumerate(rows):
        y, whole, x = n * _ROW, well + undecided + declined, 0
        drawn.append(f'<text x="0" y="{y + 16}">{escape(name)}</text>')
        for count, ink in ((well, "after"), (undecided, "gap"), (declined, "now")):
            wide = count * WIDTH // whole if whole else 0
            if count:
                drawn.append(f'<rect class="{ink}" x="{x}" y="{y + 22}" width="{max(wide, 2)}" height="{_BAR}"/>')
            x += wide
    return _svg(drawn, max(len(rows), 1) * _ROW)


def _column(hour: int, y: int, high: int, ink: str) -> str:
    x = hour * WIDTH // _HOURS
    return f'<rect class="{ink}" x="{x + 2}" y="{y}" width="{WIDTH // _HOURS - 3}" height="{high}"/>'


def _high(seconds: float) -> int:
    share = math.log(min(max(seconds, _LEAST_S), _MOST_S) / _LEAST_S) / math.log(_MOST_S / _LEAST_S)
    return max(2, round(share * _HIGH))


def _day_axis() -> Iterable[str]:
    y = _TOP + _HIGH
    yield f'<path class="axis" d="M0 {y}H{WIDTH}"/>'
    for hour in (0, 6, 12, 18):
        yield f'<text class="end" x="{hour * WIDTH // _HOURS + 2}" y="{y + 17}">{hour:02}:00</text>'


def _svg(drawn: Iterable[str], height: int) -> str:
    return (
        f'<svg class="line-picture" viewBox="0 0 {WIDTH} {height}" aria-hidden="true" focusable="false">'
        f"{_HATCH}{''.join(drawn)}</svg>"
    )


_HATCH = (
    '<defs><pattern id="ink-gap" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<path class="stroke-gap" d="M-2 2l4-4M0 8l8-8M6 10l4-4"/></pattern></defs>'
)
