"""A process says that it lives, where its work is done and not beside it: a loop that hangs is silent."""

from __future__ import annotations

import os
import socket
import time
from datetime import UTC, datetime
from typing import Final

from opla import VERSION
from opla.db.queries import metrics
from opla.db.queries.call import BROKEN, reconnect

EVERY_S: Final = 5.0


class Pulse:
    """To be called again and again; it speaks every `EVERY_S`."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._at = 0.0

    def __call__(self) -> bool:
        """Whether it spoke. A database that is not there hears nothing, and that is seen too."""
        if time.monotonic() < self._at:
            return False
        self._at = time.monotonic() + EVERY_S
        try:
            metrics.beat(self._process, socket.gethostname(), os.getpid(), VERSION, at=datetime.now(UTC))
        except BROKEN:
            reconnect()
            return False
        return True
