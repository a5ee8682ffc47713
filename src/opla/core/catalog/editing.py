"""Cells of a document where they stand: which ones somebody should look at again, and one of them changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from opla.core.catalog.cell import Sure
from opla.core.catalog.documents import Document, cells
from opla.core.catalog.place import Path, full_date, name_of

#: Figures that somebody says are so. What nobody knows, and what is invented, cannot be seen again.
_SAID = frozenset({Sure.A, Sure.B, Sure.C})


@dataclass(frozen=True)
class Held:
    """A cell with the way to it. `subject` is whose it is: an operator, a product, a set of rules.

    seen_on   the day it was last seen to be so; None where no full date is known
    where     its source, in words
    """

    path: Path
    subject: str
    cell: Mapping[str, object]
    where: str
    seen_on: date | None

    @property
    def key(self) -> str:
        """The way as one text: `products/PX-15/face`."""
        return "/".join(map(str, self.path))

    @property
    def sure(self) -> Sure:
        return Sure(str(self.cell["sure"]))


def held(document: Document) -> list[Held]:
    """Every cell, in the order of the document's names."""
    sources = document.get("sources")
    known = sources if isinstance(sources, Mapping) else {}
    return [_held(path, cell, known) for path, cell in cells({k: v for k, v in document.items() if k != "sources"})]


def _held(path: Path, cell: Mapping[str, object], sources: Mapping[str, object]) -> Held:
    source = sources.get(str(cell.get("source")))
    said = source if isinstance(source, Mapping) else {}
    seen = cell.get("verified_on") or said.get("dated")
    subject = str(path[1]) if len(path) > 1 else str(path[0])
    return Held(path, subject, cell, str(said.get("where") or ""), full_date(str(seen)))


def stale(document: Document, before: date) -> list[Held]:
    """Cells that were last seen before this day, or on none that is known: those first, then the oldest."""
    old = [one for one in held(document) if one.sure in _SAID and (one.seen_on is None or one.seen_on < before)]
    return sorted(old, key=lambda one: (one.seen_on or date.min, one.key))


def put(document: Document, path: Path, cell: Mapping[str, object]) -> dict[str, object]:
    """The document with another cell in that place. Raises `LookupError` where there is no cell."""
    if not path or path[0] not in document:
        raise LookupError("there is no cell")
    return {key: _put(inner, path[1:], cell) if key == path[0] else inner for key, inner in document.items()}


def _put(value: object, path: Path, cell: Mapping[str, object]) -> object:
    if not path and isinstance(value, Mapping) and "sure" in value:
        return dict(cell)
    if path and isinstance(value, Mapping) and path[0] in value:
        return {key: _put(inner, path[1:], cell) if key == path[0] else inner for key, inner in value.items()}
    if path and isinstance(value, list):
        at = next((n for n, inner in enumerate(value) if path[0] == (name_of(inner) or n)), None)
        if at is not None:
            return [_put(inner, path[1:], cell) if n == at else inner for n, inner in enumerate(value)]
    raise LookupError("there is no cell")


def read_value(text: str) -> object:
    """What was typed: a whole number, true or false, a list or an object as JSON; else a text, and so is money."""
    try:
        found: object = json.loads(text, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return text.strip()
    return text.strip() if found is None else found


def written_value(value: object) -> str:
    """The value as `read_value` reads it. A text that would be read as something else is in quotes."""
    if isinstance(value, str):
        return value if read_value(value) == value else json.dumps(value, ensure_ascii=False)
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=1)
