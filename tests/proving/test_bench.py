"""The frame of `bench`: what it computes from what it measured. Nothing here is timed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import support
from opla.commands import bench as command
from opla.proving.bench import meter
from opla.proving.bench.calibration import Calibration
from opla.proving.bench.load import WrongAnswer, load
from opla.proving.bench.numbers import ours, theirs, written
from opla.proving.bench.registry import MEASURES, NAMES
from opla.proving.bench.row import Row, percentile, table

if TYPE_CHECKING:
    from opla.proving.bench.bench import Bench

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "performance.md"


@pytest.mark.parametrize(
    ("values", "part", "found"),
    [([7], 99, 7), ([1, 2, 3, 4], 50, 2), ([4, 1, 3, 2], 75, 3), (list(range(1, 101)), 99, 99), ([1, 2], 100, 2)],
)
def test_a_percentile_is_the_nearest_rank(values: list[float], part: float, found: float) -> None:
    assert percentile(values, part) == found


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 99)


@pytest.mark.parametrize(
    ("value", "floor", "goal", "met"), [(400, 1000, 0.4, True), (399, 1000, 0.4, False), (6, 1, 6, True)]
)
def test_a_rate_is_judged_by_its_share_of_the_floor(value: float, floor: float, goal: float, met: bool) -> None:
    row = Row.at_least("a", value, "pages/s", goal=goal, floor=floor, note="")
    assert (row.met, row.ratio) == (met, value / floor)


@pytest.mark.parametrize(("value", "met"), [(30, True), (30.1, False)])
def test_a_cost_is_judged_by_itself(value: float, met: bool) -> None:
    row = Row.at_most("a", value, "ms", goal=30, floor=1, note="")
    assert (row.met, row.floor) == (met, 1)


def test_a_row_without_a_floor_shows_none() -> None:
    row = Row.at_most("memory", 123.4, "MB", goal=200, note="all of it")
    assert (row.floor, row.ratio) == (None, None)
    assert table([row]).splitlines()[2].startswith("| memory | 123 MB")


BUSY = "import time\nends = time.process_time() + 0.2\nwhile time.process_time() < ends: pass\n"


def test_the_meter_counts_a_child_that_is_running() -> None:
    child = subprocess.Popen([sys.executable, "-c", BUSY + "print(1, flush=True); input()"], stdin=-1, stdout=-1)
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        child.stdout.readline()
        spent_ms, held_mb = meter.cpu_ms(child.pid), meter.pss_mb(child.pid)
    child.wait()
    assert 190 <= spent_ms < 2_000
    assert 1 < held_mb < 100


def test_the_meter_counts_a_grandchild_that_has_ended() -> None:
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])\nprint(1, flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1)
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        child.stdout.readline()
        spent_ms = meter.cpu_ms(child.pid)
    child.wait()
    assert spent_ms >= 190


def test_the_meter_finds_all_of_postgresql(db: str) -> None:
    from opla.db.queries.call import select

    [(backend,)] = select("SELECT pg_backend_pid()")
    assert backend in meter.tree(meter.postmaster())


def test_who_is_gone_costs_nothing() -> None:
    assert (meter.cpu_ms(2**22), meter.pss_mb(2**22)) == (0, 0)


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/gone" else 200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b"x" * 5000)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def pages() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def test_the_client_sends_every_request_once_and_counts_every_answer() -> None:
    with pages() as port:
        done = support.aside(lambda: load(port, repeat(request("/"), 20), connections=3, seconds=30))
    assert len(done.latencies_ms) == 20
    assert done.p99_ms >= percentile(done.latencies_ms, 50) > 0
    assert done.per_s > 0


def test_an_answer_that_was_not_asked_for_is_no_measurement() -> None:
    with pages() as port, pytest.raises(WrongAnswer, match="404"):
        support.aside(lambda: load(port, repeat(request("/gone"), 2), connections=1, seconds=30))


def test_numbers_are_compared_on_texts_that_both_read_alike() -> None:
    texts = written(60)
    assert texts == written(60)
    assert [ours(text) for text in texts] == [theirs(text) for text in texts]
    assert {ours(text) is None for text in texts} == {True, False}


@contextmanager
def a_bench(*, full: bool) -> Iterator[Bench]:
    from opla.proving.bench.bench import Bench

    yield Bench(support.server(), Path(), full, lambda _: None, [])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two measurements that measure nothing, one of which breaks."""

    def breaks(_: Bench) -> list[Row]:
        raise RuntimeError("it rained")

    def two(_: Bench) -> list[Row]:
        return [
            Row.at_least("a", 5, "things/s", goal=0.5, floor=8, note="five"),
            Row.at_most("b", 3, "ms", goal=2, note="slow"),
        ]

    monkeypatch.setattr(command, "_bench", a_bench)
    monkeypatch.setattr("opla.proving.bench.registry.NAMES", ["a", "b", "c"])
    monkeypatch.setattr("opla.proving.bench.run.MEASURES", {("a", "b"): two, ("c",): breaks})
    monkeypatch.setattr("opla.proving.bench.run._calibrated", lambda _: Calibration(1, 2))


def run(*words: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


@pytest.mark.usefixtures("small")
def test_json_is_one_object_with_one_number_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json", "--rows", "a,b") == 0  # b is not met: it was measured
    found = json.loads(capsys.readouterr().out)
    assert [set(row) for row in found["rows"]] == [
        {"row", "value", "unit", "goal", "met", "floor", "ratio", "note"}
    ] * 2
    assert [(row["row"], row["value"], row["met"], row["floor"], row["ratio"]) for row in found["rows"]] == [
        ("a", 5, True, 8, 0.625),
        ("b", 3, False, None, None),
    ]
    assert found["calibration"] == [{"python_per_s": 1, "commits_per_s": 2}] * 2


@pytest.mark.usefixtures("small")
def test_only_the_rows_asked_for_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rows", "b") == 0
    shown = capsys.readouterr().out
    assert "| b " in shown
    assert "| a " not in shown


@pytest.mark.usefixtures("small")
def test_a_row_that_breaks_is_named_and_the_others_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 1
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert [row["row"] for row in found["rows"]] == ["a", "b"]
    assert found["broken"] == {"c": "RuntimeError: it rained"}
    assert "c could not be measured" in told.err


@pytest.mark.usefixtures("small")
def test_a_row_that_does_not_exist_lists_those_that_do() -> None:
    with pytest.raises(command.Stop, match="There are: a, b, c"):
        run("--rows", "d")


def test_the_page_has_the_rows_that_bench_prints() -> None:
    assert re.findall(r"^\| (\w+) +\| (?!measured)", PAGE.read_text("utf-8"), re.MULTILINE) == NAMES
    assert len(set(NAMES)) == len(NAMES) == sum(map(len, MEASURES))
