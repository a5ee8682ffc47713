"""A spreadsheet (XLSX) as rows of texts, opened by a process of its own that may take so much memory and time, no more.

A few kilobytes can claim to be a million columns, or unpack to gigabytes: whatever it does, it does it to that process.
A cell is what it holds, never what it would calculate: of a formula that is the value it was saved with.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

Made = TypeVar("Made")
#: This file runs alone, too, where nothing of ours is known: see `_main`.
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 100
_MEMORY_BYTES: Final = 2 * 1024**3
_SECONDS: Final = 120
_UNPACKED_BYTES: Final = 512 * 1024**2
_OUT_BYTES: Final = 128 * 1024**2
#: A spreadsheet keeps fifteen digits of a number.
_EXACT_BELOW: Final = 10**15


def read_sheet(data: bytes, made_of: Callable[[Iterator[tuple[int, tuple[str, ...]]]], Made]) -> Made | None:
    """What is made of the rows of its first sheet, one at a time, each with its number there; None where it cannot be
    opened within the bounds."""
    with tempfile.TemporaryDirectory(prefix="opla-sheet-") as folder:
        came, made = Path(folder) / "came.xlsx", Path(folder) / "made"
        came.write_bytes(data)
        if not _is_bounded(came):
            return None
        command = [sys.executable, "-I", __file__, str(came), str(made)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return None
        if done.returncode or not made.exists():
            return None
        with made.open(encoding="utf-8") as lines:
            return made_of((number, tuple(cells)) for number, cells in map(json.loads, lines))


def _is_bounded(path: Path) -> bool:
    """What it says it unpacks to is bounded, and it unpacks to what it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _UNPACKED_BYTES:
                return False
            return archive.testzip() is None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return False


def _main(came: str, made: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_OUT_BYTES, _OUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(came).get_sheet_by_index(0)
    with Path(made).open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in islice(_rows(sheet.iter_rows()), MAX_ROWS + 2))


def _rows(rows: Iterable[Sequence[object]]) -> Iterator[tuple[int, list[str]]]:
    """Those where something stands. One that is too wide is the last, with as much of it as shows that it is."""
    for number, cells in enumerate(rows, start=1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1].strip():
            texts.pop()
        if len(texts) > MAX_COLUMNS:
            yield number, [*texts[:MAX_COLUMNS], texts[-1]]
            return
        if texts:
            yield number, texts


def _text(cell: object) -> str:
    """A number without a fraction is written without one: spreadsheets keep every number as one with."""
    match cell:
        case str():
            return cell.replace("\0", "")
        case bool():
            return "true" if cell else "false"
        case float() if abs(cell) >= _EXACT_BELOW:
            return f"{cell:.14E}"  # as a spreadsheet shows it: whoever reads it knows that digits are lost
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
