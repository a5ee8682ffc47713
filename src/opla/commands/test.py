"""Prove it works: style, types, the map, and every test but the long ones.

With arguments, hands them to pytest and runs nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from opla.commands import ROOT, Stop
from opla.commands.runtime import child_env

_JUDGES = (
    ("style", ["-m", "ruff", "check", "-q", "."]),
    ("map", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]),
    ("types", ["-m", "mypy", "--no-error-summary"]),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="also the long tests and judges; needs Node.js and npm")
    parser.add_argument("pytest", nargs=argparse.REMAINDER, help="arguments for pytest alone")


def run(arguments: argparse.Namespace) -> int:
    if arguments.full:
        os.environ["OPLA_JUDGES"] = str(_page_judges())
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


def _page_judges() -> Path:
    """Where html-validate, HTML_CodeSniffer and Lighthouse stand, installed by the hashes of their lock.

    The lock names no registry: npm asks the one it is set up with. Raises `Stop` with a sentence.
    """
    wanted, home = ROOT / "requirements" / "judges", ROOT / ".venv-judges"
    stamp, made_of = home / "made-of", _made_of(wanted)
    if stamp.exists() and stamp.read_text() == made_of:
        return home
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Stop(
            "node_missing",
            "The long judges of the pages need Node.js 18 or later, and npm. On Debian: apt-get install nodejs npm",
        )
    sys.stderr.write("── the judges of the pages: npm ci\n")
    sys.stderr.flush()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copy(wanted / "package.json", home / "package.json")
    shutil.copy(wanted / "lock.json", home / "package-lock.json")
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=home, stdout=sys.stderr, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Stop("judges_missing", "npm could not install the judges of the pages: see above.")
    _printer(wanted / "emupos.txt", home)
    stamp.write_text(made_of)
    return home


def _made_of(wanted: Path) -> str:
    return hashlib.sha256(b"".join((wanted / name).read_bytes() for name in ("lock.json", "emupos.txt"))).hexdigest()


def _printer(lock: Path, home: Path) -> None:
    """The receipt printer that reads our slips: its wheel alone, by hash. It wants a newer Python, which pyodide is."""
    python = str(Path(sys.base_prefix, "bin", "python3"))  # ours has no pip
    done = subprocess.run(
        [python, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps", "--require-hashes",
         "--only-binary", ":all:", "--python-version", "3.13", "-d", str(home), "-r", str(lock)],
        stdout=sys.stderr, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Stop("judges_missing", "pip could not fetch the printer that judges our slips: see above.")
