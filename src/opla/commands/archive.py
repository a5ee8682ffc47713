"""Where months lie: in use, archived beside that, or in files of yours, out of the database.

    ./opla archive                      every month, its rows, and where they lie
    ./opla archive out 2024-01 FOLDER   write an archived month into files, compare them, and drop its rows
    ./opla archive back 2024-01 FOLDER  read those files in again, if they are what was archived

The janitor archives closed months that are older than OPLA_LIVE_MONTHS (18): their rows stay in the database and are
read as before. Only what you take out leaves it, the oldest month first; what it came to stays, and ./opla books counts
on that.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core import month as months
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal

if TYPE_CHECKING:
    from opla.db.queries.archive import Kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("show", "out", "back"), default="show")
    parser.add_argument("month", nargs="?", default="", metavar="YYYY-MM")
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="where the files go, or lie")
    parser.add_argument("--by", default="terminal", help="who does it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.db.archive_files import Refused, bring_back, take_out
        from opla.db.queries.archive import months as kept
        from opla.presenting.refusals import sentence

        actor, at = Actor(Role.OWNER, arguments.by), datetime.now(UTC)
        answer: dict[str, object]
        if arguments.act == "show":
            found = kept()
            answer = {"months": [_object(one) for one in found]}
            told = "\n".join(_lines(found)) or "No month has rows yet."
        elif (month := months.read(arguments.month)) is None:
            raise Stop(Code.MONTH_UNREADABLE, sentence(Refusal(Code.MONTH_UNREADABLE, "month")))
        elif arguments.folder is None:
            raise Stop("folder_missing", f"Which folder? ./opla archive {arguments.act} {arguments.month} FOLDER")
        else:
            try:
                if arguments.act == "out":
                    files = [str(path) for path in take_out(month, arguments.folder, actor=actor, at=at)]
                    answer, told = {"month": arguments.month, "files": files}, "\n".join(files)
                else:
                    rows = bring_back(month, arguments.folder, actor=actor, at=at)
                    answer = {"month": arguments.month, "rows": rows}
                    told = f"{rows} rows of {arguments.month} are in the archive again."
            except Refused as no:
                raise Stop(no.code, str(no)) from None
            except OSError as problem:
                raise Stop("file_unreadable", f"{arguments.folder}: {problem.strerror}") from None
    print(json.dumps(answer) if arguments.json else told)
    return 0


def _lines(found: list[Kept]) -> list[str]:
    lines = []
    for month, several in groupby(found, key=lambda one: one.month):
        mine = list(several)
        place = " and ".join(sorted({one.place for one in mine}))
        rows = ", ".join(f"{one.name} {one.rows}" for one in mine if one.rows is not None)
        lines.append(f"{months.name(month)}  {place}{f'  {rows}' if rows else ''}")
    return lines


def _object(one: Kept) -> dict[str, object]:
    return {
        "month": months.name(one.month), "table": one.name, "place": one.place, "rows": one.rows,
        "sha256": one.sha256 or None,
    }  # fmt: skip
