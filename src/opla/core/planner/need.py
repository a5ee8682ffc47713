"""What a person needs, day by day, from the first day on; and whatever of it is the same for every operator."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from opla.core.calendar import add_months, later, start_of
from opla.core.catalog.rules import Length
from opla.core.drawing import ANY, Demand, Quality, Usage, evenly
from opla.core.line import Kind

#: Instants are whole microseconds, amounts whole units; these stand for "no end" and "unlimited".
NEVER: Final = 1 << 62
UNLIMITED: Final = 1 << 60
LONG_AGO: Final = -(1 << 62)

KINDS: Final = (Kind.DATA, Kind.VOICE, Kind.SMS)
_DAY_MINUTES: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Need:
    """What is to be covered on every local day of the horizon.

    demands      one a day, the first that of the first day
    quality      what data must be like to count
    pay_per_use  whether the credit may pay for use outside every bundle, where the operator's tariff is known
    """

    demands: tuple[Demand, ...]
    quality: Quality = ANY
    pay_per_use: bool = False

    @property
    def days(self) -> int:
        return len(self.demands)

    @property
    def abroad(self) -> bool:
        return any(demand.abroad for demand in self.demands)

    def only(self, kind: Kind) -> Need:
        """The need for this kind alone."""
        kept = tuple(
            Demand(
                d.data_kb if kind is Kind.DATA else 0,
                d.voice_s if kind is Kind.VOICE else 0,
                d.sms if kind is Kind.SMS else 0,
                d.abroad,
            )
            for d in self.demands
        )
        return Need(kept, self.quality, self.pay_per_use)


def need_evenly(
    data_kb: int,
    voice_s: int,
    sms: int,
    *,
    first: date,
    days: int,
    abroad: Sequence[tuple[date, date]] = (),
    quality: Quality = ANY,
    pay_per_use: bool = False,
) -> Need:
    """Amounts per 30 days, spread evenly over local days."""
    usage = evenly(data_kb, voice_s, sms, first, abroad=abroad)
    if abroad:
        return need_of(usage, first, days, quality, pay_per_use=pay_per_use)
    month = tuple(usage(first + timedelta(days=n)) for n in range(30))  # of which every other is the same
    return Need((month * (days // 30 + 1))[:days], quality, pay_per_use)


def need_of(usage: Usage, first: date, days: int, quality: Quality = ANY, *, pay_per_use: bool = False) -> Need:
    """A profile: whatever is wanted on each day."""
    return Need(tuple(usage(first + timedelta(days=n)) for n in range(days)), quality, pay_per_use)


def micro(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def moment(us: int) -> datetime:
    return _EPOCH + us * _MICROSECOND


class _Calendar(NamedTuple):
    """What is the same for every need of these days: when each begins, and which one begins when; and of what begins
    with a day, when it ends, as far as that was asked."""

    starts: list[int]
    days: dict[int, int]
    later: dict[tuple[int, Length], int]
    lasting: dict[Length, list[int]]


@lru_cache(maxsize=32)
def _calendar(first: date, days: int, where: tzinfo) -> _Calendar:
    starts = [micro(start_of(first + timedelta(days=n), where)) for n in range(days + 1)]
    return _Calendar(starts, {at: day for day, at in enumerate(starts)}, {}, {})


class Horizon:
    """The days of a need on the local calendar, and the sums that every search over them asks for.

    starts   when each day begins, and after them when the horizon ends
    sums     of each kind, what is wanted before each day
    turns    days at which a stay abroad begins or ends
    """

    def __init__(self, need: Need, first: date, where: tzinfo) -> None:
        self.need, self.first, self.where, self.days = need, first, where, need.days
        calendar = _calendar(first, need.days, where)
        self.starts = calendar.starts
        self.start, self.end = self.starts[0], self.starts[-1]
        self.wanted: list[tuple[int, int, int]] = [(d.data_kb, d.voice_s, d.sms) for d in need.demands]
        self.abroad: list[bool] = [d.abroad for d in need.demands]
        columns = [[w[k] for w in self.wanted] for k in range(3)]
        self.sums: list[list[int]] = [list(accumulate(column, initial=0)) for column in columns]
        self._longest: dict[tuple[int, int], int] = {}
        self._wanting: dict[tuple[int, ...], list[int]] = {}
        self.needed = tuple(bool(sums[-1]) for sums in self.sums)
        self.away = need.abroad
        self.turns = [self.starts[n] for n in range(1, self.days) if self.abroad[n] != self.abroad[n - 1]]
        self._later_within: dict[tuple[int, Length], int] = {}
        self._days, self._later, self._lasting = calendar.days, calendar.later, calendar.lasting

    def wanting(self, kinds: tuple[int, ...]) -> list[int]:
        """Of each day, on how many days from it on any of these kinds is wanted."""
        found = self._wanting.get(kinds)
        if found is None:
            flags = [any(wanted[kind] for kind in kinds) for wanted in self.wanted]
            found = self._wanting[kinds] = [*accumulate(reversed(flags), initial=0)][::-1]
        return found

    def longest(self, kind: int, amount: int) -> int:
        """On at most so many days in a row no more than this is wanted."""
        found = self._longest.get((kind, amount))
        if found is None:
            found = self._longest[kind, amount] = self._longest_of(kind, amount)
        return found

    def _longest_of(self, kind: int, amount: int) -> int:
        # As if the smallest days were in a row; where something is wanted on each, that is as good as any.
        sums, since, most = self.sums[kind], 0, 0
        fewest = list(accumulate(sorted(wanted[kind] for wanted in self.wanted), initial=0))
        if fewest[1] > 0:
            return bisect_right(fewest, amount) - 1
        for until in range(1, self.days + 1):
            while sums[until] - sums[since] > amount:
                since += 1
            most = max(most, until - since)
        return most

    def lasting(self, length: Length) -> list[int]:
        """Of each day, the first day on which what begins with it no longer lasts; with minutes, at most."""
        found = self._lasting.get(length)
        if found is None:
            ends: Iterable[int] = self._months_later(length.months)
            if length.with_number:
                ends = [self.days] * self.days
            elif not length.months:
                most = length.days or length.minutes // _DAY_MINUTES + 2
                ends = range(most, most + self.days)
            found = self._lasting[length] = [min(end, self.days) for end in ends]
        return found

    def _months_later(self, months: int) -> Iterator[int]:
        """`calendar.add_months` of each day, as a day of the horizon; a month at a time."""
        day, since = self.first, self.first.toordinal()
        while day.toordinal() < since + self.days:
            last = day.replace(day=monthrange(day.year, day.month)[1])
            until = add_months(last, months)
            begins = until.replace(day=1).toordinal() - since - 1
            yield from (begins + min(number, until.day) for number in range(day.day, last.day + 1))
            day = last + timedelta(days=1)

    def day(self, at: int) -> int:
        """Which day of the horizon an instant lies in; -1 before it."""
        found = self._days.get(at)
        return bisect_right(self.starts, at) - 1 if found is None else found

    def is_start(self, at: int) -> bool:
        return at in self._days

    def local_day(self, at: int) -> date:
        return moment(at).astimezone(self.where).date()

    def later(self, at: int, length: Length) -> int:
        """As `calendar.later`; NEVER for a length without units."""
        if length.days:
            day = self._days.get(at, self.days) + length.days
            if day <= self.days:
                return self.starts[day]
        if length.with_number:
            return NEVER
        # What is not the beginning of a day is known to this need alone: there are too many such instants.
        known = self._later if at in self._days else self._later_within
        found = known.get((at, length))
        if found is None:
            found = known[at, length] = micro(later(moment(at), length, self.where))
        return found
