"""`up` lets another process prepare: what that one says is what a person is told."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from opla.commands import Stop, runtime
from opla.db.embedded import Server

_SERVER = Server("postgresql:///a", "postgresql:///a", embedded=True, var=Path())


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("""print('{"refusal": {"code": "broken", "message": "It rained."}}'); exit(1)""", "It rained."),
        ("import os; os.kill(os.getpid(), 9)", "could not be prepared"),
    ],
)
def test_a_preparation_that_failed_says_why(script: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "database", lambda _: nullcontext(_SERVER))
    monkeypatch.setattr(runtime, "child_command", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(Stop, match=said), runtime.prepared():
        pass


@pytest.mark.parametrize(("told", "url"), [('"http://127.0.0.1:9"', "http://127.0.0.1:9"), ("null", None)])
def test_a_supervisor_learns_where_the_counterparts_are(
    told: str, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "database", lambda _: nullcontext(_SERVER))
    command = [sys.executable, "-c", f"print('{{\"counterparts_url\": {told}}}')"]
    monkeypatch.setattr(runtime, "child_command", lambda *_: command)
    with runtime.prepared() as prepared:
        assert prepared.counterparts_url == url
