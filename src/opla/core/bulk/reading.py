"""The bytes of a file of orders as a table of texts: CSV with commas, semicolons or tabs, or one JSON object a line.

A cell is a text, whatever a spreadsheet would make of it. Spreadsheets (XLSX) are opened elsewhere and come as rows.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from opla.core.refusal import Code, Refusal

MAX_BYTES: Final = 32 * 1024 * 1024
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 100
#: How an XLSX file begins: it is a zip archive.
SHEET: Final = b"PK\x03\x04"
#: And a spreadsheet of before 2007, or one with a password.
_OLD_SHEET: Final = b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True)
class Table:
    """`names` as they were written, `rows` with the line each begins on, counted from 1, the heading included.

    delimiter  what stood between two columns, where something did
    """

    names: tuple[str, ...]
    rows: list[tuple[int, tuple[str, ...]]]
    delimiter: str = ","


def broken(why: str, line: int = 0) -> Refusal:
    """The file cannot be read. `why`: encoding, nul, csv, json, sheet, empty or columns."""
    return Refusal(Code.FILE_BROKEN, "file", {"why": why, **({"line": str(line)} if line else {})})


def read(data: bytes) -> Table | Refusal:
    """The table in these bytes, whole, or why there is none."""
    if len(data) > MAX_BYTES:
        return Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_BYTES // 1024**2)})
    if data.startswith((SHEET, _OLD_SHEET)):
        return broken("sheet")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return broken("encoding", data[: error.start].count(b"\n") + 1)
    if (nul := text.find("\0")) >= 0:
        return broken("nul", text.count("\n", 0, nul) + 1)
    return _objects(text) if text.lstrip()[:1] == "{" else _csv(text)


def heading(rows: Iterable[tuple[int, tuple[str, ...]]]) -> Table | Refusal:
    """The first row names the columns; empty rows are left out, and missing cells at a row's end are empty."""
    names: tuple[str, ...] = ()
    kept: list[tuple[int, tuple[str, ...]]] = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = tuple(cell.strip() for cell in cells)
            while names and not names[-1]:
                names = names[:-1]
            if len(names) > MAX_COLUMNS or len({name.casefold() for name in names}) != len(names):
                return broken("columns", line)
            continue
        width = len(names)
        if any(cell.strip() for cell in cells[width:]):
            return broken("columns", line)
        kept.append((line, cells if len(cells) == width else (cells + ("",) * width)[:width]))
        if len(kept) > MAX_ROWS:
            return too_many()
    return Table(names, kept) if kept else broken("empty")


def too_many() -> Refusal:
    return Refusal(Code.ROWS_TOO_MANY, "file", {"most": str(MAX_ROWS)})


def _csv(text: str) -> Table | Refusal:
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        found = heading(_lines(reader))
        return replace(found, delimiter=delimiter) if isinstance(found, Table) else found
    except csv.Error:
        return broken("csv", reader.line_num)


def _lines(reader: Iterator[list[str]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each row with the line it begins on: a cell in quotation marks may go over several."""
    begins = 1
    for cells in reader:
        yield begins, tuple(cells)
        begins = reader.line_num + 1  # type: ignore[attr-defined]  # a csv.reader


def _objects(text: str) -> Table | Refusal:
    """One object a line. Numbers are taken as they are written: 15.50 stays 15.50. A column is called as it is called
    first, large or small."""
    names: dict[str, str] = {}
    found: list[tuple[int, dict[str, str]]] = []
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            one = json.loads(
                written, parse_float=str, parse_int=str, parse_constant=_no_number, object_pairs_hook=_once
            )
        except (ValueError, RecursionError):
            return broken("json", line)
        if not isinstance(one, dict):
            return broken("json", line)
        cells = {name: "" if value is None else value for name, value in one.items()}
        for name, value in cells.items():
            if not isinstance(value, str) or not _storable(value) or not _storable(name):
                return broken("json", line)
            names.setdefault(name.casefold(), name)
        if len(names) > MAX_COLUMNS:
            return broken("columns", line)
        found.append((line, {name.casefold(): value for name, value in cells.items()}))
        if len(found) > MAX_ROWS:
            return too_many()
    return Table(tuple(names.values()), [(line, tuple(cells.get(name, "") for name in names)) for line, cells in found])


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of two fields of one name, one would be lost."""
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise ValueError(pairs)
    return dict(pairs)


def _no_number(word: str) -> str:
    raise ValueError(word)  # NaN, Infinity


def _storable(text: str) -> bool:
    """JSON can spell what is no text: NUL, and halves of a pair (RFC 8259 §8.2)."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
