"""`./opla renewals`: what stands, by the last digits alone, and the owner's way to end one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fakes import World
from operations.test_renewing import Keeper, begun, of
from opla import payments
from opla.commands import Stop
from opla.commands import renewals as told
from opla.core.renewal import State
from opla.db.queries.call import select
from opla.operations import shop


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    world.provider = Keeper()
    world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
    monkeypatch.setattr(told, "running", nullcontext)
    monkeypatch.setattr(shop, "current", lambda: world.shop)
    parser = argparse.ArgumentParser()
    told.add_arguments(parser)
    return lambda *words: told.run(parser.parse_args([*words]))


def test_what_stands_is_listed_and_one_is_ended(
    world: World, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 0
    assert capsys.readouterr().out == "nothing is charged by itself\n"
    standing = begun(world)
    assert command("--json") == 0
    [row] = json.loads(capsys.readouterr().out)["renewals"]
    assert (row["state"], row["number"], row["at_most"], row["next"]) == ("active", "…3456", "15.00 EUR", "2026-12-22")
    assert command("--end", row["id"], "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"ended": str(standing.kept.id)}
    assert of(world).kept.state is State.ENDED
    assert select("SELECT state FROM mandate") == [("ending",)]
    assert select("SELECT actor FROM event WHERE subject = 'renewal' AND name = 'ended'") == [("owner:terminal",)]


@pytest.mark.parametrize("renewal", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_one_that_is_not_there_is_refused_by_name(command: Callable[..., int], renewal: str) -> None:
    with pytest.raises(Stop) as stop:
        command("--end", renewal)
    assert stop.value.code == "not_found"


def test_an_adapter_says_with_what_it_keeps_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert payments.keeps("sandbox")
    assert not payments.keeps("bank_transfer")
    assert not payments.keeps("nobody")
    found = SimpleNamespace(
        NAME="x", LIVE=True, METHODS=("card", "wechat"), METHOD={"card": "creditcard", "wechat": "wechatpay"},
        KEEPS={"creditcard": "creditcard"}, build=len, moves_money=len,
    )  # fmt: skip
    monkeypatch.setattr(payments, "_found", lambda name: (found, name.partition("_")[2]))
    assert [payments.keeps(name) for name in ("x", "x_card", "x_wechat")] == [True, True, False]
