"""Databases made for a proof: created empty, brought to what this code expects, gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import OperationalError, connections

from opla.db import setup
from opla.db.embedded import Server
from opla.site.settings import database as settings_of


def address(dsn: str, name: str) -> str:
    """The same server, another database."""
    scheme, rest = dsn.split("://", 1)
    where, question, options = rest.partition("?")  # a socket's folder, with its slashes, may stand in the options
    return f"{scheme}://{where.split('/', 1)[0]}/{name}{question}{options}"


def point_at(server: Server, name: str) -> None:
    """Let Django's two connections talk to this database, on every thread that connects from now on."""
    for alias, dsn in (("default", server.dsn_app), ("owner", server.dsn_owner)):
        connection = connections[alias]
        connection.close()
        connection.settings_dict.update(settings_of(address(dsn, name)))


@contextmanager
def scratch_database(server: Server, name: str, at: datetime | None = None, *, durable: bool = False) -> Iterator[None]:
    """A prepared, empty database of this name, as of `at`; one that an earlier proof left behind is removed first.

    `durable`: a commit waits for the disk, as a shop's does.
    """
    _drop(server, name)
    _administer(server, f'CREATE DATABASE "{name}"')
    if not durable:
        _administer(server, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    point_at(server, name)
    try:
        setup.prepare(at)
        yield
    finally:
        connections.close_all()
        _drop(server, name)


def _drop(server: Server, name: str) -> None:
    """Plain first: it ends an autovacuum worker that happens to be there, and FORCE may not, without a superuser."""
    try:
        _administer(server, f'DROP DATABASE IF EXISTS "{name}"')
    except OperationalError:
        connections["owner"].close()
        _administer(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administer(server: Server, sql: str) -> None:
    point_at(server, "opla" if server.embedded else str(settings_of(server.dsn_owner)["NAME"]))
    with connections["owner"].cursor() as cursor:
        cursor.execute(sql)
    connections["owner"].close()
