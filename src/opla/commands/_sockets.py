"""The sockets a shop listens on: whoever opens them outlives those who answer there."""

from __future__ import annotations

import socket
from collections.abc import Sequence

BACKLOG = 1024
WEB_WORKERS = 2


def listen(host: str, port: int, *, workers: int) -> list[socket.socket]:
    """A socket for each worker, on one port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sockets = []
    for _ in range(workers):
        one = socket.socket(family)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
        one.listen(BACKLOG)
        one.setblocking(False)  # two generations share it: who finds nobody there must not wait for somebody
        sockets.append(one)
    return sockets


def given(descriptors: Sequence[int]) -> list[socket.socket]:
    """The sockets that our parent listens on."""
    return [socket.socket(fileno=descriptor) for descriptor in descriptors]
