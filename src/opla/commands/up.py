"""Open the shop: database, sandbox counterparts, web, worker and order intake, until Ctrl-C.

One process tree. Whoever of it dies is started again; kill -9 of any of them, or of all, loses nothing. Told to close
(SIGTERM, Ctrl-C), it answers what it was asked and ends the calls under way, 40 seconds at most; told twice, it closes
at once. Told to reload (SIGHUP, `./opla reload`), it puts new code in the place of the old, and no
request is lost.
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from opla.commands import VAR, Stop
from opla.commands._children import Child, program
from opla.commands._sockets import WEB_WORKERS, listen
from opla.commands.doctor import payment_methods
from opla.commands.runtime import Runtime, child_command, ensure_counterparts, prepare, prepared
from opla.counterparts import trying
from opla.db.embedded import Unavailable, ensure, is_kept
from opla.db.locks import open_lock, take

_TICK_S = 0.25
_PORTS_TRIED = 50
_PATIENCE_S = 60
#: More than whoever works below needs to come to an end.
_STOPPING_S = 43.0
_READY_S = 60.0
#: What was fetched is written and closed.
_ARCHIVED_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    parser.add_argument("--port", type=int, default=8000, help="the next free one is taken where it is in use")


def run(arguments: argparse.Namespace) -> int:
    os.environ.setdefault("OPLA_LOG", "words" if sys.stderr.isatty() else "json")  # what we start writes to us
    told = Told()
    with _signals(told):
        try:
            _open(arguments, told)
        except Stop:
            if not told.stopping.is_set():  # what the interrupt broke while starting is no news
                raise
    _say("Opla is closed.")
    return 0


@dataclass
class Told:
    """What signals have asked for."""

    stopping: threading.Event = field(default_factory=threading.Event)
    at_once: threading.Event = field(default_factory=threading.Event)
    reloading: threading.Event = field(default_factory=threading.Event)


def _open(arguments: argparse.Namespace, told: Told) -> None:
    _payable()
    with _only_one() as lock, prepared() as runtime:
        port = free_port(arguments.host, arguments.port)
        if port != arguments.port:
            _say(f"Port {arguments.port} is in use (another copy, perhaps), so this one takes {port}.")
        url = f"http://{_reachable(arguments.host)}:{port}/"
        os.environ.setdefault("OPLA_URL", url)  # where customers come back to; a host behind a proxy says it itself
        orders_port = free_port(arguments.host, port + 1)
        web = listen(arguments.host, port, workers=WEB_WORKERS)
        orders = listen(arguments.host, orders_port, workers=1)
        shop = _Shop(told, lock, [url, os.environ["OPLA_URL"], str(os.getpid())], web, orders)
        shop.remember()
        try:
            orders_url = f"http://{_reachable(arguments.host)}:{orders_port}/api/v1/orders"
            shop.supervise(runtime, url, orders_url)
        finally:
            notify("STOPPING=1")
            shop.close()


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


class _House:
    """One generation of the processes that are the shop: web, worker and order intake, of one code."""

    def __init__(self, web: Sequence[socket.socket], orders: Sequence[socket.socket]) -> None:
        self._hears, self._ready = os.pipe()
        os.set_blocking(self._hears, False)
        self._missing = len(web)
        of_web, of_orders = ([one.fileno() for one in sockets] for sockets in (web, orders))
        words = ["--web", *map(str, of_web), "--orders", *map(str, of_orders), "--ready", str(self._ready)]
        keeps = (*of_web, *of_orders, self._ready)
        self.child = Child("shop's", program(child_command("_house", *words), keeps=keeps))

    def serves(self) -> bool:
        """Whether each of its web workers has said so."""
        with suppress(BlockingIOError):
            self._missing -= len(os.read(self._hears, 64))
        return self._missing <= 0

    def forget(self) -> None:
        os.close(self._hears)
        os.close(self._ready)


class _Shop:
    """What `up` looks after, and the sockets, which are there before and after every house."""

    def __init__(
        self, told: Told, lock: int, known: list[str], web: list[socket.socket], orders: list[socket.socket]
    ) -> None:
        self._told, self._lock, self._known = told, lock, known
        self._web, self._orders = web, orders
        self._house = _House(web, orders)
        self._archive = Child("backup's", program(child_command("_archive")))
        self._leaving: list[_House] = []
        self._reloads = self._kept = 0

    def remember(self) -> None:
        """For other commands: where the shop is, whom to tell to reload, and what came of that."""
        _remember(self._lock, "\n".join([*self._known, f"{self._reloads}/{self._kept}"]))

    def supervise(self, runtime: Runtime, url: str, orders_url: str) -> None:
        began = time.monotonic()
        greeted = warned = False
        stopping = self._told.stopping
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
            self._house.child.tend(_say)
            if runtime.server.embedded and (runtime.var / "backup.json").exists():
                self._archive.tend(_say)
            self._reap()
            if self._told.reloading.is_set():
                self._told.reloading.clear()
                self._reload()
            if not greeted and answers(url):
                sandbox = "This is a sandbox: operators and payments are stand-ins, no real money moves. "
                _say(f"Opla is open: {url}\nResellers' programs order at {orders_url}")
                if names := trying.asked(os.environ):
                    _say(f"Tried here, with stand-ins in their place: {', '.join(names)}.")
                _say(f"{sandbox if runtime.counterparts_url else ''}Ctrl-C closes it.")
                greeted = True
                notify("READY=1")
            elif not greeted and not warned and time.monotonic() - began > _PATIENCE_S:
                _say(f"The shop has not answered for {_PATIENCE_S} seconds; the lines above may say why. Still trying.")
                warned = True
            stopping.wait(_TICK_S if greeted else 0.05)

    def _reload(self) -> None:
        """The next house is there before this one goes, and this one ends what it began. Where the next one cannot be
        had, nothing changes."""
        notify("RELOADING=1")
        fresh = _House(self._web, self._orders)
        try:
            prepare()
            fresh.child.tend(_say)
            self._await(fresh)
        except Stop as problem:
            _say(f"Not reloaded, the shop goes on as it was: {problem}")
            fresh.child.terminate()
            self._leaving.append(fresh)
            self._kept += 1
        else:
            self._house.child.terminate()
            self._leaving.append(self._house)
            self._house = fresh
            self._reloads += 1
            _say("Reloaded: the shop runs the code that is here now.")
        notify("READY=1")
        self.remember()

    def _await(self, fresh: _House) -> None:
        ends_at = time.monotonic() + _READY_S
        while not fresh.serves():
            if not fresh.child.runs():
                raise Stop("reload_failed", "the new code ended at once; the lines above say why.")
            if time.monotonic() > ends_at or self._told.stopping.is_set():
                raise Stop("reload_failed", f"the new code does not serve within {_READY_S:.0f} seconds.")
            time.sleep(0.05)

    def _reap(self) -> None:
        for old in [old for old in self._leaving if not old.child.runs()]:
            old.forget()
            self._leaving.remove(old)

    def close(self) -> None:
        houses = [self._house, *self._leaving]
        for child in (*(house.child for house in houses), self._archive):
            child.terminate()
        ends_at = time.monotonic() + _STOPPING_S
        while any(house.child.runs() for house in houses) and time.monotonic() < ends_at:
            if self._told.at_once.wait(0.05):
                break
        for house in houses:
            house.child.wait(0)
        self._archive.wait(_ARCHIVED_S)


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
def _signals(told: Told) -> Iterator[None]:
    """Ctrl-C, a closed terminal and a polite kill all mean: close the shop; a second one: at once. Handlers are set
    even where the starting shell had told us to ignore the interrupt, as shells do for what they run in the background.
    """
    began_at_a_terminal = _has_terminal()

    def stop(_signum: int, _frame: FrameType | None) -> None:
        if told.stopping.is_set():
            told.at_once.set()
        told.stopping.set()

    def hang_up(signum: int, frame: FrameType | None) -> None:
        """The same signal says that the terminal is gone, and asks those who have none to read anew."""
        if began_at_a_terminal and not _has_terminal():
            stop(signum, frame)
        else:
            told.reloading.set()

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGHUP: hang_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def notify(state: str) -> None:
    """Tell systemd, where it started us (`sd_notify(3)`)."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.sendto(state.encode(), f"\0{address[1:]}" if address.startswith("@") else address)


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


def reloads() -> tuple[int, str]:
    """The process to tell (SIGHUP), and how often new code came and how often it did not, as `3/0`. Raises `Stop`."""
    known = _remembered()
    if len(known) < 4:
        raise Stop("not_up", "The shop of this copy is not open: ./opla up opens it.")
    return int(known[2]), known[3]


def _remembered() -> list[str]:
    try:
        return (VAR / "run" / "up.lock").read_text("utf-8").split()
    except OSError:
        return []


def _remember(lock: int, urls: str) -> None:
    written = urls.encode()
    os.pwrite(lock, written, 0)  # first: whoever reads in between must not find nothing
    os.ftruncate(lock, len(written))


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
