"""What the machines have in common: an entry is one thing that happened, flat and ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Always holds `what` ("payment.captured") and `at_ms` (milliseconds since 1970, UTC).
Entry = Mapping[str, str | int]


@dataclass(frozen=True)
class Refused:
    """The other side's "no": an HTTP status and a word its manual would list."""

    status: int
    word: str
