"""When something ends, from what was left of it at two or more moments. Exact fractions; no floats.

**The method.** Between two readings without a rise (a rise is a top-up) something was used at a rate. Of `n` such
stretches, the likely rate is all that was used over all that time; the slowest and the fastest stretch bound it, and
because few stretches say little the band is widened: the fastest by (n+1)/n, the slowest by n/(n+1). One stretch thus
gives half to twice its rate, ten give a tenth more on each side. What the last reading left, over each rate, gives the
three ends. It says nothing of days unlike those before (a journey, a new film), which is why it is a band, and grows
old: readings are asked for again, and an old forecast is shown as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

#: Readings closer together say more of how operators round than of how somebody lives: the later one counts.
APART = timedelta(hours=1)
#: What would end later than this is said not to end.
HORIZON = timedelta(days=5 * 366)
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class Measured:
    """What was left at this instant, in any whole unit, always the same one."""

    at: datetime
    left: int


class Verdict(StrEnum):
    LASTS = "lasts"  # until it expires, even at the fastest rate
    MAY_END = "may_end"  # empty before it expires at the fastest rate, not at the slowest
    ENDS = "ends"  # empty before it expires at every rate of the band


@dataclass(frozen=True)
class Forecast:
    """Rates in units a day and the ends they give, from the newest reading on.

    `earliest` ≤ `likely` ≤ `latest`; None stands for never (within `HORIZON`). `until` is when it expires anyway.
    """

    measured: Measured
    stretches: int
    slow_per_day: int
    likely_per_day: int
    fast_per_day: int
    earliest: datetime | None
    likely: datetime | None
    latest: datetime | None
    until: datetime | None

    @property
    def verdict(self) -> Verdict:
        if self.earliest is None or (self.until is not None and self.earliest >= self.until):
            return Verdict.LASTS
        if self.latest is not None and (self.until is None or self.latest < self.until):
            return Verdict.ENDS
        return Verdict.MAY_END


def forecast(readings: Iterable[Measured], until: datetime | None = None) -> Forecast | None:
    """When it ends; None without a stretch of an hour between two readings. The order of the readings is no matter."""
    kept = _apart(readings)
    stretches = [
        Fraction(before.left - after.left, _seconds(after.at - before.at))
        for before, after in pairwise(kept)
        if after.left <= before.left
    ]
    if not stretches:
        return None
    n, last = len(stretches), kept[-1]
    fast, slow = max(stretches) * Fraction(n + 1, n), min(stretches) * Fraction(n, n + 1)
    used = sum(before.left - after.left for before, after in pairwise(kept) if after.left <= before.left)
    over_s = sum(_seconds(after.at - before.at) for before, after in pairwise(kept) if after.left <= before.left)
    likely = Fraction(used, over_s)
    return Forecast(
        last,
        n,
        floor(slow * _DAY_S),
        round(likely * _DAY_S),
        ceil(fast * _DAY_S),
        _end(last, fast),
        _end(last, likely),
        _end(last, slow),
        until,
    )


def stale(measured_at: datetime, at: datetime, every: timedelta) -> bool:
    """Whether a reading is older than the interval at which its owner wants to look again."""
    return at - measured_at > every


def stretch_start(readings: Iterable[Measured]) -> datetime | None:
    """Since when nothing was added: the first reading after the last rise."""
    kept = sorted(readings, key=lambda measured: measured.at)
    start = kept[0].at if kept else None
    for before, after in pairwise(kept):
        if after.left > before.left:
            start = after.at
    return start


def _apart(readings: Iterable[Measured]) -> list[Measured]:
    """The readings, oldest first, each at least `APART` from the next."""
    kept: list[Measured] = []
    for measured in sorted(readings, key=lambda measured: (measured.at, -measured.left), reverse=True):
        if not kept or kept[-1].at - measured.at >= APART:
            kept.append(measured)
    return kept[::-1]


def _end(last: Measured, rate_per_s: Fraction) -> datetime | None:
    if last.left == 0:
        return last.at
    if rate_per_s == 0:
        return None
    seconds = floor(last.left / rate_per_s)
    return last.at + timedelta(seconds=seconds) if seconds <= HORIZON.total_seconds() else None


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)
