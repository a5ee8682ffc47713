"""Who listens for text messages: one connection that stays, and an answer over one of its own.

Run as many as the message centre allows; none of them keeps anything. A text whose answer got lost is asked again by
whoever sent it; what broke before it was looked at, the centre brings again.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Final

from opla.core.ports import Answer, LineEnded, Message, Receipt, Text, Texts
from opla.db.queries import quarantine
from opla.db.queries.call import BROKEN, reconnect
from opla.db.queries.cards import Shelves
from opla.operations import order_texts
from opla.operations.answer_texts import answer
from opla.operations.outside import Adapters
from opla.operations.shop import Shop, current
from opla.presenting import texting
from opla.workers.loop import now
from opla.workers.pulse import Pulse

_log = logging.getLogger(__name__)
_LONGEST_PAUSE_S: Final = 60.0
#: A line that lived this long was a good one.
_SETTLED_S: Final = 120.0


def main() -> None:
    """Listen until SIGTERM or SIGINT. Raises ValueError, naming the field, where texts are not set up."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    shop = current()
    pulse = Pulse("texts")

    def over() -> bool:
        pulse()
        return stopping.is_set()

    listen(Adapters(shop, Shelves(now)).texts(), shop=shop, until=over, wait=stopping.wait)


def listen(line: Texts, *, shop: Shop, until: Callable[[], bool], wait: Callable[[float], object]) -> None:
    """Again and again, after a pause that grows while the line is bad."""
    pause_s = 1.0
    while not until():
        if quarantine.closed():  # what is texted meanwhile waits with the centre
            wait(_LONGEST_PAUSE_S)
            continue
        began = time.monotonic()
        try:
            line.listen(partial(_hear, line, shop), until)
        except LineEnded as why:
            _log.warning("the line for texts ended: %s", why)
        except Exception:  # noqa: BLE001 - whatever it was, it is written down
            _log.exception("the line for texts broke")
        if time.monotonic() - began > _SETTLED_S:
            pause_s = 1.0
        if not until():
            wait(pause_s)
        pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)


def _hear(line: Texts, shop: Shop, came: Text | Receipt) -> None:
    at = now()
    try:
        if isinstance(came, Receipt):
            order_texts.received(came, shop=shop, at=at)
            return
        found = answer(came, shop=shop, at=at)
        words = texting.words(found, sandbox=shop.sandbox) if found else ""
        if found is None or not order_texts.spend(words, shop=shop, at=at):
            return
    except BROKEN:
        reconnect()
        raise
    told = line.text(Message(shop.chance.reference(), came.number, "", words, found.language)).answer
    if told is not Answer.SUCCEEDED:
        _log.warning("an answer by text: %s", told)
