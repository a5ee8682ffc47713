"""Posts to resellers' endpoints, many at once: only the calls have threads of their own, the database is asked by one.

A slow endpoint keeps a thread or four and nothing else: what came back is kept, and more is claimed, while others wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Final

from opla.operations.outside import Outside
from opla.operations.post_webhooks import Tried, claim, keep, post
from opla.operations.shop import Shop

#: Posts under way in one process.
_WIDTH: Final = 64
#: How long one look for answers waits for the first of them.
_LOOKS_S: Final = 0.05
#: How long one round goes on while answers come.
_ROUND_S: Final = 1.0


class Postman:
    """What is under way between rounds. All rounds are of one thread."""

    def __init__(self, shop: Shop, clock: Callable[[], datetime]) -> None:
        self._shop, self._clock = shop, clock
        self._pool = ThreadPoolExecutor(_WIDTH, thread_name_prefix="webhook")
        self._out: set[Future[Tried]] = set()

    def round(self, outside: Outside) -> int:
        """Post what is due as far as there is room, keep what comes back, while anything does; how many were kept."""
        kept, ends_at = 0, time.monotonic() + _ROUND_S
        while True:
            came = self._keep(_LOOKS_S)
            kept += came
            began = self._begin(outside)
            if not (came or began) or time.monotonic() > ends_at:
                return kept

    def close(self) -> None:
        """Let what was begun come to its end. What is not kept is posted again when its lease is over."""
        self._pool.shutdown(wait=True)
        self._keep(0)

    def _begin(self, outside: Outside) -> int:
        room, at = _WIDTH - len(self._out), self._clock()
        due = claim(at=at, limit=room) if room else []
        for one in due:
            self._out.add(self._pool.submit(post, one, outside.webhooks(), shop=self._shop, at=at))
        return len(due)

    def _keep(self, looks_s: float) -> int:
        if not self._out:
            return 0
        done, self._out = wait(self._out, timeout=looks_s, return_when=FIRST_COMPLETED)
        if done:
            keep([one.result() for one in done], shop=self._shop, at=self._clock())
        return len(done)
