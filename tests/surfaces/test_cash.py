"""Paying in cash as people see it: the customer with a code, the clerk with a drawer, everybody else with neither."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from fakes import ANOTHER_DEVICE, CODE, DEVICE
from operations.test_cash import OWNER, TILL, counter, in_drawer, ordered, owed, take, work
from opla.core.actor import Role
from opla.core.cash import grouped
from opla.db.queries import cash as queries
from opla.db.queries import pages
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, stock
from opla.operations.drawers import keep_drawer
from opla.presenting.notices import notice
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in

__all__ = ["counter"]  # the fixture


@pytest.fixture
def till(door: Door, request: pytest.FixtureRequest) -> Door:
    """A shop with an open drawer."""
    request.getfixturevalue("counter")
    return door


@pytest.fixture
def of_support(till: Door) -> Visitor:
    return signed_in(till.world, Role.SUPPORT, "eve")


PAGE = "/owner/cash/"


def posted(visitor: Visitor, **typed: str) -> str:
    return visitor.post(PAGE, typed).text


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-hans"])
def test_the_order_says_what_to_bring_what_to_show_and_where(till: Door, language: str) -> None:
    [order_id], code = ordered(till.world, fee_minor=2)
    page = Visitor(DEVICE, language).get(till.link(order_id))
    for word in (grouped(code), "Kerkstraat 1", "1000 Brussel", "Phone Shop"):
        assert word in page.text
    assert 'class="qr"' in page.html
    assert "15.02" in page.text or "15,02" in page.text  # and what coins make of it
    assert "Waiting for you at the counter" in page.text or language != "en"


def test_cash_is_among_the_ways_to_pay_while_a_drawer_is_open(till: Door) -> None:
    quote = till.world.quote(CODE)
    link = f"/quote/{quote.id}/"
    assert 'value="cash"' in till.owner.get(link).html
    queries.keep_drawer(TILL, 0, is_open=True, actor=OWNER, at=till.world.clock())  # where nobody finds it
    assert 'value="cash"' not in till.owner.get(link).html


def test_a_clerk_looks_it_up_works_the_change_out_and_takes_it(till: Door, of_support: Visitor) -> None:
    [order_id], code = ordered(till.world)
    page = of_support.post(PAGE, {"act": "look", "code": grouped(code)})
    assert "€15.00" in page.text
    key = re.findall(r'name="key" value="([0-9a-f-]{36})"', page.html)[0]
    typed = {"key": key, "till": TILL, "code": code, "given": "50"}
    assert "Give back €35.00" in posted(of_support, **typed, act="change")
    assert in_drawer(till.world) == 5000  # nothing was taken yet
    assert "too little: €15 is due" in posted(of_support, **{**typed, "given": "5"}, act="change")
    assert "typed wrong" in posted(of_support, **{**typed, "given": "1500"}, act="take")
    for _ in range(2):  # a button pressed twice
        answer = of_support.client.post(PAGE, {**typed, "act": "take"})
        assert answer.status_code == 302
        told = of_support.get(answer["Location"]).text
        assert "Taken: €15.00" in told
        assert "Give back €35.00" in told
    assert in_drawer(till.world) == 6500
    work(till.world)
    assert till.world.state(order_id) == "delivered"
    assert "Take no money" in posted(of_support, act="look", code=code) or "taken before" in posted(
        of_support, act="look", code=code
    )


def test_an_order_is_found_by_its_number_and_its_refund_is_not(till: Door, of_support: Visitor) -> None:
    [order_id], code = ordered(till.world)
    [(ticket,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    assert grouped(code) in posted(of_support, act="look", code=str(ticket).lower())
    till.world.supplier.script.append(till.world.supplier.refuses)
    take(till.world, code)
    work(till.world)
    back = owed(till.world, order_id)
    assert grouped(back) not in posted(of_support, act="look", code=str(ticket))
    page = of_support.post(PAGE, {"act": "look", "code": back})
    assert "To be paid out" in page.text
    no_reason = {"act": "pay_out", "code": back, "till": TILL, "key": str(uuid4()), "why": " "}
    assert of_support.post(PAGE, no_reason).status == 422
    posted(of_support, act="pay_out", code=back, till=TILL, key=str(uuid4()), why="on their phone")
    assert "paid out before" in posted(of_support, act="look", code=back)
    work(till.world)
    assert till.world.state(order_id) == "refunded"
    assert in_drawer(till.world) == 5000


def test_the_code_of_a_refund_shows_on_the_ordering_device_alone_and_in_no_message(till: Door) -> None:
    [order_id], code = ordered(till.world)
    till.world.supplier.script.append(till.world.supplier.refuses)
    take(till.world, code)
    work(till.world)
    back = owed(till.world, order_id)
    link = till.link(order_id)
    assert grouped(back) in till.owner.get(link).text
    for visitor in (till.colleague, till.stranger, Visitor(ANOTHER_DEVICE)):
        page = visitor.get(link)
        assert grouped(back) not in page.text
        assert back not in page.html
        assert "waits for you in cash" in page.text
    for message in till.world.mailbox.sent:
        assert back not in message.text
        assert code not in message.text
    found = pages.order_by_id(order_id)
    assert found is not None
    written = notice("refunding", found, "http://shop.test/o/x/", sandbox=False)
    assert "in cash at our counter" in written.text
    assert back not in written.text


def test_nobody_else_finds_the_page(till: Door) -> None:
    _, code = ordered(till.world)
    for visitor in (till.owner, till.colleague, till.stranger):
        assert visitor.get(PAGE).status == 404
        assert visitor.post(PAGE, {"act": "take", "code": code, "till": TILL}).status == 404
    assert in_drawer(till.world) == 5000


def test_a_colleague_takes_and_only_the_owner_counts(till: Door, of_support: Visitor) -> None:
    owner = signed_in(till.world)
    assert "Count counter-1" in owner.get(PAGE).text
    assert "Count counter-1" not in of_support.get(PAGE).text
    typed = {"act": "count", "till": TILL, "amount": "49", "why": "evening", "key": str(uuid4())}
    assert of_support.post(PAGE, typed).status == 422
    assert in_drawer(till.world) == 5000
    owner.post(PAGE, typed)
    assert in_drawer(till.world) == 4900
    assert "Counted: -€1.00" in owner.get(PAGE).text
    assert "owner" in owner.get(PAGE).text


def test_a_mistake_is_undone_from_the_page(till: Door, of_support: Visitor) -> None:
    _, code = ordered(till.world)
    take(till.world, code)
    [(line,)] = select("SELECT id::text FROM drawer_line WHERE kind = 'taken'")
    assert "This was a mistake" in of_support.get(PAGE).text
    posted(of_support, act="void", till=TILL, key=str(line), why="not enough money")
    assert in_drawer(till.world) == 5000
    assert "This was a mistake" not in of_support.get(PAGE).text


@pytest.mark.parametrize("captured", [False, True])
def test_what_was_undone_is_not_told_as_taken_whatever_is_pressed_again(
    till: Door, of_support: Visitor, captured: bool
) -> None:
    pin = NewCode(uuid4(), CODE, f"{uuid4().int % 10**13:013d}", "S", 1400, "EUR", None)
    stock([pin], batch=uuid4(), actor=OWNER, at=till.world.clock(), keyring=till.world.shop.keyring)
    _, code = ordered(till.world)
    typed = {"act": "take", "till": TILL, "code": code, "given": "50", "key": str(uuid4())}
    taken = of_support.client.post(PAGE, typed)["Location"]
    assert "Give back €35.00" in of_support.get(taken).text
    if captured:
        work(till.world)
    undone = of_support.client.post(PAGE, {"act": "void", "till": TILL, "key": typed["key"], "why": "the wrong one"})
    assert undone.status_code == 302
    for address in (undone["Location"], taken):  # and whoever reloads the page from before
        assert "Give back" not in of_support.get(address).text
    again = of_support.client.post(PAGE, typed)  # and the form from before
    assert again.status_code == 422
    assert "was undone" in again.content.decode()
    assert in_drawer(till.world) == 5000


def test_a_till_that_is_not_offered_any_more_is_never_taken_for_another_one(till: Door, of_support: Visitor) -> None:
    world, other = till.world, "counter-2"
    [(place,)] = select("SELECT id FROM place")
    assert isinstance(place, int)
    assert keep_drawer(OWNER, other, place, is_open=True, sandbox=True, at=world.clock()) is None
    _, code = ordered(world)
    for gone in ("nowhere", ""):
        typed = {"act": "take", "till": gone, "code": code, "key": str(uuid4())}
        assert of_support.post(PAGE, typed).status == 422
    assert (in_drawer(world), world.balance(f"till_drawer:{other}:EUR")) == (5000, 0)
    queries.keep_drawer(TILL, 0, is_open=True, actor=OWNER, at=world.clock())  # where nobody finds it
    posted(of_support, act="take", till=TILL, code=code, key=str(uuid4()))
    assert (in_drawer(world), world.balance(f"till_drawer:{other}:EUR")) == (
        6500,
        0,
    )  # it lies in the one that was shown


def test_what_is_typed_wrong_does_nothing(till: Door, of_support: Visitor) -> None:
    for typed in (
        {"act": "look", "code": "1234"},
        {"act": "look", "code": "\x00" * 9},
        {"act": "look", "code": "9" * 500},
        {"act": "take", "code": "", "key": "x", "till": "nowhere"},
        {"act": "burn", "code": "123456789"},
        {"act": "void", "key": str(uuid4()), "why": "x"},
        {"act": "pay_out", "code": "0" * 12, "why": "x"},
        {"act": "by_bank", "code": "0" * 12, "why": "x"},
    ):
        assert of_support.post(PAGE, typed).status == 422, typed
    assert in_drawer(till.world) == 5000
