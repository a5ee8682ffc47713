"""Reading a document place by place, so that every mistake in it is found and each is named by its path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from opla.core.catalog.cell import UNKNOWN, Cell, Sure, Texts
from opla.core.money import MINOR_DIGITS

#: Keys of mappings; list entries stand under their `id` or `sku` when they have one, else under their place.
Path = tuple[str | int, ...]

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Problem:
    path: Path
    what: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'the document'}: {self.what}"


class CatalogError(ValueError):
    """The document is no catalogue. `problems` holds every reason, in the order of the document."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass
class Reading:
    """What all places of one document share."""

    currency: str = ""
    sources: Mapping[str, object] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """One value of the document and the way to it. What is absent reads as None."""

    value: object
    path: Path
    reading: Reading

    def fail(self, what: str) -> None:
        self.reading.problems.append(Problem(self.path, what))

    def under(self, key: str | int, value: object) -> Place:
        return Place(value, (*self.path, key), self.reading)

    def mapping(self) -> Mapping[str, object]:
        if self.value is None:
            return {}
        if isinstance(self.value, Mapping):
            return self.value
        self.fail("must be a mapping")
        return {}

    def __getitem__(self, key: str) -> Place:
        return self.under(key, self.value.get(key) if isinstance(self.value, Mapping) else None)

    def entries(self) -> Iterator[Place]:
        """The entries of a list, each under its name."""
        if self.value is None:
            return
        if not isinstance(self.value, list | tuple):
            self.fail("must be a list")
            return
        for index, entry in enumerate(self.value):
            yield self.under(name_of(entry) or index, entry)

    def text(self) -> str | None:
        if isinstance(self.value, str) and self.value:
            return self.value
        self.fail("must be a text")
        return None

    def required(self, key: str) -> str:
        """The text under `key`, which must be there."""
        return self[key].text() or ""

    def optional(self, key: str) -> str:
        return (self[key].text() or "") if self[key].value is not None else ""

    def whole(self) -> int | None:
        if type(self.value) is int and self.value >= 0:
            return self.value
        self.fail("must be a whole number, zero or more")
        return None

    def boolean(self) -> bool | None:
        if isinstance(self.value, bool):
            return self.value
        self.fail("must be true or false")
        return None

    def day(self) -> date | None:
        if self.value is None:
            return None
        try:
            return date.fromisoformat(str(self.value))
        except ValueError:
            self.fail("must be a date such as 2026-04-24")
            return None

    def several(self, read: Callable[[Place], T | None]) -> tuple[T, ...] | None:
        found = [read(entry) for entry in self.entries()]
        return tuple(one for one in found if one is not None)

    def cell(self, read: Callable[[Place], T | None]) -> Cell[T]:
        """The cell here; one left out is unknown."""
        if self.value is None:
            return UNKNOWN
        if not isinstance(self.value, Mapping):
            self.fail("must be a cell: {value, sure, source}")
            return UNKNOWN
        sure = self["sure"].enum(Sure)
        source, dated = self._source()
        given = self["value"].value
        value = None if given is None else read(self["value"])
        if (given is None) is not (sure is Sure.UNKNOWN):
            self.fail("a value and 'sure: unknown' exclude each other, and one of them is needed")
        seen = self["verified_on"].day() or full_date(dated)
        usual = self["usual"].value is not None and self["usual"].boolean() is True
        words = self.optional("note"), self.optional("disputed")
        return Cell(value, sure or Sure.UNKNOWN, source, dated, seen, *words, usual)

    def enum(self, kind: type[E]) -> E | None:
        try:
            return kind(str(self.value))
        except ValueError:
            self.fail(f"must be one of {', '.join(kind)}, not {self.value!r}")
            return None

    def _source(self) -> tuple[str, str]:
        key = self.required("source")
        entry = self.reading.sources.get(key)
        if not isinstance(entry, Mapping):
            if key:
                self["source"].fail(f"no source {key!r} is listed under 'sources'")
            return "", "nd"
        return str(entry.get("where", "")), str(entry.get("dated", "nd"))


def texts(at: Place) -> Texts:
    """One text in every language of the document."""
    found = {tag: at.under(tag, text).text() or "" for tag, text in at.mapping().items()}
    for language in at.reading.languages:
        if language not in found:
            at.fail(f"is missing in {language}")
    return MappingProxyType(found)


def name_of(entry: object) -> str:
    """What an entry of a list is called: its `sku` or `id`, or nothing."""
    if not isinstance(entry, Mapping):
        return ""
    return str(entry.get("sku") or entry.get("id") or "")


def full_date(dated: str) -> date | None:
    """The day a source shows; None where it shows a year, a month, or nothing."""
    try:
        return date.fromisoformat(dated)
    except ValueError:
        return None


def opened(document: Mapping[str, object], name: str, form: int, several: str) -> Place:
    """The root of a document of this form, its currency, sources and languages read.

    Raises `CatalogError` where no amount in it could be read; every other mistake is among the problems.
    """
    reading = Reading()
    root = Place(document, (), reading)
    if document.get(name) != form:
        root[name].fail(f"this program reads {several} of form {form}")
    reading.currency = root.required("currency")
    if reading.currency not in MINOR_DIGITS:
        root["currency"].fail(f"unknown currency {reading.currency!r}")
        raise CatalogError(tuple(reading.problems))
    reading.sources = root["sources"].mapping()
    reading.languages = root["languages"].several(Place.text) or ()
    return root
