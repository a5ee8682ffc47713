"""`./opla print`: the bridge beside a printer, over a real line."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from fakes import World
from operations.test_printing import TILL, asked, delivered, looks, state
from opla.commands import Stop
from opla.commands import print as command
from opla.core.print_job import State
from opla.operations import shop
from printer import FakePrinter


@pytest.fixture
def run(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, object]]:
    monkeypatch.setattr(command, "running", nullcontext)
    monkeypatch.setattr(command, "datetime", type("Now", (), {"now": staticmethod(lambda _zone: world.clock())}))
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(shop, "current", lambda: world.shop)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    def run(*words: str) -> dict[str, object]:
        assert command.run(parser.parse_args([*words, "--once", "--json"])) == 0
        said = json.loads(capsys.readouterr().out)
        assert isinstance(said, dict)
        return said

    return run


def test_what_waits_is_printed_and_what_waits_elsewhere_is_not(
    world: World, run: Callable[..., dict[str, object]]
) -> None:
    first, second = delivered(world), delivered(world, language="zh-Hans")
    asked(world, first)
    asked(world, second)
    with FakePrinter() as fake:
        assert run("another-till", fake.address) == {"printer": "ready", "printed": 0, "unknown": 0}
        assert run(TILL, fake.address, "--paper", "58") == {"printer": "ready", "printed": 2, "unknown": 0}
        assert run(TILL, fake.address) == {"printer": "ready", "printed": 0, "unknown": 0}
    assert len(fake.slips) == 2
    assert state(world, first) == state(world, second) == [(State.PRINTED, False)]


def test_without_paper_nothing_is_opened_and_the_command_says_so(
    world: World, run: Callable[..., dict[str, object]]
) -> None:
    order_id = delivered(world)
    asked(world, order_id)
    with FakePrinter(paper=0x72) as fake:
        assert run(TILL, fake.address) == {"printer": "paper_out", "printed": 0, "unknown": 0}
    assert (fake.slips, looks(order_id)) == ([], [])


def test_what_is_no_printer_is_refused(run: Callable[..., dict[str, object]]) -> None:
    with pytest.raises(Stop, match="is no printer"):
        run(TILL, "the kitchen")
