"""Which reminders are due for one line at this instant. Pure: storage and post are elsewhere.

| reminder        | is due from                                     | until            | once per                    |
|-----------------|-------------------------------------------------|------------------|-----------------------------|
| data_ends       | 2 days before the earliest end of the forecast  | it expires       | bucket of data              |
| benefits_expire | 3 days before                                   | they expire      | end                         |
| credit_lost     | 14 days before                                  | it is lost       | end                         |
| number_lost     | 30 days before                                  | it is lost       | end                         |
| check_in        | the interval the person set, after the reading  | the next reading | interval, three at the most |

Never between 21:00 and 08:00 in the shop's time zone, whatever the clock does that night.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from opla.core.forecast import Forecast, Verdict

#: Hours of the local day between which nobody is written to.
QUIET_FROM_H, QUIET_UNTIL_H = 21, 8
#: Somebody who does not answer this many check-ins has stopped caring, and is left in peace.
CHECK_INS = 3


class Kind(StrEnum):
    """What a reminder is about. Published: part of the key by which it is sent once."""

    DATA_ENDS = "data_ends"
    BENEFITS_EXPIRE = "benefits_expire"
    CREDIT_LOST = "credit_lost"
    NUMBER_LOST = "number_lost"
    CHECK_IN = "check_in"


LEAD = {
    Kind.DATA_ENDS: timedelta(days=2),
    Kind.BENEFITS_EXPIRE: timedelta(days=3),
    Kind.CREDIT_LOST: timedelta(days=14),
    Kind.NUMBER_LOST: timedelta(days=30),
}


@dataclass(frozen=True)
class Watch:
    """What is looked after on one line. Instants are exclusive ends; an end that is not known is not reminded of.

    `data` is the forecast of the data and `data_since` since when nothing was added to it.
    """

    measured_at: datetime
    data: Forecast | None = None
    data_since: datetime | None = None
    benefits_until: tuple[datetime, ...] = ()
    credit_until: datetime | None = None
    number_until: datetime | None = None
    check_every: timedelta | None = None


@dataclass(frozen=True)
class Reminder:
    """One message. `key` is the same whenever it is decided again; `about` is the end it warns of, or for a check-in
    when the last reading was taken."""

    kind: Kind
    key: str
    about: datetime


@dataclass(frozen=True)
class _Window:
    reminder: Reminder
    opens: datetime
    closes: datetime | None


def due(watch: Watch, at: datetime, zone: ZoneInfo, sent: Collection[str] = ()) -> tuple[Reminder, ...]:
    """The reminders to send now; none at night. `sent` are the keys of those that went."""
    if quiet(at, zone):
        return ()
    return tuple(
        window.reminder
        for window in _windows(watch)
        if window.opens <= at and (window.closes is None or at < window.closes) and window.reminder.key not in sent
    )


def look_next(watch: Watch, at: datetime, zone: ZoneInfo, sent: Collection[str] = ()) -> datetime | None:
    """The first instant from `at` on at which one is due; None when there will be none without a new reading."""
    moments = []
    for window in _windows(watch):
        moment = awake(max(window.opens, at), zone)
        if window.reminder.key not in sent and (window.closes is None or moment < window.closes):
            moments.append(moment)
    return min(moments, default=None)


def quiet(at: datetime, zone: ZoneInfo) -> bool:
    """Whether people sleep."""
    return not QUIET_UNTIL_H <= at.astimezone(zone).hour < QUIET_FROM_H


def awake(at: datetime, zone: ZoneInfo) -> datetime:
    """`at`, or the end of the night it lies in."""
    if not quiet(at, zone):
        return at
    local = at.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.hour >= QUIET_FROM_H else 0)
    return datetime(day.year, day.month, day.day, QUIET_UNTIL_H, tzinfo=zone).astimezone(UTC)


def _windows(watch: Watch) -> Iterator[_Window]:
    if (data := watch.data) is not None and data.verdict is not Verdict.LASTS and data.earliest is not None:
        anchor = data.until or watch.data_since or data.measured.at
        closes = data.until or data.latest
        yield _window(Kind.DATA_ENDS, anchor, data.earliest - LEAD[Kind.DATA_ENDS], closes, data.earliest)
    for until in sorted(set(watch.benefits_until)):
        yield _window(Kind.BENEFITS_EXPIRE, until, until - LEAD[Kind.BENEFITS_EXPIRE], until, until)
    if (until_ := watch.credit_until) is not None:
        yield _window(Kind.CREDIT_LOST, until_, until_ - LEAD[Kind.CREDIT_LOST], until_, until_)
    if (until_ := watch.number_until) is not None:
        yield _window(Kind.NUMBER_LOST, until_, until_ - LEAD[Kind.NUMBER_LOST], until_, until_)
    if (every := watch.check_every) is not None:
        for n in range(1, CHECK_INS + 1):
            opens = watch.measured_at + n * every
            closes = None if n == CHECK_INS else opens + every
            # Once per reading and interval: a new reading begins the count anew.
            yield _window(Kind.CHECK_IN, opens, opens, closes, watch.measured_at)


def _window(kind: Kind, anchor: datetime, opens: datetime, closes: datetime | None, about: datetime) -> _Window:
    return _Window(Reminder(kind, f"{kind}:{anchor.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", about), opens, closes)
