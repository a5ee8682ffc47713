"""A judge that nobody here wrote: schemathesis, over the whole document, against this shop with a key of every right.

It reads what the document says of each address, sends what may be sent and what may not, follows the ids that it was
answered, and holds every answer to what was said. Ids that an address needs are those that its list shows, half of the
time; so whatever a later resource adds is judged without a word here.
"""

from __future__ import annotations

import json
import os
import re
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

from api.conftest import Program, Programs
from api.test_tmf654 import BASE, SPEC, Theirs
from conftest import FULL
from fakes import CODE, DIRECT, NUMBER
from opla.api import document, v1
from opla.core.actor import Actor, Role
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted

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

#: Values that mean something to this shop: of fields, and of what stands in addresses, by name.
_MEANT: Final = {"sku": ["PX-15", "MV-15"], "number": ["0470123456"], "operator": ["proximus", "mobile-vikings"]}


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


def known(program: Program) -> dict[str, list[str]]:
    """The ids of what this program has, by how addresses name them: `{order_id}` of `/orders/{order_id}` is the `id`
    of what `/orders` lists."""
    found = {**_MEANT}
    for path in v1.api.document["paths"]:  # type: ignore[union-attr]
        listed, name = re.split(r"/{(\w+)}", str(path).removeprefix(document.ROOT))[:2] if "{" in path else (path, "")
        answer = program.get(listed) if name and name not in found else None
        items = answer.body.get("items", []) if answer is not None and answer.status == 200 else []
        ids = [str(one.get(name) or one.get("id") or one.get(name.removesuffix("_id")) or "") for one in items]
        if any(ids):
            found[name] = [one for one in ids if one]
    return found


def configuration(program: Program) -> str:
    """For schemathesis: what is known is tried half of the time; 413 refuses too."""
    lines = ["[checks.negative_data_rejection]"]
    refuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429", "5xx"]
    lines += [f"expected-statuses = {json.dumps(refuses)}"]
    several = known(program)
    for name, values in several.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    for name in several:
        bound = f'{{dictionary = "{name}", probability = 0.5}}'
        lines += [f'"{place}.{name}" = {bound}' for place in ("path", "query", "body")]
    return "\n".join(lines) + "\n"


@dataclass
class Verdict:
    passed: bool
    said: str


def judged(url: str, program: Program, folder: Path, *more: str, phases: str = _PHASES) -> Verdict:
    """What schemathesis says of the API at this address."""
    out = [f"--exclude-checks={','.join(EXCLUDED)}", *(f"--exclude-path={path}" for path in LEFT_OUT)]
    (folder / "schemathesis.toml").write_text(configuration(program), "utf-8")
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/api/v1/openapi.json"),
        *("--checks=all", *out, f"--max-examples={_EXAMPLES}", "--seed=1", "--no-color", "--no-shrink"),
        *(
            f"--phases={phases}",
            "--generation-database=none",
            "--continue-on-failure",
            "-H",
            f"Authorization: Bearer {program.secret}",
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
    """A shop in which Acme has bought something. Time stands still in a test, so a bucket would never fill again: it is
    large instead."""
    from opla.operations import api_keys, promotions

    monkeypatch.setattr(api_keys, "MOST", 1_000_000)
    world = programs.world
    wanted = [Wanted("", "", "ana@example.org", "en", sku=sku, number=NUMBER) for sku in (DIRECT, CODE)]
    asked = [Asked("acme", wish.sku, wish) for wish in wanted]
    placed = place_from_float(Actor(Role.RESELLER, "acme"), asked, shop=world.shop, at=world.clock())
    assert all(isinstance(one, Reserved) for one in placed)
    world.work(3)
    promotions.seed(keyring=programs.world.shop.keyring, at=programs.world.clock())
    with served() as url:
        yield url


def test_every_answer_is_as_the_document_says(programs: Programs, address: str, tmp_path: Path) -> None:
    verdict = judged(address, programs.acme, tmp_path)
    assert verdict.passed, verdict.said


@pytest.mark.skipif(not SPEC.exists(), reason="no official document of TMF654 on this machine (OPLA_SPECS)")
def test_tmf654_answers_as_the_official_document_says(programs: Programs, address: str, tmp_path: Path) -> None:
    """By the document itself. Left out: listeners, which are addresses of whoever listens, and what the hub calls."""
    acme = Theirs(programs.acme)
    assert acme.topup("one").status == 201
    programs.world.work(3)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", str(SPEC), "--url", f"{address}{BASE}"),
        *("--exclude-path-regex", "^/(listener|hub)", f"--max-examples={_EXAMPLES}", "--seed=1", "--no-color"),
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        *("--phases=coverage,fuzzing", "--generation-database=none", "--continue-on-failure", "--no-shrink"),
        *("-H", f"Authorization: Bearer {programs.acme.secret}", "-H", "Idempotency-Key: judged"),
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=_AT_MOST_S, check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_the_judge_notices_what_is_broken(
    programs: Programs, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resource that breaks: here because it may not be."""
    from opla.operations import look_up

    monkeypatch.setattr(look_up, "found", lambda *_args, **_more: 1 / 0)
    only = "--include-path=/api/v1/numbers/look-up"
    verdict = judged(address, programs.acme, tmp_path, only, phases="examples")
    assert not verdict.passed
    assert "not_a_server_error" in verdict.said or "Server error" in verdict.said
