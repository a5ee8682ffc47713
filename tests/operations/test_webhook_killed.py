"""A process that is ended with kill -9 between the post and the record: what it posted is posted again, the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.db.queries.call import select
from opla.operations import resellers, webhooks
from opla.operations.webhooks import Made
from opla.proving import ground
from support import by_owner, server

OWNER = Actor(Role.OWNER, "test")
#: The shop's own postman, in a process of its own.
POSTMAN = f"""
import django; django.setup()
import time
from datetime import datetime
from opla.notices.endpoints import Endpoints
from opla.operations.shop import current
from opla.workers.postman import Postman
class Outside:
    def webhooks(self): return Endpoints(sandbox=True)
postman = Postman(current(), lambda: datetime.fromisoformat({START.isoformat()!r}))
while True:
    postman.round(Outside())
    time.sleep(0.05)
"""


class Program:
    """A reseller's program that hears everything, and answers when it is let."""

    def __init__(self) -> None:
        self.heard: list[tuple[str | None, bytes]] = []
        self.came, self.may_answer = threading.Event(), threading.Event()
        program = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                program.heard.append((self.headers["webhook-id"], body))
                program.came.set()
                if program.may_answer.wait(30):
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def program() -> Iterator[Program]:
    found = Program()
    yield found
    found.close()


def postman(world: World, db: str) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "OPLA_VAR": str(world.shop.var),
        "OPLA_DSN_APP": ground.address(server().dsn_app, db),
        "OPLA_DSN_OWNER": ground.address(server().dsn_owner, db),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    return subprocess.Popen([sys.executable, "-P", "-c", POSTMAN], env=env)


def done() -> bool:
    [(left,)] = select("SELECT count(*) FROM webhook_delivery WHERE done_at IS NULL")
    return left == 0


def test_what_a_killed_worker_posted_and_did_not_record_is_posted_again_under_the_same_id(
    world: World, db: str, program: Program
) -> None:
    assert resellers.add(OWNER, "acme", title="Acme", email="o@acme.example", at=START) is None
    access = Access("acme", "", frozenset(Scope))
    made = webhooks.make(Actor(Role.RESELLER), access, program.url, [], shop=world.shop, at=START)
    assert isinstance(made, Made)
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START) is True
    first = postman(world, db)
    assert program.came.wait(60)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert not done()
    by_owner("UPDATE webhook_delivery SET lease_until = opla_clock()")
    program.may_answer.set()
    second = postman(world, db)
    try:
        for _ in range(600):
            if done():
                break
            threading.Event().wait(0.05)
        assert done()
    finally:
        second.kill()
        second.wait(10)
    assert len(program.heard) == 2
    assert program.heard[0] == program.heard[1]
