"""Who says what a page says: the sources of its cells, and when somebody last saw them to be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date

from opla.core.catalog.cell import Cell


@dataclass(frozen=True)
class Evidence:
    """sources: `(where, dated)` in the order they are used. verified_on: the latest day; None where none is known."""

    sources: tuple[tuple[str, str], ...]
    verified_on: date | None


def evidence(*things: object) -> Evidence:
    """Of every known cell in these: cells, and whatever holds some. What is unknown has nobody to name."""
    known = [cell for thing in things for cell in cells_in(thing) if cell.known]
    sources = dict.fromkeys((cell.source, cell.dated) for cell in known if cell.source)
    return Evidence(tuple(sources), max((cell.verified_on for cell in known if cell.verified_on), default=None))


def cells_in(thing: object) -> Iterator[Cell[object]]:
    if isinstance(thing, Cell):
        yield thing
    elif isinstance(thing, tuple | list):
        for one in thing:
            yield from cells_in(one)
    elif isinstance(thing, Mapping):
        yield from cells_in(tuple(thing.values()))
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from cells_in(getattr(thing, field.name))
