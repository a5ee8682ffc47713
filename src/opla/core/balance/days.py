"""Days and minutes as operators write them, in five languages. Which order of day and month is meant is a doubt, unless
only one of the two lies ahead: an end that is over is none.

| written                     | read                                          | doubt                          |
|-----------------------------|-----------------------------------------------|--------------------------------|
| 2026-12-31, 2026年12月31日  | that day                                      |                                |
| 31 december, 31. Dezember   | the next such day                             | `year` within a month after it |
| 31/12/2026, 31-12-26        | that day                                      |                                |
| 05/12/2026                  | 5 December first (Belgium: CLDR), then 12 May | `date`, while both lie ahead   |
| 31/12, 31-12                | the next such day                             | `date`, `year`                 |
| 5 days, nog 5 dagen, 还剩5天| the end of the fifth day                      | `last_day`                     |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from opla.core.balance.reading import Doubt, Until

_MONTHS = {
    1: "januari january janvier januar jan janv jänner",
    2: "februari february février fevrier februar feb févr fév",
    3: "maart march mars märz maerz mrt mar mär",
    4: "april avril apr avr",
    5: "mei may mai",
    6: "juni june juin jun",
    7: "juli july juillet jul juil",
    8: "augustus august août aout aug",
    9: "september septembre sep sept",
    10: "oktober october octobre okt oct",
    11: "november novembre nov",
    12: "december décembre decembre dezember dec déc dez",
}
_MONTH = {word: number for number, words in _MONTHS.items() for word in words.split()}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_TIME = r"(?:\s*(?:,|at|om|à|a|um|@)?\s*(?P<hour>[01]?\d|2[0-4])[:hu](?P<minute>[0-5]\d)(?::[0-5]\d)?(?!\d))?"
_FREE = r"(?<![\d./-])"
_DAYS = r"(?:days?|dagen|dag|jours?|tagen?|tag|天)"

#: In this order: what is longer and plainer first.
_WRITTEN = [
    re.compile(_FREE + r"(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)[t]?" + _TIME),
    re.compile(r"(?:(?P<y>20\d\d)\s*年\s*)?(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]" + _TIME),
    re.compile(_FREE + r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y>20\d\d|\d\d)(?![\d./-]\d|\d)" + _TIME),
    re.compile(
        _FREE
        + rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|e|\.)?[\s-]+(?:of\s+|de\s+)?(?P<name>{_NAMES})\b\.?"
        + r"(?:[\s-]*(?P<y>20\d\d))?"
        + _TIME
    ),
    re.compile(rf"\b(?P<name>{_NAMES})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<y>20\d\d))?" + _TIME),
    re.compile(_FREE + r"(?P<a>\d{1,2})(?P<sep>[-/])(?P<b>\d{1,2})(?![\d./-]\d|\d)" + _TIME),
    re.compile(rf"(?<![\d.,])(?P<n>\d{{1,3}})\s*{_DAYS}(?![a-z])"),
]
_FARTHEST = timedelta(days=5 * 366)  # an end beyond this is no end of a prepaid benefit
_LATELY = timedelta(days=31)


@dataclass(frozen=True)
class When:
    """An end, and where in the text it stands."""

    start: int
    end: int
    until: Until


def days_in(text: str, at: datetime, zone: ZoneInfo) -> list[When]:
    """Every end in a text (lower case, plain signs) that lies ahead of `at`, in order, none overlapping."""
    found: list[When] = []
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            if any(match.start() < when.end and when.start < match.end() for when in found):
                continue
            if until := _until(match, at, zone):
                found.append(When(match.start(), match.end(), until))
    return sorted(found, key=lambda when: when.start)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a local day."""
    return minute_of(day + timedelta(days=1), 0, 0, zone)


def minute_of(day: date, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """A local minute, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


def _until(match: re.Match[str], at: datetime, zone: ZoneInfo) -> Until | None:
    said = match.groupdict()
    today = at.astimezone(zone).date()
    if n := said.get("n"):
        last = today + timedelta(days=int(n))
        days = [last, last - timedelta(days=1)] if int(n) else [last]
        return _ahead([day_end(day, zone) for day in days], at, frozenset({Doubt.LAST_DAY}))
    year = said.get("y")
    if said.get("a"):
        a, b = int(said["a"]), int(said["b"])
        pairs = [(b, a), (a, b)] if a != b else [(b, a)]  # (month, day): the day first, as Belgium writes it
    else:
        month = _MONTH[said["name"]] if said.get("name") else int(said["m"])
        pairs = [(month, int(said["d"]))]
    doubts: set[Doubt] = set()
    ends: list[datetime] = []
    for month, day in pairs:
        for end, unsure in _ends(year, month, day, said, at, zone):
            ends.append(end)
            doubts |= {Doubt.YEAR} if unsure else set()
    if len(pairs) == 2:
        doubts.add(Doubt.DATE)
    return _ahead(ends, at, frozenset(doubts))


def _ends(
    year: str | None, month: int, day: int, said: dict[str, str | None], at: datetime, zone: ZoneInfo
) -> list[tuple[datetime, bool]]:
    """The instant, and whether the year is a guess. None where there is no such day."""
    hour, minute = said.get("hour"), said.get("minute")

    def instant(in_year: int) -> datetime | None:
        try:
            local = date(in_year, month, day)
        except ValueError:
            return None
        if hour is None or int(hour) == 24:
            return day_end(local, zone)
        return minute_of(local, int(hour), int(minute or 0), zone)

    if year is not None:
        end = instant(int(year) + (2000 if len(year) == 2 else 0))
        return [(end, False)] if end else []
    now = at.astimezone(zone).year
    this, following = instant(now), next((end for y in range(now + 1, now + 9) if (end := instant(y))), None)
    if this and this > at:
        return [(this, False)]
    return [(following, this is not None and at - this < _LATELY)] if following else []


def _ahead(ends: list[datetime], at: datetime, doubts: frozenset[Doubt]) -> Until | None:
    ahead = tuple(dict.fromkeys(end for end in ends if at < end <= at + _FARTHEST))
    if not ahead:
        return None
    return Until(ahead, doubts if len(ahead) > 1 else doubts - {Doubt.DATE, Doubt.LAST_DAY})
