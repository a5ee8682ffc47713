"""A catalogue file: YAML to a checked document. Every mistake is reported at once, with file, line and field.

The YAML taken is a strict part of it: no duplicate keys, no decimal numbers (money is text), no `yes` that means true,
no aliases. What the fields may hold is `catalogs/schema.json`; what they mean together is `core.catalog.parse`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

import yaml
from jsonschema import Draft202012Validator, ValidationError

from opla.core.catalog import CatalogError, overlay, parse
from opla.core.catalog.place import name_of

CATALOGS: Final = Path(__file__).resolve().parents[3] / "catalogs"

Keys = tuple[str | int, ...]

_WHOLE = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+|[-+]?\.(inf|nan)", re.IGNORECASE)
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TRAPS = frozenset({"yes", "no", "on", "off"})


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing wrong in a file; `line` counts from 1, `about` is the field with the way to it."""

    file: str
    line: int
    about: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.about or 'the file'}: {self.what}"


class CatalogFileError(ValueError):
    """The file cannot be used. `mistakes` are all of them, in the order of their lines."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass
class _File:
    name: str
    schema: str = "schema.json"  # beside the catalogues
    lines: dict[Keys, int] = field(default_factory=dict)
    found: list[tuple[Keys, str, int]] = field(default_factory=list)
    document: dict[str, object] = field(default_factory=dict)

    def wrong(self, keys: Keys, what: str, line: int | None = None) -> None:
        self.found.append((keys, what, line or self.line(keys)))

    @property
    def mistakes(self) -> list[Mistake]:
        """Named only now, when the whole document is there to take the names from."""
        return [Mistake(self.name, line, _dotted(self.document, keys), what) for keys, what, line in self.found]

    def line(self, keys: Keys) -> int:
        """Where this field stands, or the nearest thing around it that is in the file."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


def read_catalog(path: Path, sample: Path | None = None) -> dict[str, object]:
    """The document in `path`, with the sample figures of `sample` laid over it when given.

    Checked as YAML, against the schema, and by the core. Raises `CatalogFileError`; `OSError` when unreadable.
    """
    files = [_load(path)] + ([_load(sample)] if sample else [])
    _stop_at_mistakes(files)
    document: dict[str, object] = files[0].document
    try:
        # The base alone first: what is wrong in it must not hide behind the sample.
        parse(document)
        if sample:
            document = overlay(document, files[1].document)
            parse(document)
    except CatalogError as error:
        for problem in error.problems:
            file, keys = _locate(files, problem.path)
            file.wrong(keys, problem.what)
        _stop_at_mistakes(files)
    return document


def read_checked(path: Path, schema: str, judge: Callable[[Mapping[str, object]], object]) -> dict[str, object]:
    """The document in a file of another kind, held to the same: strict YAML, the schema of that name, and `judge`,
    which raises `CatalogError`. Raises `CatalogFileError`; `OSError` when unreadable.
    """
    file = _load(path, schema)
    _stop_at_mistakes([file])
    try:
        judge(file.document)
    except CatalogError as error:
        for problem in error.problems:
            file.wrong(_indexed(file.document, problem.path), problem.what)
        _stop_at_mistakes([file])
    return file.document


def read_country(country: str, *, sandbox: bool) -> dict[str, object]:
    """The shipped catalogue of a country by its file's name (`belgium`), with its invented figures in a sandbox."""
    sample = CATALOGS / f"{country}.sample.yaml"
    return read_catalog(CATALOGS / f"{country}.yaml", sample if sandbox and sample.exists() else None)


def mistakes_in(
    document: Mapping[str, object],
    schema: str = _File.schema,
    judge: Callable[[Mapping[str, object]], object] = parse,
) -> list[Mistake]:
    """What is wrong with a document that comes from elsewhere, such as the back-office: schema, then core (`judge`)."""
    file = _File(schema, schema, document=dict(document))
    _check_shape(file)
    if not file.found:
        try:
            judge(document)
        except CatalogError as error:
            for problem in error.problems:
                file.wrong(problem.path, problem.what)
    return file.mistakes


def _load(path: Path, schema: str = _File.schema) -> _File:
    file = _File(path.name, schema)
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        file.wrong((), error.problem or "is no YAML", mark.line + 1 if mark else None)
        return file
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        file.wrong((), f"is no YAML text: {error}")
        return file
    loaded = _value(file, root, (), set()) if root else None
    if isinstance(loaded, dict):
        file.document = loaded
        if not file.found:
            _check_shape(file)
    else:
        file.wrong((), "holds no catalogue")
    return file


def _value(file: _File, node: yaml.Node, keys: Keys, seen: set[int]) -> object:
    """The value of a node; what is wrong with it goes on the list, and the rest is still read."""
    line = node.start_mark.line + 1
    file.lines.setdefault(keys, line)
    if id(node) in seen:
        file.wrong(keys, "is an alias (*name); write it out, or share it as a rule set", line)
        return None
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(file, node, keys, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, item, (*keys, index), seen) for index, item in enumerate(node.value)]
    return _scalar(file, node, keys, line)


def _mapping(file: _File, node: yaml.MappingNode, keys: Keys, seen: set[int]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        here = (*keys, key)
        if not isinstance(key_node, yaml.ScalarNode):
            file.wrong(keys, "has a key that is no word", line)
        elif key in found:
            file.wrong(here, f"is there twice (first in line {file.line(here)})", line)
        else:
            file.lines[here] = line
            found[key] = _value(file, value_node, here, seen)
    return found


def _scalar(file: _File, node: yaml.Node, keys: Keys, line: int) -> str | int | bool | None:
    text = str(node.value)
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return text  # quoted
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        file.wrong(keys, f'is a decimal number; write an amount as text: "{text}"', line)
    elif text.lower() in _TRAPS:
        file.wrong(keys, f'write true or false, or "{text}" in quotes', line)
    return text


def _check_shape(file: _File) -> None:
    for error in _shape_errors(file.document, file.schema):
        keys = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            allowed = list(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else []
            for key in error.instance:
                if key not in allowed:
                    file.wrong((*keys, key), _unknown_field(str(key), allowed))
        else:
            file.wrong(keys, _said(error))


def _shape_errors(document: Mapping[str, object], name: str) -> Iterator[ValidationError]:
    schema = json.loads((CATALOGS / name).read_text("utf-8"))
    return Draft202012Validator(schema).iter_errors(document)


def _unknown_field(key: str, allowed: list[str]) -> str:
    near = get_close_matches(key, allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f" (there are {', '.join(allowed)})"
    return "is no field here" + hint


def _said(error: ValidationError) -> str:
    """The validator's sentence, with what the schema says the field is."""
    expected = error.schema.get("description") if isinstance(error.schema, Mapping) else None
    return error.message + (f" ({expected})" if expected else "")


def _locate(files: list[_File], path: Keys) -> tuple[_File, Keys]:
    """The file that holds what the core complains of (the sample, when it has the field), and the keys in that file."""
    found = [(file, _indexed(file.document, path)) for file in files]
    return max(reversed(found), key=lambda pair: _depth(pair[0], pair[1]))


def _depth(file: _File, keys: Keys) -> int:
    return next((n for n in range(len(keys), 0, -1) if keys[:n] in file.lines), 0)


def _indexed(value: object, path: Keys) -> Keys:
    """The core names list entries by `id` or `sku`; lines are kept by position."""
    keys: list[str | int] = []
    for step in path:
        key: str | int = step
        if isinstance(value, list):
            key = next((i for i, entry in enumerate(value) if step in (i, name_of(entry))), step)
            value = value[key] if isinstance(key, int) and key < len(value) else None
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
        keys.append(key)
    return tuple(keys)


def _dotted(value: object, keys: Keys) -> str:
    """The way to a field as a person reads it: `products.PX-15.face.value`."""
    words: list[str] = []
    for key in keys:
        if isinstance(value, list):
            value = value[key] if isinstance(key, int) and key < len(value) else None
            words.append(name_of(value) or str(key))
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
            words.append(str(key))
    return ".".join(words)


def _stop_at_mistakes(files: list[_File]) -> None:
    mistakes = [mistake for file in files for mistake in file.mistakes]
    if mistakes:
        raise CatalogFileError(mistakes)
