"""The processes of one shop, as `up` starts them, and every way one of them is struck down.

PostgreSQL belongs to its keeper, which starts it again; a keeper that was killed is replaced by the same call that
`up` makes. Web and workers are started again here, a moment after they died.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from random import Random

from opla.db.detached import die_with_parent
from opla.db.embedded import Server, ensure, is_kept
from opla.db.instance import locate

_ENDING_S = 20.0
_FROZEN_S = (1.0, 45.0)  # up to well past a lease


class Strike(StrEnum):
    WEB = "web"  # the whole web server
    WEB_WORKER = "web_worker"  # one of the processes it serves from
    WORKER = "worker"
    WORKER_FROZEN = "worker_frozen"  # not killed but stopped, and woken when its lease may be over
    POSTGRES = "postgres"  # the postmaster, and with it all
    BACKEND = "backend"  # one of its processes, at which it throws out everybody
    KEEPER = "keeper"  # the parent that would have started PostgreSQL again


class Process:
    """One process of ours; it dies with us in any case. Its output goes to a file."""

    def __init__(self, name: str, words: Sequence[str], env: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self._words = [sys.executable, "-P", "-m", *words]
        self._env = dict(env)
        self._log = logs / f"{name}.log"
        self._running: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0
        self._frozen_until = 0.0

    @property
    def pid(self) -> int:
        """0 while it does not run."""
        return self._running.pid if self._running is not None and self._running.poll() is None else 0

    def tend(self, chance: Random) -> None:
        """Start it where it does not run, after a moment; wake it when it was stopped for long enough."""
        now = time.monotonic()
        if self._frozen_until and now >= self._frozen_until:
            self.thaw()
        if self.pid:
            return
        if self._running is not None:
            self._running = None
            self._not_before = now + chance.uniform(0.05, 1.0)
        if now >= self._not_before:
            with self._log.open("ab") as log:
                self._running = subprocess.Popen(
                    self._words,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                    preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  (our threads hold no lock a child needs)
                )

    def freeze(self, for_s: float) -> None:
        self._frozen_until = time.monotonic() + for_s
        _signal(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        self._frozen_until = 0.0
        _signal(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._frozen_until = 0.0
        _signal(self.pid, signal.SIGKILL)

    def end(self) -> bool:
        """Ask it politely; False when it had to be killed after all."""
        self.thaw()
        running = self._running
        if running is None:
            return True
        running.terminate()
        try:
            running.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            return False
        return True


class Household:
    """Web, workers and database. `processes` are tended; the counterparts' process is nobody's to kill."""

    def __init__(self, server: Server, processes: Sequence[Process], counterparts: Process, chance: Random) -> None:
        self.struck: Counter[Strike] = Counter()
        self._server = server
        self._processes = list(processes)
        self._counterparts = counterparts
        self._chance = chance
        self._deck: list[Strike] = []

    def tend(self) -> None:
        """Whoever is gone comes back: as `up` does it."""
        for process in (self._counterparts, *self._processes):
            process.tend(self._chance)
        if not is_kept(self._server):
            ensure(self._server)

    def strike(self) -> None:
        """One more blow, dealt from a shuffled deck, so that a short run too meets every kind."""
        if not self._deck:
            self._deck = list(Strike)
            self._chance.shuffle(self._deck)
        kind = self._deck.pop()
        if self._hit(kind):
            self.struck[kind] += 1

    def calm(self) -> None:
        for process in self._processes:
            process.thaw()

    def close(self) -> list[str]:
        """End web and workers politely; the names of those that had to be killed."""
        return [process.name for process in self._processes if not process.end()]

    def _hit(self, kind: Strike) -> bool:
        web, *workers = self._processes
        worker = self._chance.choice(workers)
        match kind:
            case Strike.WEB:
                return _signal(web.pid, signal.SIGKILL)
            case Strike.WEB_WORKER:
                return _signal(self._one_of(_children(web.pid)), signal.SIGKILL)
            case Strike.WORKER:
                pid = worker.pid
                worker.kill()
                return pid != 0
            case Strike.WORKER_FROZEN:
                worker.freeze(self._chance.uniform(*_FROZEN_S))
                return worker.pid != 0
            case Strike.POSTGRES:
                return _signal(self._postmaster(), signal.SIGKILL)
            case Strike.BACKEND:
                backends = [pid for pid in _children(self._postmaster()) if b"opla_" in _command_line(pid)]
                return _signal(self._one_of(backends), signal.SIGKILL)
            case Strike.KEEPER:
                keeper = _parent(self._postmaster())
                return b"opla.db.keeper" in _command_line(keeper) and _signal(keeper, signal.SIGKILL)

    def _one_of(self, pids: Sequence[int]) -> int:
        return self._chance.choice(pids) if pids else 0

    def _postmaster(self) -> int:
        """Its process id, from the file it keeps; 0 where that file is stale or not there."""
        instance = locate(self._server.var)
        try:
            pid = int((instance.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return 0
        return pid if str(instance.data).encode() in _command_line(pid) else 0


def _signal(pid: int, signum: signal.Signals) -> bool:
    """Whether somebody was there to get it."""
    if pid <= 1:  # 0 would be our own group, and 1 is nobody of ours
        return False
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        other = int(stat.parent.name)
        if pid and _parent(other) == pid:
            found.append(other)
    return sorted(found)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
