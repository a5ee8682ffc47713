"""Between a real adapter and its stand-in inside this process: everything breaks here that breaks on a wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl

import httpx

from opla.counterparts.standins import StandIn
from opla.counterparts.web import Request
from opla.proving.faults import Fault, Faults
from opla.proving.world import Boundary, Service


class Wire(httpx.BaseTransport):
    """`name` is in the trace. What asks only may be lost too; it is nobody's last moment.

    `handed`: when something was first given to a wire on which it may have left, by our reference.
    """

    def __init__(
        self,
        name: str,
        machine: StandIn,
        service: Service,
        faults: Faults,
        boundary: Boundary,
        handed: dict[str, datetime],
        now: Callable[[], datetime],
    ) -> None:
        self._name, self._machine, self._handed, self._now = name, machine, handed, now
        self._service, self._faults, self._boundary = service, faults, boundary

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asks, at = request.method == "GET", self._now()
        self._boundary(f"{'ask' if asks else 'send'} {self._name}")
        if self._service.refuses():
            raise httpx.ConnectError("nobody is there", request=request)
        if key := request.headers.get("idempotency-key"):
            self._handed.setdefault(key.replace("-", ""), at)
        if self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            raise httpx.ReadTimeout("no answer", request=request)
        answer = self._machine.handle(_received(request))
        if not asks:
            self._boundary(f"answer {self._name}")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING):
            raise httpx.ReadTimeout("no answer", request=request)
        if self._faults.strikes(Fault.GARBAGE):
            return httpx.Response(200, stream=httpx.ByteStream(b"\xff{["))
        return httpx.Response(answer.status, stream=httpx.ByteStream(answer.body), headers=dict(answer.headers))


def _received(request: httpx.Request) -> Request:
    return Request(
        request.method,
        request.url.path,
        dict(parse_qsl(request.url.query.decode("ascii"))),
        {name.lower(): value for name, value in request.headers.items()},
        request.read(),
    )
