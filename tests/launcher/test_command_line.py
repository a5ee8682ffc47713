"""What every command promises: exit codes, one object with --json, sentences instead of tracebacks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from opla import __main__ as command_line
from opla import commands
from opla.commands import Stop

Run = Callable[[argparse.Namespace], int]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Run], None]:
    """Make `probe` a command that does what the test says."""

    def make(run: Run) -> None:
        module = ModuleType("opla.commands.probe", "Probe.")
        module.__dict__["run"] = run
        module.__dict__["add_arguments"] = lambda parser: parser.add_argument("--json", action="store_true")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(command_line, "names", lambda **_: ["probe", "purge"])
        monkeypatch.setattr(commands, "VAR", tmp_path)
        monkeypatch.delenv("OPLA_DEBUG", raising=False)

    return make


def _refusal(out: str) -> dict[str, str]:
    found = json.loads(out)
    assert set(found) == {"refusal"}
    assert set(found["refusal"]) == {"code", "message"}
    return dict(found["refusal"])


def test_opla_alone_lists_the_commands_and_hides_its_child_processes(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([]) == 0
    out = capsys.readouterr().out
    assert "  up " in out
    assert "_web" not in out
    assert "runtime" not in out


@pytest.mark.parametrize("name", command_line.names())
def test_every_command_has_one_line_of_help(name: str) -> None:
    text = (Path(commands.__file__).parent / f"{name}.py").read_text("utf-8")
    assert text.startswith('"""')
    assert 10 < len(text.split("\n", 1)[0]) <= 120


def test_an_unknown_command_is_usage_and_gets_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["purg", "--json"]) == 2
    said = capsys.readouterr()
    assert "Did you mean purge?" in said.err
    assert _refusal(said.out)["code"] == "usage"


def test_a_wrong_option_is_usage_in_one_object(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    command(lambda _: 0)
    assert command_line.main(["probe", "--json", "--nonsense"]) == 2
    assert "--nonsense" in _refusal(capsys.readouterr().out)["message"]


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_command_decides_its_exit_code_and_its_one_object(
    code: int, command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        sys.stdout.write('{"state": "fine"}\n')
        return code

    command(run)
    assert command_line.main(["probe", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {"state": "fine"}


def test_a_refusal_is_a_sentence_and_its_object_stands_alone(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> int:
        sys.stdout.write('{"half": "of an answer"}\n')
        raise Stop("too_early", "It is 太早 for that.")

    command(run)
    assert command_line.main(["probe", "--json"]) == 1
    said = capsys.readouterr()
    assert said.err == "opla: It is 太早 for that.\n"
    assert _refusal(said.out) == {"code": "too_early", "message": "It is 太早 for that."}


def test_a_bug_is_a_sentence_and_its_traceback_goes_to_the_log(
    command: Callable[[Run], None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(_: argparse.Namespace) -> int:
        raise ValueError("seven is not a colour")

    command(run)
    assert command_line.main(["probe", "--json"]) == 1
    said = capsys.readouterr()
    assert "seven is not a colour" in said.err
    assert "Traceback" not in said.err + said.out
    assert _refusal(said.out)["code"] == "broken"
    assert "Traceback" in (tmp_path / "log" / "errors.log").read_text()
