"""A shift: one clerk's time at one drawer, from counted to counted; and what its report says.

    open ──closed──▶ closed

Opening counts what lies in the drawer, and so does closing, blind: whoever counts is not shown what should be there.
What is more or less is posted and signed for. A drawer has one open shift at most, and each of its closed ones a number
that leaves none out (Z). An X report is the same figures of a shift that is still open; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from opla.core.cash import PIECES, Kind
from opla.core.money import Money
from opla.core.refusal import Code, Refusal

#: Of one piece nobody has more in a drawer.
_MOST: Final = 10_000


def read_count(typed: Mapping[int, str], currency: str) -> dict[int, int] | Refusal:
    """How many of each piece were counted, by its worth in minor units; nothing typed: none of it."""
    found: dict[int, int] = {}
    for piece, text in typed.items():
        if not text.strip():
            continue
        plain = text.strip()
        if piece not in PIECES or not (plain.isascii() and plain.isdigit()) or int(plain) > _MOST:
            return Refusal(Code.COUNT_UNREADABLE, f"piece_{piece}", {"piece": str(piece), "currency": currency})
        if int(plain):
            found[piece] = int(plain)
    return found


def counted(pieces: Mapping[int, int], currency: str) -> Money:
    """What so many pieces are worth."""
    return Money(sum(piece * times for piece, times in pieces.items()), currency)


@dataclass(frozen=True)
class Movement:
    """A line of the drawer in this shift, as the report needs it. `minor` is what it did to the drawer."""

    kind: Kind
    minor: int


@dataclass(frozen=True)
class Sum:
    """What all lines of a kind did together."""

    kind: Kind
    times: int
    amount: Money


def sums(movements: Iterable[Movement], currency: str) -> tuple[Sum, ...]:
    """Each kind that occurred, in the order of the kinds; counting is told apart."""
    found: dict[Kind, list[int]] = {}
    for one in movements:
        found.setdefault(one.kind, []).append(one.minor)
    return tuple(
        Sum(kind, len(found[kind]), Money(sum(found[kind]), currency))
        for kind in Kind
        if kind in found and kind is not Kind.COUNTED
    )
