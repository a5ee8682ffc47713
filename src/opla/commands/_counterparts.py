"""The process of the sandbox counterparts: detached, it lives while anybody holds the users' lock."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from importlib import import_module
from pathlib import Path

from opla.commands import VAR
from opla.db.detached import READY, Report, detach
from opla.db.instance import users_lock
from opla.db.locks import open_lock, take


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")


def run(arguments: argparse.Namespace) -> int:
    def serve(report: Report) -> int:
        threading.Thread(target=_end_when_alone, args=(VAR,), daemon=True).start()
        try:
            server = import_module("opla.counterparts.server")
        except ImportError as error:
            report(f"The sandbox counterparts cannot be loaded: {error}.")
            return 1
        report(READY)
        code: int = server.main(VAR.resolve(), arguments.port)
        return code

    return detach(VAR.resolve() / "log" / "counterparts.log", serve)


def _end_when_alone(var: Path) -> None:
    take(open_lock(users_lock(var)))
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(2)
    os._exit(0)  # it did not heed the signal
