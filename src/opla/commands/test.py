"""Prove it works: style, types, the map, and every test.

With arguments, hands them to pytest and runs nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from opla.commands import ROOT
from opla.commands.runtime import child_env

_JUDGES = (
    ("style", ["-m", "ruff", "check", "-q", "."]),
    ("map", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]),
    ("types", ["-m", "mypy", "--no-error-summary"]),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="also the long judges")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help="arguments for pytest alone")


def run(arguments: argparse.Namespace) -> int:
    worst = 0
    pytest = ["-m", "pytest", "-n", "2"]
    if arguments.pytest:
        pytest = ["-m", "pytest", *arguments.pytest]
    else:
        for name, words in _JUDGES:
            worst = _judge(name, words) or worst
    code = _judge("tests", pytest, full=arguments.full)
    if worst:
        sys.stderr.write("opla: style, map or types found something: see above.\n")
    return code or worst


def _judge(name: str, words: list[str], *, full: bool = False) -> int:
    sys.stderr.write(f"── {name}: {' '.join(words)}\n")
    sys.stderr.flush()
    env = child_env() | ({"OPLA_TEST_FULL": "1"} if full else {})
    env.pop("OPLA_VAR")
    return subprocess.run([sys.executable, "-P", *words], cwd=ROOT, env=env, check=False).returncode
