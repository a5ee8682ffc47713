"""The web server: granian, two workers of one thread each."""

from __future__ import annotations

import argparse
import gc
import signal
from collections.abc import Callable, Iterable
from importlib import import_module
from wsgiref.util import setup_testing_defaults

from opla.commands._children import be_a_child
from opla.commands.runtime import running
from opla.db.detached import bond


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)


def _application() -> Callable[..., object]:
    """Runs in each worker, a child of this process's main thread: it must not outlive it and keep the port."""
    bond(signal.SIGKILL)
    application: Callable[..., object] = import_module("opla.site.wsgi").application
    return application


def load() -> None:
    """Do once what every process would do that is forked from this one: they share what it leaves in memory."""
    from django.conf import settings

    from opla.presenting import languages

    application: Callable[..., Iterable[bytes]] = import_module("opla.site.wsgi").application
    import_module("opla.calling")  # what hooks need, and pages do not
    for language in languages.NAMES:
        for path in ("/", "/help/", "/top-up/proximus/"):
            asked = {"PATH_INFO": path, "HTTP_HOST": settings.ALLOWED_HOSTS[0], "HTTP_ACCEPT_LANGUAGE": language}
            setup_testing_defaults(asked)
            for _ in application(asked, lambda *_: None):
                pass
    gc.collect()
    gc.freeze()  # or the first collection of each worker would write on, and so copy, all that is shared

    from django.db import connections

    connections.close_all()  # each opens its own


def serve(host: str, port: int) -> int:
    """Serve until SIGTERM. Its workers are forked from this process."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "opla.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=2,
        blocking_threads=1,
        workers_kill_timeout=2,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        log_level=LogLevels.warning,
    ).serve(target_loader=_application, wrap_loader=False)
    return 0


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    with running():
        load()
        return serve(arguments.host, arguments.port)
