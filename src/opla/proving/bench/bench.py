"""What a measurement is given: databases of its own, processes of ours, a place for files."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opla.db.detached import die_with_parent
from opla.db.embedded import Server
from opla.operations import catalogue
from opla.proving import ground

_STARTING_S = 60
_STOPPING_S = 20


@dataclass(frozen=True)
class Database:
    """An empty shop's database. `env` makes a process of ours use it."""

    name: str
    env: dict[str, str]


@dataclass(frozen=True)
class Bench:
    """`full` asks for the large sizes; `say` tells a person how far it is. `command` runs `./opla` with more words."""

    server: Server
    var: Path
    full: bool
    say: Callable[[str], None]
    command: Sequence[str]

    @contextmanager
    def database(self, name: str = "opla_bench") -> Iterator[Database]:
        """A fresh one with the catalogue and nothing else; durable, as a shop's is. Django's connections are on it."""
        with ground.scratch_database(self.server, name, durable=True):
            catalogue.at_version.cache_clear()
            catalogue.seed(sandbox=True, at=datetime.now(UTC))
            dsns = (ground.address(dsn, name) for dsn in (self.server.dsn_app, self.server.dsn_owner))
            yield Database(name, dict(zip(("DATABASE_URL", "DATABASE_OWNER_URL"), dsns, strict=True)))

    @contextmanager
    def process(self, database: Database, *words: str, settings: str = "opla.site.settings") -> Iterator[int]:
        """`./opla WORDS` on this database until the end of the `with`; its process id."""
        with (self.var / "processes.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.command, *words],
                env={**os.environ, **database.env, "OPLA_VAR": str(self.var), "DJANGO_SETTINGS_MODULE": settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  (only this thread runs here)
                process_group=0,
            )
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(_STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def serving(
        self, database: Database, *words: str, settings: str = "opla.site.settings"
    ) -> Iterator[tuple[int, int]]:
        """The same for a process that listens on `--port`: its id and its port, once it answers."""
        port = free_port()
        with self.process(database, *words, "--port", str(port), settings=settings) as pid:
            self._wait_for(pid, port)
            yield pid, port

    def _wait_for(self, pid: int, port: int) -> None:
        ends_at = time.monotonic() + _STARTING_S
        while time.monotonic() < ends_at and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise ChildProcessError(f"a process did not start; {self.var / 'processes.log'} says why")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
