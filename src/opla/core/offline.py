"""What a till sells while the line is down: codes that were given to it before, each sale numbered, chained and signed.

    held ──sold──▶ sold            what a tablet says of a code          becomes
      └────lost──▶ lost            the first sale of one it holds        an order, paid in cash, delivered by this code
                                   a code that was sold before           twice: the tablet is locked, a loss is posted
                                   a code that was posted as lost        late: a person looks
                                   a code it never held                  unknown: the tablet is locked
                                   another sale under the same number    forked: there are two tablets; the same

What cannot be prevented is bounded and found. A code that was given to a tablet is sold by it or lost: it never comes
back, so copies of a tablet can sell no more than the tablet held when they were made, and that is at most its limit.

A sale is a text of these lines, each ended by a line feed, signed whole (ECDSA over P-256 with SHA-256, FIPS 186-5; 64
bytes, r then s, as browsers give it) by a key that the tablet made and cannot show:

    opla-offline-1
    the key's id · the number of the sale, from 1 · the code's id · price in minor units · currency
    the tablet's clock (ISO 8601, UTC, milliseconds) · the clerk's name
    SHA-256 of the text of the sale before it, in hexadecimal; before the first 64 zeros
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

VERSION: Final = "opla-offline-1"
FIRST: Final = "0" * 64
#: Of one tablet's unsent sales nobody has more.
MOST: Final = 500


class State(StrEnum):
    """Of a code that was given to a tablet. Published."""

    HELD = "held"
    SOLD = "sold"
    LOST = "lost"


class Result(StrEnum):
    """What came of one sale that a tablet told of. Published."""

    BOOKED = "booked"
    TWICE = "twice"
    LATE = "late"
    UNKNOWN = "unknown"
    FORKED = "forked"


#: After these a tablet is locked: there are two of it, or somebody made its words up.
LOCKS: Final = frozenset({Result.TWICE, Result.UNKNOWN, Result.FORKED})


@dataclass(frozen=True)
class Sale:
    """One sale as its tablet wrote it down. `text` is what was signed."""

    key_id: UUID
    n: int
    code_id: UUID
    price_minor: int
    currency: str
    at: datetime
    clerk: str
    before: str
    text: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def write(
    key_id: UUID, n: int, code_id: UUID, price_minor: int, currency: str, at: datetime, clerk: str, before: str
) -> str:
    """The text that is signed."""
    when = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    lines = (VERSION, str(key_id), str(n), str(code_id), str(price_minor), currency, when, clerk, before)
    return "\n".join(lines) + "\n"


def read(text: str) -> Sale | None:
    """A sale of its text; None where it is none, or not as `write` would have written it."""
    lines = text.split("\n")
    if len(lines) != 10 or lines[0] != VERSION or lines[9]:
        return None
    _, key, n, code, price, currency, when, clerk, before, _ = lines
    try:
        found = Sale(
            UUID(key), int(n), UUID(code), int(price), currency, datetime.fromisoformat(when), clerk, before, text
        )
    except ValueError:
        return None
    if found.at.tzinfo is None or found.n < 1 or found.price_minor < 0 or len(before) != len(FIRST):
        return None
    again = write(found.key_id, found.n, found.code_id, found.price_minor, currency, found.at, clerk, before)
    return found if again == text else None


def chained(sales: list[Sale], before: str, n: int) -> bool:
    """Whether these follow one another, and the one that is known: number `n` with the digest `before`."""
    for sale in sales:
        n += 1
        if sale.n != n or sale.before != before:
            return False
        before = sale.digest
    return True
