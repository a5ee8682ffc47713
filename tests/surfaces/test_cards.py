"""Buying a SIM card and getting it: the customer's pages, the clerk's page, and what strangers see of either."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import START, WORKER
from operations.test_cards import OWNER, bring, iccid, of
from opla.core.actor import Actor, Role
from opla.core.ports import Answer
from opla.db.models import Customer
from opla.db.queries.call import select
from opla.db.queries.cards import Shelves
from opla.operations import cards, my_data
from opla.operations.place_files import import_file
from opla.suppliers.card_stock.provider import OwnCards
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in

EMAIL = "ana@example.org"
HOME = {"name": "Ana 王", "street": "Rue Neuve", "number": "12", "box": "3", "postcode": "1000", "city": "Bruxelles"}
COUNTER = "source,ref,kind,name,street,postcode,city\nown,centre,partner,Opla Centre,Rue Haute 1,1000,Bruxelles\n"


@pytest.fixture
def shop(door: Door) -> Door:
    world = door.world
    world.shop = replace(world.shop, routes=("code_stock", "card_stock", "sandbox"))
    world.others["card_stock"] = OwnCards(Shelves(world.clock))
    bring(world, [("PX-SIM", n, "7.00") for n in range(6)])
    return door


def to_the_quote(who: Visitor) -> Seen:
    page = who.post("/new/PX-SIM/", {"email": EMAIL})
    assert "Check and pay" in page.title, page.text
    return page


def pay(who: Visitor, page: Seen, **typed: str) -> Seen:
    given = {"total": page.value("total"), "method": "sandbox", "at_once": "on", **typed}
    return who.post(page.where, given)


def bought(shop: Door, **typed: str) -> tuple[UUID, str]:
    """An order that is paid, and its page."""
    page = pay(shop.owner, to_the_quote(shop.owner), **(typed or HOME))
    assert page.where.startswith("/o/"), page.text
    world = shop.world
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(2)
    [(order_id,)] = select("SELECT id FROM orders ORDER BY placed_at DESC, id DESC LIMIT 1")
    assert isinstance(order_id, UUID)
    return order_id, page.where


def test_a_card_is_bought_with_an_address_packed_sent_and_followed(shop: Door) -> None:
    page = to_the_quote(shop.owner)
    assert "Where should the SIM card go?" in page.text
    assert 'action="/quote/' in page.html
    order_id, link = bought(shop)
    seen = shop.owner.get(link)
    assert "Your SIM card is being packed" in seen.title
    assert "Rue Neuve 12 box 3" in seen.text
    clerk = signed_in(shop.world, Role.SUPPORT, "ben")
    listed = clerk.get("/owner/cards/")
    assert "Ana 王" in listed.text
    here = f"/owner/cards/{order_id}/"
    assert clerk.post(here, {"act": "pack", "iccid": of(order_id)[0].iccid}).where == "/owner/cards/"
    assert clerk.post(here, {"act": "sent", "tracking": "3SBE99"}).status == 200
    seen = shop.owner.get(link)
    assert (seen.title.startswith("Sent on"), "3SBE99" in seen.text) == (True, True)
    assert "Show the code" not in seen.text
    assert "Did you enter it" not in seen.text
    shop.world.work(2)
    assert "It has not come" in shop.owner.get(link).text
    form = shop.owner.get(f"{link}thread/?matter=not_come")
    assert "My SIM card has not come." in form.text
    assert "My SIM card" not in shop.owner.get(f"{link}thread/?matter=anything").text
    clerk.post(here, {"act": "lost_again"})
    assert "Another SIM card is on its way to you" in shop.owner.get(link).title


def test_whoever_has_only_the_link_sees_neither_where_it_goes_nor_the_code(shop: Door) -> None:
    assert import_file(OWNER, COUNTER.encode(), sandbox=True, at=START) is not None
    order_id, link = bought(shop, collect_at="centre")
    cards.pack(OWNER, order_id, of(order_id)[0].iccid, shop=shop.world.shop, at=START)
    cards.make_ready(OWNER, order_id, shop=shop.world.shop, at=START)
    code = cards.collection_code(order_id, shop=shop.world.shop)
    mine = shop.owner.get(link)
    assert (mine.title.startswith("Your SIM card is ready"), code in mine.text) == (True, True)
    assert "Opla Centre, Rue Haute 1, 1000 Bruxelles" in mine.text
    other, sent = bought(shop)
    for who in (shop.colleague, shop.stranger):
        assert code not in who.get(link).html
        assert "Rue Neuve" not in who.get(sent).html
        assert "prove" in who.get(sent).text
    clerk = signed_in(shop.world, Role.SUPPORT, "ben")
    assert code not in clerk.get("/owner/cards/").html
    refused = clerk.post(f"/owner/cards/{order_id}/", {"act": "collected", "code": "AAAAAA"})
    assert refused.status == 422
    assert "not the code of this order" in refused.text
    assert clerk.post(f"/owner/cards/{order_id}/", {"act": "collected", "code": code.lower()}).status == 200
    assert shop.owner.get(link).title.startswith("Collected on")
    assert str(other) in clerk.get("/owner/cards/").html


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"postcode": "99"}, "postcode", "four digits"),
    ({"name": ""}, "name", "Fill in this line"),
    ({"street": "x" * 80}, "street", "At most 70 signs"),
]


@pytest.mark.parametrize(("typed", "field", "says"), WRONG)
def test_a_wrong_line_of_the_address_is_said_beside_it_and_nothing_is_lost_or_bought(
    shop: Door, typed: dict[str, str], field: str, says: str
) -> None:
    page = pay(shop.owner, to_the_quote(shop.owner), **{**HOME, **typed})
    assert page.status == 422
    assert says in page.error(field)
    assert page.value("city") == "Bruxelles"
    assert select("SELECT 1 FROM orders") == []


def test_without_the_box_ticked_the_address_is_kept_on_the_page(shop: Door) -> None:
    page = to_the_quote(shop.owner)
    again = shop.owner.post(page.where, {"total": page.value("total"), "method": "sandbox", **HOME})
    assert (again.status, again.value("street")) == (422, "Rue Neuve")


def test_a_place_that_is_not_ours_is_refused_by_name(shop: Door) -> None:
    page = pay(shop.owner, to_the_quote(shop.owner), collect_at="nowhere")
    assert page.status == 422
    assert "Cards are not collected there any more" in page.text
    assert select("SELECT 1 FROM orders") == []


def test_in_a_basket_all_cards_go_to_one_address(shop: Door) -> None:
    for path in ("/new/PX-SIM/", "/new/PX-SIM/", "/top-up/proximus/PX-15/"):
        quote = shop.owner.post(path, {"email": EMAIL})
        basket = shop.owner.post(f"{quote.where}basket/")
    assert basket.html.count('id="postcode"') == 1
    shown = re.findall(r'name="shown" value="([^"]*)"', basket.html)
    typed = {"method": "sandbox", "at_once": "on", "shown": shown}
    wrong = shop.owner.client.post("/basket/", {**typed, **HOME, "postcode": "1"})
    assert wrong.status_code == 422
    assert select("SELECT 1 FROM orders") == []
    shop.owner.client.post("/basket/", {**typed, **HOME})
    assert select(
        "SELECT kind, count(*), count(t.sealed) FROM orders o LEFT JOIN card_to t ON t.order_id = o.id "
        "GROUP BY kind ORDER BY kind"
    ) == [("code", 1, 0), ("sim", 2, 2)]


def test_where_none_is_left_nothing_is_sold(shop: Door) -> None:
    assert "None of these is left" in shop.stranger.get("/new/OR-SIM/").text
    refused = shop.stranger.post("/new/OR-SIM/", {"email": EMAIL})
    assert refused.status == 422


@pytest.mark.parametrize("path", ["/owner/cards/", f"/owner/cards/{UUID(int=1)}/"])
def test_to_customers_and_strangers_the_clerks_page_does_not_exist(shop: Door, path: str) -> None:
    for who in (shop.owner, shop.colleague, shop.stranger):
        assert (who.get(path).status, who.post(path, {"act": "pack"}).status) == (404, 404)


def test_support_packs_and_imports_nothing(shop: Door) -> None:
    bought(shop)
    clerk, owner = signed_in(shop.world, Role.SUPPORT, "ben"), signed_in(shop.world)
    assert 'type="file"' not in clerk.get("/owner/cards/").html
    file = SimpleUploadedFile("new.csv", f"sku,iccid,cost\nPX-SIM,{iccid(80)},7\n".encode())
    assert clerk.client.post("/owner/cards/", {"file": file}).status_code == 422
    assert 'type="file"' in owner.get("/owner/cards/").html
    file = SimpleUploadedFile("new.csv", f"sku,iccid,cost\nPX-SIM,{iccid(80)},7\n".encode())
    told = owner.client.post("/owner/cards/", {"file": file})
    assert "1 new cards" in told.content.decode()


def test_a_wrong_scan_is_said_beside_the_order_and_changes_nothing(shop: Door) -> None:
    order_id, _ = bought(shop)
    clerk = signed_in(shop.world, Role.SUPPORT, "ben")
    page = clerk.post(f"/owner/cards/{order_id}/", {"act": "pack", "iccid": iccid(99)})
    assert page.status == 422
    assert "not one of our cards" in page.text
    assert re.search(r'<input [^>]*id="iccid-[^>]*autofocus', page.html)
    assert clerk.post(f"/owner/cards/{order_id}/", {"act": "anything"}).status == 422
    assert clerk.post(f"/owner/cards/{UUID(int=5)}/", {"act": "sent"}).status == 422
    assert [card.state for card in of(order_id)] == ["reserved"]


def test_lost_and_refunded_by_the_clerk_is_told_on_the_orders_page(shop: Door) -> None:
    order_id, link = bought(shop)
    clerk = signed_in(shop.world, Role.SUPPORT, "ben")
    for act in ({"act": "pack", "iccid": of(order_id)[0].iccid}, {"act": "sent"}, {"act": "lost_refund"}):
        assert clerk.post(f"/owner/cards/{order_id}/", act).status == 200
    shop.world.work(3)
    page = shop.owner.get(link)
    assert page.title.startswith("Refunded")
    assert "The SIM card was lost: the money goes back" in page.text


def test_the_letters_say_sent_and_ready_and_never_the_code(shop: Door) -> None:
    from opla.db.queries import pages
    from opla.presenting.notices import notice

    order_id, _ = bought(shop)
    page = pages.order_by_id(order_id)
    assert page is not None
    code = cards.collection_code(order_id, shop=shop.world.shop)
    for topic in ("delivered", "card_ready", "card_sent"):
        made = notice(topic, page, "http://shop.test/o/x/", sandbox=False)
        assert "SIM card" in made.subject
        assert code not in made.text
        assert "top up" not in made.text


def test_my_data_says_where_it_goes_and_deleting_it_forgets_that(shop: Door) -> None:
    order_id, _ = bought(shop)
    customer = Customer.objects.create(email=EMAIL, language="en", made_at=START)
    held = json.loads(json.dumps(my_data.export(customer, shop=shop.world.shop, at=START)))
    assert held["orders"][0]["card_goes_to"]["street"] == "Rue Neuve"
    world, at = shop.world, shop.world.clock
    actor = Actor(Role.CUSTOMER)
    assert my_data.delete(actor, customer, shop=world.shop, at=at()) is not None  # it is still to be sent
    cards.pack(OWNER, order_id, of(order_id)[0].iccid, shop=world.shop, at=at())
    cards.hand_over(OWNER, order_id, shop=world.shop, at=at())
    world.work(3, WORKER)
    assert my_data.delete(actor, customer, shop=world.shop, at=at()) is None
    assert select("SELECT sealed FROM card_to") == [(None,)]


def test_the_janitor_forgets_where_a_card_went_after_ninety_days(shop: Door) -> None:
    order_id, link = bought(shop)
    world = shop.world
    cards.pack(OWNER, order_id, of(order_id)[0].iccid, shop=world.shop, at=world.clock())
    cards.hand_over(OWNER, order_id, shop=world.shop, at=world.clock())
    world.clock.now = START + timedelta(days=89)
    world.work()
    assert select("SELECT sealed IS NULL FROM card_to") == [(False,)]
    world.clock.now = START + timedelta(days=91)
    world.work()
    assert select("SELECT sealed IS NULL FROM card_to") == [(True,)]
    assert "Rue Neuve" not in shop.owner.get(link).text
