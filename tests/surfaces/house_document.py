"""What the house's pages take, as an OpenAPI document for a judge that knows nothing else: made from the code itself.

Addresses and what stands in them come from the URL conf, fields of forms and queries from what the views read and from
what the pages show, ids half from the shop that is judged, half invented.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.urls import URLPattern, resolve
from django.urls.exceptions import Resolver404

from opla.backoffice.urls import urlpatterns
from surfaces.forms import Page

Schema = dict[str, Any]
#: Helpers of the views by which they read a field, besides `request.POST` and `request.GET`.
_READERS: Final = {"_typed", "typed", "_number", "count", "_text"}
_BOXES: Final = {"POST", "GET", "FILES"}
#: What a path's converter lets through.
_LETS: Final[Mapping[str, Schema]] = {
    "IntConverter": {"type": "integer", "minimum": 0},
    "UUIDConverter": {"type": "string", "format": "uuid"},
    "SlugConverter": {"type": "string", "pattern": "^[-a-zA-Z0-9_]{1,60}$"},
    "StringConverter": {"type": "string", "minLength": 1, "maxLength": 200},
}
#: What a field may hold that no page shows.
_ANYTHING: Final[Sequence[Schema]] = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "uuid"},
    {"enum": ["", "0", "-1", "1e999", "NaN", "null", "9" * 30, "9223372036854775808", "\0", "a\0b", "９", "x" * 9000]},
    {"enum": ["9999-12-31", "0001-01-01", "2026-02-30", "2026-13", "../..", "%00", "'\"><b>", "\u202e", "👩‍👧" * 200]},
)
#: What whoever may is answered: something is done, or a sentence says why not.
ANSWERED: Final = (200, 302, 400, 404, 405, 409, 410, 413, 422, 429)


@dataclass
class Known:
    """What pages have shown: values of what stands in addresses, queries and forms, by the page's name."""

    parameters: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    queries: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    fields: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    files: set[str] = field(default_factory=set)

    def learn(self, pages: Mapping[str, Page]) -> None:
        for path, page in pages.items():
            self._address(path)
            for form in page.forms:
                where = self._address(form.action)
                fields = (self.fields if form.method == "post" else self.queries)[where]
                for one in form.fields:
                    if one.kind == "file":
                        self.files.add(where)
                    elif one.name != "csrfmiddlewaretoken":
                        fields[one.name] |= {*one.choices, *([one.shown] if one.shown else [])}
                for name, value in form.buttons:
                    if name:
                        fields[name].add(value)

    def _address(self, address: str) -> str:
        found = urlsplit(address)
        try:
            at = resolve(found.path)
        except Resolver404:  # a link of a page that is judged elsewhere
            return ""
        name = at.url_name or ""
        for parameter, value in at.kwargs.items():
            self.parameters[name][parameter].add(str(value))
        for key, value in parse_qsl(found.query):
            self.queries[name][key].add(value)
        return name


def _constants(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value


def read_by(pattern: URLPattern) -> dict[str, set[str]]:
    """The names that the module of this page's view reads: of its forms (POST, FILES) and of its query (GET)."""
    module = importlib.import_module(inspect.unwrap(pattern.callback).__module__)
    found: dict[str, set[str]] = {box: set() for box in _BOXES}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Attribute(attr="get" | "getlist", value=ast.Attribute(attr=box)), args=args):
                if box in _BOXES:
                    found[box] |= set(_constants(args[:1]))
            case ast.Subscript(value=ast.Attribute(attr=box), slice=key) if box in _BOXES:
                found[box] |= set(_constants([key]))
            case ast.Compare(left=key, comparators=[ast.Attribute(attr=box)]) if box in _BOXES:
                found[box] |= set(_constants([key]))
            case ast.Call(func=ast.Name(id=name), args=args) if name in _READERS:
                found["POST"] |= set(_constants(args))
    return found


def _value(shown: Iterable[str]) -> Schema:
    known = sorted(shown)[:40]
    return {"anyOf": [*([{"enum": known}] * 3 if known else []), *_ANYTHING]}


def path_of(pattern: URLPattern) -> str:
    """`/owner/items/{item_id}/`"""
    route = str(pattern.pattern)
    for name in pattern.pattern.converters:
        start, end = route.index("<"), route.index(">")
        route = f"{route[:start]}{{{name}}}{route[end + 1 :]}"
    return f"/owner/{route}"


def document(known: Known) -> Schema:
    """Of every page, by the verbs that pages take."""
    paths: dict[str, Schema] = {}
    for pattern in urlpatterns:
        name = pattern.name or ""
        reads = read_by(pattern)
        shown = known.fields[name]
        body = {field: _value(shown.get(field, ())) for field in sorted({*shown, *reads["POST"]})}
        files = {field: {"type": "string", "format": "binary"} for field in sorted(reads["FILES"])}
        asked = sorted({*known.queries[name], *reads["GET"], "as", "page"})
        item: Schema = {
            "parameters": [
                {
                    "name": parameter, "in": "path", "required": True,
                    "schema": _in_path(type(converter).__name__, known.parameters[name][parameter]),
                }
                for parameter, converter in pattern.pattern.converters.items()
            ]
        }  # fmt: skip
        for verb in ("get", "post"):
            operation: Schema = {
                "operationId": f"{name}-{verb}",
                "parameters": [
                    {"name": key, "in": "query", "schema": _value(known.queries[name].get(key, ()))} for key in asked
                ],
                "responses": {status: {"description": "so"} for status in map(str, ANSWERED)},
            }
            if verb == "post":
                whole = {"type": "object", "properties": {**body, **files}}
                kind = "multipart/form-data" if files else "application/x-www-form-urlencoded"
                operation["requestBody"] = {"content": {kind: {"schema": whole}}}
            item[verb] = operation
        paths[path_of(pattern)] = item
    return {"openapi": "3.1.0", "info": {"title": "The pages of the house", "version": "1"}, "paths": paths}


def _in_path(converter: str, shown: set[str]) -> Schema:
    known = sorted(shown)[:40]
    several: list[Schema] = [{"enum": [*map(int, known)] if converter == "IntConverter" else known}] * 3
    huge: list[Schema] = [{"enum": [0, 2**31, 2**63, 10**30]}] if converter == "IntConverter" else []
    return {"anyOf": [*(several if known else []), _LETS[converter], *huge]}
