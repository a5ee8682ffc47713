"""What people are told: once, in the order's language, and never a code."""

from __future__ import annotations

import pytest

from fakes import World
from opla.core.ports import Answer, Message
from opla.db.queries.call import select


@pytest.mark.parametrize("language", ["zh-Hans", "en", "fr", "nl", "de"])
def test_a_message_is_in_the_orders_language_and_goes_out_once(world: World, language: str) -> None:
    world.paid(language=language)
    world.work(3)
    assert [(m.language, m.to, m.subject) for m in world.mailbox.sent] == [(language, "ana@example.org", "delivered")]
    assert "000000001" not in world.mailbox.sent[0].text


def test_a_message_that_may_not_have_arrived_is_sent_again_under_its_own_reference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Answer.UNKNOWN, Answer.NOT_SENT, Answer.SUCCEEDED]
    tried: list[Message] = []

    def tell(message: Message) -> Answer:
        tried.append(message)
        return answers.pop(0)

    monkeypatch.setattr(world.mailbox, "tell", tell)
    world.paid()
    world.work_through(60)
    assert (len(tried), len({m.reference for m in tried}), answers) == (3, 1, [])
    assert select("SELECT count(*) FROM event WHERE name = 'told'") == [(1,)]


def test_a_transport_that_breaks_harms_neither_the_order_nor_other_messages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = world.mailbox.tell
    broken: list[str] = []

    def tell(message: Message) -> Answer:
        if not broken:
            broken.append(message.reference)
            raise OSError
        return good(message)

    monkeypatch.setattr(world.mailbox, "tell", tell)
    orders = [world.paid(), world.paid()]
    world.work_through(20)
    assert {world.state(o) for o in orders} == {"delivered"}
    assert len(world.mailbox.sent) == 2
