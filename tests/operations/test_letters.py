"""Letters about no order and no reminder: sealed until they are sent, and then forgotten."""

from __future__ import annotations

import pytest

from fakes import World
from opla.core.ports import Answer
from opla.db.queries.call import select
from opla.operations.letters import Posted, post
from opla.presenting import letters

LINK = "/me/in/secret-of-the-link/"
LETTER = Posted("sign_in", "ana@example.org", "fr", {"path": LINK})


def test_a_letter_goes_out_once_in_its_language_and_nothing_of_it_is_kept(world: World) -> None:
    post([LETTER], shop=world.shop, at=world.clock())
    world.work(3)
    assert [(m.to, m.language, m.subject, m.text) for m in world.mailbox.sent] == [
        ("ana@example.org", "fr", "sign_in", LINK)
    ]
    assert select("SELECT (SELECT count(*) FROM letter), (SELECT count(*) FROM outbox)") == [(0, 0)]


def test_while_it_waits_a_letter_is_sealed(world: World) -> None:
    post([LETTER], shop=world.shop, at=world.clock())
    [(row,)] = select("SELECT string_agg(l::text || o::text, ' ') FROM letter l JOIN outbox o ON o.letter_id = l.id")
    assert "ana@" not in str(row)
    [(sealed,)] = select("SELECT sealed FROM letter")
    assert b"secret-of" not in bytes(sealed)  # type: ignore[arg-type]  # a column of bytes


def test_a_letter_that_may_not_have_arrived_is_sent_again_and_one_given_up_is_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def tell(message: object) -> Answer:
        tried.append(message.reference)  # type: ignore[attr-defined]  # a message
        return Answer.UNKNOWN

    monkeypatch.setattr(world.mailbox, "tell", tell)
    post([LETTER], shop=world.shop, at=world.clock())
    world.work_through(3600 * 40, step_s=3600)
    assert len(tried) > 2
    assert len(set(tried)) == 1
    assert select("SELECT count(*) FROM letter") == [(0,)]


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-Hans"])
def test_the_link_to_sign_in_stands_in_the_letter_whole(language: str) -> None:
    posted = Posted("sign_in", "a@example.org", language, {"path": LINK})
    said = letters.words(posted, base_url="https://s", sandbox=True)
    assert f"https://s{LINK}" in said.text
    assert said.subject.startswith("[SANDBOX] ")
