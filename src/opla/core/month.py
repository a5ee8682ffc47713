"""The shop's months, each named by its first day: what is closed and handed to an accountant."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from opla.core import day as days
from opla.core.calendar import add_months


def read(text: str) -> date | None:
    """`2026-10`; None when it is no month."""
    try:
        found = date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        return None
    return found if name(found) == text.strip() else None


def name(month: date) -> str:
    """`2026-10`: in addresses, files and commands."""
    return f"{month:%Y-%m}"


def last_day(month: date) -> date:
    return add_months(month, 1) - timedelta(days=1)


def last_over(at: datetime) -> date:
    """The newest month whose last day can be closed at this time."""
    return add_months((days.last_over(at) + timedelta(days=1)).replace(day=1), -1)
