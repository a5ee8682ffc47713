"""A supervised child of `up`: started, listened to, started again when it dies, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO

from opla.commands.runtime import child_env
from opla.db.detached import bond

_PARENT = "OPLA_PARENT"
_LONGEST_PAUSE_S = 10.0
_SETTLED_S = 30.0
_DEATHS_WORTH_SAYING = 3


class Child:
    """A process in its own group, so that Ctrl-C reaches `up` alone and `up` decides; it dies with `up` in any case."""

    def __init__(self, name: str, command: list[str]) -> None:
        self.name = name
        self.command = command
        self.deaths = 0
        self.started_at = 0.0
        self.not_before = 0.0
        self.process: subprocess.Popen[str] | None = None

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
            self._start(now)

    def _start(self, now: float) -> None:
        self.started_at = now
        self.process = subprocess.Popen(
            self.command,
            env={**child_env(), _PARENT: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        if self.process.stdout is not None:
            threading.Thread(target=_repeat, args=(self.name, self.process.stdout), daemon=True).start()

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


def be_a_child() -> None:
    """For the child, first of all: end when `up` ends, even by kill -9, so that nobody keeps the port."""
    parent = os.environ.get(_PARENT)
    if parent is not None:
        bond(signal.SIGKILL)
        if str(os.getppid()) != parent:  # it died in between
            sys.exit(1)


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name


def _repeat(name: str, lines: IO[str]) -> None:
    with lines:
        for line in lines:
            sys.stderr.write(f"{name} | {line}")
            sys.stderr.flush()
