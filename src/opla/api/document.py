"""The API's document (OpenAPI 3.1) as it is served and checked in: what django-ninja makes of the types, and what it
cannot know: the rights a key needs, what refusals look like, and the headers that every answer to a key has."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Final, TypeAlias, cast

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from opla.api.auth import Key
from opla.core import idempotency
from opla.presenting.problems import CONTENT_TYPE

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | bool | None

#: Where the address begins; a shop's own name stands before it.
ROOT: Final = "/api/v1"

_SAID: Final = {
    "400": "It cannot be read: no JSON, or a header is missing.",
    "401": "There is no key, or it is wrong or over.",
    "402": "Less is free on the float than it costs.",
    "403": "The key has no right to this, or may not be used from there.",
    "404": "There is no such thing of this reseller.",
    "409": "Not now: something is in the way, which may pass.",
    "413": "It is too large.",
    "422": "It cannot be done as it was asked: `refusals` names every field.",
    "429": "The key was used too often: `Retry-After` says how many seconds to wait.",
    "503": "It broke or is closed: nobody knows whether it was done. The same again, with the same key, finds out.",
}
#: What every answer to a key carries, by how it is named here.
_HEADERS: Final = {
    "RateLimit": 'What is left in the bucket of this key: `"calls";r=113;t=1`.',
    "RateLimit-Policy": 'How large the bucket is, and how soon it fills: `"calls";q=120;w=6`.',
}
#: Of a write whose view reads it (`api.idempotency.key_of`).
_KEY: Final = {
    "in": "header",
    "name": idempotency.HEADER,
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": idempotency.LENGTH,
        "pattern": f"^{idempotency.VISIBLE}$",
    },
    "required": True,
    "description": "What you call this write: the same again is done once. Plain, or as a quoted string.",
}
_RETRY: Final = {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait.", "required": True}


class Api(NinjaAPI):
    """django-ninja's, with the document made whole."""

    @cached_property
    def document(self) -> dict[str, Json]:
        made = _Made(self, ROOT.strip("/"))
        return _whole(cast("dict[str, Json]", json.loads(json.dumps(made))))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """`catalogue_products`: the resource and what it does."""
        return f"{operation.view_func.__module__.rpartition('.')[2]}_{operation.view_func.__name__}"

    def get_openapi_schema(  # type: ignore[override]  # made whole, it is a plain mapping
        self, *_path: object, **_params: object
    ) -> dict[str, Json]:
        return self.document


def text(api: Api) -> str:
    """As it is checked in."""
    return json.dumps(api.document, indent=1, ensure_ascii=False) + "\n"


class _Made(OpenAPISchema):
    def operation_parameters(self, operation: Operation) -> list[dict[str, object]]:
        declared: list[dict[str, object]] = super().operation_parameters(operation)
        reads_key = "key_of" in operation.view_func.__code__.co_names
        return [*declared, dict(_KEY)] if reads_key else declared

    def operation_security(self, operation: Operation) -> list[dict[str, list[str]]] | None:
        """With the right that the key needs, which OpenAPI 3.1 lets stand there for any scheme."""
        keys = [one for one in operation.auth_callbacks if isinstance(one, Key)]
        for key in keys:
            self.securitySchemes["key"] = {
                **key.openapi_security_schema,
                "bearerFormat": "opla_live_… or opla_test_…",
                "description": "A reseller's key. The words beside it are the rights that it needs.",
            }
        return [{"key": [str(key.scope)]} for key in keys] or None


def _whole(made: dict[str, Json]) -> dict[str, Json]:
    components = _mapping(made["components"])
    used: set[str] = set()
    for path in _mapping(made["paths"]).values():
        for operation in _mapping(path).values():
            used |= _operation(_mapping(operation))
    components["responses"] = {f"Problem{status}": _problem(status) for status in sorted(used)}
    components["headers"] = {
        name: {"schema": {"type": "string"}, "description": told} for name, told in _HEADERS.items()
    }
    schemas = _mapping(components["schemas"])
    while unused := [name for name in schemas if f'"#/components/schemas/{name}"' not in json.dumps(made)]:
        for name in unused:  # what several parameters were read from together
            del schemas[name]
    made["servers"] = [{"url": "/", "description": "this shop"}]
    return made


def _operation(operation: dict[str, Json]) -> set[str]:
    """Which problems it may answer: what its resource says, and what any may. Each is described once."""
    responses = _mapping(operation["responses"])
    asks_key = bool(operation.get("security"))
    found = {status for status in responses if status in _SAID} | {"503"}
    found |= {"401", "403", "429"} if asks_key else set()
    found |= {"422"} if operation.get("parameters") or "requestBody" in operation else set()
    found |= {"400", "413"} if "requestBody" in operation else set()
    for status in responses.keys() - found:
        if asks_key:
            headers = _mapping(_mapping(responses[status]).setdefault("headers", {}))
            headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    responses |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in found}
    operation["responses"] = dict(sorted(responses.items()))
    return found


def _problem(status: str) -> Json:
    headers: dict[str, Json] = {}
    if status == "401":
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}, "required": True}
    if status in ("429", "503"):
        headers["Retry-After"] = cast("Json", _RETRY)
    if status != "401":
        headers |= {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    content: Json = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": _SAID[status], "headers": headers, "content": content}


def _mapping(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise TypeError("an OpenAPI document has a mapping here")
    return value
