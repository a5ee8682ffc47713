"""Webhooks to the shop: a form `id=…`, unsigned, told at least once if the shop is up and never promised.

Kept in memory only. A provider's webhooks get lost in life, and the shop must manage without; so a restart
loses those not delivered yet, on purpose.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from typing import Literal
from urllib.parse import urlencode, urlsplit

#: Seconds after the change at which a webhook is tried; then it is lost.
TRIES_S = (0.0, 1.0, 3.0, 10.0)
_TIMEOUT_S = 3.0

Manner = Literal["deliver", "lose", "repeat"]


class Webhooks:
    """One background thread: posts what is due, and lets the counterparts' own time pass between requests."""

    def __init__(self, tick: Callable[[], object], next_due_s: Callable[[], float | None]) -> None:
        self.manner: Manner = "deliver"
        self._tick, self._next_due_s = tick, next_due_s
        self._queue: list[tuple[float, int, int, str, str]] = []
        self._order = count()
        self._changed = threading.Condition()
        self._open = True
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._open = False
            self._changed.notify()

    def wake(self, url: str, id_: str) -> None:
        """Tell `url` soon that payment `id_` changed. Lost or told three times when a test says so."""
        if not url or self.manner == "lose":
            return
        with self._changed:
            for _ in range(3 if self.manner == "repeat" else 1):
                self._put(time.monotonic(), 0, url, id_)
            self._changed.notify()

    def nudge(self) -> None:
        """Something new may become due: look at the clock again."""
        with self._changed:
            self._changed.notify()

    def _put(self, born: float, tries: int, url: str, id_: str) -> None:
        heapq.heappush(self._queue, (born + TRIES_S[tries], next(self._order), tries, url, id_))

    def _run(self) -> None:
        while True:
            self._tick()
            due_s = self._next_due_s()
            with self._changed:
                if not self._open:
                    return
                now = time.monotonic()
                if not self._queue or self._queue[0][0] > now:
                    waits = [due_s] if due_s is not None else []
                    waits += [self._queue[0][0] - now] if self._queue else []
                    self._changed.wait(min(waits, default=None))
                    continue
                due, _, tries, url, id_ = heapq.heappop(self._queue)
            if not _post(url, id_) and tries + 1 < len(TRIES_S):
                with self._changed:
                    self._put(due - TRIES_S[tries], tries + 1, url, id_)


def _post(url: str, id_: str) -> bool:
    """Whether the shop took it (2xx)."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    except (HTTPException, ValueError):
        return False
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "opla-sandbox"}
        connection.request("POST", path, urlencode({"id": id_}), headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()
