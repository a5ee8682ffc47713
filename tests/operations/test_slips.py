"""Order slips by post: printed, scanned once, paid under their own number; and what becomes of those that go astray."""

from __future__ import annotations

import argparse
import json
import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.test import override_settings

from fakes import CODE, CUSTOMER, DIRECT, NUMBER, World
from operations.test_bank_transfers import ACCOUNT, OWNER, bring, decide, work
from opla.commands import Stop
from opla.commands import post as command
from opla.core import letter
from opla.core.actor import Actor, Role
from opla.core.address import Address
from opla.core.item import Step
from opla.core.letter import Event, Topic
from opla.core.refusal import Code, Refusal
from opla.core.slip import ADDRESS_KEPT, Offer, Reason, State
from opla.db.queries import bank, post
from opla.db.queries.bank import Book
from opla.db.queries.call import Argument, call, select
from opla.db.queries.post import Letter
from opla.operations import letters_out, slips
from opla.operations import shop as shops
from opla.operations.refund_by_choice import Evidence, approve_refund, deny_refund, refund_by_choice
from opla.operations.slips import Entered
from statements import PAYER, camt, entry
from support import by_owner, until_somebody_waits

CLERK = Actor(Role.SUPPORT, "ben")
SECOND = Actor(Role.SUPPORT, "eva")
HOME = Address("Ana Peeters", "Kerkstraat", "12", "", "9000", "Gent")
ELSEWHERE = Address("Ana Peeters", "Dorpstraat", "3", "b", "2000", "Antwerpen")
SAID = "Zet het er meteen op."


@pytest.fixture
def post_world(world: World) -> World:
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    return world


def made(world: World, operator: str = "mobile-vikings", *, address: Address | None = HOME) -> str:
    found = slips.make(CLERK, operator, "nl", address=address, shop=world.shop, at=world.clock())
    assert not isinstance(found, Refusal), found
    [number] = found
    return number


def offer(number: str, sku: str = DIRECT) -> Offer:
    slip = post.by_number(number)
    assert slip is not None
    return next(one for one in slip.offers if one.sku == sku and one.face.amount_minor == 1500)


def typed(number: str, sku: str = DIRECT, **other: object) -> Entered:
    chosen = offer(number, sku)
    base = Entered(chosen.sku, chosen.face.amount_minor, NUMBER if sku == DIRECT else "", signed=True)
    return replace(base, **other)  # type: ignore[arg-type]  # fields of a dataclass


def entered(world: World, number: str, sku: str = DIRECT, **other: object) -> UUID:
    found = slips.enter(CLERK, number, typed(number, sku, **other), said=SAID, shop=world.shop, at=world.clock())
    assert isinstance(found, str), found
    [(order_id,)] = select("SELECT id FROM orders WHERE ticket = %s", [found])
    work(world)
    return UUID(str(order_id))


def pay(world: World, number: str, minor: int = 1500, n: int = 1, opening: int = 0) -> None:
    bring(world, camt(entry(minor, structured=number, iban=PAYER), number=n, opening=opening))


def letters(*topics: Topic) -> list[Letter]:
    return [one for one in post.letters(list(letter.State), limit=100) if not topics or one.topic in topics]


def codes(refused: object) -> list[Code]:
    assert isinstance(refused, list), refused
    return [one.code for one in refused]


def test_a_slip_that_comes_back_is_an_order_that_its_own_transfer_pays(post_world: World) -> None:
    number = made(post_world)
    order_id = entered(post_world, number)
    assert post_world.state(order_id) == "placed"
    pay(post_world, number)
    assert post_world.state(order_id) == "delivered"
    assert post_world.items() == []
    work(post_world)
    [told] = letters(Topic.DELIVERED)
    assert (told.state, told.slip.language) == (letter.State.TO_PRINT, "nl")
    assert select("SELECT email, language FROM orders") == [("", "nl")]
    assert select("SELECT said, language FROM consent") == [(SAID, "nl")]
    assert post_world.mailbox.sent == []


def test_a_slip_that_is_scanned_twice_is_ordered_once(post_world: World) -> None:
    number = made(post_world)
    entered(post_world, number)
    again = slips.enter(CLERK, number, typed(number), said=SAID, shop=post_world.shop, at=post_world.clock())
    assert codes(again) == [Code.SLIP_USED]
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_two_clerks_who_scan_it_at_once_order_it_once(post_world: World) -> None:
    number = made(post_world)
    found: list[object] = []
    ready = threading.Barrier(2)

    def clerk(name: str) -> None:
        chosen = typed(number)
        ready.wait()
        found.append(
            slips.enter(
                Actor(Role.SUPPORT, name), number, chosen, said=SAID, shop=post_world.shop, at=post_world.clock()
            )
        )
        connections.close_all()

    both = [threading.Thread(target=clerk, args=(name,)) for name in ("ana", "ben")]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=30)
    assert sorted(isinstance(one, str) for one in found) == [False, True]
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_money_that_comes_before_its_slip_is_an_item_until_the_slip_is_entered(post_world: World) -> None:
    number = made(post_world)
    pay(post_world, number)
    assert post_world.items() == ["bank_line"]
    assert [(slip, money.amount_minor) for _, slip, money, _ in post.paid_without()] == [(number, 1500)]
    order_id = entered(post_world, number)
    work(post_world)
    assert (post_world.state(order_id), post_world.items(), post_world.balance("bank:EUR")) == ("delivered", [], 1500)


def test_money_whose_slip_never_comes_goes_back_as_a_person_says(post_world: World) -> None:
    number = made(post_world)
    pay(post_world, number)
    assert decide(post_world, "send_back") is Step.RESOLVED
    assert post_world.items() == ["line_back"]


def test_an_order_that_nobody_pays_ends_and_a_letter_says_so_even_where_an_sms_was_wanted(post_world: World) -> None:
    number = made(post_world)
    order_id = entered(post_world, number, by_text=True)
    post_world.clock.now += timedelta(days=8)
    work(post_world)
    assert post_world.state(order_id) == "cancelled"
    assert [one.state for one in letters(Topic.EXPIRED)] == [letter.State.TO_PRINT]
    pay(post_world, number)  # too late: it goes back by rule
    assert post_world.items() == ["transfer_due"]


def test_a_slip_that_cannot_be_read_goes_back_with_its_money(post_world: World) -> None:
    number = made(post_world)
    pay(post_world, number)
    no = slips.send_back(CLERK, number, Reason.UNREADABLE, None, shop=post_world.shop, at=post_world.clock())
    assert no is None
    assert post_world.items() == ["line_back"]
    [said] = letters(Topic.SENT_BACK)
    assert (said.slip.state, said.slip.why) == (State.SENT_BACK, "unreadable")
    assert codes(slips.enter(CLERK, number, typed(number), said=SAID, shop=post_world.shop, at=post_world.clock())) == [
        Code.SLIP_USED
    ]
    # What comes later is a person's.
    pay(post_world, number, n=2, opening=1500)
    assert post_world.items() == ["line_back", "bank_line"]


def test_a_large_sum_for_a_slip_that_is_sent_back_waits_for_two_people(post_world: World) -> None:
    post_world.shop = replace(post_world.shop, second_person_minor=1000)
    number = made(post_world)
    pay(post_world, number)
    slips.send_back(CLERK, number, Reason.NUMBER_WRONG, None, shop=post_world.shop, at=post_world.clock())
    assert post_world.items() == ["bank_line"]


def test_a_slip_of_nobody_we_know_is_sent_back_by_its_money_alone(post_world: World) -> None:
    number = made(post_world, address=None)
    assert letters() == []
    pay(post_world, number)
    slips.send_back(CLERK, number, Reason.UNREADABLE, None, shop=post_world.shop, at=post_world.clock())
    assert (letters(), post_world.items()) == ([], ["line_back"])


def test_every_no_of_a_slip_is_said_at_once(post_world: World) -> None:
    number = made(post_world, address=None)
    wrong = Entered("nothing", 1, "", signed=False)
    assert codes(slips.enter(CLERK, number, wrong, said=SAID, shop=post_world.shop, at=post_world.clock())) == [
        Code.CONSENT_MISSING, Code.ADDRESS_MISSING, Code.AMOUNT_NOT_OFFERED,
    ]  # fmt: skip
    mistyped = replace(typed(number, address=HOME), number="0470")
    found = slips.enter(CLERK, number, mistyped, said=SAID, shop=post_world.shop, at=post_world.clock())
    assert all(one.about == "number" for one in found if isinstance(one, Refusal))
    assert codes(found)
    for scanned in ("", "123456789012", "+++123/4567/89012+++"):
        refused = slips.find(CLERK, scanned, shop=post_world.shop)
        assert isinstance(refused, Refusal)
        assert refused.code is Code.SLIP_UNKNOWN


def test_a_slip_is_worth_the_price_that_is_printed_on_it_and_no_other(post_world: World) -> None:
    number = made(post_world)
    dearer = replace(post_world.shop, terms=replace(post_world.shop.terms, fee_minor=50))
    found = slips.enter(CLERK, number, typed(number), said=SAID, shop=dearer, at=post_world.clock())
    assert codes(found) == [Code.SLIP_PRICE_CHANGED]


def test_a_number_that_the_operator_refuses_is_refunded_and_a_letter_says_so(post_world: World) -> None:
    number = made(post_world)
    post_world.supplier.script.append(post_world.supplier.refuses)
    order_id = entered(post_world, number)
    pay(post_world, number)
    assert (post_world.state(order_id), post_world.items()) == ("refunding", ["transfer_due"])
    assert letters(Topic.REFUNDED) == []
    [(reference,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'transfer_due'")
    bring(post_world, camt(entry(-1500, structured=str(reference), iban=PAYER), number=2, opening=1500))
    assert post_world.state(order_id) == "refunded"
    work(post_world)
    assert len(letters(Topic.REFUNDED)) == 1


def test_a_letter_with_a_code_is_revealed_once_and_before_it_is_drawn(post_world: World) -> None:
    sheets = printed_code(post_world)
    assert [one.code.pin if one.code else "" for one in sheets] == ["0000000000001"]
    assert sheets[0].to == HOME
    [(actor, at)] = select("SELECT actor, at FROM reveal")
    assert (actor, at) == ("support:ben", post_world.clock())
    assert letters_out.print_letters(CLERK, shop=post_world.shop, at=post_world.clock()) == []
    assert select("SELECT count(*) FROM reveal") == [(1,)]


def printed_code(world: World) -> list[letters_out.Sheet]:
    number = made(world, "proximus", address=None)
    entered(world, number, CODE, address=HOME)
    pay(world, number)
    work(world)
    sheets = letters_out.print_letters(CLERK, shop=world.shop, at=world.clock())
    assert not isinstance(sheets, Refusal)
    return sheets


def test_a_letter_is_printed_again_with_a_reason_only_and_says_that_it_is(post_world: World) -> None:
    [sheet] = printed_code(post_world)
    at = post_world.clock()
    no = letters_out.print_again(CLERK, sheet.letter.id, why=" ", shop=post_world.shop, at=at)
    assert isinstance(no, Refusal)
    assert no.code is Code.REASON_MISSING
    again = letters_out.print_again(CLERK, sheet.letter.id, why="the paper jammed", shop=post_world.shop, at=at)
    assert not isinstance(again, Refusal)
    assert (again[0].copy, again[0].code) == (1, sheet.code)
    rows = select("SELECT name, why FROM event WHERE subject = 'letter_out' ORDER BY id")
    assert rows == [("printed", ""), ("reprinted", "the paper jammed")]
    assert select("SELECT count(*) FROM reveal") == [(2,)]


def test_a_letter_that_came_back_sealed_goes_out_again_or_elsewhere_and_never_twice(post_world: World) -> None:
    [sheet] = printed_code(post_world)
    one, at, shop = sheet.letter.id, post_world.clock(), post_world.shop
    early = letters_out.say(CLERK, [one], Event.RETURNED, at=at)
    assert isinstance(early, Refusal)
    assert letters_out.say(CLERK, [one], Event.POSTED, at=at) == 1
    jam = letters_out.print_again(CLERK, one, why="again", shop=shop, at=at)
    assert isinstance(jam, Refusal), "what is in the post may arrive"
    assert letters_out.say(CLERK, [one], Event.RETURNED, at=at) == 1
    assert letters_out.say(CLERK, [one], Event.POSTED_AGAIN, at=at) == 1
    assert letters_out.say(CLERK, [one], Event.RETURNED, at=at) == 1
    moved = letters_out.print_again(CLERK, one, why="moved", address=ELSEWHERE, shop=shop, at=at)
    assert not isinstance(moved, Refusal)
    assert moved[0].to == ELSEWHERE
    assert [(o.state, o.prints) for o in letters(Topic.CODE)] == [(letter.State.PRINTED, 2)]


def test_the_price_of_a_letter_that_came_back_is_given_back_once_and_its_code_is_sold_to_nobody(
    post_world: World,
) -> None:
    [sheet] = printed_code(post_world)
    one, at, shop = sheet.letter.id, post_world.clock(), post_world.shop
    assert letters_out.say(CLERK, [one], Event.POSTED, at=at) == 1
    in_the_post = letters_out.give_back(SECOND, one, why="they say so", shop=shop, at=at)
    assert in_the_post == Refusal(Code.LETTER_NOT_NOW, "letter")
    letters_out.say(CLERK, [one], Event.RETURNED, at=at)
    printer = letters_out.give_back(CLERK, one, why="nobody lives there", shop=shop, at=at)
    assert printer == Refusal(Code.SAME_PERSON, "letter"), "who printed it had the code in hand"
    assert letters_out.give_back(SECOND, one, why="nobody lives there", shop=shop, at=at) is None
    work(post_world)
    assert post_world.refunds() == [("choice", 1500, "due")]
    assert [o.state for o in letters(Topic.CODE)] == [letter.State.ENDED]
    assert letters_out.give_back(SECOND, one, why="again", shop=shop, at=at) == Refusal(Code.LETTER_NOT_NOW, "letter")
    assert select("SELECT count(*) FROM code WHERE state = 'stock'") == [(0,)]


def returned_code(world: World) -> UUID:
    [sheet] = printed_code(world)
    for event in (Event.POSTED, Event.RETURNED):
        assert letters_out.say(CLERK, [sheet.letter.id], event, at=world.clock()) == 1
    return sheet.letter.id


def asked(world: World) -> UUID:
    [(refund_id,)] = select("SELECT id FROM refund WHERE state = 'asked'")
    return UUID(str(refund_id))


def test_a_code_whose_price_waits_for_a_second_person_is_held_back_from_the_post(post_world: World) -> None:
    post_world.shop = replace(post_world.shop, refund_alone_minor=1000)
    one, at, shop = returned_code(post_world), post_world.clock(), post_world.shop
    not_now, waits = Refusal(Code.LETTER_NOT_NOW, "letter"), Refusal(Code.REFUND_WAITS, "letter")
    assert letters_out.give_back(SECOND, one, why="nobody lives there", shop=shop, at=at) == waits
    assert [o.state for o in letters(Topic.CODE)] == [letter.State.RETURNED]
    assert letters_out.say(SECOND, [one], Event.POSTED_AGAIN, at=at) == not_now
    assert letters_out.print_again(SECOND, one, why="moved", shop=shop, at=at) == not_now
    deny_refund(OWNER, asked(post_world), why="they called", shop=shop, at=at)
    assert letters_out.say(SECOND, [one], Event.POSTED_AGAIN, at=at) == 1
    assert letters_out.say(SECOND, [one], Event.RETURNED, at=at + timedelta(days=3)) == 1
    assert letters_out.give_back(SECOND, one, why="again", shop=shop, at=at) == waits
    approve_refund(OWNER, asked(post_world), shop=shop, at=at)
    assert letters_out.say(SECOND, [one], Event.POSTED_AGAIN, at=at) == not_now
    assert letters_out.give_back(SECOND, one, why="again", shop=shop, at=at) is None
    assert [o.state for o in letters(Topic.CODE)] == [letter.State.ENDED]
    assert [state for _, _, state in post_world.refunds()] == ["denied", "due"]


def test_a_code_whose_price_went_back_is_posted_by_nobody(post_world: World) -> None:
    [sheet] = printed_code(post_world)
    [(order_id,)] = select("SELECT id FROM orders")
    refund_by_choice(
        OWNER, UUID(str(order_id)), refund_id=UUID(int=7), amount=None, why="asked for", shop=post_world.shop,
        at=post_world.clock(), evidence=Evidence("not used"),
    )  # fmt: skip
    no = letters_out.say(CLERK, [sheet.letter.id], Event.POSTED, at=post_world.clock())
    assert no == Refusal(Code.LETTER_NOT_NOW, "letter")
    assert letters_out.say(CLERK, [sheet.letter.id], Event.ENDED, why="destroyed", at=post_world.clock()) == 1


@pytest.mark.parametrize("alone_minor", [10_000, 1_000])
def test_a_letter_is_posted_again_or_its_price_given_back_and_never_both(post_world: World, alone_minor: int) -> None:
    post_world.shop = replace(post_world.shop, refund_alone_minor=alone_minor)
    one, at, shop = returned_code(post_world), post_world.clock(), post_world.shop
    given: list[Refusal | None] = []

    def give() -> None:
        given.append(letters_out.give_back(SECOND, one, why="nobody lives there", shop=shop, at=at))
        connections.close_all()

    with transaction.atomic():
        assert letters_out.say(CLERK, [one], Event.POSTED_AGAIN, at=at) == 1
        slow = threading.Thread(target=give)
        slow.start()
        until_somebody_waits()
    slow.join(timeout=30)
    assert given == [Refusal(Code.LETTER_NOT_NOW, "letter")]
    assert select("SELECT count(*) FROM refund") == [(0,)]


def test_a_code_that_was_taken_back_meanwhile_is_not_printed(post_world: World) -> None:
    number = made(post_world, "proximus")
    order_id = entered(post_world, number, CODE)
    pay(post_world, number)
    work(post_world)
    refund_by_choice(
        OWNER, order_id, refund_id=UUID(int=7), amount=None, why="asked for", shop=post_world.shop,
        at=post_world.clock(),
    )  # fmt: skip
    sheets = letters_out.print_letters(CLERK, shop=post_world.shop, at=post_world.clock())
    assert not isinstance(sheets, Refusal)
    assert [one.letter.topic for one in sheets] == [Topic.SLIP]
    assert [one.state for one in letters(Topic.CODE)] == [letter.State.ENDED]
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_one_letter_that_does_not_open_spoils_no_batch(post_world: World) -> None:
    numbers = [made(post_world) for _ in range(4)]
    ordered = made(post_world, "proximus", address=None)
    entered(post_world, ordered, CODE, address=HOME)
    pay(post_world, ordered)
    work(post_world)
    by_owner("UPDATE slip SET sealed = %s WHERE number = %s", [b"another key", numbers[1]])
    [(sealed,)] = select("SELECT sealed FROM code WHERE order_id IS NOT NULL")
    by_owner("UPDATE code SET sealed = %s WHERE order_id IS NOT NULL", [b"another key"])
    sheets = letters_out.print_letters(CLERK, shop=post_world.shop, at=post_world.clock())
    assert not isinstance(sheets, Refusal)
    assert sorted(one.letter.slip.number for one in sheets) == sorted({*numbers} - {numbers[1]})
    left = [one.slip.number for one in letters() if one.state is letter.State.TO_PRINT]
    assert sorted(left) == sorted([numbers[1], ordered])
    assert post_world.items() == ["letter_unreadable", "letter_unreadable"]
    assert select("SELECT count(*) FROM reveal") == [(0,)], "nobody saw it"
    by_owner("UPDATE code SET sealed = %s WHERE order_id IS NOT NULL", [bytes(sealed)])
    sheets = letters_out.print_letters(CLERK, shop=post_world.shop, at=post_world.clock())
    assert not isinstance(sheets, Refusal)
    assert [one.letter.slip.number for one in sheets] == [ordered]
    assert post_world.items() == ["letter_unreadable"]


def test_a_batch_that_the_printer_ate_is_printed_again_with_a_reason(post_world: World) -> None:
    for _ in range(3):
        made(post_world)
    at, shop = post_world.clock(), post_world.shop
    sheets = letters_out.print_letters(CLERK, shop=shop, at=at)
    assert not isinstance(sheets, Refusal)
    first, *others = [one.letter.id for one in sheets]
    no = letters_out.print_these_again(CLERK, [first], why=" ", shop=shop, at=at)
    assert no == Refusal(Code.REASON_MISSING, "why")
    letters_out.say(CLERK, [first], Event.POSTED, at=at)
    again = letters_out.print_these_again(CLERK, [first, *others], why="no toner", shop=shop, at=at)
    assert not isinstance(again, Refusal)
    assert sorted(one.letter.id for one in again) == sorted(others)
    assert {one.copy for one in again} == {1}


def test_an_sms_that_failed_is_a_letter_after_all_and_one_that_left_is_none(post_world: World) -> None:
    number = made(post_world)
    order_id = entered(post_world, number, by_text=True)
    pay(post_world, number)
    work(post_world)
    assert letters(Topic.DELIVERED) == []
    assert [one.text for one in post.to_tell(10)] == [letter.Text.WAITING]

    def became(state: str, arrived: str) -> None:
        by_owner(
            "UPDATE text_out SET state = %s, arrived = %s, due_at = NULL WHERE order_id = %s",
            [state, arrived, order_id],
        )

    became("sent", "UNDELIV")
    work(post_world)
    assert len(letters(Topic.DELIVERED)) == 1


def test_who_may_not_is_refused_everywhere(post_world: World) -> None:
    number = made(post_world)
    at, shop = post_world.clock(), post_world.shop
    tries = [
        slips.make(CUSTOMER, "proximus", "nl", shop=shop, at=at),
        slips.find(CUSTOMER, number, shop=shop),
        slips.send_back(CUSTOMER, number, Reason.UNREADABLE, None, shop=shop, at=at),
        letters_out.print_letters(CUSTOMER, shop=shop, at=at),
        letters_out.print_again(CUSTOMER, UUID(int=1), why="x", shop=shop, at=at),
        letters_out.print_these_again(CUSTOMER, [UUID(int=1)], why="x", shop=shop, at=at),
        letters_out.say(CUSTOMER, [], Event.POSTED, at=at),
        letters_out.give_back(CUSTOMER, UUID(int=1), why="x", shop=shop, at=at),
    ]
    assert [one.code for one in tries if isinstance(one, Refusal)] == [Code.NOT_ALLOWED] * len(tries)
    assert codes(slips.enter(CUSTOMER, number, typed(number), said=SAID, shop=shop, at=at)) == [Code.NOT_ALLOWED]


def test_an_address_is_sealed_and_forgotten_when_all_is_over(post_world: World) -> None:
    number = made(post_world)
    entered(post_world, number)
    pay(post_world, number)
    work(post_world)
    [(sealed,)] = select("SELECT sealed FROM slip")
    assert b"Kerkstraat" not in bytes(sealed)
    sheets = letters_out.print_letters(CLERK, shop=post_world.shop, at=post_world.clock())
    assert not isinstance(sheets, Refusal)
    ids = [one.letter.id for one in sheets]
    post_world.clock.now += ADDRESS_KEPT + timedelta(days=1)
    work(post_world)
    assert select("SELECT sealed IS NULL FROM slip") == [(False,)], "its letters were never posted"
    letters_out.say(CLERK, ids, Event.POSTED, at=post_world.clock())
    post_world.clock.now += ADDRESS_KEPT + timedelta(days=1)
    work(post_world)
    assert select("SELECT sealed IS NULL FROM slip") == [(True,)]


def test_the_number_of_a_slip_is_given_to_no_other_payment(post_world: World) -> None:
    number = made(post_world)
    order_id = post_world.order(CODE)
    [(reference,)] = select(
        "SELECT a.reference FROM allocation l JOIN attempt a USING (payment_id) WHERE l.order_id = %s", [order_id]
    )
    arguments = (Argument(post_world.clock(), "timestamptz"), Argument(reference, "text"), Argument(number, "text"))
    assert call("opla_bank_reference", *arguments) == [(None,)]
    assert Book(post_world.clock, post_world.shop.chance).expect(str(reference)) != number


def test_the_command_makes_slips_and_counts_what_is_where(
    post_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "running", nullcontext)
    monkeypatch.setattr(shops, "current", lambda: post_world.shop)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    file = tmp_path / "slips.pdf"
    words = ["slips", "proximus", str(file), "--count", "3", "--language", "fr", "--json"]
    with override_settings(SHOP_ADDRESS=""), pytest.raises(Stop):
        command.run(parser.parse_args(words))
    with override_settings(SHOP_ADDRESS="Postbus 1, 9000 Gent"):
        assert command.run(parser.parse_args(words)) == 0
        assert len(json.loads(capsys.readouterr().out)["slips"]) == 3
        assert file.read_bytes().startswith(b"%PDF")
        words[1] = "nobody"
        with pytest.raises(Stop) as stop:
            command.run(parser.parse_args(words))
    assert stop.value.code == "operator_unknown"
    made(post_world)
    assert command.run(parser.parse_args(["list", "--json"])) == 0
    assert json.loads(capsys.readouterr().out) == {
        "letters": [{"topic": "slip", "state": "to_print", "count": 1}], "slips_out": 4, "paid_without_slip": 0,
    }  # fmt: skip


def test_a_slip_is_entered_before_or_after_statements_are_read_and_never_between(post_world: World) -> None:
    number = made(post_world)
    chosen, found = typed(number), list[object]()

    def clerk() -> None:
        found.append(
            slips.enter(CLERK, number, chosen, said=SAID, shop=post_world.shop, at=post_world.clock())
        )  # fmt: skip
        connections.close_all()

    with transaction.atomic():
        bank.lock(ACCOUNT.iban)  # as whoever brings in a statement does
        waiting = threading.Thread(target=clerk)
        waiting.start()
        until_somebody_waits(lambda: bool(found))
        assert found == []
    waiting.join(timeout=30)
    assert [type(one) for one in found] == [str]
