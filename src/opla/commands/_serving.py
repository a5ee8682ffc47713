"""The HTTP server under web and order intake: granian, its workers forked from this process and bound to it.

The sockets it listens on are given to it and outlive it: each worker has one, all are on one port; the kernel deals
connections out among them. Who comes while a worker is replaced waits in the queue of its socket, and the next one
answers. So code is replaced without a request lost (`up`).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from opla.commands._sockets import BACKLOG
from opla.db.detached import bond
from opla.site import logs

Application = Callable[..., object]

_log = logging.getLogger(__name__)

#: How long those who come by connections that stay open are told to come by another, before this server is closed.
_LEAVING_S = 0.5
#: How long requests under way may take to their end; longer ones are cut off.
_DRAINING_S = 20
#: Who has begun to say what they want says all of it in this time, or a worker that leaves would wait for them. Nobody
#: who has said nothing yet is waited for; a connection that was used and is not used again is closed after it too, so
#: a proxy in front lets go of its own before (deploy/).
_HEARING_S = 10


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
        http1_settings=HTTP1Settings(header_read_timeout=_HEARING_S * 1000),
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

    def _stop_workers(self) -> None:
        """Granian asks the system in two threads whether a worker has ended, and one alone hears so: the other would
        kill, and say that it did, whoever had gone in peace. The pipe that ends with a worker tells everybody."""
        there = {worker.inner.sentinel: worker for worker in self.wrks}
        for worker in self.wrks:
            worker.terminate()  # type: ignore[no-untyped-call]  # as theirs is
        ends_at = time.monotonic() + _DRAINING_S
        while there and (left_s := ends_at - time.monotonic()) > 0:
            for gone in wait(list(there), left_s):
                there.pop(gone)
        for worker in there.values():
            _log.warning("a request was not over after %s seconds and is cut off", _DRAINING_S)
            worker.kill()  # type: ignore[no-untyped-call]  # as theirs is
        self.wrks.clear()

    def signal_handler_interrupt(self, *_: object) -> None:
        self._leaving()
        for worker in self.wrks:
            with suppress(ProcessLookupError):
                os.kill(worker.inner.pid, signal.SIGUSR1)
        leave = threading.Timer(_LEAVING_S, super().signal_handler_interrupt)
        leave.daemon = True
        leave.start()
