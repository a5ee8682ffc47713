"""The HTTP server under web and order intake: granian, its workers forked from this process and bound to it.

The sockets it listens on are given to it and outlive it: each worker has one, all are on one port; the kernel deals
connections out among them. Who comes while a worker is replaced waits in the queue of its socket, and the next one
answers. So code is replaced without a request lost (`up`).
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from opla.commands._sockets import BACKLOG
from opla.db.detached import bond
from opla.site import logs

Application = Callable[..., object]

#: How long those who come by connections that stay open are told to come by another, before this server is closed.
_LEAVING_S = 0.5
#: How long requests under way may take to their end; longer ones are cut off.
_DRAINING_S = 20


def serve(
    interface: str,
    load: Callable[[], Application],
    sockets: Sequence[socket.socket],
    *,
    leaving: Callable[[], object] = lambda: None,
    ready: int | None = None,
) -> int:
    """Serve until SIGTERM, by one worker for each socket. `load` makes the application in each; `interface` is a name
    of granian's. `leaving` is called when it is told to end; every worker that is about to serve writes to `ready`."""

    def bound() -> Application:
        bond(signal.SIGKILL)  # the worker must not outlive us and take what is for others
        signal.signal(signal.SIGUSR1, lambda *_: _take_no_more(sockets))
        application = load()
        if ready is not None:
            with suppress(OSError):  # nobody waits any more
                os.write(ready, b".")
        return application

    address, port, *_ = sockets[0].getsockname()
    _Server(
        sockets,
        leaving,
        target="opla",  # the name of what `bound` makes; granian looks for nothing by it
        address=address,
        port=port,
        interface=Interfaces(interface),
        workers=len(sockets),
        blocking_threads=1,
        workers_kill_timeout=_DRAINING_S,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_level=LogLevels.warning,
        log_dictconfig={"formatters": {name: {"()": logs.formatter()} for name in ("generic", "access")}},
    ).serve(target_loader=bound, wrap_loader=False)
    return 0


def _take_no_more(sockets: Sequence[socket.socket]) -> None:
    """In a worker that is about to leave: whoever comes now is for the next one. Told to end, granian would hang up on
    those whom it had let in and not yet heard. It goes on listening, on a socket that nobody knows."""
    ours = {os.fstat(one.fileno()).st_ino for one in sockets}
    deaf = socket.socket(sockets[0].family)
    deaf.listen(1)
    deaf.setblocking(False)
    for descriptor in map(int, next(os.walk("/proc/self/fd"))[2]):
        with suppress(OSError):  # of this very listing
            if os.fstat(descriptor).st_ino in ours:
                os.dup2(deaf.fileno(), descriptor)


class _Server(MPServer):
    """Granian opens a socket in each worker, which goes with it and with whoever waits in its queue. Ours stay."""

    def __init__(self, sockets: Sequence[socket.socket], leaving: Callable[[], object], **settings: Any) -> None:
        super().__init__(**settings)
        self._held = [SocketHolder(one.fileno(), False, BACKLOG) for one in sockets]  # type: ignore[call-arg]
        self._leaving = leaving

    def _init_shared_socket(self) -> None:
        self._ssp = self._sso = None

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:  # type: ignore[override]  # as theirs is
        self._shd = self._held[idx]  # type: ignore[assignment]  # theirs begins with None
        return super()._spawn_worker(idx, target, callback_loader)

    def signal_handler_interrupt(self, *_: object) -> None:
        self._leaving()
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, signal.SIGUSR1)
        leave = threading.Timer(_LEAVING_S, super().signal_handler_interrupt)
        leave.daemon = True
        leave.start()
