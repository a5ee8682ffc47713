"""`./opla vouchers`: one object on stdout, refusals by name, and a file that only its owner reads."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes import CODE, World
from operations.test_cash import TILL, counter, in_drawer
from opla.commands import Stop, vouchers
from opla.operations import shop

__all__ = ["counter"]  # the fixture
Command = Callable[..., dict[str, object]]


@pytest.fixture
def command(counter: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setattr(vouchers, "running", nullcontext)
    monkeypatch.setattr(shop, "current", lambda: counter.shop)
    parser = argparse.ArgumentParser()
    vouchers.add_arguments(parser)

    def run(*words: str) -> dict[str, object]:
        assert vouchers.run(parser.parse_args([*words, "--json"])) == 0
        said = json.loads(capsys.readouterr().out)
        assert isinstance(said, dict)
        return said

    return run


def refused(command: Command, *words: str) -> str:
    with pytest.raises(Stop) as stop:
        command(*words)
    return stop.value.code


def test_from_the_printer_to_the_till(command: Command, counter: World, tmp_path: Path) -> None:
    out = tmp_path / "vouchers.pdf"
    make = ("make", CODE, "2", "--until", "2099-01-01", "--out", str(out))
    assert refused(command, *make) == "time_not_possible"
    assert not out.exists()
    make = ("make", CODE, "2", "--until", "2027-12-31", "--language", "zh-Hans", "--out", str(out))
    made = command(*make)
    assert out.read_bytes().startswith(b"%PDF")
    assert out.stat().st_mode & 0o777 == 0o600
    assert refused(command, *make) == "file_unreadable"  # it is there already
    both = f"{made['first']}..{made['last']}"
    assert refused(command, "send", both, "--place", "own:nowhere") == "voucher_place_missing"
    assert command("send", both, "--place", "own:1") == {"serials": {"moved": 2}}
    assert command("arrive", both) == {"serials": {"moved": 2}}
    first = str(made["first"])
    sell = ("activate", first, "--till", TILL, "--given", "20", "--key", "1")
    assert command(*sell)["change_minor"] == 500
    assert command(*sell)["again"] is True
    assert in_drawer(counter) == 6500
    assert refused(command, "activate", first, "--till", TILL) == "voucher_sold"
    assert refused(command, "lost", both) == "reason_missing"
    assert command("lost", both, "--why", "flood") == {"serials": {"active": 1, "moved": 1}}
    assert command("block", first, "--why", "stolen") == {"serials": {"moved": 1}}
    listed = command("list")["vouchers"]
    assert isinstance(listed, list)
    assert [(row["state"], row["count"]) for row in listed] == [("blocked", 1), ("lost", 1)]


@pytest.mark.parametrize("words", [("make", CODE), ("make", CODE, "many"), ("activate",), ("make", CODE, "1")])
def test_what_is_missing_is_named(command: Command, words: tuple[str, ...]) -> None:
    assert refused(command, *words) in ("cell_invalid", "time_not_possible")
