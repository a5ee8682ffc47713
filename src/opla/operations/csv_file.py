"""Rows of a small CSV file that a person made in a spreadsheet: UTF-8, commas or semicolons, any ends of lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping

Row = dict[str, str]


def read_rows(data: bytes, needed: Collection[str]) -> list[tuple[int, Row]] | None:
    """Each row with its line, counted from 1, the heading included; names in small letters, cells stripped.

    None when it is no such file, or one of the `needed` columns is missing.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        if not set(needed) <= {name.strip().lower() for name in reader.fieldnames or ()}:
            return None
        return [(reader.line_num, _clean(row)) for row in reader]
    except csv.Error:
        return None


def _clean(row: Mapping[str, object]) -> Row:
    """Cells beyond the heading, which the library keeps as a list, and missing ones are left out."""
    return {str(name).strip().lower(): cell.strip() for name, cell in row.items() if isinstance(cell, str)}
