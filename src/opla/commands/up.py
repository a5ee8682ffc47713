"""Open the shop: database, sandbox counterparts, web, worker and order intake, until Ctrl-C.

One process tree. Whoever of it dies is started again; kill -9 of any of them, or of all, loses nothing.
"""

from __future__ import annotations

import argparse
import errno
import http.client
import ipaddress
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from opla.commands import VAR, Stop
from opla.commands._children import Child, program
from opla.commands.doctor import payment_methods
from opla.commands.runtime import Runtime, child_command, ensure_counterparts, prepared
from opla.counterparts import trying
from opla.db.embedded import Unavailable, ensure, is_kept
from opla.db.locks import open_lock, take

_TICK_S = 0.25
_PORTS_TRIED = 50
_PATIENCE_S = 60
_STOPPING_S = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="the next free one is taken where it is in use")


def run(arguments: argparse.Namespace) -> int:
    stopping = threading.Event()
    with _signals(stopping):
        try:
            _open(arguments, stopping)
        except Stop:
            if not stopping.is_set():  # what the interrupt broke while starting is no news
                raise
    _say("Opla is closed.")
    return 0


def _open(arguments: argparse.Namespace, stopping: threading.Event) -> None:
    _payable()
    with _only_one() as lock, prepared() as runtime:
        port = free_port(arguments.host, arguments.port)
        if port != arguments.port:
            _say(f"Port {arguments.port} is in use (another copy, perhaps), so this one takes {port}.")
        url = f"http://{_reachable(arguments.host)}:{port}/"
        os.environ.setdefault("OPLA_URL", url)  # where customers come back to; a host behind a proxy says it itself
        _remember(lock, f"{url}\n{os.environ['OPLA_URL']}")
        orders_port = free_port(arguments.host, port + 1)
        ports = ("--port", str(port), "--orders-port", str(orders_port))
        house = Child("shop's", program(child_command("_house", "--host", arguments.host, *ports)))
        archive = Child("backup's", program(child_command("_archive")))
        try:
            orders_url = f"http://{_reachable(arguments.host)}:{orders_port}/api/v1/orders"
            _supervise(runtime, house, archive, url, orders_url, stopping)
        finally:
            for child in (house, archive):
                child.terminate()
            for child in (house, archive):
                child.wait(_STOPPING_S)


def _payable() -> None:
    """Else a worker would die of it, again and again, while customers already choose it."""
    if os.environ.get("OPLA_PAYMENT_METHODS"):
        for fine, sentence in payment_methods():
            if not fine:
                raise Stop("payment_method_wrong", f"OPLA_PAYMENT_METHODS: {sentence}")


def free_port(host: str, wanted: int) -> int:
    """The wanted port or the next free one. A copy killed a moment ago may need an instant to let go of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(wanted, min(wanted + _PORTS_TRIED, 65_536)):
        for pause_s in (0.3, 0.0) if port == wanted else (0.0,):
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except PermissionError:
                    raise Stop("port_refused", f"Port {port} is reserved for root; try --port 8000.") from None
                except socket.gaierror:
                    raise Stop("host_unknown", f"{host} is not an address of this machine.") from None
                except OSError as error:
                    if error.errno == errno.EADDRNOTAVAIL:
                        raise Stop("host_unknown", f"{host} is not an address of this machine.") from None
                    time.sleep(pause_s)
                else:
                    return port
    raise Stop("port_taken", f"Ports {wanted} to {wanted + _PORTS_TRIED - 1} are all in use.")


def _reachable(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host


def _supervise(
    runtime: Runtime, house: Child, archive: Child, url: str, orders_url: str, stopping: threading.Event
) -> None:
    began = time.monotonic()
    greeted = warned = False
    while not stopping.is_set():
        try:
            if not is_kept(runtime.server) and ensure(runtime.server):
                _say("The database had gone; it is back.")
            if runtime.counterparts_url is not None:
                ensure_counterparts(runtime.var)
        except (Stop, Unavailable) as problem:
            _say(f"{problem} Trying again.")
            stopping.wait(2)
            continue
        house.tend(_say)
        if runtime.server.embedded and (runtime.var / "backup.json").exists():
            archive.tend(_say)
        if not greeted and answers(url):
            sandbox = "This is a sandbox: operators and payments are stand-ins, no real money moves. "
            _say(f"Opla is open: {url}\nResellers' programs order at {orders_url}")
            if names := trying.asked(os.environ):
                _say(f"Tried here, with stand-ins in their place: {', '.join(names)}.")
            _say(f"{sandbox if runtime.counterparts_url else ''}Ctrl-C closes it.")
            greeted = True
        elif not greeted and not warned and time.monotonic() - began > _PATIENCE_S:
            _say(f"The shop has not answered for {_PATIENCE_S} seconds; the lines above may say why. Still trying.")
            warned = True
        stopping.wait(_TICK_S if greeted else 0.05)


def answers(url: str) -> bool:
    """Whether the shop shows its first page (or sends us on to it)."""
    host = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status in {200, 301, 302, 303, 307, 308}
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    """Ctrl-C, a closed terminal and a polite kill all mean: close the shop. Handlers are set even where the
    starting shell had told us to ignore the interrupt, as shells do for what they run in the background."""

    def stop(_signum: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _only_one() -> Iterator[int]:
    """One `up` per copy: two would deliver the same, and compete for nothing."""
    path = VAR / "run" / "up.lock"
    lock = open_lock(path)
    if not take(lock, timeout_s=1.0):
        url = address()
        raise Stop("already_up", f"This copy is open already{': ' + url if url else ''}.")
    _remember(lock, "")
    try:
        yield lock
    finally:
        _remember(lock, "")


def address() -> str:
    """Where this copy's shop answers now; empty while `up` does not run."""
    return next(iter(_remembered()), "")


def base_url() -> str:
    """How whoever is outside reaches it, as `up` was told; empty while it does not run."""
    return "".join(_remembered()[1:2]).rstrip("/")


def _remembered() -> list[str]:
    try:
        return (VAR / "run" / "up.lock").read_text("utf-8").split()
    except OSError:
        return []


def _remember(lock: int, urls: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, urls.encode(), 0)


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
