"""Order intake: resellers' orders by HTTP, one asyncio loop."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable

from opla.commands._children import be_a_child
from opla.commands.runtime import running
from opla.db.detached import bond


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)


def _application() -> Callable[..., object]:
    bond(signal.SIGKILL)
    from opla.operations.shop import current
    from opla.workers.intake import Intake

    return Intake(current())


def serve(host: str, port: int) -> int:
    """Serve until SIGTERM; the loop runs in a process forked from this one."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "opla.workers.intake:Intake",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=1,
        workers_kill_timeout=2,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_level=LogLevels.warning,
    ).serve(target_loader=_application, wrap_loader=False)
    return 0


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    from django.db import connections

    with running():
        connections.close_all()  # the loop opens its own
        return serve(arguments.host, arguments.port)
