"""`./opla reseller place`: a file checked, named, bought and told, in one go."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes import START, World
from opla.commands import Stop, reseller
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.operations import resellers, shop
from opla.operations.pay_into_float import pay_into_float

OWNER = Actor(Role.OWNER, "test")
FILE = "key,sku,number\na,MV-15,0470123456\nb,MV-15,04701\nc,MV-15,0470123457\n"


@pytest.fixture
def place(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[[str], tuple[int, dict[str, object], str]]:
    """What the command answers, says on stdout, and tells meanwhile on stderr."""
    world.clock.now = datetime.now(UTC)
    assert resellers.add(OWNER, "acme", title="Acme", email="o@acme.example", at=START) is None
    assert resellers.pay_in(OWNER, "acme", "40", "first", shop=world.shop, at=START) is True
    monkeypatch.setattr(reseller, "running", nullcontext)
    monkeypatch.setattr(shop, "current", lambda: world.shop)
    parser = argparse.ArgumentParser()
    reseller.add_arguments(parser)

    def run(text: str) -> tuple[int, dict[str, object], str]:
        path = tmp_path / "orders.csv"
        path.write_text(text)
        code = reseller.run(parser.parse_args(["place", "acme", str(path), "--json"]))
        told = capsys.readouterr()
        return code, json.loads(told.out), told.err

    return run


def test_good_rows_are_bought_bad_ones_named_and_the_same_file_buys_nothing(
    place: Callable[[str], tuple[int, dict[str, object], str]],
) -> None:
    code, said, told = place(FILE)
    assert (code, said["placed"], said["again"]) == (1, 2, 0)
    refused = said["refused"]
    assert isinstance(refused, list)
    assert [(row["line"], row["key"], row["refusals"][0]["code"]) for row in refused] == [(3, "b", "number_too_short")]
    assert "line 3, number: This number is" in told
    assert "3 of 3 rows" in told
    _, again, _ = place(FILE)
    assert (again["placed"], again["again"]) == (0, 2)


def test_what_the_float_does_not_cover_is_said_and_bought_when_the_file_is_placed_again(
    world: World, place: Callable[[str], tuple[int, dict[str, object], str]]
) -> None:
    text = "key,sku,number\n" + "".join(f"k{n},MV-15,0470123456\n" for n in range(4))
    code, said, _ = place(text)
    assert (code, said["placed"], said["missing_minor"]) == (1, 2, 2000)
    assert resellers.pay_in(OWNER, "acme", "20", "second", shop=world.shop, at=START) is True
    code, said, _ = place(text)
    assert (code, said["placed"], said["again"]) == (0, 2, 2)


def test_a_file_that_cannot_be_read_is_refused_with_its_reason(
    place: Callable[[str], tuple[int, dict[str, object], str]],
) -> None:
    with pytest.raises(Stop) as stop:
        place("sku,number\nMV-15,0470123456\n")
    assert stop.value.code == "columns_wrong"


def test_the_owner_lists_what_was_paid_in_at_a_provider_and_gives_it_back(
    place: Callable[[str], object], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = pay_into_float(
        Actor(Role.RESELLER, "acme/o"), "acme", Money(5000, "EUR"), "sandbox", "d", language="en", shop=world.shop,
        at=world.clock(),
    )  # fmt: skip
    assert not isinstance(paid, Refusal)
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 5000)
    world.wake()
    world.work()
    parser = argparse.ArgumentParser()
    reseller.add_arguments(parser)

    def run(*words: str) -> dict[str, object]:
        reseller.run(parser.parse_args([*words, "--json"]))
        return dict(json.loads(capsys.readouterr().out))

    assert place
    [row] = run("deposits", "acme")["deposits"]  # type: ignore[misc]  # a list
    assert (row["state"], row["amount_minor"]) == ("paid_in", 5000)
    given = ("give-back", "acme", "20.00", "--deposit", row["id"])
    with pytest.raises(Stop) as no_reason:
        run(*given)
    assert no_reason.value.code == "reason_missing"
    with pytest.raises(Stop):
        run("give-back", "bolt", "--deposit", row["id"], "--why", "theirs")
    said = run(*given, "--why", "paid in twice")
    assert (said["back_minor"], said["free_minor"]) == (2000, 7000)
    with pytest.raises(Stop) as typed_again:
        run(*given, "--why", "paid in twice")
    assert typed_again.value.code == "given_back_before"
    assert "--key" in str(typed_again.value)
    for _ in range(2):  # under a key it goes once more, and once
        assert run(*given, "--why", "and once more", "--key", "mail-7")["free_minor"] == 5000
    with pytest.raises(Stop) as another:
        run("give-back", "acme", "10.00", "--deposit", row["id"], "--why", "less", "--key", "mail-7")
    assert another.value.code == "key_reused"
    assert run("give-back", "acme", "--deposit", row["id"], "--why", "the rest")["back_minor"] == 1000


def test_a_reseller_is_stopped_with_a_reason_and_goes_on(
    place: Callable[[str], tuple[int, dict[str, object], str]], capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    reseller.add_arguments(parser)
    with pytest.raises(Stop) as stop:
        reseller.run(parser.parse_args(["stop", "acme"]))
    assert stop.value.code == "reason_missing"
    assert reseller.run(parser.parse_args(["stop", "acme", "--why", "a key was stolen", "--json"])) == 0
    assert json.loads(capsys.readouterr().out) == {"reseller": "acme", "active": False, "paused": 0}
    with pytest.raises(Stop):
        place(FILE)
    reseller.run(parser.parse_args(["go", "acme", "--why", "new keys"]))
    assert "may order again" in capsys.readouterr().out
    assert place(FILE)[1]["placed"] == 2
