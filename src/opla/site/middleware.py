"""What every answer of the shop carries, whatever view made it; and what is answered while the shop stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from opla.db.queries import quarantine
from opla.storefront.views import errors

#: Everything from here and nothing inline; no frames, no plug-ins, no other hosts.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class SafeHeaders:
    """Pages are never kept by a cache: they are somebody's. `same-origin` sends no referrer to anybody else, so an
    order's link does not leave with a click; `no-referrer` would make browsers post forms with `Origin: null`."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._answer(request)
        headers = response.headers
        headers["Content-Security-Policy"] = _POLICY
        headers["Referrer-Policy"] = "same-origin"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
        # Only what says the same to everybody is found by search engines: those pages say so themselves.
        headers.setdefault("X-Robots-Tag", "noindex" if request.path != "/" else "all")
        if not request.path.startswith(settings.STATIC_URL):
            headers["Cache-Control"] = "no-store"
        return response


class Quarantine:
    """Whatever a view asked of a database that stands still after a restore, people are told so."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._answer(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponseBase | None:
        return errors.closed(request) if quarantine.stands_still(problem) else None
