"""A page that shows what goes to the API and what comes back: sent by the browser, or as a command to copy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.api import v1
from opla.core.api_access import Scope
from opla.portal.guard import Seller, may


@dataclass(frozen=True)
class Example:
    """One request that the document shows. `keyed`: it wants an Idempotency-Key."""

    method: str
    path: str
    body: str
    keyed: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def curl(self, base_url: str) -> str:
        said = [f"curl {shlex.quote(base_url + self.path)}", '-H "Authorization: Bearer opla_test_…"']
        if self.keyed:
            said.append('-H "Idempotency-Key: try-1"')
        if self.body:
            said += ['-H "Content-Type: application/json"', f"-d {shlex.quote(self.body)}"]
        return " \\\n  ".join(said)


@require_safe
@may(Scope.CATALOGUE)
def try_it(request: HttpRequest, seller: Seller) -> HttpResponse:
    base_url = seller.here.shop.base_url
    found = [(one, one.curl(base_url)) for one in examples()]
    return render(request, "portal/try.html", {"person": seller.person, "examples": found})


def examples() -> Iterator[Example]:
    """Whatever the document shows that needs no id: lists, and what is sent as its examples have it."""
    # The document is JSON: mappings all the way down.
    whole: Mapping[str, Any] = v1.api.document
    for path, methods in whole["paths"].items():
        if "{" in path:
            continue
        for method, operation in methods.items():
            keyed = any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
            if method == "get":
                yield Example("GET", path, "", keyed=False)
            for shown in _shown(operation, whole):
                yield Example(method.upper(), path, json.dumps(shown, indent=1, ensure_ascii=False), keyed)


def _shown(operation: Mapping[str, Any], whole: Mapping[str, Any]) -> list[object]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found: list[object] = whole["components"]["schemas"].get(name, {}).get("examples", [])
    return found
