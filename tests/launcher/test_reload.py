"""A shop that is open is given new code, and told to close: whoever asks it anything meanwhile is answered."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from opla.commands.up import free_port

ROOT = Path(__file__).resolve().parents[2]


class MakeVar(Protocol):
    def __call__(self, clone: str, *, data: bool = True) -> Path: ...


class Shop:
    def __init__(self, var: Path) -> None:
        self.env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPLA_VAR": str(var)}
        self.port = free_port("127.0.0.1", 18_400 + os.getpid() % 1000)
        self.log = var / "up.log"
        with self.log.open("w") as log:
            words = [sys.executable, "-P", "-m", "opla", "up", "--port", str(self.port)]
            self.process = subprocess.Popen(words, env=self.env, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + 90
        while "Opla is open" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def reload(self) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-P", "-m", "opla", "reload", "--json"]
        return subprocess.run(words, env=self.env, capture_output=True, text=True, check=False)


@pytest.fixture
def shop(make_var: MakeVar) -> Iterator[Shop]:
    shop = Shop(make_var("reloaded"))
    yield shop
    if shop.process.poll() is None:
        shop.process.terminate()
        shop.process.wait(60)


class Hammer:
    """People who ask for pages all the time, each by a connection of their own, and a proxy that keeps its own open."""

    def __init__(self, shop: Shop) -> None:
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._people = [threading.Thread(target=self._ask, args=(shop,)) for _ in range(3)]
        self._people.append(threading.Thread(target=self._ask_on, args=(shop,)))
        for one in self._people:
            one.start()

    def _ask_on(self, shop: Shop) -> None:
        """By one connection, until it is told that it will be closed; one that is closed untold is a request lost."""
        connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=30)
        while not self._over.is_set():
            try:
                connection.request("GET", "/help/")
                answer = connection.getresponse()
                answer.read()
                self.seen[str(answer.status)] += 1
                if answer.headers["Connection"] == "close":
                    connection.close()
            except (OSError, http.client.HTTPException) as problem:
                self.seen[repr(problem)] += 1
                connection.close()
        connection.close()

    def _ask(self, shop: Shop) -> None:
        while not self._over.is_set():
            try:
                self.seen[str(shop.get("/help/")[0])] += 1
            except OSError as problem:
                self.seen[repr(problem)] += 1

    def stop(self) -> Counter[str]:
        self._over.set()
        for one in self._people:
            one.join(60)
        return self.seen


def web_workers(shop: Shop) -> set[str]:
    found = subprocess.run(["ps", "-eo", "pid,ppid,comm"], capture_output=True, text=True, check=True).stdout
    return {row.split()[0] for row in found.splitlines() if row.split()[1:2] == [str(shop.process.pid)]}


def test_new_code_takes_over_without_a_request_lost(shop: Shop) -> None:
    assert shop.get("/readyz") == (200, "ok\n")
    before = web_workers(shop)
    people = Hammer(shop)
    time.sleep(1)
    done = shop.reload()
    assert json.loads(done.stdout) == {"reloaded": True}, done.stderr + shop.log.read_text()
    time.sleep(2)
    seen = people.stop()
    assert set(seen) == {"200"}, seen
    assert seen["200"] > 50
    assert not before <= web_workers(shop), "the same processes answer as before"

    log = shop.log.read_text()
    assert "Reloaded" in log
    # Requests of this sale of pages are in the log as objects, and up's own sentences are for people.
    told = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line["logger"] == "opla.request" and line["route"] == "help/" for line in told)

    # Told to close while somebody waits: that one is answered, and it takes no longer than that.
    answered: list[int] = []
    asking = threading.Thread(target=lambda: answered.append(shop.get("/help/")[0]))
    asking.start()
    asking.join(0.01)
    began = time.monotonic()
    shop.process.send_signal(signal.SIGTERM)
    assert shop.process.wait(45) == 0
    asking.join(30)
    assert answered == [200]
    assert time.monotonic() - began < 30
    assert re.search(r"Opla is closed\.", shop.log.read_text())


def houses(shop: Shop) -> set[str]:
    """The processes that `up` started and whose children answer."""
    found = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [row.split(None, 2) for row in found.splitlines()]
    return {pid for pid, parent, words in rows if parent == str(shop.process.pid) and " _house " in words}


def gone(shop: Shop, house: set[str], within_s: float) -> bool:
    ends_at = time.monotonic() + within_s
    while house & houses(shop):
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.1)
    return True


def test_whoever_has_not_said_what_they_want_does_not_hold_up_the_old_code(shop: Shop) -> None:
    """By what takes longest: a worker waits for the rest of a request that was begun, ten seconds long."""
    slow = []
    for said in (b"", b"GET /help/ HT", b"GET /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") * 3:
        slow.append(socket.create_connection(("127.0.0.1", shop.port)))
        slow[-1].sendall(said)
    old = houses(shop)
    assert shop.reload().returncode == 0
    assert gone(shop, old, within_s=15)
    assert "cut off" not in shop.log.read_text()
    for one in slow:
        one.close()


@pytest.mark.full
def test_code_comes_and_goes_ten_times_and_nobody_notices(shop: Shop) -> None:
    people = Hammer(shop)
    for _ in range(10):
        old = houses(shop)
        assert shop.reload().returncode == 0, shop.log.read_text()
        assert gone(shop, old, within_s=15)
    seen = people.stop()
    assert set(seen) == {"200"}, seen
    assert seen["200"] > 2000
    log = shop.log.read_text()
    assert log.count("Reloaded") == 10
    assert "cut off" not in log


def test_reload_says_where_there_is_nothing_to_reload_and_needs_no_settings(make_var: MakeVar) -> None:
    var = make_var("closed", data=False)
    # What systemd starts to reload a unit cannot read the unit's secrets.
    secret = {"OPLA_METRICS_TOKEN_FILE": str(var / "not to be read")}
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPLA_VAR": str(var), **secret}
    words = [sys.executable, "-P", "-m", "opla", "reload", "--json"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["refusal"]["code"]) == (1, "not_up")
