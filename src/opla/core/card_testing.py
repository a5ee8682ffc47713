"""Card testing: somebody tries stolen cards on small top-ups, many times. It is slowed down, then stopped for the day.

    a payment is asked for ──within every limit──▶ go
                            ├─beyond one of 10 minutes, or of an hour─▶ wait as long, and nothing was charged
                            └─beyond one of the day──────────────────▶ until tomorrow

What is counted is one payment, however many orders it pays: a family fills a basket and pays once. Whoever was told to
wait is not counted for it, so that after waiting they are let through. Device and address are what a visitor brings;
e-mail and number are what anybody may type, so they never stop anybody for a day: a stranger who fails payments in
somebody's name costs that person an hour at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opla.core.day import bounds, day_of


class Source(StrEnum):
    """By what tries are put together, the widest first: an alert names the widest that is beyond a limit."""

    NETWORK = "network"  # IPv4 /24, IPv6 /48
    ADDRESS = "address"  # IPv4, IPv6 /64
    DEVICE = "device"
    EMAIL = "email"
    NUMBER = "number"


class Window(StrEnum):
    """In which time they are counted, the shortest first; and how long somebody beyond a limit waits."""

    TEN_MINUTES = "ten_minutes"
    HOUR = "hour"
    DAY = "day"  # since midnight in Brussels, so that tomorrow is tomorrow


@dataclass(frozen=True)
class Limit:
    """So many are let through. `failed` counts what failed before, the others this try too."""

    source: Source
    window: Window
    payments: int
    small: int  # payments of at most SMALL_MINOR
    numbers: int  # different numbers to top up
    failed: int


#: A card is tested on the least that can be bought, in minor units of the shop's currency.
SMALL_MINOR: Final = 1_000

_N, _A, _D, _E, _T = Source
#: Chosen, not measured: a family, a hostel behind one address and somebody whose card fails thrice stay below
#: (tests/core/test_card_testing.py). Of an address far more is let through than of a device: an operator puts hundreds
#: of phones behind one.
LIMITS: Final = (
    #     of            in                  payments small numbers failed
    Limit(_N, Window.TEN_MINUTES, 400, 300, 600, 120),
    Limit(_N, Window.HOUR, 1_200, 800, 1_600, 250),
    Limit(_N, Window.DAY, 4_000, 2_500, 5_000, 600),
    Limit(_A, Window.TEN_MINUTES, 40, 30, 60, 12),
    Limit(_A, Window.HOUR, 120, 100, 160, 25),
    Limit(_A, Window.DAY, 400, 300, 500, 60),
    Limit(_D, Window.TEN_MINUTES, 8, 6, 8, 4),
    Limit(_D, Window.HOUR, 16, 10, 16, 6),
    Limit(_D, Window.DAY, 30, 16, 24, 10),
    Limit(_E, Window.TEN_MINUTES, 30, 20, 30, 5),
    Limit(_E, Window.HOUR, 60, 40, 60, 8),
    Limit(_T, Window.TEN_MINUTES, 6, 6, 1, 5),
    Limit(_T, Window.HOUR, 12, 10, 1, 8),
)


@dataclass(frozen=True)
class Seen:
    """What one source did within a window, this try among it."""

    source: Source
    window: Window
    payments: int
    small: int
    numbers: int
    failed: int

    def beyond(self, limit: Limit) -> bool:
        return (self.source, self.window) == (limit.source, limit.window) and (
            self.payments > limit.payments
            or self.small > limit.small
            or self.numbers > limit.numbers
            or self.failed >= limit.failed
        )


@dataclass(frozen=True)
class Stopped:
    """Wait as long as `wait` says; `source` is the widest that went beyond a limit."""

    wait: Window
    source: Source


def starts(at: datetime) -> Mapping[Window, datetime]:
    """Since when each window counts."""
    return {
        Window.TEN_MINUTES: at - timedelta(minutes=10),
        Window.HOUR: at - timedelta(hours=1),
        Window.DAY: bounds(day_of(at))[0],
    }


def decide(seen: Iterable[Seen]) -> Stopped | None:
    """None lets through."""
    beyond = [(one.window, one.source) for one in seen if any(one.beyond(limit) for limit in LIMITS)]
    if not beyond:
        return None
    windows, sources = list(Window), list(Source)
    return Stopped(
        max((window for window, _ in beyond), key=windows.index),
        min((source for _, source in beyond), key=sources.index),
    )
