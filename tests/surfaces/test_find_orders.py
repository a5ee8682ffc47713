"""Finding an order by whatever a customer has in hand, and the page that tells its whole life."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, World
from operations.test_bank_transfers import ACCOUNT, bring, ordered
from operations.test_floats import asked, standing
from opla.core.actor import Actor, Role
from opla.core.structured import belgian
from opla.core.trouble import Tried
from opla.db.queries.call import select
from opla.operations import resellers, threads
from opla.operations.find_orders import find_orders
from opla.operations.refund_by_choice import refund_by_choice
from statements import camt, entry
from surfaces.conftest import Door
from surfaces.test_owner_pages import signed_in

OWNER = Actor(Role.OWNER, "ana")


def found(typed: str, actor: Actor = OWNER) -> dict[str, tuple[str, ...]]:
    """Tickets with what they were found by."""
    hits = find_orders(actor, typed)
    assert isinstance(hits, list), hits
    return {hit.ticket: hit.by for hit in hits}


def text(sql: str) -> str:
    [(value,)] = select(sql)
    return str(value)


def test_everything_written_on_an_order_finds_it_and_only_it(door: Door) -> None:
    door.delivered(CODE)
    ticket = text("SELECT ticket FROM orders")
    door.delivered(DIRECT)
    words = {
        ticket: "ticket",
        ticket.lower().replace("-", " "): "ticket",
        text("SELECT p.receipt FROM payment p JOIN allocation l ON l.payment_id = p.id JOIN orders o "
             f"ON o.id = l.order_id WHERE o.ticket = '{ticket}'"): "receipt",
        text("SELECT serial FROM code WHERE order_id IS NOT NULL"): "serial",
        text("SELECT a.reference FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id JOIN orders o "
             f"ON o.id = l.order_id WHERE o.ticket = '{ticket}'"): "reference",
        text(f"SELECT a.reference FROM attempt a JOIN orders o ON o.id = a.order_id WHERE o.ticket = '{ticket}'"):
            "reference",
        text("SELECT a.provider_id FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id JOIN orders o "
             f"ON o.id = l.order_id WHERE o.ticket = '{ticket}'"): "their_number",
        text(f"SELECT a.provider_id FROM attempt a JOIN orders o ON o.id = a.order_id WHERE o.ticket = '{ticket}'"):
            "their_number",
    }  # fmt: skip
    for typed, by in words.items():
        assert by in found(typed).get(ticket, ()), (typed, by)
        assert set(found(typed)) == {ticket}, typed


def test_an_address_and_a_number_find_all_their_orders_newest_first(door: Door) -> None:
    door.delivered(DIRECT)
    door.world.clock.tick(60)
    door.delivered(CODE)
    assert list(found("ANA@example.org").values()) == [("email",), ("email",)]
    newest = text("SELECT ticket FROM orders ORDER BY placed_at DESC LIMIT 1")
    assert next(iter(found("ana@example.org"))) == newest
    number = text("SELECT number FROM orders WHERE number <> ''")
    for typed in (number, number.replace("+32", "0"), number.replace("+32", "0032 ")):
        assert list(found(typed).values()) == [("number",)], typed


def test_a_refund_of_an_order_is_found_by_its_reference(door: Door) -> None:
    world = door.world
    door.delivered(CODE)
    order = UUID(text("SELECT id FROM orders"))
    refund_by_choice(
        OWNER, order, refund_id=uuid4(), amount=None, why="It never came", shop=world.shop, at=world.clock()
    )
    assert found(text("SELECT reference FROM attempt WHERE kind = 'refund'")) == {
        text("SELECT ticket FROM orders"): ("reference",)
    }
    world.work(3)


def test_a_transfer_is_found_by_its_communication_and_by_the_banks_reference(door: Door) -> None:
    world = door.world
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    order_id, number = ordered(world)
    ticket = text(f"SELECT ticket FROM orders WHERE id = '{order_id}'")
    for typed in (belgian(number), number):
        assert "bank_number" in found(typed)[ticket]
    bring(world, camt(entry(1500, structured=number, ref="B6K12345")))
    assert found(text("SELECT bank_ref FROM bank_line WHERE bank_ref <> ''")) == {ticket: ("bank_line",)}


def test_an_order_of_a_reseller_is_found_by_what_the_reseller_calls_it_and_has_its_page(door: Door) -> None:
    world = door.world
    resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=world.clock())
    resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=world.clock())
    [order] = standing(world, asked("their-4711"))
    world.work(3)
    [(ticket, by)] = found("their-4711").items()
    assert by == ("their_key",)
    page = signed_in(world).get(f"/owner/orders/{order}/")
    assert page.status == 200
    assert ticket in page.text
    assert "acme" in page.text
    assert "Paid from the float" in page.text or "held on the float" in page.text


@pytest.mark.parametrize(
    "typed", ["", " ", "x" * 300, "a\0b", "'; DROP TABLE orders; --", "%", "充值", "@", "RF", "+32"]
)
def test_whatever_is_typed_finds_nothing_or_is_nothing(door: Door, typed: str) -> None:
    door.delivered(CODE)
    assert found(typed) == {}
    assert signed_in(door.world).get(f"/owner/find/?q={typed.replace(chr(0), '%00').replace('%', '%25')}").status == 200


def test_one_hit_is_shown_at_once_and_several_are_listed(door: Door) -> None:
    door.delivered(CODE)
    owner = signed_in(door.world)
    ticket = text("SELECT ticket FROM orders")
    one = owner.get("/owner/find/?q=ana@example.org")
    assert one.where == f"/owner/orders/{text('SELECT id FROM orders')}/"
    assert ticket in one.title
    door.delivered(CODE)
    listed = owner.get("/owner/find/?q=ana@example.org")
    assert listed.html.count('<article class="sheet item">') == 2
    assert "Found by its e-mail" in listed.text
    assert "No order is known by that" in owner.get("/owner/find/?q=nobody@example.org").text


def test_only_the_owner_and_support_find_orders(door: Door) -> None:
    door.delivered(CODE)
    page = f"/owner/orders/{text('SELECT id FROM orders')}/"
    for path in (page, "/owner/find/?q=ana@example.org"):
        assert signed_in(door.world, Role.SUPPORT, "sam").get(path).status == 200
        for visitor in (door.owner, door.colleague, door.stranger):
            assert visitor.get(path).status == 404
            assert visitor.post(page, {"sure": "yes", "why": "mine"}).status == 404
    assert signed_in(door.world).get(f"/owner/orders/{uuid4()}/").status == 404
    assert door.world.refunds() == []


def test_the_page_tells_the_whole_life_and_never_the_code(door: Door) -> None:
    link = door.delivered(CODE)
    seen = door.owner.post(f"{link}code/")
    assert seen.status == 200
    order = UUID(text("SELECT id FROM orders"))
    threads.say(
        CUSTOMER, order, "It says error 33", device=DEVICE, language="en", shop=door.world.shop,
        at=door.world.clock(), tried=Tried("no_data", "iphone", ("restart",)),
    )  # fmt: skip
    page = signed_in(door.world).get(f"/owner/orders/{order}/")
    story = ("Ordered", "Payment page opened", "Money came in", "Paid", "Order to the supplier · sandbox: succeeded",
             "Delivered", "A message was sent: Delivered", "The code was looked at", "The customer wrote",
             "It says error 33")  # fmt: skip
    for line in story:
        assert line in page.text, line
    assert page.text.count("A message was sent: Delivered") == 1
    assert "somebody has looked at it" in page.text
    for line in ("Paid by the customer", "Cost of what was delivered", "€15.00"):
        assert line in page.text, line
    code = re.search(r'id="code"[^>]*>([^<]+)<', seen.html)
    assert code
    assert re.sub(r"\s", "", code[1]) not in re.sub(r"\s", "", page.html)
    assert link.strip("/").split("/")[-1] not in page.html  # the link opens the order: it is the customer's


def test_what_waits_for_a_person_is_named_on_it_and_one_click_away(door: Door) -> None:
    from surfaces.test_owner_pages import parked

    item = parked(door)
    page = signed_in(door.world).get(f"/owner/orders/{text('SELECT id FROM orders')}/")
    assert f'<a href="{item}">Waits for a person: Nobody can say whether it was delivered</a>' in page.html


def given(door: Door, amount: str = "", **typed: str) -> dict[str, str]:
    return {"amount": amount, "why": "It never came", "sure": "yes", "key": str(uuid4()), **typed}


def delivered_page(door: Door) -> str:
    door.delivered(CODE)
    return f"/owner/orders/{text('SELECT id FROM orders')}/"


def test_money_is_given_back_with_a_reason_once(door: Door) -> None:
    page, owner = delivered_page(door), signed_in(door.world)
    typed = given(door, "5")
    for _pressed in range(2):
        assert owner.post(page, typed).status == 200
    assert door.world.refunds() == [("goodwill", 500, "due")]
    door.world.work(3)
    assert "Given back by choice" in owner.get(page).text


def test_a_large_refund_waits_for_a_second_person(door: Door) -> None:
    door.world.shop = replace(door.world.shop, refund_alone_minor=100)
    page, support = delivered_page(door), signed_in(door.world, Role.SUPPORT, "sam")
    done = support.post(page, given(door))
    assert "A refund of €15.00 waits for a second person" in done.text
    assert "Give it back" not in done.text
    assert door.world.items() == ["refund_approval"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"sure": ""}, "checked"),
        ({"why": ""}, "reason"),
        ({"amount": "five"}, "with digits"),
        ({"amount": "99"}, "15.00"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    door: Door, typed: dict[str, str], said: str
) -> None:
    page = delivered_page(door)
    seen = signed_in(door.world).post(page, given(door, **typed))
    assert seen.status == 422
    assert said in seen.text.split("Give money back")[1]
    assert typed.get("amount", "") in seen.html
    assert door.world.refunds() == []


def played(world: World) -> str:
    return str(world.paid(CODE))


def test_an_order_that_is_on_its_way_offers_no_refund(door: Door) -> None:
    page = f"/owner/orders/{played(door.world)}/"
    owner = signed_in(door.world)
    assert "Give money back" not in owner.get(page).text
    assert owner.post(page, given(door)).status == 422
    assert door.world.refunds() == []
