"""A letter on paper: printed once, put in an envelope with a window, posted, and what becomes of it.

    to_print ──printed──▶ printed ──posted──▶ posted ──returned──▶ returned ──posted_again──▶ posted
        │                 ▲    │                │ └──lost──▶ lost     │  │
        │                 └────┴──reprinted─────│────────────┴────────┘  └──ended──▶ ended
        └──over──▶ ended  └──ended──▶ ended     └ (nobody hears of most letters again)

A letter with a code is the code: it is revealed by printing, in the same commit and before anything is drawn. Printing
again needs a reason, is an event of its own, and stands on the sheet. What came back sealed goes out again as it is;
where the address was wrong, it is printed again for the right one. Its code never goes back on the shelf, because
somebody had it in hand: a person who did not print it may give the price back, with a reason, and then the letter has
ended. While a second person is asked about that, and once it is given back, its code does not go into the post.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core import order
from opla.core.ports import Kind

#: Nobody puts more into envelopes before the next ones are printed.
MOST: Final = 50


class Topic(StrEnum):
    SLIP = "slip"  # the order slip itself, on its way out
    CODE = "code"
    DELIVERED = "delivered"
    REFUNDED = "refunded"
    EXPIRED = "expired"  # no money came
    SENT_BACK = "sent_back"  # the slip could not be read, or not be done


class State(StrEnum):
    TO_PRINT = "to_print"
    PRINTED = "printed"
    POSTED = "posted"
    RETURNED = "returned"  # undeliverable, and sealed
    LOST = "lost"  # whoever waited for it says so
    ENDED = "ended"


class Event(StrEnum):
    PRINTED = "printed"
    REPRINTED = "reprinted"
    POSTED = "posted"
    RETURNED = "returned"
    LOST = "lost"
    POSTED_AGAIN = "posted_again"
    OVER = "over"  # what it was to say is true no more
    ENDED = "ended"


#: (state, event) → the state it leads to.
ARROWS: Final[dict[tuple[State, Event], State]] = {
    (State.TO_PRINT, Event.PRINTED): State.PRINTED,
    (State.TO_PRINT, Event.OVER): State.ENDED,
    (State.PRINTED, Event.REPRINTED): State.PRINTED,
    (State.RETURNED, Event.REPRINTED): State.PRINTED,
    (State.LOST, Event.REPRINTED): State.PRINTED,
    (State.PRINTED, Event.POSTED): State.POSTED,
    (State.POSTED, Event.RETURNED): State.RETURNED,
    (State.POSTED, Event.LOST): State.LOST,
    (State.RETURNED, Event.POSTED_AGAIN): State.POSTED,
    (State.LOST, Event.RETURNED): State.RETURNED,
    (State.PRINTED, Event.ENDED): State.ENDED,
    (State.RETURNED, Event.ENDED): State.ENDED,
    (State.LOST, Event.ENDED): State.ENDED,
}
#: These need a reason, which is kept.
WITH_REASON: Final = frozenset({Event.REPRINTED, Event.ENDED})


def sources(event: Event) -> list[State]:
    """The states in which this can happen; all of them lead to the same one."""
    return [source for source, of in ARROWS if of is event]


def target(event: Event) -> State:
    return next(to for (_, of), to in ARROWS.items() if of is event)


class Text(StrEnum):
    """What became of the SMS that somebody wanted instead of a letter."""

    UNWANTED = "unwanted"
    WAITING = "waiting"
    TOLD = "told"
    FAILED = "failed"


def about(state: order.State, kind: Kind, text: Text) -> Topic | None:
    """The letter that an order's end is worth; None: none, or not yet.

    An SMS told it, or is on its way. That nothing came is always a letter: no SMS says so.
    """
    if state is order.State.CANCELLED:
        return Topic.EXPIRED
    if text in (Text.TOLD, Text.WAITING):
        return None
    if state is order.State.DELIVERED:
        return Topic.CODE if kind is Kind.CODE else Topic.DELIVERED
    return Topic.REFUNDED if state is order.State.REFUNDED else None


@dataclass(frozen=True)
class Box:
    """A rectangle on the front, in tenths of a millimetre from the left and the upper edge."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Envelope:
    """What the folded sheet lies in, loosely, and the window that shows a part of it."""

    wide: int
    high: int
    window: Box
    sheet_high: int  # as it is folded

    def always_shown(self) -> Box:
        """What of the sheet shows wherever it has slid to. It is as wide as A4."""
        aside, down = self.wide - _A4_WIDE, self.high - self.sheet_high
        return Box(self.window.left, self.window.top, self.window.right - aside, self.window.bottom - down)

    def ever_shown(self) -> Box:
        """What of the sheet may show: nothing but the address stands there."""
        aside, down = self.wide - _A4_WIDE, self.high - self.sheet_high
        return Box(self.window.left - aside, self.window.top - down, self.window.right, self.window.bottom)


_A4_WIDE: Final = 2100
#: Where the address stands on the sheet. bpost wants, on the envelope, 40 mm free above it, 30 mm below the window,
#: 15 mm on its right, and nothing else in the window (bpost.be, "Correct positioning of an address"; MassPost Guide
#: 2025, section 1).
ADDRESS: Final = Box(1100, 470, 1950, 670)
#: The envelopes it is made for: a window on the right, 40 mm high, where that rule leaves room for one. Assumed, until
#: somebody has looked through theirs (docs/howto/sell-by-post.md).
ENVELOPES: Final = {
    "DL, 110 × 220": Envelope(2200, 1100, Box(1000, 400, 2050, 800), 990),
    "C5/6, 114 × 229": Envelope(2290, 1140, Box(1040, 440, 2140, 840), 990),
    "C5, 162 × 229": Envelope(2290, 1620, Box(1040, 450, 2140, 850), 1485),
}
