"""A provider's own OpenAPI document (3.1) as a judge of what we send and of what its stand-in answers.

The documents are no part of Opla: `OPLA_SPECS` names the folder they lie in, and without it nothing is judged.
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from opla.counterparts.web import Request, Response

Json = dict[str, Any]


class Official:
    """`places`: patterns of addresses → the document's name of the path."""

    def __init__(self, file: str, places: dict[str, str]) -> None:
        self._file = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / file
        self._places = {re.compile(pattern): name for pattern, name in places.items()}
        if self.there:
            assert self.document  # takes longer than anybody waits for an answer

    @property
    def there(self) -> bool:
        return self._file.exists()

    @cached_property
    def document(self) -> Any:
        import yaml

        class Loader(yaml.CSafeLoader):
            """Dates stay texts: some of their examples are none."""

        Loader.yaml_implicit_resolvers = {
            sign: [(tag, expression) for tag, expression in some if tag != "tag:yaml.org,2002:timestamp"]
            for sign, some in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        }
        return yaml.load(self._file.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe loader

    def judge(self, request: Request, response: Response) -> list[str]:
        """What does not fit; nothing without the document."""
        if not self.there or response.status == 500:
            return []
        [name] = [name for pattern, name in self._places.items() if pattern.fullmatch(request.path)]
        operation = self.document["paths"][name][request.method.lower()]
        wrong = []
        if request.method == "POST" and response.status == 201:
            content = operation["requestBody"]["content"]
            wrong += self._check(content, json.loads(request.body), f"{request.method} {name} request")
        answers = operation["responses"]
        if str(response.status) in answers and "content" in self._resolved(answers[str(response.status)]):
            content = self._resolved(answers[str(response.status)])["content"]
            wrong += self._check(content, json.loads(response.body), f"{request.method} {name} {response.status}")
        return wrong

    def _resolved(self, part: Any) -> Any:
        while "$ref" in part:
            found = self.document
            for word in part["$ref"].removeprefix("#/").split("/"):
                found = found[word.replace("~1", "/")]
            part = found
        return part

    def _check(self, content: Json, told: Json, what: str) -> list[str]:
        import jsonschema

        [media] = content.values()
        schema = {"$ref": "#/schema", "schema": media["schema"], "components": self.document["components"]}
        judge = jsonschema.Draft202012Validator(schema)
        return [
            f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
            for one in judge.iter_errors(told)
            if not (what.endswith("request") and self._theirs_to_fill(one))
        ]

    def _theirs_to_fill(self, one: Any) -> bool:
        """What a request need not have: OpenAPI 3.1, "readOnly" properties are required of answers alone."""
        if one.validator != "required":
            return False
        missing, known = set(one.validator_value) - set(one.instance), one.schema.get("properties", {})
        return all(self._resolved(known.get(name, {})).get("readOnly") for name in missing)
