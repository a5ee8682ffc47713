"""Real PostgreSQL in folders of the test's own; what lies outside them is removed afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from opla.commands.purge import remove
from opla.db.embedded import database
from opla.db.instance import locate
from opla.db.locks import holding

SOURCE = Path(__file__).resolve().parents[2] / "src"


class MakeVar(Protocol):
    def __call__(self, clone: str, *, data: bool = True) -> Path: ...


_HOLD = """
import sys
from pathlib import Path
from opla.db.embedded import database
with database(Path(sys.argv[1])) as server:
    print((Path(sys.argv[1]) / "pg").exists(), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "OPLA_VAR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data of a new database, made once: making one takes much longer than copying it."""
    var = tmp_path_factory.mktemp("finished") / "var"
    with database(var, settings={"fsync": "off"}):
        instance = locate(var)
    with holding(instance.keeper_lock):  # it has been stopped
        pass
    yield instance.data
    remove_all(var)


@pytest.fixture
def make_var(tmp_path: Path, finished: Path) -> Iterator[MakeVar]:
    """Make the `var` of another copy, with a new database in it (`data`) or with nothing."""
    made: list[Path] = []

    def make(clone: str, *, data: bool = True) -> Path:
        var = tmp_path / clone / "var"
        var.mkdir(parents=True)
        made.append(var)
        if data:
            _copy(finished, locate(var).data)
        return var

    yield make
    for var in made:
        remove_all(var)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Iterator[Path]:
    """One copy for the tests that leave it as they found it."""
    var = tmp_path_factory.mktemp("a clone 充值") / "var"
    _copy(finished, locate(var).data)
    yield var
    remove_all(var)


def _copy(data: Path, target: Path) -> None:
    shutil.copytree(data, target)
    owner = data.stat()
    for folder, _, files in os.walk(target):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, owner.st_uid, owner.st_gid)


def remove_all(var: Path) -> None:
    if var.exists():
        remove(locate(var))


@pytest.fixture
def hold() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start another process that uses the database until its stdin is closed or it is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(var: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _HOLD, str(var)],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
