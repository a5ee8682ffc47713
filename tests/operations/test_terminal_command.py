"""`./opla terminal`: one object on stdout, refusals by name, and nothing recorded twice; and what doctor says of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from fakes import World
from operations.test_terminals import KIOSK, OURS, THEIRS, TILL, approved, counter, refunding, started, ticket, work
from opla.commands import Stop, doctor, terminal
from opla.core.ports import Terminal
from opla.operations import outside, shop
from opla.operations import terminal as operations

__all__ = ["counter"]  # the fixture


@pytest.fixture
def command(
    counter: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, object]]:
    counter.clock.now = datetime.now(UTC)
    monkeypatch.setattr(terminal, "running", lambda **_: nullcontext())
    monkeypatch.setattr(shop, "current", lambda: counter.shop)
    parser = argparse.ArgumentParser()
    terminal.add_arguments(parser)

    def run(*words: str) -> dict[str, object]:
        assert terminal.run(parser.parse_args([*words, "--json"])) == 0
        said = json.loads(capsys.readouterr().out)
        assert isinstance(said, dict)
        return said

    return run


def refused(command: Callable[..., dict[str, object]], *words: str) -> str:
    with pytest.raises(Stop) as stop:
        command(*words)
    return stop.value.code


def names(said: dict[str, object]) -> list[tuple[str, str, bool]]:
    rows = said["terminals"]
    assert isinstance(rows, list)
    return [(str(row["name"]), str(row["drawer"] or row["station"]), bool(row["open"])) for row in rows]


def test_machines_are_put_somewhere_listed_and_taken_away(command: Callable[..., dict[str, object]]) -> None:
    said = command("open", "kiosk-1", "--station", KIOSK, "--as", "mollie_terminal", "--id", "term_2")
    assert names(said) == [(OURS, TILL, True), (THEIRS, TILL, True), ("kiosk-1", KIOSK, True)]
    assert names(command("close", "kiosk-1"))[2] == ("kiosk-1", KIOSK, False)
    assert names(command("list"))[2] == ("kiosk-1", KIOSK, False)
    assert refused(command, "close", "nobody's") == "terminal_unknown"
    assert refused(command, "open", OURS) == "terminal_unknown"  # where?
    assert refused(command, "list", "more") == "cell_invalid"


def test_a_day_of_slips_a_refund_and_what_was_sent_for_them(
    counter: World, command: Callable[..., dict[str, object]]
) -> None:
    _, payment_id = started(counter)
    approved(counter, payment_id, "0101")
    work(counter)
    order_id, _ = refunding(counter)
    give = ("give-back", ticket(order_id), "0042", "--drawer", TILL, "--why", "the same card")
    assert command(*give) == {"given_back": ticket(order_id)}
    assert refused(command, *give) == "slip_not_due"
    counter.clock.tick(60)  # what was told is of now
    work(counter)
    said = command("slips", TILL)
    assert (said["approved"], said["given_back"], said["minor"]) == (2, 1, 1500)
    day = str(said["day"])
    assert command("slips", TILL, "--day", str(counter.clock().date() - timedelta(days=3)))["minor"] == 0
    sent = ("paid-out", "14.70", "--until", day, "--reference", "4711", "--key", "statement-3")
    assert [command(*sent), command(*sent)] == [{"recorded": True}, {"recorded": False}]
    assert refused(command, "paid-out", "14.70", "--until", day, "--key", "statement-4") == "slips_too_few"


def test_a_refund_whose_card_does_not_come_is_sent_by_bank(
    counter: World, command: Callable[..., dict[str, object]]
) -> None:
    order_id, _ = refunding(counter)
    assert refused(command, "by-bank", ticket(order_id)) == "reason_missing"
    assert command("by-bank", ticket(order_id), "--why", "moved away") == {"by_bank": ticket(order_id)}
    counter.clock.tick(60)
    work(counter)
    assert counter.items() == ["refund_refused"]


def test_the_providers_own_machines_are_listed(
    command: Callable[..., dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rings:
        def terminals(self) -> list[Terminal]:
            return [Terminal("term_1", "Counter 1", "EUR", ready=True)]

    monkeypatch.setattr(outside.Adapters, "payment", lambda _self, _name: Rings())
    assert command("found") == {
        "terminals": [{"as": "mollie_terminal", "id": "term_1", "name": "Counter 1", "currency": "EUR", "ready": True}]
    }


def test_doctor_says_where_a_card_machine_is_missing(counter: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "database", lambda _: nullcontext(SimpleNamespace(dsn_app="")))
    stands: list[tuple[str, str]] = [("terminal", "")]
    monkeypatch.setattr(doctor.glance, "machines", lambda _: stands)
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "mollie_card")
    assert list(doctor._machines()) == []
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "mollie_card mollie_terminal terminal")
    found = {sentence.partition(":")[0]: fine for fine, sentence in doctor._machines()}
    assert found == {"mollie_terminal": False, "terminal": True}
    assert [one.method for one in operations.every()] == ["terminal", "mollie_terminal"]
