"""The same line in two files counts once. What decides, for two lines of one account, amount and currency:

1. two statements of one kind (two camt.053, say) never say the same line; the same statement may be sent again;
2. the bank's own number for the line: where both have the same one, and do not show different references, they are one
   line; within one kind of file, different numbers are different lines;
3. else (a camt.053 and a CODA, a notification and a statement): one line, if they were booked on the same day and show
   the same reference of ours, or where they show none the same other account; but with none, and different numbers of
   the bank in two kinds of camt, they are two: a line too many is a person's, one too few is somebody's money.

Lines are paired one to one, so where a day has three alike and two of them are known, one is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from opla.core.statement.model import Source


@dataclass(frozen=True)
class Seen:
    """What one line shows of itself. `other` is a keyed digest of the other account; empty: unknown, or forgotten."""

    source: Source
    statement: str
    booked_on: date
    amount_minor: int
    bank_ref: str
    references: frozenset[str] = field(default_factory=frozenset)
    other: bytes = b""


def is_known(new: Sequence[Seen], before: Sequence[Seen]) -> list[bool]:
    """For each line of one statement of a file whether it is one of those that were there before."""
    left = list(before)
    known = [False] * len(new)
    for same in (_same_number, _alike):
        for n, line in enumerate(new):
            if known[n]:
                continue
            found = next((kept for kept in left if same(line, kept)), None)
            if found is not None:
                left.remove(found)
                known[n] = True
    return known


def _same_number(a: Seen, b: Seen) -> bool:
    shows_another = a.references and b.references and a.references != b.references
    return _may_be(a, b) and a.bank_ref != "" and a.bank_ref == b.bank_ref and not shows_another


def _may_be(a: Seen, b: Seen) -> bool:
    return a.amount_minor == b.amount_minor and (a.source is not b.source or a.statement == b.statement)


def _alike(a: Seen, b: Seen) -> bool:
    if not _may_be(a, b) or a.booked_on != b.booked_on:
        return False
    if a.source is b.source and a.bank_ref and b.bank_ref:
        return False
    if a.references or b.references:
        return a.references == b.references
    if a.bank_ref and b.bank_ref and Source.CODA not in (a.source, b.source):
        return False  # one bank's numbers in two kinds of camt, and nothing of ours to go by
    return not a.other or not b.other or a.other == b.other
