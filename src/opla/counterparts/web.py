"""Requests and responses as values, between the sockets of `server` and the pages and calls of `routes`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl

from opla.counterparts.endings import Fault
from opla.counterparts.entries import Refused

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"


@dataclass(frozen=True)
class Request:
    """`query` and `form` hold the last value of each name; `headers` has lower-case names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE


class Handles(Protocol):
    """Whoever answers what comes in."""

    def handle(self, request: Request) -> Response: ...


def answer(status: int, fields: Mapping[str, object], fault: Fault = Fault.NONE) -> Response:
    body = json.dumps(fields, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": "application/json"}, fault)


def refuse(no: Refused) -> Response:
    return answer(no.status, {"error": no.word})


def page(html: str, status: int = 200, form_to: str = "") -> Response:
    """A page. `form_to` is the origin its forms may lead to after their redirect: browsers check that too."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": f"{_POLICY} {form_to}".strip(),
    }
    return Response(status, html.encode(), headers)


def go(url: str) -> Response:
    """See there, with a GET."""
    return Response(303, headers={"Location": url})
