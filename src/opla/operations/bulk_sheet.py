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
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Final

#: This file runs alone, too, where nothing of ours is known: see `_main`.
MAX_ROWS: Final = 100_000
_MEMORY_BYTES: Final = 2 * 1024**3
_SECONDS: Final = 120
_UNPACKED_BYTES: Final = 512 * 1024**2
_OUT_BYTES: Final = 256 * 1024**2
#: A spreadsheet keeps fifteen digits of a number.
_EXACT_BELOW: Final = 10**15


def read_sheet(data: bytes) -> list[tuple[int, tuple[str, ...]]] | None:
    """The rows of its first sheet, each with its number there; None where it cannot be opened within the bounds."""
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
            return [(number, tuple(cells)) for number, cells in map(json.loads, lines)]


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
    rows = _rows(sheet.to_python(skip_empty_area=False, nrows=MAX_ROWS + 2))
    with Path(made).open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def _rows(rows: Sequence[Sequence[object]]) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(rows, start=1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
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
