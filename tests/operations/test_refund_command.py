"""`./opla refund`: one object on stdout, refusals by name, and three exits."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, World
from operations.test_gone import delivered
from opla.commands import Stop, items, refund
from opla.core.actor import Actor, Role
from opla.db.queries.call import select
from opla.db.queries.items import open_items
from opla.operations import shop
from opla.operations.reveal_code import reveal


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setattr(refund, "running", nullcontext)
    monkeypatch.setattr(shop, "current", lambda: world.shop)
    monkeypatch.setattr(refund, "_who", lambda: Actor(Role.OWNER, "anna"))
    parser = argparse.ArgumentParser()
    refund.add_arguments(parser)
    return lambda *words: refund.run(parser.parse_args([*words, "--json"]))


def ticket(world: World, sku: str) -> str:
    [(found,)] = select("SELECT ticket FROM orders WHERE id = %s", [delivered(world, sku)])
    return str(found)


def refused(command: Callable[..., int], *words: str) -> str:
    with pytest.raises(Stop) as stop:
        command(*words)
    return stop.value.code


def test_from_the_ask_to_the_agreement_of_another_account(
    world: World, command: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop = replace(world.shop, refund_alone_minor=500)
    order = ticket(world, DIRECT)
    assert command(order.lower(), "--amount", "5", "--reason", "a kindness") == 0
    said = json.loads(capsys.readouterr().out)["refund"]
    assert said | {"id": ""} == {"id": "", "order": order, "state": "due", "amount_minor": 500, "currency": "EUR"}
    assert command(order, "--reason", "all of it") == 3
    assert json.loads(capsys.readouterr().out)["refund"]["state"] == "asked"
    assert refused(command, order, "--approve") == "same_person"
    monkeypatch.setattr(refund, "_who", lambda: Actor(Role.OWNER, "ben"))
    assert command(order, "--approve") == 0
    assert refused(command, order, "--deny", "--reason", "too late") == "item_closed"
    world.clock.tick(10**7)  # the command reads the real clock
    world.work(3)
    assert sorted(world.refunds()) == [("choice", 1000, "done"), ("goodwill", 500, "done")]


def test_by_a_name_that_is_typed_nobody_approves(
    world: World, command: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.shop = replace(world.shop, refund_alone_minor=500)
    order = ticket(world, DIRECT)
    command(order, "--reason", "all of it")
    [found] = open_items()
    monkeypatch.setattr(items, "running", nullcontext)
    parser = argparse.ArgumentParser()
    items.add_arguments(parser)
    with pytest.raises(Stop, match=f"./opla refund {order} --approve"):
        items.run(parser.parse_args(["resolve", str(found.id), "--as", "approve", "--note", "x", "--by", "ben"]))
    assert world.items() == ["refund_approval"]
    items.run(parser.parse_args(["show", str(found.id)]))
    assert f"./opla refund {order} --approve" in capsys.readouterr().out


def test_what_cannot_be_read_or_is_not_there_is_refused_by_name(
    world: World, command: Callable[..., int], tmp_path: Path
) -> None:
    order = ticket(world, CODE)
    assert refused(command, "K7M3-9QX2-TB", "--reason", "x") == "not_found"
    assert refused(command, order, "--reason", "x", "--amount", "a lot") == "amount_unreadable"
    assert refused(command, order) == "reason_missing"
    assert refused(command, order, "--reason", "x", "--evidence", str(tmp_path / "gone")) == "file_unreadable"
    reveal(CUSTOMER, select("SELECT id FROM orders")[0][0], device=DEVICE, shop=world.shop, at=world.clock())  # type: ignore[arg-type]  # an id
    assert refused(command, order, "--reason", "x") == "evidence_missing"
    (tmp_path / "answer").write_bytes(b"never used")
    assert command(order, "--reason", "x", "--evidence", str(tmp_path / "answer")) == 0
