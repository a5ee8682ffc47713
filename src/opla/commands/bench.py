"""Measure how fast Opla is here, each figure beside a floor or a peer of the same run.

    ./opla bench
    ./opla bench --rows numbers,shop --json

Sets up its own database in var/bench, beside the shop's. Rates swing with whoever shares the machine, so ratios,
CPU-milliseconds, times and sizes are judged. Exit 0 when every row asked for was measured, met or not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opla.commands import ROOT, VAR, Stop
from opla.commands.runtime import child_command
from opla.db.locks import open_lock, take

if TYPE_CHECKING:
    from opla.proving.bench.bench import Bench
    from opla.proving.bench.calibration import Calibration
    from opla.proving.bench.run import Report

_VAR = VAR / "bench"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", default="", help="names with commas; all without it (a wrong name lists them)")
    parser.add_argument("--full", action="store_true", help="the large sizes: longer, and less noisy")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with _bench(full=arguments.full) as bench:
        from opla.proving.bench.registry import NAMES
        from opla.proving.bench.run import run as measure

        wanted = [name.strip() for name in arguments.rows.split(",") if name.strip()] or NAMES
        if unknown := [name for name in wanted if name not in NAMES]:
            raise Stop("usage", f"There is no row {', '.join(unknown)}. There are: {', '.join(NAMES)}")
        report = measure(bench, wanted)
    if arguments.json:
        print(json.dumps(_object(report)))
    else:
        _tell(report)
    for name, why in report.broken.items():
        _say(f"{name} could not be measured: {why}")
    return 1 if report.broken else 0


@contextmanager
def _bench(*, full: bool) -> Iterator[Bench]:
    """The surroundings of a measurement: its own folder, its own database server, Django on them."""
    from opla.db.embedded import Unavailable, database

    if not take(open_lock(_VAR / "run" / "bench.lock"), timeout_s=0):
        raise Stop("bench_running", "Another bench of this copy is running; two would measure each other.")
    os.environ["OPLA_VAR"] = str(_VAR)
    try:
        with database(_VAR) as server:
            os.environ["OPLA_DSN_APP"], os.environ["OPLA_DSN_OWNER"] = server.dsn_app, server.dsn_owner
            os.environ["DJANGO_SETTINGS_MODULE"] = "opla.site.settings"
            import django

            django.setup()
            from opla.proving.bench.bench import Bench

            os.environ["PYTHONPATH"] = str(ROOT / "src")
            yield Bench(server, _VAR, full, _say, child_command())
    except Unavailable as problem:
        raise Stop("database_unavailable", str(problem)) from problem


def _object(report: Report) -> dict[str, object]:
    return {
        "rows": [asdict(row) for row in report.rows],
        "broken": report.broken,
        "calibration": [asdict(calibration) for calibration in report.calibrations],
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
    }


def _tell(report: Report) -> None:
    from opla.proving.bench.row import table

    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, commit {_commit() or 'unknown'}\n")
    print(table(report.rows))
    print()
    for when, calibration in zip(("before", "after"), report.calibrations, strict=True):
        print(_calibrated(when, calibration))


def _calibrated(when: str, found: Calibration) -> str:
    python, commits = f"{found.python_per_s:,} rounds of a Python loop", f"{found.commits_per_s:,} one-row commits"
    return f"Calibration {when}: {python} and {commits} a second."


def _commit() -> str:
    """The commit this copy stands at; empty where nobody can say."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git here
        return ""


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
