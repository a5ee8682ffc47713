"""What a SIM holds over the days of a plan, with its purchases marked: one lane for each kind, as SVG and in words.

A lane is drawn to its own height: full is the most that there ever is of it, or unlimited. The inks are those of
`line_picture`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opla.core.line import Kind, Line
from opla.core.timeline import Timeline
from opla.presenting import figures
from opla.presenting import timeline as words
from opla.presenting.line_picture import WIDTH, axis

_HEADING, _HIGH, _LOW, _BETWEEN = 32, 40, 12, 8
_TENTH = 100_000


@dataclass(frozen=True)
class _Lane:
    """How much there is of one kind from each instant on, until the next; None: unlimited."""

    kind: Kind
    held: tuple[tuple[datetime, int | None], ...]

    @property
    def free(self) -> bool:
        """Whether it is ever unlimited."""
        return any(amount is None for _at, amount in self.held)

    @property
    def most(self) -> int:
        """Of what is counted."""
        return max((amount for _at, amount in self.held if amount is not None), default=0)

    @property
    def said(self) -> str:
        # In tenths of a GB: a picture is no scale.
        figure = -(-self.most // _TENTH) * _TENTH if self.kind is Kind.DATA else self.most
        most = words.amount(self.kind, figure)
        if not self.free:
            told = _("at most %(amount)s") % {"amount": most}
        else:
            told = _("unlimited, or at most %(amount)s") % {"amount": most} if self.most else _("unlimited")
        return _("%(kind)s: %(amount)s") % {"kind": words.kind(self.kind), "amount": told}

    @property
    def high(self) -> int:
        return _LOW if self.free and not self.most else _HIGH

    def height(self, amount: int | None) -> int:
        """In whole units; a little is still seen, and unlimited is more than any figure."""
        if amount is None:
            return self.high
        full = _HIGH - _LOW if self.free else _HIGH
        return -(-amount * full // self.most) if self.most else 0


def picture(found: Timeline, bought: Sequence[datetime], wanted: Sequence[Kind]) -> str:
    """One SVG element with its text: a lane of each kind that is wanted, with the instants of purchases marked."""
    lanes = [_Lane(kind, tuple((at, _held(line, kind, at)) for at, line in found.states)) for kind in wanted]
    return _svg(lanes, bought, found)


def _held(line: Line, kind: Kind, at: datetime) -> int | None:
    amounts = [bucket.left for bucket in line.usable(kind, at)]
    return None if None in amounts else sum(amount for amount in amounts if amount is not None)


def _svg(lanes: Sequence[_Lane], bought: Sequence[datetime], found: Timeline) -> str:
    drawn: list[str] = []
    y = 0
    for lane in lanes:
        y += _HEADING
        drawn.append(f'<text class="kind" x="0" y="{y - 11}">{escape(lane.said)}</text>')
        drawn.append(f'<path class="held" d="{_area(lane, y + lane.high, found)}"/>')
        drawn += (_mark(_x(at, found), y) for at in bought)
        y += lane.high + _BETWEEN
    ends = figures.day(found.start), words.last_day(found.until)
    drawn += axis(y, *ends)
    times = ngettext("%(n)s purchase", "%(n)s purchases", len(bought)) % {"n": len(bought)}
    label = "; ".join([f"{ends[0]} – {ends[1]}", times, *(lane.said for lane in lanes)])
    return (
        f'<svg class="line-picture" viewBox="0 0 {WIDTH} {y + _HEADING}" role="img" aria-label="{escape(label)}">'
        f"{''.join(drawn)}</svg>"
    )


def _area(lane: _Lane, floor: int, found: Timeline) -> str:
    """A step at each instant; those that change nothing to the eye are left out."""
    path, last = f"M0 {floor}", floor
    for at, amount in lane.held:
        top = floor - lane.height(amount)
        if top != last:
            path, last = f"{path}H{_x(at, found)}V{top}", top
    return f"{path}H{WIDTH}V{floor}Z"


def _mark(x: int, y: int) -> str:
    x = min(max(x, 4), WIDTH - 4)
    return f'<path class="bought" d="M{x - 4} {y - 5}h8l-4 5z"/>'


def _x(at: datetime, found: Timeline) -> int:
    return (at - found.start) * WIDTH // (found.until - found.start)
