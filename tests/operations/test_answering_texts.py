"""A stranger's text learns the state of an order whose number they know, and nothing else; STOP is for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.centre import Centre, deliver
from fakes import DIRECT, START, World
from opla import notices
from opla.core import order, sms
from opla.core.actor import Actor, Role
from opla.core.ports import Answer, LineEnded, Message, Receipt, Text, TextReport, Texts
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import select
from opla.operations import limits, resellers
from opla.operations.answer_texts import Dials, OrderState, answer, start
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.presenting import languages, texting
from opla.workers import texts

OWNER = Actor(Role.OWNER, "test")
ANA, BEN = "+32470000001", "+32470000002"


def ask(world: World, text: str, number: str = ANA, part: tuple[int, int, int] = (0, 1, 1)) -> str | None:
    found = answer(Text(number, text, part), shop=world.shop, at=world.clock())
    return None if found is None else texting.words(found)


def ticket(order_id: UUID) -> str:
    [(found,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    return str(found)


def test_who_knows_an_order_s_number_learns_its_state_and_nothing_else(world: World) -> None:
    order_id = world.paid(DIRECT)
    number = ticket(order_id)
    assert ask(world, f"STATUS {number}") == f"Order {number}: Paid, being delivered."
    world.work()
    told = ask(world, f"status {number.replace('-', '').lower()}")
    assert told == f"Order {number}: Delivered."
    assert len(sms.written(told or "").parts) == 1


def test_it_is_answered_in_the_order_s_language(world: World) -> None:
    order_id = world.paid(language="zh-Hans")
    found = answer(Text(ANA, f"STATUS {ticket(order_id)}"), shop=world.shop, at=START)
    assert found == OrderState("zh-Hans", ticket(order_id), order.State.PAID)


def test_a_wrong_number_and_an_unknown_one_are_answered_alike(world: World) -> None:
    assert (
        ask(world, "STATUS K7M3-9QX2-TB")
        == ask(world, "STATUS 8K2F")
        == ask(world, "STATUS")
        == ("No order has this number.")
    )


def test_an_order_of_a_reseller_is_the_reseller_s_to_speak_of(world: World) -> None:
    assert resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=START) is None
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START) is True
    wanted = Wanted("", "15", "ben@example.org", "en", sku=DIRECT, number="0470123456")
    [placed] = place_from_float(
        Actor(Role.RESELLER, "acme"), [Asked("acme", "a", wanted)], shop=world.shop, at=world.clock()
    )
    assert isinstance(placed, Reserved)
    assert ask(world, f"STATUS {ticket(placed.order_id)}") == "No order has this number."


@pytest.mark.parametrize("word", ["SALDO", "BALANCE", "SOLDE", "GUTHABEN", "余额"])
def test_a_balance_is_asked_for_at_the_operator_and_we_say_how(world: World, word: str) -> None:
    found = answer(Text(ANA, word), shop=world.shop, at=START)
    assert isinstance(found, Dials)
    assert ("Proximus", "#120#") in found.by_operator
    assert found.language in languages.NAMES
    assert "#120#" in texting.words(found)
    assert len(sms.written(texting.words(found)).parts) <= 3


@pytest.mark.parametrize("text", ["", "Hello", "I am driving and answer later", "1234"])
def test_what_is_no_word_of_ours_is_not_answered(world: World, text: str) -> None:
    assert ask(world, text) is None


@pytest.mark.parametrize("number", ["8811", "Opla", "", "+", "0470000001", "+3247000000123456"])
def test_nobody_without_a_number_is_answered(world: World, number: str) -> None:
    assert ask(world, "SALDO", number) is None


def test_the_parts_of_a_long_text_are_read_together_in_whatever_order_they_come(world: World) -> None:
    number = ticket(world.paid(DIRECT))
    assert ask(world, f"{number[6:]}", part=(300, 3, 3)) is None
    assert ask(world, "STATUS ", part=(300, 1, 3)) is None
    assert ask(world, "STATUS ", part=(300, 1, 3)) is None  # brought again
    assert ask(world, f"{number[:6]}", part=(300, 2, 3)) == f"Order {number}: Paid, being delivered."
    assert select("SELECT count(*) FROM text_piece") == [(0,)]


def test_a_part_that_never_comes_is_not_waited_for(world: World) -> None:
    assert ask(world, "SAL", part=(7, 1, 2)) is None
    world.clock.tick(3601)
    assert ask(world, "DO", part=(7, 2, 2)) is None
    assert ask(world, "DO", part=(7, 2, 2)) is None
    assert ask(world, "SAL", part=(7, 1, 2))


def test_parts_that_are_none_and_parts_of_strangers_are_not_joined(world: World) -> None:
    for part in [(7, 0, 2), (7, 3, 2), (7, 1, 200)]:
        assert ask(world, "SALDO", part=part) is None
    assert ask(world, "SAL", part=(7, 1, 2)) is None
    assert ask(world, "DO", BEN, part=(7, 2, 2)) is None
    assert ask(world, "DO", part=(8, 2, 2)) is None
    assert ask(world, "DO", part=(7, 2, 3)) is None
    rows = select("SELECT row_to_json(p)::text FROM text_piece p")
    assert len(rows) == 4
    assert "SAL" not in str(rows)


def test_a_flood_of_parts_is_not_kept(world: World) -> None:
    for reference in range(20):
        assert ask(world, "SAL", part=(reference, 1, 2)) is None
    assert select("SELECT count(*) FROM text_piece") == [(3,)]
    assert ask(world, "DO", part=(1, 2, 2))  # those that were begun are ended
    assert ask(world, "SAL", BEN, part=(1, 1, 2)) is None  # and others have their own
    assert select("SELECT count(*) FROM text_piece") == [(3,)]


def test_stop_is_heard_in_the_first_part_already(world: World) -> None:
    assert ask(world, "STOP", part=(7, 1, 2)) is None
    assert ask(world, "SALDO") is None


def test_who_said_stop_is_never_answered_again_and_no_number_is_kept(world: World) -> None:
    assert ask(world, "STOP") is None
    assert ask(world, "stop") is None
    world.clock.tick(timedelta(days=4000).total_seconds())
    assert ask(world, "SALDO") is None
    assert ask(world, "SALDO", BEN)
    [(row,)] = select("SELECT row_to_json(s)::text FROM text_stop s")
    assert "470000001" not in str(row)


def test_a_stop_that_somebody_forged_is_taken_back_by_the_owner_alone_and_that_is_kept(world: World) -> None:
    assert ask(world, "STOP") is None
    world.clock.tick(1)
    for role in (Role.SUPPORT, Role.CUSTOMER, Role.SYSTEM):
        refused = start(Actor(role, "x"), ANA, shop=world.shop, at=world.clock())
        assert refused is not None
        assert refused.code is Code.NOT_ALLOWED
    assert ask(world, "SALDO") is None
    assert start(OWNER, "+32 470 00 00 01", shop=world.shop, at=world.clock()) is None
    assert ask(world, "SALDO")
    assert select("SELECT actor, why FROM event WHERE subject = 'texts' AND name = 'started'") == [(str(OWNER), "")]
    for number, code in ((ANA, Code.NOT_FOUND), (BEN, Code.NOT_FOUND), ("0470", Code.NUMBER_UNREADABLE)):
        assert start(OWNER, number, shop=world.shop, at=world.clock()) == Refusal(code, "number")
    world.clock.tick(1)
    assert ask(world, "STOP") is None  # and STOP still means it
    assert ask(world, "SALDO") is None


def test_stop_is_heard_from_somebody_who_has_asked_too_often(world: World) -> None:
    answers = [ask(world, "SALDO") for _ in range(limits.TEXTS.most + 1)]
    assert [one is None for one in answers] == [False] * limits.TEXTS.most + [True]
    assert ask(world, "SALDO", BEN)
    assert ask(world, "STOP") is None
    world.clock.tick(timedelta(days=2).total_seconds())
    assert ask(world, "SALDO") is None


@pytest.mark.parametrize("text", ["SALDO", "STATUS", "STATUS K7M3-9QX2-TB", "TOPUP 15", "YES 0470000002"])
def test_a_number_abroad_that_names_no_order_is_not_answered_because_its_texts_may_be_dear(
    world: World, text: str
) -> None:
    assert ask(world, text, "+88213123456") is None
    assert ask(world, f"STATUS {ticket(world.paid())}", "+33612345678") is not None


def test_forged_senders_do_not_make_us_text_a_whole_country(world: World) -> None:
    answers = [ask(world, "SALDO", f"+3247100{n:04d}") for n in range(limits.TEXTS_OF_ALL.most + 5)]
    assert sum(one is not None for one in answers) == limits.TEXTS_OF_ALL.most


class Line:
    """A line that brings these texts, and ends after them."""

    def __init__(self, *came: Text | Receipt, answer: Answer = Answer.SUCCEEDED) -> None:
        self.came, self.told, self.listened = list(came), list[Message](), 0
        self._answer = answer

    def text(self, message: Message) -> TextReport:
        self.told.append(message)
        return TextReport(self._answer)

    def listen(self, heard: Callable[[Text | Receipt], None], until: Callable[[], bool]) -> None:
        self.listened += 1
        while self.came and not until():
            heard(self.came.pop(0))
        raise LineEnded("it hung up")


def test_an_answer_goes_back_over_the_same_line_and_a_line_that_ends_is_taken_up_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(Text(ANA, "SALDO"), Receipt("m1", "DELIVRD"), Text(ANA, "Hello"), Text(BEN, "余额"))
    pauses: list[float] = []
    texts.listen(line, shop=world.shop, until=lambda: len(pauses) == 9, wait=pauses.append)
    assert [(one.to, one.language) for one in line.told] == [(ANA, "nl"), (BEN, "zh-Hans")]
    assert len({one.reference for one in line.told}) == 2
    assert line.listened == 9
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert ANA not in caplog.text


def test_a_text_is_answered_over_a_message_centre(world: World) -> None:
    order_id = world.paid()
    centre = Centre()
    given = {"host": "127.0.0.1", "port": str(centre.port), "system_id": "opla", "password": "secret8"}
    line = notices.build("smpp", {**given, "sender": "8811", "tls": "0", "timeout_s": "2"})
    assert isinstance(line, Texts)
    threading.Thread(target=centre.bring, args=(5, deliver(f"STATUS {ticket(order_id)}".encode()))).start()
    ends_at = time.monotonic() + 5
    over = lambda: bool(centre.taken) or time.monotonic() > ends_at  # noqa: E731 - it is one line
    texts.listen(line, shop=world.shop, until=over, wait=lambda _: None)
    [told] = centre.taken
    assert told.to == (1, 1, b"32470123456")
    assert told.octets == f"Order {ticket(order_id)}: Paid, being delivered.".encode()
    centre.stop()


def test_an_answer_that_did_not_go_is_written_down_without_whom_it_was_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(Text(ANA, "SALDO"), answer=Answer.DECLINED)
    texts.listen(line, shop=world.shop, until=lambda: not line.came, wait=lambda _: None)
    assert "declined" in caplog.text
    assert ANA not in caplog.text
