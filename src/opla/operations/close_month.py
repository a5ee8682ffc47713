"""The month's close: what its closed days come to, fixed once and in order, with what was still open."""

from __future__ import annotations

from datetime import date, datetime

from opla.core import month as months
from opla.core.actor import Act, Actor
from opla.core.calendar import add_months
from opla.core.day import day_of
from opla.core.refusal import Code, Refusal
from opla.db.queries import archive, days
from opla.db.queries import months as queries
from opla.db.queries.books import books
from opla.db.queries.months import ClosedMonth
from opla.operations import close_day


def first_open() -> date | None:
    """The month that would be closed next; None in a shop where nothing has happened."""
    last = queries.last_closed()
    if last is not None:
        return add_months(last, 1)
    begun_at = days.first_event_at()
    return None if begun_at is None else day_of(begun_at).replace(day=1)


def blocked(month: date, *, at: datetime) -> Refusal | None:
    """What stands in the way of closing it; None where nothing does. It asks the books for their proof last."""
    if month > months.last_over(at):
        return Refusal(Code.MONTH_NOT_OVER, "month", {"month": months.name(month)})
    due = first_open()
    if month != due:
        return Refusal(Code.MONTH_OUT_OF_ORDER, "month", {"month": months.name(due or day_of(at).replace(day=1))})
    open_day = close_day.first_open()
    if open_day is None or open_day <= months.last_day(month):
        return Refusal(Code.MONTH_DAYS_OPEN, "month", {"day": (open_day or month).isoformat()})
    broken = [check.name for check in books(at) if not check.holds]
    return Refusal(Code.BOOKS_BROKEN, "books", {"checks": " ".join(broken)}) if broken else None


def close_month(actor: Actor, month: date, *, at: datetime) -> ClosedMonth | Refusal:
    """Close this month. One that is closed already is given back as it stands."""
    if refused := actor.refused(Act.CLOSE_DAY):
        return refused
    if found := queries.closed(month):
        return found
    if no := blocked(month, at=at):
        return no
    # Somebody else may close it at the same time: then theirs stands.
    queries.close_month(month, actor=actor, at=at)
    return queries.closed(month) or Refusal(Code.STILL_RUNNING)


def closed_month(actor: Actor, month: date) -> ClosedMonth | Refusal:
    """One that is closed: of no other is anything given out."""
    if refused := actor.refused(Act.READ_BOOKS):
        return refused
    return queries.closed(month) or Refusal(Code.MONTH_NOT_CLOSED, "month", {"month": months.name(month)})


def unreadable(one: ClosedMonth) -> Refusal | None:
    """Why its lines cannot be read: they are not in the database any more. Its balances stay."""
    until = archive.outside_until()
    if until is None or one.from_at >= until:
        return None
    return Refusal(Code.MONTH_OUTSIDE, "month", {"month": months.name(one.month)})
