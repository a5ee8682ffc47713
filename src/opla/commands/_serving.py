"""The HTTP server under web and order intake: granian, its workers forked from this process and bound to it."""

from __future__ import annotations

import signal
from collections.abc import Callable

from opla.db.detached import bond

Application = Callable[..., object]


def serve(interface: str, load: Callable[[], Application], host: str, port: int, *, workers: int) -> int:
    """Serve until SIGTERM. `load` makes the application in each worker; `interface` is a name of granian's."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    def bound() -> Application:
        bond(signal.SIGKILL)  # the worker must not outlive us and keep the port
        return load()

    Server(
        "opla",  # the name of what `bound` makes; granian looks for nothing by it
        address=host,
        port=port,
        interface=Interfaces(interface),
        workers=workers,
        blocking_threads=1,
        workers_kill_timeout=2,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_level=LogLevels.warning,
    ).serve(target_loader=bound, wrap_loader=False)
    return 0
