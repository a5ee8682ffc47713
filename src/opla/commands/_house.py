"""What `up` keeps open: web, worker and order intake, forked from one process that has loaded what they share.

Started one by one they would hold the same fifty megabytes three times, and take three times as long to load them.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
import time
from functools import partial
from importlib import import_module
from types import FrameType

from opla.commands import _intake, _sockets, _web
from opla.commands._children import Child, be_a_child, fork
from opla.commands.runtime import running

_TICK_S = 0.25
#: The longest call of a worker, and the longest request, come to their end; who is told twice is in a hurry.
_STOPPING_S = 40.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--web", type=int, nargs="+", required=True, help="descriptors of sockets")
    parser.add_argument("--orders", type=int, nargs="+", required=True, help="the same")
    parser.add_argument("--ready", type=int, help="a descriptor that hears of every web worker that serves")


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    with running(counterparts=True):
        from django.conf import settings

        import_module("opla.workers.intake")
        import_module("opla.workers.loop")
        _web.load()
        children = [
            Child("web", fork("web", partial(_web.serve, _sockets.given(arguments.web), arguments.ready))),
            Child("worker", fork("worker", _work)),
            Child("intake", fork("intake", partial(_intake.serve, _sockets.given(arguments.orders)))),
        ]
        if os.environ.get("OPLA_NOTICES_SMPP_HOST") and not settings.SANDBOX:
            children.append(Child("texts", fork("texts", _texts)))
        while not stopping.is_set():
            for child in children:
                child.tend(_say)
            stopping.wait(_TICK_S)
        for child in children:
            child.terminate()
        ends_at = time.monotonic() + _STOPPING_S
        for child in children:
            child.wait(max(0.0, ends_at - time.monotonic()))
    return 0


def _work() -> int:
    import_module("opla.workers.loop").main()
    return 0


def _texts() -> int:
    import_module("opla.workers.texts").main()
    return 0


def _say(sentence: str) -> None:
    logging.getLogger("opla.house").warning(sentence)
