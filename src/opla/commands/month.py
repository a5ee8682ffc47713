"""Close a month when all its days are closed, and export it for an accountant.

    ./opla month                         the months that are closed, and what the next one waits for
    ./opla month close 2026-10           fix it for ever: nothing is dated into it any more
    ./opla month export 2026-10 FOLDER   trial balance, journal (CSV, and for hledger), VAT, fees, sales, what was open

A month is closed in order and only while the books balance. What still waits for a person is kept with it. Exported
again, it is the same bytes. The same is done on the pages below /owner/months/.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core import month as months
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal

if TYPE_CHECKING:
    from opla.db.queries.months import ClosedMonth


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("show", "close", "export"), default="show")
    parser.add_argument("month", nargs="?", default="", metavar="YYYY-MM")
    parser.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="where the files go; made if it is missing"
    )
    parser.add_argument("--by", default="terminal", help="who closes it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        actor, at = Actor(Role.OWNER, arguments.by), datetime.now(UTC)
        if arguments.act == "show":
            answer, told = _show(at)
        elif (month := months.read(arguments.month)) is None:
            raise _stop(Refusal(Code.MONTH_UNREADABLE, "month"))
        elif arguments.act == "close":
            answer, told = _close(actor, month, at)
        elif arguments.folder is None:
            raise Stop("folder_missing", f"Where to? ./opla month export {arguments.month} FOLDER")
        else:
            answer, told = _export(actor, month, arguments.folder)
    print(json.dumps(answer) if arguments.json else told)
    return 0


def _stop(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refusal.code, sentence(refusal))


def _show(at: datetime) -> tuple[dict[str, object], str]:
    from opla.db.queries.months import closed_months
    from opla.operations.close_month import blocked, first_open
    from opla.presenting.refusals import sentence

    found, due = closed_months(), first_open()
    no = blocked(due, at=at) if due else None
    lines = [_told(one) for one in found]
    if due is not None:
        lines.append(f"{months.name(due)}  {sentence(no) if no else 'can be closed'}")
    return {
        "months": [_object(one) for one in found],
        "next": {"month": months.name(due), "waits_for": str(no.code) if no else None} if due else None,
    }, "\n".join(lines) or "Nothing has happened yet, so there is no month to close."


def _close(actor: Actor, month: date, at: datetime) -> tuple[dict[str, object], str]:
    from opla.operations.close_month import close_month

    found = close_month(actor, month, at=at)
    if isinstance(found, Refusal):
        raise _stop(found)
    told = _told(found)
    if found.items:
        told += f"\n{found.items} items from before its end are still open: they are kept with it. ./opla items"
    return _object(found), told


def _export(actor: Actor, month: date, folder: Path) -> tuple[dict[str, object], str]:
    from opla.operations.chart import chart
    from opla.operations.close_month import closed_month, unreadable
    from opla.presenting.months import FILES, export

    if isinstance(found := closed_month(actor, month), Refusal):
        raise _stop(found)
    if no := unreadable(found):
        raise _stop(no)
    if isinstance(numbers := chart(), Refusal):
        raise _stop(numbers)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            path = folder / f"{months.name(month)}-{name}"
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(export(name, found, numbers))
            written.append(path)
    except OSError as problem:
        raise Stop("file_unreadable", f"{folder}: {problem.strerror}") from None
    return {**_object(found), "files": [str(path) for path in written]}, "\n".join(map(str, written))


def _told(one: ClosedMonth) -> str:
    closed = f"closed {one.closed_at:%Y-%m-%d %H:%M} by {one.closed_by}"
    return f"{months.name(one.month)}  {one.from_day} to {one.until_day}  {closed}  seal {one.sha256[:16]}"


def _object(one: ClosedMonth) -> dict[str, object]:
    return {
        "month": months.name(one.month),
        "from": one.from_day.isoformat(),
        "until": one.until_day.isoformat(),
        "closed_at": one.closed_at.isoformat(),
        "closed_by": one.closed_by,
        "open_items": one.items,
        "sha256": one.sha256,
    }
