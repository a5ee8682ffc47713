"""Orders told by text: to whoever asked for it, once, within the day's ceiling; and what receipts say of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, World
from opla.core import sms
from opla.core.actor import Actor, Role
from opla.core.day import bounds, day_of
from opla.core.phone import Number
from opla.core.ports import Answer, Message, Receipt, Text, TextReport
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import texts
from opla.db.queries.call import select
from opla.operations import order_texts
from opla.operations.answer_texts import answer
from opla.operations.reveal_code import reveal
from opla.operations.take_back import take_code_back
from opla.presenting.texting import all_words
from support import by_owner

ANA = "+32470123456"
PIN = "0000000000001"


@dataclass
class Line:
    """A message centre that takes everything, unless it is told otherwise."""

    answers: list[Answer] = field(default_factory=list)
    told: list[Message] = field(default_factory=list)
    unknown_ids: bool = False  # it gives ids of what it may have taken, the same each time

    def text(self, message: Message) -> TextReport:
        self.told.append(message)
        answered = self.answers.pop(0) if self.answers else Answer.SUCCEEDED
        parts = len(sms.written(message.text).parts)
        ids = tuple(f"m{len(self.told)}-{n}" for n in range(parts)) if answered is Answer.SUCCEEDED else ()
        if self.unknown_ids:
            ids = tuple(f"m1-{n}" for n in range(parts))
        return TextReport(answered, ids)


def wished(world: World, sku: str = CODE, *, language: str = "en", with_code: bool = False, to: str = ANA) -> UUID:
    """A delivered order of somebody who is told by text."""
    quote = world.quote(sku, number="0470123456" if sku == DIRECT else "", language=language)
    wish(world, quote, to, with_code=with_code)
    order_id = world.paid(sku, quote=quote)
    world.work(3)
    return order_id


def wish(world: World, quote: Quote, to: str = ANA, *, with_code: bool = False) -> None:
    number = order_texts.read_number(to)
    assert isinstance(number, Number)
    order_texts.wish(quote.id, number, with_code=with_code, shop=world.shop, at=world.clock())


def news(order_id: UUID, world: World) -> None:
    """Something else has happened to this order."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT opla_writes(true)")
        cursor.execute(
            "INSERT INTO outbox (reference, topic, order_id, made_at, due_at) VALUES (%s, 'refunded', %s, %s, %s)",
            ["later", order_id, world.clock(), world.clock()],
        )


def leave(world: World, line: Line, text: str = "") -> None:
    def words(told: order_texts.OrderText | order_texts.OtherText) -> str:
        return text or all_words(told, sandbox=False)

    while order_texts.text_out(words, line=line, shop=world.shop, at=world.clock()):
        pass


def states() -> list[tuple[object, ...]]:
    return select("SELECT topic, state, parts, arrived FROM text_out ORDER BY made_at, topic")


def spent() -> int:
    return int(str(select("SELECT coalesce(sum(parts), 0)::int FROM text_spent")[0][0]))


@pytest.mark.parametrize("language", ["en", "zh-Hans", "fr", "nl", "de"])
@pytest.mark.parametrize("sku", [CODE, DIRECT])
def test_who_asked_for_it_is_texted_once_and_never_the_code(world: World, sku: str, language: str) -> None:
    order_id, line = wished(world, sku, language=language), Line()
    leave(world, line)
    leave(world, line)
    [told] = line.told
    assert (told.to, told.language) == (ANA, language)
    [(ticket,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    assert str(ticket) in told.text
    assert PIN not in told.text
    parts = len(sms.written(told.text).parts)
    assert parts <= 2
    assert states() == [("delivered", "sent", parts, "")]
    assert spent() == parts
    assert len(world.mailbox.sent) == 1  # beside the mail, not instead of it
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_nobody_is_texted_who_did_not_ask(world: World) -> None:
    world.paid()
    world.work(3)
    leave(world, line := Line())
    assert (line.told, states()) == ([], [])


def test_the_number_is_sealed_and_goes_with_a_new_price(world: World) -> None:
    old, new = world.quote(), world.quote()
    wish(world, old)
    texts.wish_follows(old.id, new.id, at=world.clock())
    found = order_texts.wished(new.id, shop=world.shop)
    assert found is not None
    assert found[1] == ANA
    assert "470123456" not in str(select("SELECT row_to_json(w)::text FROM text_wish w"))
    order_texts.wish(new.id, None, shop=world.shop, at=world.clock())
    assert order_texts.wished(new.id, shop=world.shop) is None


def test_only_numbers_that_cost_what_they_should_are_texted(world: World) -> None:
    for typed, code in [
        ("+33612345678", Code.NUMBER_FOREIGN),
        ("112", Code.NUMBER_EMERGENCY),
        ("0900 12 345", Code.NUMBER_NOT_MOBILE),
        ("", Code.NUMBER_MISSING),
    ]:
        found = order_texts.read_number(typed)
        assert isinstance(found, Refusal), typed
        assert found.code is code or code is Code.NUMBER_MISSING


def test_refunds_are_told_too(world: World) -> None:
    quote = world.quote()
    wish(world, quote)
    world.supplier.script = [world.supplier.refuses]
    world.paid(quote=quote)
    world.work_through(10)
    leave(world, line := Line())
    assert {one for one, *_ in states()} <= {"refunding", "refunded"}
    assert all("whoever paid" in told.text for told in line.told)
    assert line.told


def test_who_says_stop_is_left_alone_at_once(world: World) -> None:
    wished(world)
    assert answer(Text(ANA, "STOP"), shop=world.shop, at=world.clock()) is None
    leave(world, line := Line())
    assert line.told == []
    assert states() == [("delivered", "stopped", 0, "")]


def test_what_did_not_leave_is_tried_again_and_what_may_have_left_is_not(world: World) -> None:
    wished(world)
    line = Line([Answer.NOT_SENT, Answer.UNKNOWN])
    leave(world, line)
    assert (len(line.told), spent()) == (1, 0)
    world.clock.tick(31)
    leave(world, line)
    world.clock.tick(24 * 3600)
    leave(world, line)
    assert len(line.told) == 2
    assert len({told.reference for told in line.told}) == 1
    assert [state for _, state, *_ in states()] == ["unknown"]


def test_a_refused_text_is_given_up_and_costs_nothing(world: World) -> None:
    wished(world)
    leave(world, Line([Answer.DECLINED]))
    assert ([state for _, state, *_ in states()], spent()) == (["refused"], 0)


def test_a_worker_that_died_with_a_text_in_its_hand_does_not_make_it_two(world: World) -> None:
    wished(world)
    [claimed] = texts.claim(at=world.clock(), limit=9, lease_s=0)
    assert not claimed.lost
    leave(world, line := Line())
    assert line.told == []
    assert [state for _, state, *_ in states()] == ["unknown"]


def test_a_day_costs_no_more_than_its_owner_allows(world: World) -> None:
    world.shop = replace(world.shop, texts_a_day=1)
    wished(world, DIRECT)
    wished(world, DIRECT)
    leave(world, line := Line())
    assert len(line.told) == 1
    assert sorted(str(state) for _, state, *_ in states()) == ["sent", "too_many"]
    assert spent() == 1


# ── the code, to the number that asked for it ──


def test_the_code_goes_to_the_number_that_asked_and_that_is_written_down_first(world: World) -> None:
    order_id = wished(world, with_code=True)
    leave(world, line := Line())
    [told] = line.told
    assert (told.to, f"*121*{PIN}#" in told.text) == (ANA, True)
    assert select("SELECT order_id, actor FROM reveal") == [(order_id, "system:text")]
    assert spent() == len(sms.written(told.text).parts)
    for table in ("text_out", "text_part", "event", "outbox", "text_wish"):
        assert PIN not in str(select(f"SELECT row_to_json(t)::text FROM {table} t"))
    assert PIN not in repr(told)


def test_a_code_that_may_not_have_left_is_sent_again_and_then_told_by_mail(world: World) -> None:
    wished(world, with_code=True)
    line = Line([Answer.UNKNOWN] * 9)
    for _ in range(9):
        leave(world, line)
        world.clock.tick(61)
    assert len(line.told) == 3
    assert [state for _, state, *_ in states()] == ["unknown"]
    world.work()
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_unknown"]


def test_of_a_code_that_has_arrived_nobody_is_told_that_it_may_not_have(world: World) -> None:
    wished(world, with_code=True)
    leave(world, line := Line(unknown_ids=True, answers=[Answer.UNKNOWN] * 3))
    receipt(world, "m1-0", "DELIVRD")
    for _ in range(3):
        world.clock.tick(61)
        leave(world, line)
    world.work()
    assert [state for _, state, *_ in states()] == ["unknown"]
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered"]


def test_a_code_is_not_opened_for_a_text_that_today_has_no_room_for(world: World) -> None:
    world.shop = replace(world.shop, texts_a_day=2)
    wished(world, with_code=True)
    leave(world, line := Line())
    world.work()
    assert line.told == []
    assert select("SELECT count(*) FROM reveal") == [(0,)]
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_failed"]


def test_a_code_that_found_no_room_leaves_after_midnight_though_its_payer_was_told(world: World) -> None:
    world.shop = replace(world.shop, texts_a_day=3)
    assert texts.spend(day_of(world.clock()), 1, 3)
    wished(world, with_code=True)
    leave(world, line := Line())
    world.clock.now = bounds(day_of(world.clock()))[1]
    leave(world, line)
    world.work()
    assert [PIN in one.text for one in line.told] == [True]
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_failed"]
    assert [state for _, state, *_ in states()] == ["sent"]


def test_what_strangers_bring_about_leaves_half_of_the_day_to_what_was_paid(world: World) -> None:
    """Answers, and friends who are asked: whoever forges senders takes neither away from a code."""
    world.shop = replace(world.shop, texts_a_day=9)
    while order_texts.spend("No order has this number.", shop=world.shop, at=world.clock()):
        pass
    assert spent() == 4
    about = {"sku": CODE, "total": "1500", "who": ANA, "link": "x"}
    order_texts.post("ask_friend", "+32470000002", "en", about, shop=world.shop, at=world.clock())
    wished(world, with_code=True)
    leave(world, line := Line())
    assert [PIN in one.text for one in line.told] == [True]
    assert sorted(str(state) for _, state, *_ in states()) == ["sent", "too_many"]


def test_a_code_is_opened_for_no_text_but_its_own(world: World) -> None:
    wished(world, with_code=True)
    wished(world)
    references = [str(reference) for (reference,) in select("SELECT reference FROM text_out")]
    for reference in [*references, "guessed"]:  # none of them is leaving
        assert texts.reveal(reference, actor=CUSTOMER, at=world.clock(), keyring=world.shop.keyring) == "not_found"
    texts.claim(at=world.clock(), limit=9, lease_s=60)
    opened = [texts.reveal(one, actor=CUSTOMER, at=world.clock(), keyring=world.shop.keyring) for one in references]
    assert sum(not isinstance(one, str) for one in opened) == 1


# ── receipts ──


def receipt(world: World, id_: str, state: str) -> None:
    order_texts.received(Receipt(id_, state), shop=world.shop, at=world.clock())


def arrived() -> str:
    [(_, _, _, found)] = states()
    return str(found)


@pytest.mark.parametrize(
    ("receipts", "said"),
    [
        ([], ""),
        ([("m1-0", "DELIVRD")], ""),
        ([("m1-0", "DELIVRD"), ("m1-1", "DELIVRD")], "DELIVRD"),
        ([("m1-0", "DELIVRD"), ("m1-0", "DELIVRD")], ""),
        ([("m1-1", "UNDELIV"), ("m1-0", "DELIVRD")], "UNDELIV"),
        ([("m1-0", "UNDELIV"), ("m1-0", "DELIVRD"), ("m1-1", "DELIVRD")], "UNDELIV"),
        ([("m1-0", "ENROUTE"), ("m1-0", "DELIVRD"), ("m1-1", "DELIVRD")], "DELIVRD"),
        ([("m1-0", "UNKNOWN"), ("m1-1", "DELIVRD")], "UNKNOWN"),
        ([("m1-0", "UNKNOWN"), ("m1-0", "DELIVRD"), ("m1-1", "DELIVRD")], "DELIVRD"),
        ([("m1-0", "DELIVRD"), ("m1-0", "UNDELIV"), ("m1-1", "DELIVRD")], "DELIVRD"),
        ([("m9-0", "DELIVRD"), ("m9-1", "UNDELIV")], ""),
    ],
)
@pytest.mark.parametrize("early", [False, True])
def test_receipts_say_what_became_of_a_text_before_or_after_we_know_its_id(
    world: World, receipts: list[tuple[str, str]], said: str, *, early: bool
) -> None:
    wished(world)
    for first in (early, not early):
        if first:
            for id_, state in receipts:
                receipt(world, id_, state)
        else:
            leave(world, Line(), "x" * 200)
    assert arrived() == said


def test_a_number_that_cannot_be_reached_is_not_texted_of_this_order_again(world: World) -> None:
    order_id = wished(world, DIRECT)
    line = Line()
    leave(world, line)
    receipt(world, "m1-0", "UNDELIV")
    assert [one.arrived for one in texts.of_order(order_id)] == ["UNDELIV"]
    news(order_id, world)
    leave(world, line)
    assert len(line.told) == 1
    assert [state for _, state, *_ in states()] == ["sent", "over"]


@pytest.mark.parametrize("early", [False, True])
def test_a_code_whose_text_did_not_arrive_is_told_by_mail_once(world: World, *, early: bool) -> None:
    wished(world, with_code=True)
    for first in (early, not early):
        if first:
            receipt(world, "m1-0", "EXPIRED")
            receipt(world, "m1-0", "EXPIRED")
        else:
            leave(world, Line())
    world.work()
    assert [mail.subject for mail in world.mailbox.sent] == ["delivered", "text_failed"]
    assert PIN not in world.mailbox.sent[1].text


def test_ids_and_receipts_are_forgotten_and_what_became_of_a_text_is_not(world: World) -> None:
    wished(world, DIRECT)
    leave(world, Line())
    receipt(world, "m1-0", "DELIVRD")
    world.clock.tick(timedelta(days=8).total_seconds())
    order_texts.tidy(at=world.clock())
    assert select("SELECT count(*) FROM text_part") == select("SELECT count(*) FROM text_receipt") == [(0,)]
    assert arrived() == "DELIVRD"


# ── a code whose text never left ──


def gives_back(world: World, order_id: UUID) -> Code | None:
    found = take_code_back(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    return found.code if found else None


@pytest.mark.parametrize(
    ("answers", "seen"),
    [
        ([Answer.NOT_SENT] * 5, None),
        ([Answer.NOT_SENT], None),  # it waits for its next try, and then there is no code any more
        ([Answer.NOT_SENT, Answer.UNKNOWN, *[Answer.NOT_SENT] * 3], Code.CODE_SEEN),
        ([Answer.DECLINED], Code.CODE_SEEN),
        ([Answer.SUCCEEDED], Code.CODE_SEEN),
    ],
)
def test_a_code_goes_back_unseen_where_its_text_certainly_never_left(
    world: World, answers: list[Answer], seen: Code | None
) -> None:
    order_id, line = wished(world, with_code=True), Line(list(answers))
    for _ in answers:
        leave(world, line)
        world.clock.tick(7201)
    assert select("SELECT count(*) > 0 FROM reveal") == [(True,)]
    assert gives_back(world, order_id) == seen
    leave(world, line)
    assert sum(PIN in one.text for one in line.told) == len(answers)


@pytest.mark.parametrize("dies", [False, True])
def test_a_code_in_the_hand_of_a_worker_counts_as_seen_and_so_does_one_whose_worker_died(
    world: World, *, dies: bool
) -> None:
    order_id = wished(world, with_code=True)
    [leaving] = texts.claim(at=world.clock(), limit=1, lease_s=60)
    by_text = Actor(Role.SYSTEM, "text")
    opened = texts.reveal(leaving.reference, actor=by_text, at=world.clock(), keyring=world.shop.keyring)
    assert not isinstance(opened, str)
    if dies:
        by_owner("UPDATE text_out SET lease_until = opla_clock()")
        leave(world, Line([Answer.NOT_SENT]))
    assert gives_back(world, order_id) == Code.CODE_SEEN


def test_a_code_that_its_buyer_has_looked_at_is_seen_whatever_became_of_its_text(world: World) -> None:
    order_id = wished(world, with_code=True)
    leave(world, Line([Answer.NOT_SENT]))
    assert not isinstance(reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock()), Refusal)
    assert gives_back(world, order_id) == Code.CODE_SEEN
