"""Files of orders in words: how one stands, what is wrong with its rows, and the file of results."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.bulk import State, column_of, outcome
from opla.db.queries.bulk import File, FileRow
from opla.presenting import figures
from opla.presenting.refusals import sentence

#: Beside the file's own columns. Published.
RESULT_COLUMNS: Final = ("opla_order", "opla_state", "opla_refusals", "opla_link")
#: A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
#: And what follows these, where it divides columns at another sign than this file does. A price such as 15,- is none.
_WITHIN: Final = re.compile(r"""([;,\t\r\n]"*)(?=[=+@-]\s*[^;,\s])""")

_TITLES: Final[dict[State, str]] = {
    State.UPLOADED: gettext_noop("Being read"),
    State.CHECKING: gettext_noop("Being checked"),
    State.CHECKED: gettext_noop("Checked: nothing is bought yet"),
    State.CONFIRMED: gettext_noop("Confirmed"),
    State.RUNNING: gettext_noop("Being bought"),
    State.PAUSED: gettext_noop("Paused"),
    State.DONE: gettext_noop("Done"),
    State.BROKEN: gettext_noop("It cannot be read"),
    State.EXPIRED: gettext_noop("Expired: nobody confirmed it"),
    State.CANCELLED: gettext_noop("Cancelled"),
}
_OUTCOMES: Final[dict[str, str]] = {
    "placed": gettext_noop("on its way"),
    "paid": gettext_noop("on its way"),
    "delivered": gettext_noop("delivered"),
    "refunded": gettext_noop("refunded"),
    "cancelled": gettext_noop("cancelled"),
}


@dataclass(frozen=True)
class Wrong:
    """A row that is not bought, and every reason with the column that it is about, as the file calls it, or none."""

    line: int
    key: str
    reasons: list[tuple[str, str]]


def title(file: File) -> str:
    return _(_TITLES[file.state])


def outcomes(counts: dict[str, int]) -> list[tuple[str, int]]:
    """What became of the orders of a file, the same words added up."""
    summed: dict[str, int] = {}
    for state, count in sorted(counts.items()):
        word = _(_OUTCOMES.get(state, state))
        summed[word] = summed.get(word, 0) + count
    return list(summed.items())


def wrong(file: File, row: FileRow) -> Wrong:
    return Wrong(row.line, row.key, [(column_of(r.about, file.named), sentence(r)) for r in row.refusals])


def missing(file: File) -> str:
    """What the float lacks, where it paused for that; empty elsewhere."""
    if file.state is not State.PAUSED or not file.missing_minor:
        return ""
    return _("%(amount)s is missing on the float for the rest. Pay in, then go on: nothing is lost.") % {
        "amount": figures.money(file.missing)
    }


def result(file: File, rows: Iterable[FileRow], link: Callable[[UUID, int], str] | None) -> IO[bytes]:
    """The file's own columns, its order, what became of it, why not in words, and the buyer's link where it has one.

    CSV with a mark, so that spreadsheets read it as UTF-8, its columns divided as the file's own were: so does the
    spreadsheet that the file came from. What begins like a formula has an apostrophe before it. All of it is on disk
    before any of it leaves: a hundred thousand rows are no memory of ours, and where the database breaks half-way
    nobody gets half a file.
    """
    with ExitStack() as until_whole:
        made = until_whole.enter_context(tempfile.TemporaryFile())
        out = io.TextIOWrapper(made, "utf-8-sig", newline="")
        writer = csv.writer(out, delimiter=file.delimiter)
        writer.writerow([*map(plain, file.headings), *RESULT_COLUMNS])
        for row in rows:
            found = wrong(file, row)
            reasons = " ".join(f"{column}: {said}" if column else said for column, said in found.reasons)
            opened = link(row.order_id, row.links) if link and file.platform and row.order_id and row.links else ""
            ours = (row.ticket, outcome(row.state, row.order_state, file.state), reasons, opened)
            writer.writerow([plain(cell) for cell in (*row.cells, *ours)])
        out.detach()
        made.seek(0)
        until_whole.pop_all()
        return made


def plain(cell: str) -> str:
    """A text that no spreadsheet calculates (OWASP, CSV injection)."""
    inside = _WITHIN.sub(r"\1'", cell)
    return f"'{inside}" if inside.startswith(_FORMULA) else inside
