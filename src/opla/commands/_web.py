"""The web server: granian, two workers of one thread each."""

from __future__ import annotations

import argparse
import gc
import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from wsgiref.util import setup_testing_defaults

from opla.commands import _serving, _sockets
from opla.commands._children import be_a_child
from opla.commands._serving import Application
from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)


def _application() -> Application:
    application: Application = import_module("opla.site.wsgi").application
    return application


def listen(host: str, port: int) -> list[socket.socket]:
    return _sockets.listen(host, port, workers=_sockets.WEB_WORKERS)


def load() -> None:
    """Do once what every process would do that is forked from this one: they share what it leaves in memory."""
    from django.conf import settings

    from opla.presenting import languages

    application: Callable[..., Iterable[bytes]] = import_module("opla.site.wsgi").application
    import_module("opla.calling")  # what hooks need, and pages do not
    logging.disable(logging.INFO)  # nobody asked for these pages
    for language in languages.NAMES:
        for path in ("/", "/help/", "/top-up/proximus/"):
            asked = {"PATH_INFO": path, "HTTP_HOST": settings.ALLOWED_HOSTS[0], "HTTP_ACCEPT_LANGUAGE": language}
            setup_testing_defaults(asked)
            for _ in application(asked, lambda *_: None):
                pass
    logging.disable(logging.NOTSET)
    gc.collect()
    gc.freeze()  # or the first collection of each worker would write on, and so copy, all that is shared

    from django.db import connections

    connections.close_all()  # each opens its own


def serve(sockets: Sequence[socket.socket], ready: int | None = None) -> int:
    """Serve until SIGTERM."""
    leaving = import_module("opla.site.watching").close
    return _serving.serve("wsgi", _application, sockets, leaving=leaving, ready=ready)


def run(arguments: argparse.Namespace) -> int:
    be_a_child()
    with running():
        load()
        return serve(listen(arguments.host, arguments.port))
