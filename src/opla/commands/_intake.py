"""Order intake: resellers' orders by HTTP, one asyncio loop."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence

from opla.commands import _serving, _sockets
from opla.commands._children import be_a_child
from opla.commands._serving import Application
from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)


def _application() -> Application:
    from opla.operations.shop import current
    from opla.workers.intake import Intake

    intake = Intake(current())
    intake.say_alive()
    return intake


def listen(host: str, port: int) -> list[socket.socket]:
    return _sockets.listen(host, port, workers=1)


def serve(sockets: Sequence[socket.socket]) -> int:
    """Serve until SIGTERM."""
    return _serving.serve("asginl", _application, sockets)


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    from django.db import connections

    with running():
        connections.close_all()  # the loop opens its own
        return serve(listen(arguments.host, arguments.port))
