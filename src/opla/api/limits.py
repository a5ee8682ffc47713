"""What is left in a key's bucket, said on every answer to it: `RateLimit` and `RateLimit-Policy`, structured fields as
in the IETF's draft-ietf-httpapi-ratelimit-headers-09 (work in progress: a later one may name them otherwise).

    RateLimit-Policy: "calls";q=120;w=6     120 calls at once, and all of them again within 6 seconds
    RateLimit: "calls";r=113;t=1            113 are left; within 1 second there are all of them again

An answer 429 says `r=0` and, as `t` and `Retry-After`, when there are enough for the same again. Who has no key has no
bucket, and is told of none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from opla.core.api_access import Access
from opla.operations.api_keys import MOST, PER_S

POLICY: Final = f'"calls";q={MOST};w={math.ceil(MOST / PER_S)}'


class Limits:
    """Middleware, because an answer to a key is made in many places: by a resource, a refusal, a bug, or 304."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._answer(request)
        found = getattr(request, "opla_access", None)
        if isinstance(found, Access):
            left, wait_s = found.left, math.ceil((found.most - found.left) / PER_S)
        elif response.status_code == 429 and request.path.startswith("/api/v1/"):
            left, wait_s = 0, int(response.headers.get("Retry-After", "1"))
        else:
            return response
        response.headers["RateLimit-Policy"] = POLICY
        response.headers["RateLimit"] = f'"calls";r={left};t={wait_s}'
        return response
