"""Our texts as somebody else's message centre reads them, and its texts as we do (`--full`: npm's `smpp`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opla import notices
from opla.core.ports import Answer, Message, Receipt, Text, TextReport
from opla.notices.smpp.provider import SMPP

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not os.environ.get("OPLA_JUDGES"), reason="the judges are not here"),
]
SCRIPT = Path(__file__).with_name("centre.js")


class Theirs:
    def __init__(self) -> None:
        home = {"NODE_PATH": str(Path(os.environ["OPLA_JUDGES"], "node_modules"))}
        node = shutil.which("node") or "node"
        self._process = subprocess.Popen([node, str(SCRIPT)], stdout=subprocess.PIPE, text=True, env=home)
        self.port = self.next()["port"]

    def next(self) -> dict[str, Any]:
        assert self._process.stdout
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def adapter(self, **change: str) -> SMPP:
        given = {"host": "127.0.0.1", "port": str(self.port), "system_id": "opla", "password": "secret8", **change}
        built = notices.build("smpp", {**given, "sender": "8811", "tls": "0", "timeout_s": "5"})
        assert isinstance(built, SMPP)
        return built

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        assert self._process.stdout
        self._process.stdout.close()


@pytest.fixture
def theirs() -> Iterator[Theirs]:
    found = Theirs()
    yield found
    found.stop()


@pytest.mark.parametrize(
    ("words", "parts", "coding"),
    [
        ("Hello €5 {8K2F} é", 1, 0),
        ("a" * 161, 2, 0),
        ("€" * 100, 2, 0),
        ("您的订单已送达。" * 20, 3, 8),
        ("😀" * 36, 2, 8),
    ],
)
def test_their_centre_reads_what_we_wrote(theirs: Theirs, words: str, parts: int, coding: int) -> None:
    assert theirs.adapter().tell(Message("0a" * 16, "+32470123456", "", words, "en")) is Answer.SUCCEEDED
    assert theirs.next() == {"bind": "bind_transmitter", "right": True, "version": 0x34}
    told = [theirs.next() for _ in range(parts)]
    assert "".join(one["message"] for one in told) == words
    assert {(one["from"], one["to"], one["receipt"], one["coding"]) for one in told} == {
        ("8811", "32470123456", 1, coding)
    }
    assert all(bool(one.get("udh")) == (parts > 1) for one in told)
    assert theirs.next() == {"unbind": True}


def test_their_centre_refuses_a_wrong_password_and_nothing_was_sent(theirs: Theirs) -> None:
    assert theirs.adapter(password="wrong").tell(Message("0a" * 16, "+32470123456", "", "x", "en")) is Answer.NOT_SENT
    assert theirs.next()["right"] is False


def test_we_read_what_their_centre_wrote_and_it_takes_our_answers(theirs: Theirs) -> None:
    ana = "+32470123456"
    heard = listened(theirs, 8)
    assert heard == [
        Text(ana, "STATUS {8K2F} €"),
        Text(ana, "余额"),
        Receipt("m1", "DELIVRD"),
        Text(ana, "8K2F", (200, 2, 2)),
        Text(ana, "STATUS ", (200, 1, 2)),
        Text(ana, "SAL", (300, 1, 2)),
        Text(ana, "TOPUP ", (515, 1, 2)),
        Text(ana, "15", (515, 2, 2)),
    ]
    told = [theirs.next() for _ in range(9)]
    assert {(one["answered"], one["status"]) for one in told if "answered" in one} == {
        ("latin", 0),
        ("chinese", 0),
        ("receipt", 0),
        ("part", 0),
    }


def test_receipts_of_their_centre_name_the_parts_as_it_named_them_to_us(theirs: Theirs) -> None:
    sent = theirs.adapter().text(Message("0a" * 16, "+32470123456", "", "x" * 200, "en"))
    assert sent == TextReport(Answer.SUCCEEDED, ("c1", "c2"))
    assert listened(theirs, 10)[8:] == [Receipt("c1", "DELIVRD"), Receipt("c2", "UNDELIV")]


def listened(theirs: Theirs, count: int) -> list[object]:
    heard: list[object] = []
    began = time.monotonic()
    theirs.adapter().listen(heard.append, lambda: len(heard) >= count or time.monotonic() - began > 5)
    return heard
