"""Texts as people meet them: a choice beside the e-mail, what became of one, the page of a link asked for by text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.test_bounced import report
from fakes import CUSTOMER, World
from operations.test_order_texts import Line, leave, receipt
from operations.test_rescue import ask, link_in, paid, pays, quoted, waits
from opla.db.models import Customer
from opla.db.queries.call import select
from opla.operations import mail_back, my_data, order_texts
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in


def pay(visitor: Visitor, quote: Seen) -> Seen:
    return visitor.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})


FORM = "/top-up/proximus/PX-15/"
ANA = "ana@example.org"


def to(world: World) -> list[str]:
    """The numbers that are told of quotes, oldest first."""
    quotes = select("SELECT quote_id FROM text_wish ORDER BY at, quote_id")
    found = [order_texts.wished(one, shop=world.shop) for (one,) in quotes]  # type: ignore[arg-type]  # it is a UUID
    return [one[1] for one in found if one]


def test_the_choice_stands_beside_the_e_mail_and_is_not_ticked(door: Door) -> None:
    page = door.owner.get(FORM)
    assert "Tell me by SMS too" in page.text
    assert 'name="by_text">' in page.html
    door.owner.post(FORM, {"email": ANA})
    assert to(door.world) == []


def test_a_number_alone_is_no_tick(door: Door) -> None:
    door.owner.post(FORM, {"email": ANA, "text_number": "0470 00 00 09"})
    assert to(door.world) == []


def test_who_ticks_it_is_told_on_that_number_and_the_price_says_so(door: Door) -> None:
    page = door.owner.post(FORM, {"email": ANA, "by_text": "on", "text_number": "0470 00 00 09"})
    assert page.where.startswith("/quote/")
    assert "0470 00 00 09" in page.text
    assert to(door.world) == ["+32470000009"]
    renewed = door.owner.post(f"{page.where}renew/")
    assert renewed.where != page.where
    assert "0470 00 00 09" in renewed.text
    assert "0470 00 00 09" not in door.stranger.get(renewed.where).text


def test_the_number_that_is_topped_up_is_told_where_no_other_is_written(door: Door) -> None:
    form = "/top-up/mobile-vikings/MV-15/"
    page = door.owner.post(form, {"email": ANA, "by_text": "on", "number": "0470 12 34 56", "plan": ""})
    assert page.where.startswith("/quote/"), page.text
    assert to(door.world) == ["+32470123456"]


@pytest.mark.parametrize(
    ("typed", "says"), [("", "number"), ("12", "number"), ("+33 6 12 34 56 78", "Belgian"), ("0900 12 345", "number")]
)
def test_a_wrong_number_is_said_beside_it_with_everything_else(door: Door, typed: str, says: str) -> None:
    page = door.owner.post(FORM, {"email": "ana@", "by_text": "on", "text_number": typed})
    assert page.status == 422
    assert page.error("text_number")
    assert page.error("email")
    assert says.casefold() in page.error("text_number").casefold()
    assert page.value("text_number") == typed
    assert 'name="by_text" checked>' in page.html
    assert to(door.world) == []


def test_where_no_texts_go_nothing_is_offered(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPLA_NOTICES_SMPP_HOST", raising=False)
    door.world.shop = replace(door.world.shop, sandbox=False)
    page = door.owner.get("/top-up/base/BA-20/")
    assert "Tell me by text" not in page.text


def test_the_order_s_page_says_what_became_of_its_texts(door: Door) -> None:
    quote = door.world.quote()
    number = order_texts.read_number("0470000009")
    order_texts.wish(quote.id, number, shop=door.world.shop, at=door.world.clock())  # type: ignore[arg-type]  # it is one
    order = door.link(door.world.paid(quote=quote))
    door.world.work(3)
    assert "SMS: on its way" in door.owner.get(order).text
    leave(door.world, Line())
    assert "SMS: sent" in door.owner.get(order).text
    receipt(door.world, "m1-0", "UNDELIV")
    assert "SMS: it could not be delivered" in door.owner.get(order).text
    assert "0470 00 00 09" not in door.stranger.get(order).text


def test_the_page_of_the_order_says_it_without_the_address(door: Door) -> None:
    order = door.delivered()
    assert "came back" not in door.owner.get(order).text
    reference = door.world.mailbox.sent[-1].reference
    assert mail_back.came_back(report(reference=reference), shop=door.world.shop, at=door.world.clock())
    page = door.stranger.get(order)
    assert "Our e-mail to a…@example.org came back" in page.text
    assert ANA not in page.html


def test_a_customer_s_file_has_their_numbers_and_deleting_takes_them(door: Door) -> None:
    quote = door.world.quote()
    number = order_texts.read_number("0470000009")
    order_texts.wish(quote.id, number, shop=door.world.shop, at=door.world.clock())  # type: ignore[arg-type]  # it is one
    door.world.paid(quote=quote)
    door.world.work(3)
    customer = Customer.objects.create(email=ANA, language="en", made_at=door.world.clock())
    held = my_data.export(customer, shop=door.world.shop, at=door.world.clock())
    assert [one["number"] for one in held["texts"]] == ["+32470000009"]  # type: ignore[attr-defined]  # it is a list
    assert my_data.delete(CUSTOMER, customer, shop=door.world.shop, at=door.world.clock()) is None
    assert select("SELECT count(*) FROM text_wish") == [(0,)]


def test_the_owner_sees_what_texts_took_today(door: Door) -> None:
    owner = signed_in(door.world)
    assert "SMS today" not in owner.get("/owner/items/").text
    assert order_texts.spend("x" * 200, shop=door.world.shop, at=door.world.clock()) == 2
    assert "SMS today: 2 parts, of at most 1000." in owner.get("/owner/items/").text
    assert door.stranger.get("/owner/items/").status == 404


# ── the page of a link ──


def asked(door: Door, text: str = "TOPUP 15 Proximus") -> str:
    return f"/t/{link_in(ask(door.world, text))}/"


def test_a_friend_pays_what_was_asked_for_and_never_learns_the_number(door: Door) -> None:
    path, friend = asked(door), Visitor()
    page = friend.get(path)
    assert page.status == 200
    for said in ("Proximus 15", "€15.00", "+32 … 01", "can be forged"):
        assert said in page.text
    quote = friend.post(path, {"email": "ben@example.org"})
    assert quote.where.startswith("/quote/")
    assert "The code goes there, to the phone that asked" in quote.text
    assert "Send the code to the phone that asked. I know that I can no longer step back" in quote.text
    for seen in (page, quote):
        assert "470000001" not in seen.html.replace(" ", "")
    assert friend.post(path, {"email": "ben@"}).error("email")


def test_a_stranger_with_a_guess_sees_nothing_and_a_link_is_over_in_the_end(door: Door) -> None:
    path = asked(door)
    for guess in ("/t/" + "a" * 26 + "/", "/t/x/"):
        assert door.stranger.get(guess).status == 404
        assert door.stranger.post(guess, {"email": "x@example.org"}).status == 404
    door.world.clock.tick(25 * 3600)
    for page in (door.stranger.get(path), door.stranger.post(path, {"email": "x@example.org"})):
        assert page.status == 410
        assert "ended" in page.text
    assert select("SELECT count(*) FROM quote") == [(0,)]


def test_a_link_that_was_paid_or_became_dearer_buys_nothing_more(door: Door) -> None:
    path = asked(door)
    friend = Visitor()
    paid(door.world, quoted(door.world, path.split("/")[2]))
    for page in (friend.get(path), friend.post(path, {"email": "ben@example.org"})):
        assert page.status == 410
        assert "paid this already" in page.text
    other = asked(door, "TOPUP 20 Lycamobile")
    door.world.shop = replace(door.world.shop, terms=replace(door.world.shop.terms, fee_minor=50))
    page = friend.post(other, {"email": "ben@example.org"})
    assert page.status == 410
    assert "costs more now" in page.text


def test_who_pays_by_a_link_reads_beforehand_that_the_first_payment_buys_it_and_later_that_another_did(
    door: Door,
) -> None:
    path, slow = asked(door), Visitor()
    page = slow.get(path)
    assert "the first payment that arrives buys it, and the others are refunded" in page.text
    quote = slow.post(path, {"email": "ben@example.org"})
    order = pay(slow, quote)
    door.world.work()
    assert "Waiting for your payment" in slow.get(order.where).text
    open_still, late = Visitor(), Visitor()
    other = open_still.post(path, {"email": "dee@example.org"})
    waits(door.world, quoted(door.world, path.split("/")[2], "cas@example.org"))
    pays(door.world, 1)
    page = slow.get(order.where)
    assert "Somebody else has paid for this meanwhile" in page.text
    assert "http://sandbox.test/pay" not in page.html
    no = pay(open_still, other)
    assert no.status == 409
    assert "Somebody else has paid for this meanwhile" in no.text
    assert late.get(path).status == 410
