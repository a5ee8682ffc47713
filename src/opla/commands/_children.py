"""A supervised process: started, listened to, started again when it dies, stopped. A program, or our fork."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import IO, NoReturn, Protocol

from opla.commands.runtime import child_env
from opla.db.detached import bond, call_ourselves

_PARENT = "OPLA_PARENT"
_LONGEST_PAUSE_S = 10.0
_SETTLED_S = 30.0
_DEATHS_WORTH_SAYING = 3


class Running(Protocol):
    """A process under way, as `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class Child:
    """A process in its own group, so that Ctrl-C reaches `up` alone and `up` decides; it dies with `up` in any case."""

    def __init__(self, name: str, start: Callable[[], Running]) -> None:
        self.name = name
        self.deaths = 0
        self.started_at = 0.0
        self.not_before = 0.0
        self.process: Running | None = None
        self._start = start

    def tend(self, say: Callable[[str], None]) -> None:
        """Start it where it does not run and its pause is over."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process = None
            self.deaths = 1 if now - self.started_at > _SETTLED_S else self.deaths + 1
            pause_s = min(_LONGEST_PAUSE_S, 0.2 * 2**self.deaths)
            self.not_before = now + pause_s
            say(f"The {self.name} process ended ({_ending(code)}); it starts again in {pause_s:.1f} s.")
            if self.deaths == _DEATHS_WORTH_SAYING:
                say(f"The {self.name} process keeps ending: its last lines above say why.")
        if now >= self.not_before:
            self.started_at = now
            self.process = self._start()

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def terminate(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, timeout_s: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def program(command: list[str], name: str = "", keeps: Sequence[int] = ()) -> Callable[[], Running]:
    """Starts a program; what it prints is repeated on our stderr, behind its name where it has one. It has the
    descriptors that it `keeps` from us."""

    def start() -> Running:
        process = subprocess.Popen(
            command,
            env={**child_env(), _PARENT: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
            pass_fds=keeps,
        )
        if process.stdout is not None:
            threading.Thread(target=_repeat, args=(f"{name} | " if name else "", process.stdout), daemon=True).start()
        return process

    return start


def fork(name: str, work: Callable[[], int]) -> Callable[[], Running]:
    """Starts a copy of this process that does `work` and ends with what it returns. This one may have no threads."""

    def start() -> Running:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        return _Fork(os.fork() or _be(name, parent, work))

    return start


class _Fork:
    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def terminate(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        ends_at = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if ends_at is not None and time.monotonic() >= ends_at:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.02)
        return code


def _be(name: str, parent: int, work: Callable[[], int]) -> NoReturn:
    """The forked process's whole life."""
    code = 1
    try:
        bond(signal.SIGKILL)
        if os.getppid() == parent:  # or it died in between
            os.setpgid(0, 0)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            multiprocessing.current_process().name = name  # stands in what it logs
            call_ourselves(f"opla {name}")
            code = work()
    except BaseException:  # noqa: BLE001 - the outermost frame: nothing stands above it to report to
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def be_a_child() -> None:
    """For the child, first of all: end when `up` ends, even by kill -9, so that nobody keeps the port."""
    parent = os.environ.get(_PARENT)
    if parent is not None:
        bond(signal.SIGKILL)
        if str(os.getppid()) != parent:  # it died in between
            sys.exit(1)


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def _repeat(prefix: str, lines: IO[str]) -> None:
    with lines:
        for line in lines:
            sys.stderr.write(f"{prefix}{line}")
            sys.stderr.flush()
