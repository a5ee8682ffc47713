"""The supervised children of `up`, and the port it takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opla.commands import Stop
from opla.commands._children import Child, fork, program
from opla.commands.up import free_port

SOURCE = Path(__file__).resolve().parents[2] / "src"
_BOUND = """
import time
from opla.commands._children import be_a_child
be_a_child()
print("bound", flush=True)
time.sleep(60)
"""


def wait_for(truth: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not truth():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_child_that_dies_is_started_again_after_a_pause() -> None:
    said: list[str] = []
    child = Child("probe", program([sys.executable, "-c", "raise SystemExit(7)"]))
    began = time.monotonic()
    while child.deaths < 2 and time.monotonic() - began < 30:
        child.tend(said.append)
        time.sleep(0.01)
    assert child.deaths == 2
    assert said == [
        "The probe process ended (exit 7); it starts again in 0.4 s.",
        "The probe process ended (exit 7); it starts again in 0.8 s.",
    ]
    assert time.monotonic() - began >= 0.4


def test_a_child_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    deaf = "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    deaf += "pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    child = Child("probe", program([sys.executable, "-c", deaf, str(tmp_path / "deaf")]))
    child.tend(print)
    assert child.process is not None
    wait_for((tmp_path / "deaf").exists)
    child.terminate()
    child.wait(0.3)
    assert child.process.poll() == -signal.SIGKILL


def test_a_fork_shares_what_was_loaded_and_its_end_is_seen() -> None:
    loaded = ["before"]
    reading, writing = os.pipe()

    def work() -> int:
        os.write(writing, f"{loaded} {Path('/proc/self/comm').read_text().strip()}".encode())
        return 7

    said: list[str] = []
    child = Child("probe", fork("probe", work))
    child.tend(said.append)
    assert os.read(reading, 100) == b"['before'] opla probe"
    wait_for(lambda: child.tend(said.append) is None and bool(said))
    assert said == ["The probe process ended (exit 7); it starts again in 0.4 s."]


@pytest.mark.parametrize("deaf", [False, True])
def test_a_fork_is_asked_to_end_and_killed_where_it_does_not(deaf: bool) -> None:
    reading, writing = os.pipe()

    def work() -> int:
        if deaf:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.write(writing, b"ready")
        time.sleep(60)
        return 0

    child = Child("probe", fork("probe", work))
    child.tend(print)
    assert os.read(reading, 5) == b"ready"
    child.terminate()
    child.wait(0.3)
    assert child.process is not None
    assert child.process.poll() == (-signal.SIGKILL if deaf else -signal.SIGTERM)


def test_the_children_end_when_their_parent_is_killed() -> None:
    parent_program = f"""
import time
from opla.commands._children import Child, program
child = Child("probe", program([{sys.executable!r}, "-P", "-c", {_BOUND!r}], "probe"))
child.tend(print)
print(child.process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-P", "-c", parent_program],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        pid = int(parent.stdout.readline())
        assert parent.stderr.readline() == "probe | bound\n"
        parent.kill()
        wait_for(lambda: _ended(pid))


def test_a_port_in_use_gives_way_to_the_next() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        assert free_port("127.0.0.1", port) > port


def test_an_address_that_is_not_ours_is_refused_in_words() -> None:
    with pytest.raises(Stop, match="is not an address of this machine"):
        free_port("203.0.113.7", 8000)
