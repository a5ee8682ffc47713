"""When a place is open, from hours in OpenStreetMap's syntax: at an instant, until when, and on the days to come.

The rules are evaluated on the local calendar by `opening_hours` (the reader of the syntax, with public holidays by
country). Instants are made from it here as everywhere: a time that the clock skips is the end of its gap, one that it
shows twice is the first of the two, so that nobody is promised an hour too long.

Nothing is called open that is not plainly open. It is `ask` where the hours cannot be read, where they say "unknown"
or carry a remark ("by appointment"), and where they hang on what is not known here: the sun, school holidays, an end
left open (`13:00+`). Source of the syntax: wiki.openstreetmap.org/wiki/Key:opening_hours/specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Final

import opening_hours as lib

from opla.core.calendar import day_of, instant

#: Beyond it no change is looked for: hours that change next year are as good as hours that do not.
_HORIZON: Final = timedelta(days=400)
_DAY: Final = timedelta(days=1)
#: What ends by now the next day belongs to the evening before.
_MORNING: Final = timedelta(hours=12)
_UNREADABLE: Final = (lib.ParserError, lib.UnknownCountryError)  # type: ignore[attr-defined]  # its stubs forgot them
_NOT_KNOWN_HERE: Final = re.compile(r"\b(?:sunrise|sunset|dawn|dusk|SH)\b|\d\+", re.IGNORECASE)
_REMARK: Final = re.compile(r'"[^"]*"')
_MAX_LENGTH: Final = 500
#: State, remark, from and until.
_Stretch = tuple["State", str, datetime, datetime]


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    ASK = "ask"


@dataclass(frozen=True)
class Opening:
    """How it stands at an instant. `until` is the next change, None where none is foreseen within a year.

    `holiday`: this, or the next change, falls on a public holiday of which the hours say nothing.
    """

    state: State
    until: datetime | None = None
    note: str = ""  # the hours' own remark, as written
    holiday: bool = False

    @property
    def surely_open(self) -> bool:
        return self.state is State.OPEN and not self.holiday


@dataclass(frozen=True)
class Span:
    """Open from and until, on the clock of the place; `ends` may lie on the morning after. `ask`: not plainly open."""

    starts: datetime
    ends: datetime
    ask: bool = False


@dataclass(frozen=True)
class Day:
    day: date
    spans: tuple[Span, ...]
    holiday: bool


@dataclass(frozen=True)
class Hours:
    """Readable hours of one place in one country."""

    text: str
    country: str
    always: bool
    says_holidays: bool
    _rules: lib.OpeningHours = field(repr=False, compare=False)

    def opening(self, at: datetime, where: tzinfo) -> Opening:
        """How it stands at this instant (aware) at a place whose clocks are those of `where`."""
        # From the day before: what was before the clock went back, and the holiday before this night.
        first = _midnight(day_of(at, where)) - _DAY
        last = first + _HORIZON
        for state, note, _starts, until in _joined(self._instants(first, last, where)):
            if until > at:
                foreseen = until if until < instant(last, where) else None
                days = {day_of(at, where)} if state is State.OPEN else set()
                days |= {day_of(foreseen, where)} if foreseen is not None else set()
                unsaid = not self.says_holidays and any(holiday(day, self.country) for day in days)
                return Opening(state, foreseen, note, unsaid)
        return Opening(State.ASK)

    def week(self, first: date, days: int = 7) -> list[Day]:
        """What is open on each of these days. What goes on after midnight stands on the day it began."""
        start = _midnight(first) - _DAY
        end = start + timedelta(days=days + 2)
        stretches = [s for s in _joined(self._on_the_clock(start, end)) if s[0] is not State.CLOSED]
        found = []
        for n in range(days):
            today = first + timedelta(days=n)
            spans = [span for stretch in stretches if (span := _on(today, *stretch))]
            found.append(Day(today, tuple(spans), not self.says_holidays and holiday(today, self.country)))
        return found

    def _on_the_clock(self, start: datetime, end: datetime) -> Iterator[_Stretch]:
        for starts, ends, kind, remark in self._rules.intervals(start, end):
            state = _state(kind, remark)
            # "18:00-02:00; PH off": the library closes a holiday from midnight to midnight, and so opens the two hours
            # after it, of an evening that was off. Nobody can rely on those.
            after = starts == _midnight(starts.date()) and starts > start and ends - starts <= _MORNING
            if state is State.OPEN and after and holiday(starts.date() - _DAY, self.country):
                state = State.ASK
            yield state, remark, starts, ends

    def _instants(self, start: datetime, end: datetime, where: tzinfo) -> Iterator[_Stretch]:
        """The same in instants, without what lies in an hour that the clock skips."""
        for state, remark, starts, ends in self._on_the_clock(start, end):
            begins, over = instant(starts, where), instant(ends, where)
            if begins < over:
                yield state, remark, begins, over


@lru_cache(maxsize=4096)
def read_hours(text: str, country: str) -> Hours | None:
    """Hours as written, of a place in a country (ISO alpha-2); None: empty, unreadable, or not to be known here."""
    if not text or len(text) > _MAX_LENGTH or _NOT_KNOWN_HERE.search(_REMARK.sub("", text)):
        return None
    try:
        rules = _rules(text, country)
    except _UNREADABLE:
        return None
    always = str(rules.normalize()) == "24/7"
    return Hours(text, country, always, always or re.search(r"\bPH\b", _REMARK.sub("", text)) is not None, rules)


@lru_cache(maxsize=1024)
def holiday(day: date, country: str) -> bool:
    """Whether a day is a public holiday in the whole of a country."""
    return _rules("PH", country).is_open(_midnight(day) + _MORNING)


def _joined(stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """One after the other, so that neighbours differ: a change of remark alone is no change."""
    held: _Stretch | None = None
    for state, remark, starts, ends in stretches:
        if held and held[0] is state:
            held = (state, held[1], held[2], ends)
            continue
        if held:
            yield held
        held = (state, remark, starts, ends)
    if held:
        yield held


def _rules(text: str, country: str) -> lib.OpeningHours:
    return lib.OpeningHours(text, country=country, auto_country=False, auto_timezone=False)


def _state(kind: lib.State, remark: str) -> State:
    if kind == lib.State.CLOSED:
        return State.CLOSED
    # By the specification a remark alone makes it "depends": a note such as "by appointment" is no open door.
    return State.OPEN if kind == lib.State.OPEN and not remark else State.ASK


def _on(today: date, state: State, _note: str, starts: datetime, ends: datetime) -> Span | None:
    """The part of a stretch that people would say of this day."""
    begins, over = _midnight(today), _midnight(today) + _DAY
    if starts >= over or ends <= begins:
        return None
    if starts < begins and ends <= begins + _MORNING:
        return None  # it is the night before that goes on
    return Span(max(starts, begins), ends if ends <= over + _MORNING else over, state is State.ASK)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())
