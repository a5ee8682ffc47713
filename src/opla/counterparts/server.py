"""The counterparts as one HTTP process on this machine only, with the standard library's server and one lock.

It starts in a fraction of a second and needs nothing installed. It is no public server: a few callers, all ours.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import socketserver
import struct
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from opla.counterparts import place
from opla.counterparts.endings import Fault
from opla.counterparts.entries import Refused
from opla.counterparts.log import Log
from opla.counterparts.payment import SESSION_MS
from opla.counterparts.routes import Routes
from opla.counterparts.service import Service
from opla.counterparts.web import Handles, Request, Response, refuse
from opla.counterparts.webhooks import Webhooks

HOST = "127.0.0.1"
MAX_BODY = 64 * 1024
#: The header in which a caller says how long it waits, so that silence outlasts exactly that.
PATIENCE = "opla-timeout-s"
_LONGEST_SILENCE_S = 60.0
_HUGE = 64 * 1024 * 1024


def clock_ms() -> int:
    """Now, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Listener(ThreadingHTTPServer):
    """The open socket. `routes` is set before the first request; `patience_s` is how long a caller waits, if it
    does not say so itself.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    routes: Handles
    patience_s = 30.0

    def server_bind(self) -> None:
        # The library would look up this machine's name, which may take seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is no event; anything else is a bug of the sandbox and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed narrows the argument


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "opla-sandbox"
    sys_version = ""
    timeout = 30
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silent: a request line can hold what must not lie in a log, and the evidence is in log.jsonl."""

    def _handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or len(length) > 9 or int(length) > MAX_BODY:
            self.close_connection = True
            self._write(refuse(Refused(413, "too_long")))
            return
        parts = urlsplit(self.path)
        request = Request(
            method="GET" if self.command == "HEAD" else self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )
        listener = self.server
        if not isinstance(listener, Listener):
            raise TypeError("this handler belongs to a Listener")
        self._deliver(listener.routes.handle(request))

    def _deliver(self, response: Response) -> None:
        match response.fault:
            case Fault.NONE:
                self._write(response)
            case Fault.SILENT_BEFORE | Fault.SILENT_AFTER:
                time.sleep(self._silence_s())
                self.close_connection = True
            case Fault.DROP_BEFORE | Fault.DROP_AFTER:
                self._break()
            case Fault.ERROR_BEFORE | Fault.ERROR_AFTER:
                self._write(Response(500, b"<h1>Internal Server Error</h1>", {"Content-Type": "text/html"}))
            case Fault.GARBAGE:
                self._write(Response(200, b"\xff\xfe{[\x00", {"Content-Type": "application/json"}))
            case Fault.HUGE:
                self._write(Response(200, b'"' + b"9" * _HUGE, {"Content-Type": "application/json"}))

    def _silence_s(self) -> float:
        patience_s = self.server.patience_s if isinstance(self.server, Listener) else 30.0
        with contextlib.suppress(ValueError):
            patience_s = float(self.headers.get(PATIENCE, patience_s))
        return min(_LONGEST_SILENCE_S, max(0.0, patience_s) * 1.25 + 0.25)

    def _break(self) -> None:
        """Hang up with a reset, as a dying connection does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        headers = {
            "Content-Length": str(len(response.body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            **response.headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _trial(log: Path, secret: str, base: str) -> Handles:
    """The stand-ins, which are loaded for those alone who try them."""
    trial = import_module("opla.counterparts.trial")
    found: Handles = trial.Trial(log, secret, base, clock_ms)
    return found


class Running:
    """Counterparts at work in this process: used by `main`, and by tests with a clock of their own."""

    def __init__(self, service: Service, listener: Listener, secret: str, log: Log, trial: Path | None = None) -> None:
        self.url = f"http://{HOST}:{listener.server_port}"
        self.webhooks = Webhooks(service.tick, service.next_due_s)
        self._listener, self._log = listener, log
        service.wake = self.webhooks.wake
        stand_ins = partial(_trial, trial, secret, self.url) if trial else None
        listener.routes = Routes(service, self.webhooks, secret, self.url, stand_ins)
        self._thread = threading.Thread(target=listener.serve_forever, args=(0.05,), name="counterparts", daemon=True)

    def start(self) -> None:
        self.webhooks.start()
        self._thread.start()

    def stop(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self.webhooks.stop()


def listen(var: Path, port: int) -> Listener:
    """The socket: the port asked for, else the one of last time (sandbox pages stay open), else any free one."""
    if port:
        return Listener((HOST, port), Handler)
    before = urlsplit(place.address(var) or "").port
    if before:
        try:
            return Listener((HOST, before), Handler)
        except OSError:
            pass
    return Listener((HOST, 0), Handler)


def main(var: Path, port: int = 0, session_ms: int = SESSION_MS) -> int:
    """Serve until SIGTERM or SIGINT. 0 after a clean stop, 1 when another one runs here or the port is taken."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if place.lock(var) is None:
        sys.stderr.write("sandbox: the counterparts run here already\n")
        return 1
    try:
        listener = listen(var, port)
    except OSError as why:
        sys.stderr.write(f"sandbox: cannot listen on port {port}: {why.strerror}\n")
        return 1
    log, secret = Log(place.log_path(var)), place.secret(var)
    service = Service(log, secret, clock_ms, lambda: secrets.token_hex(16), session_ms)
    running = Running(service, listener, secret, log, place.trial_path(var))
    running.start()
    place.keep_address(var, running.url)
    stop.wait()
    running.stop()
    return 0
