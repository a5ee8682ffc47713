"""Decisions of many threads, written together: whoever writes takes along what the others have ready.

Every delivery moves the same few accounts, so threads that write each for themselves wait for each other's commits. One
call that carries all of them locks those accounts once. Nobody waits for company: an only decision is written at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError

from opla.core.actor import SYSTEM
from opla.core.change import Change
from opla.db.queries.apply import Result, apply
from opla.db.queries.call import BROKEN
from opla.operations.shop import Shop


@dataclass
class _Ticket:
    """What one thread wants written, and, once somebody did, what became of it."""

    changes: Sequence[Change]
    at: datetime
    results: list[Result] | None = None
    broke: Exception | None = field(default=None, repr=False)


class Together:
    """`Write` for the threads of one process."""

    def __init__(self) -> None:
        self._waiting: list[_Ticket] = []
        self._queue = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, changes: Sequence[Change], *, shop: Shop, at: datetime) -> list[Result]:
        """Write them, now or in the call of whoever is before us. Raises what writing them raised."""
        mine = _Ticket(changes, at)
        with self._queue:
            self._waiting.append(mine)
        with self._turn:
            if mine.results is None and mine.broke is None:
                with self._queue:
                    ours, self._waiting = self._waiting, []
                _write(ours, shop)
        if mine.broke is not None:
            raise mine.broke
        return mine.results or []


def _write(tickets: Sequence[_Ticket], shop: Shop) -> None:
    changes = [change for ticket in tickets for change in ticket.changes]
    try:
        at = max(ticket.at for ticket in tickets)
        results = iter(apply(changes, actor=SYSTEM, at=at, keyring=shop.keyring, chance=shop.chance))
    except DatabaseError as broke:
        if len(tickets) > 1 and not isinstance(broke, BROKEN):
            for ticket in tickets:  # one of them cannot be written: it shall not take its neighbours with it
                _write([ticket], shop)
            return
        for ticket in tickets:
            ticket.broke = broke
    except Exception as broke:  # noqa: BLE001 - raised in the thread whose change it was
        for ticket in tickets:
            ticket.broke = broke
    else:
        for ticket in tickets:
            ticket.results = [next(results) for _ in ticket.changes]
