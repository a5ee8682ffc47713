"""`./opla month`: what the page of closing a month tells to type, typed; and what it refuses."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import subprocess
from contextlib import nullcontext
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest

from fakes import World
from opla.commands import Stop, close, month
from opla.core.ledger import Account
from opla.db.queries.books import books

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "howto" / "close-a-month.md").read_text("utf-8")
BOOKS = (DOCS / "explanation" / "books.md").read_text("utf-8")


@pytest.fixture
def october(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """It is the second of November, and something was sold in October."""
    monkeypatch.setattr(month, "running", nullcontext)
    monkeypatch.setattr(close, "running", nullcontext)
    world.clock.now = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
    world.paid()
    world.work(2)
    world.clock.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # of ours
            return world.clock.now.astimezone(tz)

    monkeypatch.setattr(month, "datetime", Now)
    monkeypatch.setattr(close, "datetime", Now)
    return world


def typed(command: str, folder: Path) -> int:
    """A line of the page. Its file of numbers is the one that is shipped."""
    line = command.replace("for-the-accountant", str(folder)).replace("OPLA_CHART=/etc/opla/accounts.yaml ", "")
    name, *words = shlex.split(line.removeprefix("./opla "))
    module = {"close": close, "month": month}[name]
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.run(parser.parse_args(words))


def test_what_the_page_says_works_in_its_order(
    october: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    commands = [line for line in lines if "./opla" in line]
    assert len(commands) == 5
    for command in commands:
        assert typed(command, folder) == 0
    told = capsys.readouterr().out
    assert "2026-10  can be closed" in told
    assert re.search(r"2026-10 {2}2026-10-30 to 2026-10-31 .* seal [0-9a-f]{16}", told)
    named = re.findall(r"^\| `([\w.-]+)` \|", PAGE, re.MULTILINE)
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"2026-10-{name}" for name in named)
    [judge] = [line for line in lines if line.startswith("hledger")]
    if shutil.which("hledger") is None:
        pytest.skip("hledger is not installed (apt-get install hledger)")
    words = shlex.split(judge.replace("for-the-accountant", str(folder)))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "psp_clearing" in done.stdout


def refused(*words: str) -> str:
    parser = argparse.ArgumentParser()
    month.add_arguments(parser)
    with pytest.raises(Stop) as stop:
        month.run(parser.parse_args(words))
    return stop.value.code


def test_what_cannot_be_is_refused_by_name(october: World, tmp_path: Path) -> None:
    assert refused("close", "October") == "month_unreadable"
    assert refused("close", "2026-11") == "month_not_over"
    assert refused("close", "2026-10") == "month_days_open"
    assert refused("export", "2026-10", str(tmp_path)) == "month_not_closed"
    assert refused("export", "2026-10") == "folder_missing"
    typed("./opla close", tmp_path)
    typed("./opla month close 2026-10", tmp_path)
    assert refused("export", "2026-10", "/proc/nowhere") == "file_unreadable"
    assert refused("close", "2026-09") == "month_out_of_order"


def test_with_json_it_says_one_object(october: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed("./opla month --json", tmp_path)
    assert json.loads(capsys.readouterr().out) == {
        "months": [], "next": {"month": "2026-10", "waits_for": "month_days_open"},
    }  # fmt: skip
    typed("./opla close", tmp_path)
    capsys.readouterr()
    typed("./opla month close 2026-10 --json", tmp_path)
    said = json.loads(capsys.readouterr().out)
    assert (said["month"], said["from"], said["until"], said["open_items"]) == (
        "2026-10",
        "2026-10-30",
        "2026-10-31",
        0,
    )
    typed("./opla month export 2026-10 for-the-accountant --json", tmp_path)
    assert len(json.loads(capsys.readouterr().out)["files"]) == 7


def test_the_page_of_the_books_names_every_account_and_every_check(october: World) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", BOOKS, re.MULTILINE))
    assert {str(kind) for kind in Account} | {check.name for check in books(october.clock())} == rows
