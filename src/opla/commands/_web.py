"""The web process of `up`: granian, two workers of one thread each."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from importlib import import_module

from opla.commands._children import be_a_child
from opla.commands.runtime import running
from opla.db.detached import bond


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)


def _application() -> Callable[..., object]:
    """Runs in each worker, a child of this process's main thread: it must not outlive it and keep the port."""
    bond(signal.SIGKILL)
    application: Callable[..., object] = import_module("opla.site.wsgi").application
    return application


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    from django.db import connections
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    with running():
        connections.close_all()  # the workers are forked: each opens its own
        Server(
            "opla.site.wsgi:application",
            address=arguments.host,
            port=arguments.port,
            interface=Interfaces.WSGI,
            workers=2,
            blocking_threads=1,
            workers_kill_timeout=2,
            respawn_failed_workers=True,
            respawn_interval=0.5,
            log_level=LogLevels.warning,
        ).serve(target_loader=_application, wrap_loader=False)
    return 0
