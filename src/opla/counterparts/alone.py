"""One stand-in with an address of its own on this machine, whose next calls may be ordered to break."""

from __future__ import annotations

import threading

from opla.counterparts.endings import Fault
from opla.counterparts.faults import Faults
from opla.counterparts.server import HOST, Handler, Listener
from opla.counterparts.standins import StandIn
from opla.counterparts.web import Request, Response


class Alone:
    """`calls` are all that came in, also those that were lost before anything was done. One at a time, like a lock."""

    def __init__(self, machine: StandIn, patience_s: float = 30.0) -> None:
        self.calls: list[tuple[Request, Response]] = []
        self._machine, self._faults, self._lock = machine, Faults(), threading.Lock()
        self._listener = Listener((HOST, 0), Handler)
        self._listener.routes = self
        self._listener.patience_s = patience_s
        self.url = f"http://{HOST}:{self._listener.server_port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="stand-in", daemon=True)
        self._thread.start()

    def order_fault(self, method: str, path: str, fault: Fault) -> None:
        """The next call of `method` whose path begins with `path` meets it."""
        self._faults.order({"method": method, "path": path, "fault": fault, "times": 1})

    def handle(self, request: Request) -> Response:
        fault = self._faults.next(request.method, request.path)
        with self._lock:
            response = self._machine.handle(request) if fault.acts else Response(500)
            self.calls.append((request, response))
        return response if fault is Fault.NONE else Response(500, response.body, fault=fault)

    def stop(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(3)
