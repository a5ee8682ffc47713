"""Places from a file of the owner's, CSV or GeoJSON: read whole before anything is kept, and written back as CSV.

Every wrong cell is named by its row and column. A cell is a text whatever a spreadsheet would make of it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from opla.core.actor import Act, Actor
from opla.core.calendar import day_of, zone
from opla.core.catalog import Catalog
from opla.core.places import COLUMNS, TAGS, Known, Place, Wrong, Wrongs, cells_in, cells_of, read_place
from opla.core.refusal import Code, Refusal
from opla.operations import catalogue, places
from opla.operations.places import Kept

SAMPLE: Final = Path(__file__).resolve().parents[3] / "catalogs" / "places.sample.csv"
MAX_MEGABYTES: Final = 8
_NEEDED: Final = frozenset({"source", "ref", "kind"})
_MOST_REFUSALS: Final = 100


@dataclass(frozen=True)
class _Row:
    """One row as it was written. `named` says how its file calls a column of ours."""

    number: int
    cells: Mapping[str, str]
    named: Callable[[str], str]
    wrong: Wrongs


def import_file(actor: Actor, data: bytes, *, sandbox: bool, at: datetime) -> Kept | list[Refusal]:
    """Keep the places of a file, or refuse it whole, naming every wrong cell (at most a hundred)."""
    if refused := actor.refused(Act.MANAGE_PLACES):
        return [refused]
    found = read_file(data, catalogue.active()[1], sandbox=sandbox, at=at)
    if isinstance(found, list):
        return found
    kept = places.keep(actor, found, at=at)
    return [kept] if isinstance(kept, Refusal) else kept


def seed(*, at: datetime) -> None:
    """The invented places, for a sandbox that has none."""
    if places.none_yet():
        found = read_file(SAMPLE.read_bytes(), catalogue.active()[1], sandbox=True, at=at)
        places.seed(found if isinstance(found, tuple) else (), at=at)


def read_file(data: bytes, catalog: Catalog, *, sandbox: bool, at: datetime) -> tuple[Place, ...] | list[Refusal]:
    """The places in a file (UTF-8): a GeoJSON feature collection, or a CSV table with a heading."""
    if len(data) > MAX_MEGABYTES * 1024 * 1024:
        return [Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_MEGABYTES)})]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    known = Known(
        operators=frozenset(operator.id for operator in catalog.operators),
        country=catalog.country,
        today=day_of(at, zone(catalog.time_zone)),
        sandbox=sandbox,
    )
    by_name = {operator.name.lower(): operator.id for operator in catalog.operators}
    rows = _features(text, by_name) if text.lstrip().startswith("{") else _table(text)
    return rows if isinstance(rows, list) else _places(rows, known)


def write_file(of: Iterable[Place]) -> str:
    """The same places as CSV, with a mark so that spreadsheets read it as UTF-8; importing it changes nothing."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(cells_in(place) for place in of)
    return out.getvalue()


def _places(rows: tuple[_Row, ...], known: Known) -> tuple[Place, ...] | list[Refusal]:
    read: dict[tuple[str, str], Place] = {}
    refusals: list[Refusal] = []
    for row in rows:
        found = read_place(row.cells, known)
        if isinstance(found, Place) and (found.source, found.ref) in read:
            found = {"ref": Wrong.TWICE}
        if isinstance(found, Place) and not row.wrong:
            read[(found.source, found.ref)] = found
            continue
        wrong = {**({} if isinstance(found, Place) else found), **row.wrong}
        refusals += [_refusal(row, column, why) for column, why in wrong.items()]
    if not rows:
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    return refusals[:_MOST_REFUSALS] or tuple(read.values())


def _refusal(row: _Row, column: str, why: Wrong) -> Refusal:
    told = {"row": str(row.number), "column": row.named(column), "why": str(why), "of": column}
    return Refusal(Code.CELL_INVALID, column, told)


def _table(text: str) -> tuple[_Row, ...] | list[Refusal]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        strangers = [name for name in names if name not in COLUMNS]
        missing = sorted(_NEEDED - set(names))
        if strangers or missing or len(set(names)) != len(names):
            return [_unknown(strangers, missing)]
        rows = []
        begins = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                extra: Wrongs = {names[-1]: Wrong.NO_COLUMN} if any(c.strip() for c in cells[len(names) :]) else {}
                rows.append(_Row(begins, dict(zip(names, cells, strict=False)), str, extra))
            begins = reader.line_num + 1
    except csv.Error:
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    return tuple(rows)


def _unknown(strangers: list[str], missing: list[str]) -> Refusal:
    told = {"unknown": ", ".join(name[:40] for name in strangers[:20]), "missing": ", ".join(missing)}
    return Refusal(Code.COLUMNS_WRONG, "file", told)


def _features(text: str, operators: Mapping[str, str]) -> tuple[_Row, ...] | list[Refusal]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    rows = []
    for number, feature in enumerate(features, start=1):
        read = cells_of(feature if isinstance(feature, dict) else {}, operators)
        wrong: Wrongs = {} if read.point else {"latitude": Wrong.COORDINATES}
        rows.append(_Row(number, read.cells, lambda column: TAGS.get(column, column), wrong))
    return tuple(rows)
