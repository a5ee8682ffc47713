"""The daily close: a day's balances and counts, fixed once, in order, and only while the books balance."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from opla.core import day as days
from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import days as queries
from opla.db.queries.books import books
from opla.db.queries.days import ClosedDay


def first_open() -> date | None:
    """The day that would be closed next; None in a shop where nothing has happened."""
    last = queries.last_closed()
    if last is not None:
        return last + timedelta(days=1)
    begun_at = queries.first_event_at()
    return None if begun_at is None else days.day_of(begun_at)


def close_day(actor: Actor, day: date, *, at: datetime) -> ClosedDay | Refusal:
    """Close this day. One that is closed already is given back as it stands."""
    if refused := actor.refused(Act.CLOSE_DAY):
        return refused
    if found := queries.closed(day):
        return found
    from_at, until_at = days.bounds(day)
    if day > days.last_over(at):
        return Refusal(Code.DAY_NOT_OVER, "day", {"day": day.isoformat()})
    due = first_open()
    if due is None or day != due:
        return Refusal(Code.DAY_OUT_OF_ORDER, "day", {"day": (due or days.day_of(at)).isoformat()})
    broken = [check.name for check in books(at) if not check.holds]
    if broken:
        return Refusal(Code.BOOKS_BROKEN, "books", {"checks": " ".join(broken)})
    # Somebody else may close it at the same time: then theirs stands.
    queries.close_day(day, from_at, until_at, actor=actor, at=at)
    return queries.closed(day) or Refusal(Code.STILL_RUNNING)


def close_all(actor: Actor, *, at: datetime) -> list[ClosedDay] | Refusal:
    """Close every day that is over, oldest first; the days that were closed now."""
    if refused := actor.refused(Act.CLOSE_DAY):
        return refused
    done: list[ClosedDay] = []
    while (due := first_open()) is not None and due <= days.last_over(at):
        found = close_day(actor, due, at=at)
        if isinstance(found, Refusal):
            return found
        done.append(found)
    return done
