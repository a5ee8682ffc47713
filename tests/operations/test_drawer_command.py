"""`./opla drawer`: one object on stdout, refusals by name, and nothing recorded twice."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from fakes import World
from operations.test_cash import TILL, counter, in_drawer
from opla.commands import Stop, drawer
from opla.core.actor import Actor, Role
from opla.db.queries import terminals
from opla.operations import resellers, sample_till, shop

__all__ = ["counter"]  # the fixture


@pytest.fixture
def command(
    counter: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, object]]:
    monkeypatch.setattr(drawer, "running", nullcontext)
    monkeypatch.setattr(shop, "current", lambda: counter.shop)
    parser = argparse.ArgumentParser()
    drawer.add_arguments(parser)

    def run(*words: str) -> dict[str, object]:
        assert drawer.run(parser.parse_args([*words, "--json"])) == 0
        said = json.loads(capsys.readouterr().out)
        assert isinstance(said, dict)
        return said

    return run


def refused(command: Callable[..., dict[str, object]], *words: str) -> str:
    with pytest.raises(Stop) as stop:
        command(*words)
    return stop.value.code


def test_a_day_of_a_till(counter: World, command: Callable[..., dict[str, object]]) -> None:
    assert resellers.add(Actor(Role.OWNER, "ana"), "acme", title="", email="a@example.org", at=counter.clock()) is None
    for _ in range(2):
        command("put-in", TILL, "20", "--key", "morning")
        command("pay-in", TILL, "500", "--reseller", "acme", "--key", "receipt-17")
        command("drop", TILL, "560", "--key", "evening")
    assert command("count", TILL, "9.95", "--why", "five cents less", "--key", "night")["difference_minor"] == -5
    assert command("list") == {"tills": [{"till": TILL, "open": True, "minor": 995}], "currency": "EUR"}
    assert command("banked", "500", "--key", "statement-7") == {"recorded": True}
    assert command("banked", "500", "--key", "statement-7") == {"recorded": False}
    assert refused(command, "banked", "300", "--key", "statement-7") == "key_reused"
    assert counter.balance("cash_outside:EUR") == 560 * 100 - 20 * 100 - 50 * 100 - 500 * 100
    assert (counter.balance("bank:EUR"), counter.balance("reseller_float:acme:EUR")) == (50_000, -50_000)
    command("drop", TILL, "9.95")
    assert command("close", TILL)["tills"] == [{"till": TILL, "open": False, "minor": 0}]


def test_what_is_wrong_is_refused_by_name(counter: World, command: Callable[..., dict[str, object]]) -> None:
    assert refused(command, "put-in", TILL) == "cell_invalid"
    assert refused(command, "put-in", TILL, "much") == "amount_unreadable"
    assert refused(command, "drop", TILL, "51") == "drawer_short"
    assert refused(command, "close", TILL) == "drawer_not_empty"
    assert refused(command, "open", "two", "--place", "own:nowhere") == "not_found"
    assert refused(command, "open", "Two!", "--place", "own:1") == "drawer_name_invalid"
    assert refused(command, "banked", "5") == "key_missing"
    assert in_drawer(counter) == 5000


def test_a_shop_that_has_a_till_gets_no_sample(counter: World) -> None:
    sample_till.fill(at=counter.clock())
    assert terminals.terminals() == []  # as there was a till
    assert in_drawer(counter) == 5000
    assert counter.balance(f"till_drawer:{sample_till.NAME}:EUR") == 0
