"""A worker proves the books again and again, and keeps what it found: pages and alarms say it without adding up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from opla.db.queries import books

#: From the end of one proof to the next, in a small shop; in a large one, so many times what the last one took.
_EVERY: Final = timedelta(minutes=5)
_REST: Final = 50


def prove(*, clock: Callable[[], datetime]) -> bool:
    """Prove them, if it is time and nobody else does; whether it was."""
    at = clock()
    if not books.prove_turn(at):
        return False
    checks = books.books(at)
    ended_at = clock()
    books.proven(checks, at=at, took=ended_at - at, next_at=ended_at + max(_EVERY, _REST * (ended_at - at)))
    return True
