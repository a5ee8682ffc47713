"""A thread on an order: who writes and reads it, what is told by e-mail, and what is kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from fakes import ANOTHER_DEVICE, CUSTOMER, DEVICE, World
from opla.core.actor import SYSTEM, Actor, Role
from opla.core.refusal import Refusal
from opla.core.thread import State
from opla.core.trouble import Tried
from opla.db.queries.call import select
from opla.operations import threads
from opla.operations.threads import Thread

EVE = Actor(Role.SUPPORT, "eve")
TRIED = Tried("no_data", "iphone", ("data_switch", "restart"))


def say(world: World, order_id: UUID, text: str = "It does not work", device: bytes = DEVICE) -> UUID | Refusal:
    return threads.say(
        CUSTOMER, order_id, text, device=device, language="nl", shop=world.shop, at=world.clock(), tried=TRIED
    )


def said(world: World, order_id: UUID, text: str = "It does not work") -> UUID:
    found = say(world, order_id, text)
    assert isinstance(found, UUID), found
    return found


def mine(world: World, order_id: UUID, device: bytes = DEVICE) -> Thread:
    found = threads.of_order(CUSTOMER, order_id, device=device, shop=world.shop)
    assert isinstance(found, Thread), found
    return found


def answer(world: World, thread: UUID, text: str = "Try 4G", seen: int = 1) -> Refusal | None:
    return threads.answer(EVE, thread, text, seen=seen, shop=world.shop, at=world.clock())


def test_it_waits_is_answered_waits_again_and_is_closed(world: World) -> None:
    order_id = world.order()
    assert threads.of_order(CUSTOMER, order_id, device=DEVICE, shop=world.shop) is None
    thread = said(world, order_id)
    assert (mine(world, order_id).state, mine(world, order_id).waiting_since) == (State.WAITING, world.clock())
    began = world.clock()
    world.clock.tick(60)
    assert said(world, order_id, "and still not") == thread
    assert mine(world, order_id).waiting_since == began  # it has waited since the first word, not since the last
    assert answer(world, thread, seen=2) is None
    assert mine(world, order_id).state is State.ANSWERED
    said(world, order_id, "thank you")
    assert mine(world, order_id).waits
    assert threads.close(EVE, thread, seen=4) is None
    assert mine(world, order_id).state is State.CLOSED
    said(world, order_id, "one more thing")
    assert mine(world, order_id).waits
    assert [(str(m.side), m.text) for m in mine(world, order_id).said] == [
        ("customer", "It does not work"), ("customer", "and still not"), ("shop", "Try 4G"), ("customer", "thank you"),
        ("customer", "one more thing"),
    ]  # fmt: skip


def test_the_clerk_sees_what_was_tried_and_in_which_language(world: World) -> None:
    thread = said(world, world.order())
    found = threads.read(EVE, thread, shop=world.shop)
    assert isinstance(found, Thread)
    assert (found.language, found.said[0].tried) == ("nl", TRIED)
    assert [t.id for t in as_list(threads.open_threads(EVE, shop=world.shop))] == [thread]


def as_list(found: list[Thread] | Refusal) -> list[Thread]:
    assert isinstance(found, list)
    return found


def test_an_e_mail_says_that_there_is_an_answer_and_nothing_of_it(world: World) -> None:
    order_id = world.order()
    answer(world, said(world, order_id), "Take the SIM out")
    world.work(2)
    [mail] = world.mailbox.sent
    assert (mail.to, mail.language, mail.subject) == ("ana@example.org", "nl", "answered")
    assert "/thread/" in mail.text
    assert "SIM" not in mail.text


@pytest.mark.parametrize("device", [ANOTHER_DEVICE, b""])
def test_another_device_sees_and_writes_nothing(world: World, device: bytes) -> None:
    order_id = world.order()
    said(world, order_id)
    for found in (
        threads.of_order(CUSTOMER, order_id, device=device, shop=world.shop),
        say(world, order_id, "me too", device),
    ):
        assert isinstance(found, Refusal)
        assert found.code == "proof_needed"
    assert len(mine(world, order_id).said) == 1


def test_only_the_house_answers_and_only_a_customer_writes(world: World) -> None:
    order_id = world.order()
    thread = said(world, order_id)
    for actor in (CUSTOMER, SYSTEM, Actor(Role.RESELLER, "acme")):
        for found in (
            threads.answer(actor, thread, "hello", seen=1, shop=world.shop, at=world.clock()),
            threads.close(actor, thread, seen=1),
            threads.read(actor, thread, shop=world.shop),
            threads.open_threads(actor, shop=world.shop),
        ):
            assert isinstance(found, Refusal)
            assert found.code == "not_allowed"
    found = threads.say(EVE, order_id, "hi", device=DEVICE, language="en", shop=world.shop, at=world.clock())
    assert isinstance(found, Refusal)
    assert found.code == "not_allowed"


@pytest.mark.parametrize("text", ["4821 9034 7715 2", "", "a" * 2001])
def test_what_is_refused_is_kept_nowhere_and_counts_as_no_try(world: World, text: str) -> None:
    order_id = world.order()
    assert all(isinstance(say(world, order_id, text), Refusal) for _ in range(15))
    assert select("SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM thread_message)") == [(0, 0)]
    thread = said(world, order_id)
    assert answer(world, thread, text) is not None
    assert len(mine(world, order_id).said) == 1


def test_every_word_is_sealed_at_rest(world: World) -> None:
    order_id = world.order()
    answer(world, said(world, order_id))
    rows = select(
        "SELECT t::text || m::text, t.sealed, m.sealed FROM thread t JOIN thread_message m ON m.thread_id = t.id"
    )
    for text, about, words in rows:
        for secret in ("work", "4G", "ana@", "no_data"):
            assert secret not in str(text)
            assert secret.encode() not in bytes(about) + bytes(words)  # type: ignore[call-overload]  # bytes


def test_what_was_said_meanwhile_is_read_first(world: World) -> None:
    order_id = world.order()
    thread = said(world, order_id)
    said(world, order_id, "solved!")
    for found in (answer(world, thread, seen=1), threads.close(EVE, thread, seen=1)):
        assert isinstance(found, Refusal)
        assert found.code == "still_running"
    world.work(2)
    assert world.mailbox.sent == []
    assert isinstance(answer(world, uuid4()), Refusal)


def test_one_thread_takes_ten_messages_an_hour(world: World) -> None:
    order_id = world.order()
    found = [say(world, order_id) for _ in range(11)]
    assert [isinstance(one, Refusal) for one in found] == [False] * 10 + [True]
    world.clock.now += timedelta(minutes=6)
    said(world, order_id)


def test_what_waits_longer_than_a_day_is_overdue(world: World) -> None:
    thread = said(world, world.order())
    assert threads.overdue(world.clock() + timedelta(hours=24)) == 0
    assert threads.overdue(world.clock() + timedelta(hours=24, seconds=1)) == 1
    answer(world, thread)
    assert threads.overdue(world.clock() + timedelta(days=9)) == 0


def test_the_address_finds_its_own_threads_and_no_others(world: World) -> None:
    thread = said(world, world.order())
    assert [t.id for t in threads.of_customer_email(" ANA@example.org", shop=world.shop)] == [thread]
    assert threads.of_customer_email("ben@example.org", shop=world.shop) == []
