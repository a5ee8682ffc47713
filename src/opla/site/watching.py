"""The doors of whoever runs this shop, and what is counted and written of every request.

    /healthz    200: this process answers. It touches nothing, not even the database.
    /readyz     200: it can sell. 503: the database does not answer within a second, its tables are not those this code
                needs, or the process is closing. One word says which, to strangers too: it tells them nothing.
    /metrics    the figures of core/metric, for whoever has OPLA_METRICS_TOKEN (`Authorization: Bearer …`). To others,
                and where no token is set, it does not exist.

They stand before everything else, and answer under whatever name they are asked.
"""

from __future__ import annotations

import logging
import mmap
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Final

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from opla import VERSION, metering
from opla.db import setup
from opla.db.queries import metrics
from opla.db.queries.call import BROKEN, reconnect
from opla.presenting import metrics as presenting
from opla.site.logs import request_id

_log = logging.getLogger("opla.request")

#: By the first word of the path. A table, because a stranger chooses the path.
_SURFACES: Final = {
    "": "storefront", "owner": "backoffice", "reseller": "portal", "till": "till", "kiosk": "kiosk", "api": "api",
    "tmf-api": "api", "hooks": "hooks", "pay": "hooks", "static": "static", "healthz": "health", "readyz": "health",
    "metrics": "health",
}  # fmt: skip
_ANSWERS_WITHIN_S: Final = 1.0
#: However often a stranger asks, the database is not asked more often.
_BELIEVED_S: Final = 1.0

#: Shared with the processes that are forked from this one.
_closing = mmap.mmap(-1, 1)


def close() -> None:
    """From now on every process is not ready, and lets go of connections that would be used again."""
    _closing[0] = 1


class Watching:
    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer
        self._ready = Readiness()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        name = secrets.token_hex(8)
        before = request_id.set(name)
        try:
            response = self._door(request) or self._answer(request)
            response.headers["X-Request-ID"] = name
            if _closing[0]:
                response.headers["Connection"] = "close"
            took = time.perf_counter() - began
            metering.request(surface(request.path), response.status_code, took)
            if _log.isEnabledFor(logging.INFO):
                _log.info(
                    "%s",
                    request.method,
                    extra={"request": request, "status_code": response.status_code, "took_s": round(took, 4)},
                )
            return response
        finally:
            request_id.reset(before)

    def _door(self, request: HttpRequest) -> HttpResponse | None:
        match request.path:
            case "/healthz":
                return _said("ok\n")
            case "/readyz":
                why = "closing" if _closing[0] else self._ready.missing()
                return _said(f"{why or 'ok'}\n", status=503 if why else 200)
            case "/metrics" if may_read_metrics(request.headers.get("Authorization", "")):
                return HttpResponse(
                    exposition(), content_type=presenting.CONTENT_TYPE, headers={"Cache-Control": "no-store"}
                )
            case _:
                return None


def _said(text: str | bytes, status: int = 200, kind: str = "text/plain; charset=utf-8") -> HttpResponse:
    answer = HttpResponse(text, content_type=kind, status=status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def surface(path: str) -> str:
    return _SURFACES.get(path.split("/", 2)[1] if path.startswith("/") else "", "storefront")


def may_read_metrics(authorization: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    token: str = settings.METRICS_TOKEN
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)


def exposition() -> bytes:
    """All figures as text; those of the database are missing where it does not answer."""
    try:
        samples = metrics.figures(at=datetime.now(UTC))
    except BROKEN:
        reconnect()
        samples = None
    return presenting.text(samples, metering.counted(), version=VERSION, sandbox=settings.SANDBOX)


class Readiness:
    """Asks the database in a thread of its own: whoever waits for the answer is not held up by a silent one."""

    def __init__(self, ask: Callable[[], bool] = setup.is_current) -> None:
        self._ask = ask
        self._looking: Thread | None = None
        self._found = "database"
        self._known: tuple[float, str] = float("-inf"), ""

    def missing(self) -> str:
        """What is missing, in a word; empty: nothing."""
        at, word = self._known
        if time.monotonic() - at < _BELIEVED_S:
            return word
        if self._looking is None or not self._looking.is_alive():
            self._looking = Thread(target=self._look, name="ready", daemon=True)
            self._looking.start()
        self._looking.join(_ANSWERS_WITHIN_S)
        self._known = time.monotonic(), "database" if self._looking.is_alive() else self._found
        return self._known[1]

    def _look(self) -> None:
        try:
            self._found = "" if self._ask() else "tables"
        except BROKEN:
            self._found = "database"
        finally:
            connections["default"].close()  # of this thread, which ends
