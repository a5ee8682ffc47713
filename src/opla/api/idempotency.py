"""The key of a money write. Every one wants the header; the same key again does nothing new and answers the same.

    no header, or no key in it          400 key_missing
    used before, for something else     422 key_reused, `about` the first field that differs
    used by a request still running     the later one waits for it, milliseconds, and answers the same; after `WAIT_S`
                                        409 still_running and Retry-After

An order is found by its key for ever. What refuses takes no key: put right, it may be sent under the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.http import HttpRequest

from opla.api.problems import Refused
from opla.core import idempotency
from opla.core.refusal import Code, Refusal
from opla.db.queries import api

WAIT_S: Final = 2


def key_of(request: HttpRequest) -> str:
    """The key that this request came under. Raises `Refused` where it has none."""
    found = idempotency.read(request.headers.get(idempotency.HEADER, ""))
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


@contextmanager
def once() -> Iterator[None]:
    """Around what a money write does: one commit, which waits for another under its key no longer than `WAIT_S`."""
    try:
        with api.waiting(WAIT_S):
            yield
    except TimeoutError:
        raise Refused(Refusal(Code.STILL_RUNNING)) from None
