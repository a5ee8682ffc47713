"""The same line in two files counts once. What decides, for two lines of one account, amount and currency:

1. two statements of one kind (two camt.053, say) never say the same line; the same statement may be sent again. A line
   is remembered with every statement in which it was known again, so that holds whatever came between them;
2. the bank's own number for the line: where both have the same one, and do not show different references, they are one
   line; within one kind of file, different numbers are different lines;
3. else (a camt.053 and a CODA, a notification and a statement): one line, if they were booked on the same day and show
   the same reference of ours, or where they show none the same other account; but with none, and different numbers of
   the bank in two kinds of camt, they are two: a line too many is a person's, one too few is somebody's money.

Lines are paired one to one, so where a day has three alike and two of them are known, one is new. Those that show the
same are paired first; a line whose other account one of two files does not tell is one with what is left only where
that is one line on each side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from opla.core.statement.model import Source


@dataclass(frozen=True)
class Again:
    """Another statement in which a line was known again, and the bank's own number for it there."""

    source: Source
    statement: str
    bank_ref: str


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
    again: frozenset[Again] = field(default_factory=frozenset)

    @property
    def shown(self) -> frozenset[Again]:
        """Every statement that showed it."""
        return self.again | {Again(self.source, self.statement, self.bank_ref)}


def recognised(new: Sequence[Seen], before: Sequence[Seen]) -> list[int | None]:
    """For each line of one statement of a file which of those before it is; None: it is new."""
    left = list(range(len(before)))
    known: list[int | None] = [None] * len(new)
    for same in (_same_number, _same_payer, _same_shown):
        for n, line in enumerate(new):
            if known[n] is not None:
                continue
            found = next((kept for kept in left if same(line, before[kept])), None)
            if found is not None:
                left.remove(found)
                known[n] = found
    open_pairs = [(n, k) for n, line in enumerate(new) if known[n] is None for k in left if _alike(line, before[k])]
    lines, kept = Counter(n for n, _ in open_pairs), Counter(k for _, k in open_pairs)
    for n, k in open_pairs:
        if lines[n] == kept[k] == 1:
            known[n] = k
    return known


def _same_number(a: Seen, b: Seen) -> bool:
    shows_another = a.references and b.references and a.references != b.references
    return _may_be(a, b) and a.bank_ref != "" and a.bank_ref in {one.bank_ref for one in b.shown} and not shows_another


def _may_be(a: Seen, b: Seen) -> bool:
    before = [one for one in b.shown if one.source is a.source]
    return a.amount_minor == b.amount_minor and all(
        one.statement == a.statement and (one.bank_ref == a.bank_ref or not one.bank_ref or not a.bank_ref)
        for one in before
    )


def _same_payer(a: Seen, b: Seen) -> bool:
    return a.other != b"" and a.other == b.other and _alike(a, b)


def _same_shown(a: Seen, b: Seen) -> bool:
    """Nothing but what one of two has forgotten, or never knew, could tell others from them."""
    sent_again = any((one.source, one.statement) == (a.source, a.statement) for one in b.shown)
    return (bool(a.references) or a.other == b.other or sent_again) and _alike(a, b)


def _alike(a: Seen, b: Seen) -> bool:
    if not _may_be(a, b) or a.booked_on != b.booked_on:
        return False
    numbered = {one.source for one in b.shown if one.bank_ref} if a.bank_ref else set()
    if a.source in numbered:
        return False
    if a.references or b.references:
        return a.references == b.references
    if a.source is not Source.CODA and numbered - {Source.CODA}:
        return False  # one bank's numbers in two kinds of camt, and nothing of ours to go by
    return not a.other or not b.other or a.other == b.other
