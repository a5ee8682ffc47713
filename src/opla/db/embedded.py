"""A database to work with: the server `DATABASE_URL` names, else PostgreSQL, started here, stopped by the last one out.

    with database(var) as server:
        psycopg.connect(server.dsn_app)

Everybody inside `with` holds `var/run/users.lock` shared. The kernel counts the holders: a killed one counts as gone.
The first in starts a keeper (`opla.db.keeper`), which waits for that lock exclusively, gets it when nobody is left,
stops PostgreSQL and ends. Whoever comes during that waits until it is over and starts the next one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from opla import secret_files
from opla.db.instance import OLDEST_MAJOR, Instance, Unavailable, locate, users_lock
from opla.db.locks import holding, is_held
from opla.db.reached import reached

__all__ = ["Server", "Unavailable", "check_version", "database", "ensure", "is_kept"]

_SOURCE = Path(__file__).resolve().parents[2]
_ANSWER_S = 60


@dataclass(frozen=True)
class Server:
    """Where the database is. `dsn_owner` owns the schema and migrates it; `dsn_app` is what everything else uses."""

    dsn_app: str
    dsn_owner: str
    embedded: bool
    var: Path
    settings: tuple[tuple[str, str], ...] = ()
    home: Path | None = None


@contextmanager
def database(var: Path, *, settings: Mapping[str, str] | None = None, home: Path | None = None) -> Iterator[Server]:
    """Start or join the database of this `var`. `settings` (such as fsync=off) count for whoever starts it.

    With a `home` its data lies there instead, and is thrown away when the last one leaves.

    Raises `Unavailable` with a sentence for a person.
    """
    var.mkdir(parents=True, exist_ok=True)
    with holding(users_lock(var), shared=True):
        url = os.environ.get("DATABASE_URL")
        if url:
            yield _outside(url, os.environ.get("DATABASE_OWNER_URL") or url, var)
            return
        server = _server(locate(var, home), settings or {}, home)
        ensure(server)
        # The keeper may have chosen another socket folder than we expected before it ran.
        yield _server(locate(var, home), settings or {}, home)


def is_kept(server: Server) -> bool:
    """Whether somebody looks after the database: a cheap question, to be asked again and again."""
    return not server.embedded or is_held(locate(server.var, server.home).keeper_lock)


def ensure(server: Server) -> bool:
    """Make sure that the database answers; for holders of the users' lock. True when it had to be started."""
    if not server.embedded:
        return False
    instance = locate(server.var, server.home)
    if is_held(instance.keeper_lock) and _answers(server):
        return False
    started = False
    with holding(instance.home / "start.lock"):
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            if not is_held(instance.keeper_lock):
                _start_keeper(instance, server)
                started = True
            if _answers(_server(locate(server.var, server.home), dict(server.settings), server.home)):
                return started
            time.sleep(0.05)
    raise Unavailable(f"PostgreSQL was started but does not answer. The end of {instance.log} says why.")


def _start_keeper(instance: Instance, server: Server) -> None:
    pairs = [f"{name}={value}" for name, value in server.settings]
    if server.home is not None:
        pairs.append(f"--home={server.home}")
    command = [sys.executable, "-P", "-m", "opla.db.keeper", str(instance.var), *pairs]
    env = {**secret_files.for_a_child(os.environ), "PYTHONPATH": str(_SOURCE)}
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode:
        raise Unavailable(said or "The keeper of the database could not start.")
    if said:
        sys.stderr.write(f"{said}\n")


def _server(instance: Instance, settings: Mapping[str, str], home: Path | None) -> Server:
    place = f"/opla?host={quote(str(instance.sockets), safe='')}&port=5432"
    return Server(
        dsn_app=f"postgresql://opla_app@{place}",
        dsn_owner=f"postgresql://opla_owner@{place}",
        embedded=True,
        var=instance.var,
        settings=tuple(settings.items()),
        home=home,
    )


def _answers(server: Server) -> bool:
    import psycopg

    try:
        psycopg.connect(server.dsn_app, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _outside(url: str, owner_url: str, var: Path) -> Server:
    import psycopg

    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise Unavailable("DATABASE_URL must begin with postgresql:// (Opla needs PostgreSQL 15 or newer).")
    try:
        url, owner_url = reached(url), reached(owner_url)
    except ValueError as problem:
        sentence = str(problem)
        raise Unavailable(f"{sentence[0].upper()}{sentence[1:]}") from None
    try:
        with psycopg.connect(url) as connection:
            server_version = connection.info.server_version
    except psycopg.Error as error:
        raise Unavailable(f"The server of DATABASE_URL does not answer: {str(error).strip()}") from error
    check_version(server_version)
    return Server(dsn_app=url, dsn_owner=owner_url, embedded=False, var=var)


def check_version(server_version: int) -> None:
    """`server_version` as libpq gives it (150004 is 15.4). Raises `Unavailable` below PostgreSQL 15."""
    major, minor = divmod(server_version, 10_000)
    if major < OLDEST_MAJOR:
        raise Unavailable(
            f"The server of DATABASE_URL is PostgreSQL {major}.{minor}; Opla needs {OLDEST_MAJOR} or newer. "
            "Please upgrade it, or unset DATABASE_URL to use the one that comes with Opla."
        )
