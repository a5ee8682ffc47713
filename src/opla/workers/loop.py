"""The worker: turns the crank until it is told to stop. Run as many as wanted; none of them keeps anything.

A round that breaks is written down and the next one goes on: what was claimed comes back when its lease runs out.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import FrameType
from uuid import UUID, uuid4

from django.db import connections

from opla.db import setup
from opla.db.queries.call import BROKEN, reconnect
from opla.db.queries.codes import Stock
from opla.operations.outside import Adapters
from opla.operations.shop import Shop, current
from opla.operations.tell import Letter
from opla.operations.work import work_once
from opla.presenting.notices import notice

_log = logging.getLogger(__name__)

#: How long an idle worker sleeps: what somebody waits for at a counter is noticed within this.
IDLE_S = 0.1
#: After something broke, so that a broken database is not asked a hundred times a second.
BROKEN_S = 1.0
_CALLERS = 8
_MONTHS_EVERY_S = 6 * 3600


def now() -> datetime:
    return datetime.now(UTC)


class Worker:
    """One worker: an identity for its leases, a pool of callers, and the adapters."""

    def __init__(self, shop: Shop) -> None:
        self.id: UUID = uuid4()
        self._shop = shop
        self._outside = Adapters(shop, Stock(today=lambda: now().date()))
        self._pool = ThreadPoolExecutor(_CALLERS, thread_name_prefix="caller")

    def _compose(self, letter: Letter) -> tuple[str, str]:
        words = notice(letter.topic, letter.page, letter.link_url, sandbox=self._shop.sandbox, digits=letter.proof)
        return words.subject, words.text

    def round(self) -> int:
        """Whatever is due now; how much that was."""
        return work_once(
            worker=self.id,
            shop=self._shop,
            outside=self._outside,
            compose=self._compose,
            clock=now,
            longest_call_s=self._outside.longest_call_s(),
            pool=self._pool,
            width=_CALLERS,
        )

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        connections.close_all()


def main() -> None:
    """Work until SIGTERM or SIGINT, then finish the round and end."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker = Worker(current())
    months_at = time.monotonic() + _MONTHS_EVERY_S
    while not stopping.is_set():
        try:
            done = worker.round()
            pause_s = 0.0 if done else IDLE_S
            if time.monotonic() >= months_at:
                setup.prepare()
                months_at = time.monotonic() + _MONTHS_EVERY_S
        except BROKEN:
            _log.warning("the database is not there; trying again", exc_info=True)
            reconnect()
            pause_s = BROKEN_S
        except Exception:  # noqa: BLE001 - whatever it was, it is written down and the next round goes on
            _log.exception("a round of work broke")
            pause_s = BROKEN_S
        if pause_s:
            stopping.wait(pause_s)
    worker.close()
