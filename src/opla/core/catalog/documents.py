"""Catalogue documents against each other: laying samples over facts, and telling an old one from a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from opla.core.catalog.cell import Sure
from opla.core.catalog.place import CatalogError, Path, Problem, name_of

Document = Mapping[str, object]

#: Lists whose entries have names; every other list is one value.
_NAMED_LISTS = frozenset({"operators", "products", "plans"})


def overlay(document: Document, sample: Document) -> dict[str, object]:
    """The document with the sample laid over it: operators and products by name, then field by field.

    Raises `CatalogError` when the sample holds a cell that is not a sample, or one that would hide a known figure:
    invented figures fill gaps and label themselves, nothing else.
    """
    problems: list[Problem] = []
    merged = _merge(document, sample, (), problems)
    if document.get("country") != sample.get("country"):
        problems.append(Problem(("country",), "a sample belongs to the catalogue of the same country"))
    if problems:
        raise CatalogError(tuple(problems))
    return {key: value for key, value in merged.items() if key != "overlay"}


@dataclass(frozen=True)
class Change:
    """One difference. `old` None: added; `new` None: removed. `subject` names the operator or product for people."""

    path: Path
    subject: str
    old: object
    new: object

    def __str__(self) -> str:
        return f"{self.subject}: {'.'.join(map(str, self.path))}: {short(self.old)} → {short(self.new)}"


def diff(old: Document, new: Document) -> list[Change]:
    """Every difference, down to single cells, in the order of the new document's names."""
    return list(_differences(old, new, (), "catalogue"))


def short(value: object) -> str:
    """A cell or value in a few words, for a person who approves changes."""
    if value is None:
        return "nothing"
    if is_cell(value) and isinstance(value, Mapping):
        figure = "unknown" if value.get("value") is None else value["value"]
        return f"{figure} ({value['sure']}, {value.get('source')})"
    return name_of(value) or str(value)


def is_cell(value: object) -> bool:
    return isinstance(value, Mapping) and "sure" in value


def cells(value: object, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Every cell of a document with its path."""
    if isinstance(value, Mapping):
        if "sure" in value:
            yield path, value
        else:
            for key, inner in value.items():
                yield from cells(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from cells(inner, (*path, name_of(inner) or index))


def _merge(base: Document, over: Document, path: Path, problems: list[Problem]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        here = (*path, key)
        under = base.get(key)
        if key in _NAMED_LISTS and isinstance(value, list):
            merged[key] = _merge_list(under if isinstance(under, list) else [], value, here, problems)
        elif isinstance(value, Mapping) and not is_cell(value) and isinstance(under, Mapping):
            merged[key] = _merge(under, value, here, problems)
        else:
            _judge(under, value, here, problems)
            merged[key] = value
    return merged


def _merge_list(base: list[object], over: list[object], path: Path, problems: list[Problem]) -> list[object]:
    merged = {name_of(entry): entry for entry in base}
    for entry in over:
        name = name_of(entry)
        under = merged.get(name, {})
        if isinstance(entry, Mapping) and isinstance(under, Mapping):
            merged[name] = _merge(under, entry, (*path, name), problems)
    return list(merged.values())


def _judge(under: object, value: object, path: Path, problems: list[Problem]) -> None:
    """A sample may fill a gap; it may not replace a figure or a word that is there, nor smuggle in a fact."""
    problems += [
        Problem((*path, *inner), "only sample cells belong in a sample")
        for inner, cell in cells(value)
        if cell["sure"] != Sure.SAMPLE
    ]
    unknown = under is None or (isinstance(under, Mapping) and under.get("sure") == Sure.UNKNOWN)
    if not unknown and under != value:
        problems.append(Problem(path, "a sample never replaces what is known"))


def _differences(old: object, new: object, path: Path, subject: str) -> Iterator[Change]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not (is_cell(old) or is_cell(new)):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from _differences(old.get(key), new.get(key), (*path, key), subject)
    elif path and path[-1] in _NAMED_LISTS and isinstance(old, list) and isinstance(new, list):
        was, now = ({name_of(entry): entry for entry in entries} for entries in (old, new))
        for name in [*now, *(name for name in was if name not in now)]:
            yield from _differences(was.get(name), now.get(name), (*path, name), _subject(now.get(name, was.get(name))))
    else:
        yield Change(path, subject, old, new)


def _subject(entry: object) -> str:
    label = entry.get("name") if isinstance(entry, Mapping) else None
    return f"{name_of(entry)} ({label})" if isinstance(label, str) else name_of(entry)
