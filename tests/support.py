"""A real PostgreSQL for tests: one server without fsync, one migrated template, a fresh copy of it for every test.

Importing this sets Django up; the server starts with the first test that wants a database.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from threading import Barrier
from typing import TypeVar

_var = tempfile.TemporaryDirectory(prefix="opla-test-")
os.environ["OPLA_VAR"] = _var.name
os.environ.setdefault("OPLA_DSN_APP", "postgresql:///unset")
os.environ["DJANGO_SETTINGS_MODULE"] = "opla.site.settings"
# Playwright's sync API leaves an event loop running in the thread of whoever ran browser tests before; ours are sync.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

import django  # noqa: E402 - after the environment it reads

django.setup()

from django.db import OperationalError, connections, transaction  # noqa: E402
from django.db.backends.utils import CursorWrapper  # noqa: E402

from opla.db import setup  # noqa: E402
from opla.db.embedded import Server, database  # noqa: E402
from opla.proving import ground  # noqa: E402
from opla.site.settings import database as settings_of  # noqa: E402

T = TypeVar("T")
_ROOT = Path(__file__).resolve().parents[1]
_open = ExitStack()
atexit.register(_open.close)


@cache
def server() -> Server:
    """The test server: its own instance under `var/`, joined by every test process, stopped by the last."""
    settings = {"fsync": "off", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0"}
    return _open.enter_context(database(_ROOT / "var" / "test-server", settings=settings, home=_in_memory()))


def _in_memory() -> Path | None:
    """Where a copy of a database, which is a thousand files, costs a tenth of what it costs on a disk; where the
    machine has such a place, and it is large.
    """
    memory = Path("/dev/shm")  # noqa: S108 - it is locked up by its modes
    if not memory.is_dir() or shutil.disk_usage(memory).total < 4 * 1024**3:
        return None
    return memory / f"opla-test-{os.geteuid()}-{hashlib.sha256(os.fsencode(_ROOT)).hexdigest()[:12]}"


def point_at(name: str) -> None:
    """Let Django's two connections talk to this database."""
    ground.point_at(server(), name)


def _drop(name: str) -> None:
    """Plain first: it ends an autovacuum worker that happens to be there, and FORCE may not, without a superuser."""
    try:
        _admin(f"DROP DATABASE IF EXISTS {name}")
    except OperationalError:
        connections["owner"].close()
        _admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _admin(sql: str) -> None:
    point_at("postgres" if server().embedded else settings_of(server().dsn_owner)["NAME"])
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)
    connections["owner"].close()


@cache
def template() -> str:
    """The migrated template of this process, by the hash of what it is made from."""
    with _kept_database(f"opla_template_{setup.wanted()[:12]}_{os.getpid()}", "template1") as name:
        setup.prepare()
    return name


@cache
def shop_template() -> str:
    """The same with the Belgian catalogue in it: to read that costs more than all the rest of making a shop."""
    from fakes import START
    from opla.operations import catalogue

    with _kept_database(f"opla_shop_{setup.wanted()[:12]}_{os.getpid()}", template()) as name:
        catalogue.seed(sandbox=True, at=START)
    return name


_read: object = None


def forget_other_catalogues() -> None:
    """What is known of versions is of the template's alone, which each copy of it has as its first: parsed once."""
    global _read  # noqa: PLW0603 - one a process
    from opla.operations.catalogue import at_version

    if at_version.cache_info().currsize != 1 or at_version(1) is not _read:
        at_version.cache_clear()
        _read = at_version(1)


@contextmanager
def _kept_database(name: str, source: str) -> Iterator[str]:
    """Made here, left as it is for others to be copied from, and gone when this process ends."""
    _admin(_copied(name, source))
    _open.callback(_drop, name)
    point_at(name)
    try:
        yield name
    finally:
        connections.close_all()


def _copied(name: str, source: str) -> str:
    """As files: through the log, which is PostgreSQL's own choice, a copy costs seven times the processor."""
    return f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY"


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Each call on its own thread and its own connection, all let go at the same moment; what they gave back."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        try:
            connections["default"].ensure_connection()
            gate.wait(60)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


def until_somebody_waits(or_else: Callable[[], bool] = lambda: False) -> None:
    """Until another connection to this database stands before a lock: ours, inside a transaction, perhaps.

    `or_else`: what else ends the waiting, such as the other one being done without one. Raises `TimeoutError`.
    """
    deadline = time.monotonic() + 60
    with connections["default"].cursor() as cursor:
        while not or_else():
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() is not None:
                return
            if time.monotonic() > deadline:
                raise TimeoutError("nobody waits for a lock")
            time.sleep(0.005)


def aside(call: Callable[[], T]) -> T:
    """What it gives on a thread of its own: Playwright leaves an event loop running in ours, and asyncio allows one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(60)


@contextmanager
def as_owner() -> Iterator[CursorWrapper]:
    """Raw SQL past every guard, as the owner of the schema; undone afterwards, tables and all."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('opla.writes', 'function', true)")
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        transaction.set_rollback(True, using="owner")


def by_owner(sql: str, parameters: Sequence[object] = ()) -> None:
    """One statement of the owner that stays, on tables that may be rewritten: to let a lease lapse, for one."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('opla.writes', 'function', true)")
        cursor.execute(sql, parameters)


_made = 0


@contextmanager
def fresh_database(*, with_catalogue: bool = False) -> Iterator[str]:
    """A copy of a template, and the connections on it; gone afterwards."""
    global _made  # noqa: PLW0603 - a counter of names
    _made += 1
    name = f"opla_test_{os.getpid()}_{_made}"
    source = shop_template() if with_catalogue else template()
    _admin(_copied(name, source))
    point_at(name)
    try:
        yield name
    finally:
        connections.close_all()
        _drop(name)
