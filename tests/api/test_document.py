"""The API's document is fresh, valid OpenAPI 3.1, complete, and its examples are true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from api.conftest import Programs
from opla.api import document, v1
from opla.commands import _reference
from opla.core.api_access import Scope

DOCUMENT: dict[str, Any] = v1.api.document


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what is sent as JSON; empty where nothing is."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return DOCUMENT["components"]["schemas"][name] if name else schema  # type: ignore[no-any-return]


def test_it_is_what_the_types_say() -> None:
    kept = (_reference.FOLDER / "openapi.json").read_text("utf-8")
    assert kept == document.text(v1.api), "run ./opla _reference"


def test_it_is_openapi_by_its_own_schema() -> None:
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    assert DOCUMENT["openapi"] == "3.1.0"
    assert list(OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)) == []
    written = json.dumps(DOCUMENT)
    for kind, several in DOCUMENT["components"].items():
        for name in several:
            assert kind == "securitySchemes" or f'"#/components/{kind}/{name}"' in written, (
                f"nobody needs {kind} {name}"
            )


def test_every_address_asks_for_a_key_with_a_right_and_says_how_it_refuses() -> None:
    assert list(DOCUMENT["components"]["securitySchemes"]) == ["key"]
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for path, method, operation in operations():
        where = f"{method} {path}"
        [needed] = operation["security"]
        assert set(needed["key"]) <= set(Scope), where
        assert needed["key"], where
        assert operation["responses"].keys() >= {"401", "403", "429", "503"}, where
        for status, response in operation["responses"].items():
            assert (status >= "400") == ("$ref" in response), f"{where}: {status}"
        assert operation["description"], where


SHOWN = [
    (path, operation) for path, _, operation in operations() if "{" not in path and body_of(operation).get("examples")
]


@pytest.mark.parametrize(("path", "operation"), SHOWN, ids=[operation["operationId"] for _, operation in SHOWN])
def test_examples_do_what_they_show(programs: Programs, path: str, operation: dict[str, Any]) -> None:
    """Of what has no id in its address: that would be somebody's."""
    for n, example in enumerate(body_of(operation)["examples"]):
        answer = programs.acme.post(path.removeprefix(document.ROOT), example, key=f"example-{n}")
        assert answer.status in (200, 201, 202), answer.body


def test_it_is_served_to_whoever_asks(programs: Programs) -> None:
    assert programs.nobody.get("/openapi.json").body == DOCUMENT


def test_an_address_that_is_none_and_a_body_that_is_too_large_are_problems_too(programs: Programs) -> None:
    for program in (programs.acme, programs.nobody):
        assert (program.get("/no/such/address").status, program.get("/no/such/address").code) == (404, "not_found")
        assert program.post("/nor/this", {}).code == "not_found"
    answer = programs.acme.post("/numbers/look-up", {"number": "0" * 100_000})
    assert (answer.status, answer.code) == (413, "file_too_large")
