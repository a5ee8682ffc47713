"""Whether statements follow each other: the balance one ends with is the one the next begins with, and none is left out
of the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from opla.core.statement.model import Source


@dataclass(frozen=True)
class Kept:
    """A statement as far as its place among the others goes."""

    source: Source
    identity: str
    number: int | None
    from_on: date
    until_on: date
    opening_minor: int | None
    closing_minor: int | None


@dataclass(frozen=True)
class Gap:
    """Between these two something is missing."""

    before: Kept
    after: Kept

    @property
    def name(self) -> str:
        """The same for the same two, whenever it is found."""
        return f"{self.before.source}|{self.before.identity}|{self.after.identity}"


def gaps(statements: Sequence[Kept]) -> list[Gap]:
    """Of all statements of one account, the places where they do not follow each other; each kind of file by itself."""
    found = []
    for source in Source:
        kept = sorted(
            (s for s in statements if s.source is source and source.complete),
            key=lambda s: (s.until_on, s.number or 0, s.from_on, s.identity),
        )
        found += [Gap(a, b) for a, b in pairwise(kept) if not _follows(a, b)]
    return found


def _follows(a: Kept, b: Kept) -> bool:
    if a.closing_minor != b.opening_minor:
        return False
    if a.number is None or b.number is None:
        return True
    # Banks begin again with the year, some with another day's number than the first: the balance is what tells then.
    return b.number == a.number + 1 or b.until_on.year != a.until_on.year
