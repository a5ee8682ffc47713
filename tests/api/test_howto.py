"""The guide for integrators does what it says: its commands are run as they stand, as far as the address is there."""

from __future__ import annotations

import os
import re
import shlex
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.conftest import Programs
from opla.api import v1

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "howto" / "sell-with-the-api.md").read_text("utf-8")
FENCED = [(kind, block) for kind, block in re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)]
URL = "http://127.0.0.1:8000"


def there(method: str, path: str) -> bool:
    """Whether the document has this address."""
    return any(
        method.lower() in methods and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path)
        for template, methods in v1.api.document["paths"].items()  # type: ignore[union-attr, operator]
    )


def curls() -> list[tuple[str, str, dict[str, str], str]]:
    """Every command: method, address, headers, what is sent."""
    found = []
    for kind, block in FENCED:
        if kind == "sh" and block.startswith("curl"):
            words = shlex.split(block.replace("\\\n", " "))[1:]
            path = words.pop(0).removeprefix("$OPLA_URL/api/v1")
            said = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
            data = next((words[n + 1] for n, word in enumerate(words) if word == "-d"), "")
            found.append(("POST" if data else "GET", path, said, data))
    return found


def test_each_curl_command_of_the_guide_answers_in_its_order(programs: Programs) -> None:
    ran, order = [], ""
    for method, path, headers, data in curls():
        if not there(method, "/api/v1" + path.partition("?")[0]):
            continue
        assert headers.pop("Authorization") == "Bearer $OPLA_KEY"
        answer = programs.acme.ask(method, path.replace("$ORDER", order), data.encode() or None, **headers)
        assert answer.status in (200, 202), (path, answer.body)
        order = answer.body.get("order", order)
        ran.append(path)
    assert len(ran) >= 4


@pytest.mark.skipif(not there("POST", "/api/v1/orders"), reason="there is no address yet to order at")
def test_the_python_of_the_guide_orders_and_sees_it_delivered(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.core.wsgi import get_wsgi_application

    world = programs.world
    transport = httpx.WSGITransport(app=get_wsgi_application())
    client = httpx.Client

    def connected(**more: Any) -> httpx.Client:
        return client(transport=transport, **more)

    def works(seconds: float) -> None:
        world.work(3)

    monkeypatch.setattr(httpx, "Client", connected)
    monkeypatch.setattr(time, "sleep", works)
    monkeypatch.setitem(os.environ, "OPLA_URL", URL)
    monkeypatch.setitem(os.environ, "OPLA_KEY", programs.acme.secret)
    [program] = [block for kind, block in FENCED if kind == "python"]
    exec(compile(program, "guide", "exec"), {})  # noqa: S102 - that it runs is the point
    assert capsys.readouterr().out.splitlines()[-1] == "delivered"


def test_the_guide_begins_with_the_commands_that_make_a_key() -> None:
    commands = [line for kind, block in FENCED if kind == "sh" for line in block.splitlines() if "./opla" in line]
    assert commands[:2] == [
        './opla reseller add acme --title "Acme Phones" --email orders@acme.example',
        "./opla reseller key acme --sandbox",
    ]
