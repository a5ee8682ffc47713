"""A slip on its way to paper: asked for by a person, sent once, and never taken for printed without a sign of it.

    asked ──▶ new ──claimed──▶ sending ──came_out──▶ printed
               │                  └──cut_off──▶ unknown ──came_out──▶ printed
               │                                   └──spoilt──▶ spoilt, and a copy may be asked for
               └──called_off · too_late · gone──▶ refused: nothing has left

A job names its order and holds nothing of what is printed. It is claimed when the printer has said that it is ready,
and the look at the code is written down in that very commit. From then on only two can say that the slip came out: the
printer, after its last byte, or a person who sees it. What nobody can say is unknown, as a send is, and is never
printed again by itself.

Of one order's slip one is the original. Whatever follows it is a copy: it says so, and somebody has said why.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a job stands. Published."""

    NEW = "new"  # waits for its printer
    SENDING = "sending"
    PRINTED = "printed"
    UNKNOWN = "unknown"  # it may lie there, whole, in part or not at all: a person looks
    SPOILT = "spoilt"  # somebody looked: nothing that anybody could use
    REFUSED = "refused"  # nothing has left


class Event(StrEnum):
    ASKED = "asked"
    CLAIMED = "claimed"
    CAME_OUT = "came_out"
    CUT_OFF = "cut_off"
    SPOILT = "spoilt"
    CALLED_OFF = "called_off"
    TOO_LATE = "too_late"  # nobody stands there any more, and a code would lie in the printer
    GONE = "gone"  # the order has nothing to be printed any more


ARROWS: Final[dict[tuple[State, Event], State]] = {
    (State.NEW, Event.CLAIMED): State.SENDING,
    (State.NEW, Event.CALLED_OFF): State.REFUSED,
    (State.NEW, Event.TOO_LATE): State.REFUSED,
    (State.NEW, Event.GONE): State.REFUSED,
    (State.SENDING, Event.CAME_OUT): State.PRINTED,
    (State.SENDING, Event.CUT_OFF): State.UNKNOWN,
    (State.UNKNOWN, Event.CAME_OUT): State.PRINTED,
    (State.UNKNOWN, Event.SPOILT): State.SPOILT,
}

#: How long a slip waits for its printer. Then whoever asked is gone.
WAITS: Final = timedelta(minutes=10)
#: How long one that was claimed may take. Then nobody will say any more what became of it.
TAKES: Final = timedelta(minutes=2)
#: How long what a printer said of itself is believed: it is looked at every few seconds.
BELIEVED: Final = timedelta(seconds=30)
#: What a person may say of a slip: that it came out, that it did not, that it is not wanted.
SAYABLE: Final = frozenset({Event.CAME_OUT, Event.SPOILT, Event.CALLED_OFF})


class Sight(StrEnum):
    """What a printer says of itself. Published."""

    READY = "ready"
    PAPER_LOW = "paper_low"  # it prints
    PAPER_OUT = "paper_out"
    STOPPED = "stopped"  # its cover is open, its cutter stuck, somebody switched it off line
    SILENT = "silent"  # not there, or it says nothing of itself


#: With these a slip is begun.
PRINTS: Final = frozenset({Sight.READY, Sight.PAPER_LOW})
