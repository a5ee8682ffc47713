"""A judge that nobody here wrote: schemathesis, over the whole document, against this shop with a key of every right.

It reads what the document says of each address, sends what may be sent and what may not, follows the ids that it was
answered, and holds every answer to what was said. Whatever a later resource adds is judged without a word here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from api.conftest import Programs
from conftest import FULL

#: Checks that are left out, each with its reason; all others there are apply to every address.
EXCLUDED: Final = {
    "positive_data_acceptance": "what fits the types may still be refused by a rule of the business: a SKU that is not "
    "sold, a day that is over. Examples that must be accepted are in test_document.py",
}
#: Addresses that are left out, with their reasons.
LEFT_OUT: Final[dict[str, str]] = {}

#: Half a minute in every run. With --full also every boundary that the document draws, and many more examples.
_EXAMPLES: Final = 100 if FULL else 6
_PHASES: Final = "examples,coverage,fuzzing,stateful" if FULL else "examples,fuzzing,stateful"
_AT_MOST_S: Final = 1800 if FULL else 300


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@contextmanager
def served() -> Iterator[str]:
    """This shop on a port of its own."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    application = get_wsgi_application()

    def closing(environ: dict[str, object], start: object) -> Iterator[bytes]:
        answer = application(environ, start)  # type: ignore[arg-type]
        try:
            yield from answer
        finally:
            answer.close()
            connections.close_all()  # this thread answers once

    server = make_server("127.0.0.1", 0, closing, _Server, _Quiet)  # type: ignore[arg-type]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Verdict:
    passed: bool
    said: str


def judged(url: str, secret: str, folder: Path, *more: str, phases: str = _PHASES) -> Verdict:
    """What schemathesis says of the API at this address."""
    out = [f"--exclude-checks={','.join(EXCLUDED)}", *(f"--exclude-path={path}" for path in LEFT_OUT)]
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/api/v1/openapi.json"),
        *("--checks=all", *out, f"--max-examples={_EXAMPLES}", "--seed=1", "--no-color", "--no-shrink"),
        *(
            f"--phases={phases}",
            "--generation-database=none",
            "--continue-on-failure",
            "-H",
            f"Authorization: Bearer {secret}",
            *more,
        ),
    ]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_AT_MOST_S, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    return Verdict(done.returncode == 0, done.stdout + done.stderr)


@pytest.fixture
def address(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Time stands still in a test, so a bucket would never fill again: it is large instead."""
    from opla.operations import api_keys, promotions

    monkeypatch.setattr(api_keys, "MOST", 1_000_000)
    promotions.seed(keyring=programs.world.shop.keyring, at=programs.world.clock())
    with served() as url:
        yield url


def test_every_answer_is_as_the_document_says(programs: Programs, address: str, tmp_path: Path) -> None:
    verdict = judged(address, programs.acme.secret, tmp_path)
    assert verdict.passed, verdict.said


def test_the_judge_notices_what_is_broken(
    programs: Programs, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resource that breaks: here because it may not be."""
    from opla.operations import look_up

    monkeypatch.setattr(look_up, "found", lambda *_args, **_more: 1 / 0)
    only = "--include-path=/api/v1/numbers/look-up"
    verdict = judged(address, programs.acme.secret, tmp_path, only, phases="examples")
    assert not verdict.passed
    assert "not_a_server_error" in verdict.said or "Server error" in verdict.said
