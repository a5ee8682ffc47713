"""Mail that came back: the address is left alone, its order's page says so, and what waits behind it is a person's."""

from __future__ import annotations

import io
import json
import mailbox
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from core.test_bounced import report
from fakes import CODE, DIRECT, World
from opla.commands import bounce
from opla.core.ports import Answer, Message
from opla.db.queries.call import select
from opla.operations import letters, mail_back
from opla.operations import shop as shops
from opla.operations.letters import Posted

ANA = "ana@example.org"


def refuse(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Their server says no to every mail, for good; what was tried."""
    tried: list[Message] = []

    def tell(message: Message) -> Answer:
        tried.append(message)
        return Answer.DECLINED

    monkeypatch.setattr(world.mailbox, "tell", tell)
    return tried


def dead(world: World, address: str = ANA) -> bool:
    return bool(mail_back.dead({address}, shop=world.shop, at=world.clock()))


def sent(world: World, sku: str = CODE) -> str:
    """The reference of the mail about a delivered order."""
    world.paid(sku)
    world.work(3)
    return world.mailbox.sent[-1].reference


def test_an_address_that_its_server_refuses_is_not_tried_again_and_a_person_hears_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = refuse(world, monkeypatch)
    world.paid()
    world.work_through(600, step_s=60)
    assert len(tried) == 1
    assert world.items() == ["message_given_up"]
    assert dead(world)
    assert dead(world, "ANA@example.org")
    assert not dead(world, "ben@example.org")
    assert ANA not in str(select("SELECT row_to_json(b)::text FROM mail_back b"))


def test_nothing_goes_there_for_a_day_not_even_a_link_to_sign_in_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = refuse(world, monkeypatch)
    world.paid()
    world.work(3)
    letter = Posted("sign_in", ANA, "en", {"path": "/x/"})
    letters.post([letter], shop=world.shop, at=world.clock())
    world.work(2)
    assert len(tried) == 1
    world.clock.tick(timedelta(days=1).total_seconds() + 1)
    letters.post([letter], shop=world.shop, at=world.clock())
    world.work(2)
    assert len(tried) == 2


def test_a_report_is_believed_for_the_reference_of_our_mail(world: World) -> None:
    reference = sent(world)
    assert mail_back.came_back(report(reference=reference), shop=world.shop, at=world.clock())
    assert dead(world)
    assert world.items() == ["message_given_up"]  # a code that nobody has looked at waits behind it
    world.clock.tick(timedelta(days=29).total_seconds())
    assert dead(world)
    world.clock.tick(timedelta(days=2).total_seconds())
    assert not dead(world)


def test_the_same_report_twice_is_one_item(world: World) -> None:
    reference = sent(world)
    for _ in range(2):
        assert mail_back.came_back(report(reference=reference), shop=world.shop, at=world.clock())
    assert world.items() == ["message_given_up"]


def test_where_nothing_waits_behind_it_nobody_is_bothered(world: World) -> None:
    reference = sent(world, DIRECT)
    assert mail_back.came_back(report(reference=reference, status="5.2.2"), shop=world.shop, at=world.clock())
    assert world.items() == []
    world.clock.tick(timedelta(days=1).total_seconds() + 1)
    assert not dead(world)


def test_a_forged_report_silences_nobody(world: World) -> None:
    sent(world)
    for reference in ("f" * 32, "0" * 32):
        assert not mail_back.came_back(report(reference=reference), shop=world.shop, at=world.clock())
    assert not dead(world)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_the_command_reads_a_maildir_once_or_what_is_piped(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    monkeypatch.setattr(bounce, "running", nullcontext)
    monkeypatch.setattr(shops, "current", lambda: world.shop)
    reference, folder = sent(world), tmp_path / "Maildir"
    box = mailbox.Maildir(folder)
    box.add(report(reference=reference))
    box.add(b"Subject: hello\n\nNo report.\n")
    parser = argparse.ArgumentParser()
    bounce.add_arguments(parser)
    for expected in ({"read": 2, "taken": 1}, {"read": 0, "taken": 0}):
        assert bounce.run(parser.parse_args(["--maildir", str(folder), "--json"])) == 0
        assert told(capsys) == expected
    assert len(list((folder / "cur").iterdir())) == 2
    monkeypatch.setattr("sys.stdin", type("Piped", (), {"isatty": lambda _: False, "buffer": io.BytesIO(report())})())
    assert bounce.run(parser.parse_args(["--json"])) == 0
    assert told(capsys) == {"read": 1, "taken": 0}
