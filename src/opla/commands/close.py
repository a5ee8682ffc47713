"""Close the days that are over: fix their balances and counts for ever, in order, while the books balance.

A day can be closed an hour after it ends (Europe/Brussels). Closing one again gives the same figures.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running

if TYPE_CHECKING:
    from opla.db.queries.days import AccountDay, ClosedDay


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", metavar="YYYY-MM-DD", help="this day only (every day that is over)")
    parser.add_argument("--journal", metavar="FILE.csv", type=Path, help="also write the day's journal; with --day")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.journal and not arguments.day:
        raise Stop("day_unreadable", "Whose journal? --day YYYY-MM-DD")
    with running():
        from opla.core.actor import Actor, Role
        from opla.core.refusal import Code, Refusal
        from opla.db.queries import days
        from opla.operations.close_day import close_all, close_day
        from opla.presenting.ledger import journal_csv
        from opla.presenting.refusals import sentence

        actor, at = Actor(Role.OWNER, "terminal"), datetime.now(UTC)
        found: ClosedDay | list[ClosedDay] | Refusal
        if arguments.day:
            day = _day(arguments.day)
            found = close_day(actor, day, at=at) if day else Refusal(Code.DAY_UNREADABLE)
        else:
            found = close_all(actor, at=at)
        if isinstance(found, Refusal):
            raise Stop(found.code, sentence(found))
        closed = found if isinstance(found, list) else [found]
        rows = [(one, days.accounts(one.day)) for one in closed]
        if arguments.journal:
            text = "".join(journal_csv(days.journal(closed[0].from_at, closed[0].until_at)))
            try:
                arguments.journal.write_text(text, "utf-8", newline="")
            except OSError as problem:
                raise Stop("file_unreadable", f"{arguments.journal}: {problem.strerror}") from None
    if arguments.json:
        print(json.dumps({"days": [_object(*row) for row in rows]}))
        return 0
    for one, accounts in rows:
        _print(one, accounts)
    print(f"{len(rows)} closed." if rows else "No day is left to close.")
    return 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _object(one: ClosedDay, accounts: list[AccountDay]) -> dict[str, object]:
    return {
        "day": one.day.isoformat(),
        "from": one.from_at.isoformat(),
        "until": one.until_at.isoformat(),
        "placed": one.placed,
        "delivered": one.delivered,
        "refunded": one.refunded,
        "holding": one.holding,
        "items_opened": one.items_opened,
        "items_closed": one.items_closed,
        "items_open": one.items_open,
        "closed_at": one.closed_at.isoformat(),
        "closed_by": one.closed_by,
        "accounts": [
            {
                "account": a.account,
                "currency": a.opening.currency,
                "opening_minor": a.opening.amount_minor,
                "debits_minor": a.debits.amount_minor,
                "credits_minor": a.credits.amount_minor,
                "closing_minor": a.closing.amount_minor,
                "held_minor": a.held.amount_minor,
            }
            for a in accounts
        ],
    }


def _print(one: ClosedDay, accounts: list[AccountDay]) -> None:
    print(
        f"{one.day}  placed {one.placed}  delivered {one.delivered}  refunded {one.refunded}  "
        f"open holds {one.holding}  open items {one.items_open}"
    )
    print(f"  {'account':<32}{'opening':>12}{'debits':>12}{'credits':>12}{'closing':>12}")
    for a in accounts:
        figures = "".join(f"{m.decimal:>12}" for m in (a.opening, a.debits, a.credits, a.closing))
        print(f"  {a.account:<32}{figures}")
