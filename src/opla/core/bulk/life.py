"""The life of a file of orders. Nothing is bought before somebody confirmed the sum of its good rows.

    uploaded ──read──▶ checking ──checked──▶ checked ──confirmed──▶ confirmed ──begun──▶ running ──finished──▶ done
       └──broke──▶ broken                       └──expired──▶ expired              resumed ▲ │ paused, short
                                                                                         paused
    cancelled: from everything that has not ended; what was bought by then stays bought.

A worker takes a batch of rows at a time and writes down what became of it: a file may be stopped anywhere, and goes on
where it was. One that was cancelled meanwhile is looked at once more, for what was bought and not written down.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    UPLOADED = "uploaded"  # nobody has read it yet
    CHECKING = "checking"
    CHECKED = "checked"  # every row is known to be good, bad, or bought before; the sum waits to be confirmed
    CONFIRMED = "confirmed"  # waits for its time, or for a worker
    RUNNING = "running"
    PAUSED = "paused"  # by a person, or because the float does not cover the next row
    DONE = "done"
    BROKEN = "broken"  # it could not be read
    EXPIRED = "expired"  # nobody confirmed it
    CANCELLED = "cancelled"


class Event(StrEnum):
    READ = "read"
    BROKE = "broke"
    CHECKED = "checked"
    CONFIRMED = "confirmed"
    BEGUN = "begun"
    PAUSED = "paused"
    SHORT = "short"
    RESUMED = "resumed"
    FINISHED = "finished"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_S, _E = State, Event
ARROWS: Final[dict[tuple[State, Event], State]] = {
    (_S.UPLOADED, _E.READ): _S.CHECKING,
    (_S.UPLOADED, _E.BROKE): _S.BROKEN,
    (_S.UPLOADED, _E.CANCELLED): _S.CANCELLED,
    (_S.CHECKING, _E.CHECKED): _S.CHECKED,
    (_S.CHECKING, _E.CANCELLED): _S.CANCELLED,
    (_S.CHECKED, _E.CONFIRMED): _S.CONFIRMED,
    (_S.CHECKED, _E.EXPIRED): _S.EXPIRED,
    (_S.CHECKED, _E.CANCELLED): _S.CANCELLED,
    (_S.CONFIRMED, _E.BEGUN): _S.RUNNING,
    (_S.CONFIRMED, _E.CANCELLED): _S.CANCELLED,
    (_S.RUNNING, _E.PAUSED): _S.PAUSED,
    (_S.RUNNING, _E.SHORT): _S.PAUSED,
    (_S.RUNNING, _E.FINISHED): _S.DONE,
    (_S.RUNNING, _E.CANCELLED): _S.CANCELLED,
    (_S.PAUSED, _E.RESUMED): _S.RUNNING,
    (_S.PAUSED, _E.CANCELLED): _S.CANCELLED,
}

ENDED: Final = frozenset({_S.DONE, _S.BROKEN, _S.EXPIRED, _S.CANCELLED})
#: In these a worker has something to do, in `confirmed` once its time has come.
WORKED_ON: Final = frozenset({_S.UPLOADED, _S.CHECKING, _S.CONFIRMED, _S.RUNNING})
#: How long a checked file waits to be confirmed, any other for somebody to go on with it before it is cancelled, how
#: far ahead one may be confirmed for, and how long an ended one is kept.
CONFIRM_WITHIN: Final = timedelta(days=7)
GO_ON_WITHIN: Final = timedelta(days=90)
AHEAD: Final = timedelta(days=90)
KEPT: Final = timedelta(days=180)
#: How long a buyer's link opens.
LINK_LASTS: Final = timedelta(days=180)


class RowState(StrEnum):
    """What became of a row. An order that stands goes on to its own end."""

    NEW = "new"  # not checked yet
    BAD = "bad"
    GOOD = "good"  # to be bought
    PLACED = "placed"  # by this file
    AGAIN = "again"  # its order stood before, under the same key: nothing was bought
    REFUSED = "refused"  # was good when it was checked, and not any more when it was its turn


def outcome(row: RowState, order: str, file: State) -> str:
    """One word for what became of a row: its order's state where it has one. Published: it stands in results.

    Without: new, good (to be bought), bad, refused, not_bought (the file ended before), played (a sandbox's).
    """
    if row in (RowState.PLACED, RowState.AGAIN):
        return order or "played"
    return "not_bought" if row in (RowState.GOOD, RowState.NEW) and file in ENDED else str(row)


def moved(state: State, event: Event) -> State | None:
    """Where it leads; None where that cannot happen now."""
    return ARROWS.get((state, event))


def sources_of(event: Event) -> tuple[State, ...]:
    """The states in which that can happen."""
    return tuple(source for source, what in ARROWS if what is event)
