"""The till as a clerk sees it, and as everybody else does not."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from fakes import CODE, DEVICE, DIRECT, NUMBER
from operations.test_cash import OWNER, TILL, counter, in_drawer, ordered, owed, work
from operations.test_stations import PIN, broken, named
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.queries import counter as queries
from opla.db.queries.call import select
from opla.operations import stations
from opla.operations.links import link_of
from surfaces.conftest import Door, Seen, Visitor

__all__ = ["counter"]


@pytest.fixture
def shop(door: Door, request: pytest.FixtureRequest) -> Door:
    request.getfixturevalue("counter")
    return door


def tablet(shop: Door, name: str = "main-till", clerk: str = "anna", *, language: str = "en") -> Visitor:
    """A paired tablet on which somebody is signed in."""
    made = stations.keep(OWNER, name, Kind.TILL, drawer=TILL, shop=shop.world.shop, at=shop.world.clock())
    assert not isinstance(made, Refusal)
    found = Visitor(language=language)
    found.post("/station/", {"code": made.code})
    return signed_in(shop, found, clerk)


def signed_in(shop: Door, tablet: Visitor, clerk: str, *, manages: bool = False) -> Visitor:
    named(shop.world, clerk, manages=manages)
    tablet.post("/till/sign-in/", {"name": clerk, "pin": PIN})
    return tablet


def opened(shop: Door, tablet: Visitor) -> Visitor:
    tablet.post("/till/shift/", {"act": "open", "piece_5000": "1"})
    return tablet


@pytest.fixture
def till(shop: Door) -> Visitor:
    return opened(shop, tablet(shop))


def priced(till: Visitor, sku: str = CODE, **more: str) -> Seen:
    operator = "mobile-vikings" if sku == DIRECT else "proximus"
    return till.post("/till/price/", {"operator": operator, "sku": sku, **more})


def sold(till: Visitor, page: Seen, given: str = "") -> Seen:
    form = {"key": page.value("key"), "total": page.value("total"), "given": given}
    return till.post(page.where, form)


def test_an_amount_and_the_coins_are_a_sale_and_its_page_goes_on_to_the_code(shop: Door, till: Visitor) -> None:
    assert "Proximus" in till.get("/till/").text
    assert "€15" in till.get("/till/operator/proximus/").text
    page = priced(till)
    assert re.fullmatch(r"/till/quote/[0-9a-f-]{36}/", page.where)
    assert "Exactly €15.00" in page.text
    assert "What changes on the SIM" in page.text
    done = sold(till, page, "20")
    assert done.where == "/till/sales/1/"
    assert "Give back €5.00." in done.text
    assert in_drawer(shop.world) == 6500
    state = re.search(r'hx-get="([^"]+)"', done.html)
    assert state
    assert till.get(state.group(1)).status == 204
    work(shop.world)
    moved = till.get(state.group(1))
    assert "Show the code" in moved.text
    shown = till.post("/till/sales/1/code/")
    [(serial,)] = select("SELECT serial FROM code WHERE order_id IS NOT NULL")
    assert str(serial) in shown.text
    assert "main-till" in str(select("SELECT actor FROM reveal"))
    assert not broken(shop.world)


def test_direct_credit_asks_for_the_number_first_and_a_typed_one_waits_for_the_amount(
    shop: Door, till: Visitor
) -> None:
    asks = priced(till, DIRECT)
    assert "Who is it for?" in asks.text
    again = till.post(
        "/till/price/", {"operator": "mobile-vikings", "sku": DIRECT, "asked": "1", "number": "02 511 11 11"}
    )
    assert (again.status, bool(again.error("number"))) == (422, True)
    till.post("/till/find/", {"typed": NUMBER})
    assert "0470 12 34 56" in till.get("/till/").text
    asks = priced(till, DIRECT)  # this one asks for the plan too
    assert (asks.value("number"), "Keep the plan" in asks.text) == ("0470 12 34 56", True)
    page = priced(till, DIRECT, asked="1", number=asks.value("number"))
    assert "0470 12 34 56" in page.text
    done = sold(till, page)
    assert done.where == "/till/sales/1/"
    assert "0470" not in till.get("/till/").text  # the next customer finds nothing of it
    assert "0470 12 34 56" not in till.get("/till/sales/").text
    work(shop.world)
    page = till.get("/till/sales/1/")
    assert "Delivered" in page.text
    assert "hx-get" not in page.html  # nothing more will come: nobody is written to


def test_a_price_from_home_is_scanned_and_what_differs_is_said_before_the_money(shop: Door, till: Visitor) -> None:
    world = shop.world
    home = world.quote(CODE)
    owner = shop.owner.post(f"/quote/{home.id}/counter/")
    code = re.search(r"\b9\d{3} \d{3} \d{4}\b|\b9\d{2} \d{3} \d{3} \d{2}\b", owner.text)
    assert code, owner.text
    assert 'class="qr"' in owner.html
    assert shop.stranger.post(f"/quote/{home.id}/counter/").status == 404
    page = till.post("/till/find/", {"typed": code[0]})
    assert "Exactly €15.00" in page.text
    assert "The customer was shown" not in page.text
    differs = till.get(f"{page.where}?was=1600")
    assert "The customer was shown €16.00. At this till, now, it is €15.00" in differs.text
    assert not re.search(r"<button[^>]*autofocus", differs.html)  # a scanner's second Enter takes no money
    world.clock.tick(3 * 24 * 3600)
    signed_in(shop, till, "anna")
    assert till.post("/till/find/", {"typed": code[0]}).status == 422


def test_an_order_of_the_web_is_paid_and_a_refund_collected_at_the_till(shop: Door, till: Visitor) -> None:
    [order_id], code = ordered(shop.world)
    shop.world.supplier.script.append(shop.world.supplier.refuses)
    panel = till.post("/till/find/", {"typed": code})
    assert "Exactly €15.00" in panel.text
    done = till.post("/till/cash/", {"act": "take", "code": code, "key": panel.value("key"), "given": "50"})
    assert "Give back €35.00." in done.text
    work(shop.world)
    back = owed(shop.world, order_id)
    panel = till.post("/till/find/", {"typed": back})
    assert "To be paid out: €15.00" in panel.text
    form = {"act": "pay_out", "code": back, "key": panel.value("key")}
    assert till.post("/till/cash/", form).status == 422  # how it is known whose it is
    assert "Give the customer €15.00." in till.post("/till/cash/", {**form, "why": "on the phone"}).text
    assert in_drawer(shop.world) == 5000
    work(shop.world)


def test_money_of_the_web_that_was_taken_by_mistake_goes_back_at_the_same_till(shop: Door, till: Visitor) -> None:
    _, code = ordered(shop.world)
    key = till.post("/till/find/", {"typed": code}).value("key")
    taken = till.post("/till/cash/", {"act": "take", "code": code, "key": key})
    assert "This was a mistake" in taken.text
    signed_in(shop, till, "ben")
    assert till.post("/till/cash/", {"act": "undo", "key": key, "why": "x"}).status == 422
    signed_in(shop, till, "anna")
    undone = till.post("/till/cash/", {"act": "undo", "key": key, "why": "wrong customer"})
    assert (undone.status, "This was a mistake" in undone.text, in_drawer(shop.world)) == (200, False, 5000)


def test_a_sale_is_undone_with_a_reason_by_who_sold_it_or_a_manager(shop: Door, till: Visitor) -> None:
    sold(till, priced(till), "20")
    signed_in(shop, till, "ben")
    page = till.post("/till/sales/1/undo/", {"why": "mine now"})
    assert (page.status, "Somebody else sold this" in page.text) == (409, True)
    assert "This was a mistake" not in till.get("/till/sales/1/").text
    signed_in(shop, till, "carl", manages=True)
    assert till.post("/till/sales/1/undo/", {"why": " "}).status == 409
    page = till.post("/till/sales/1/undo/", {"why": "wrong operator"})
    assert (page.status, "Give back" in page.text, in_drawer(shop.world)) == (200, False, 5000)
    work(shop.world)


def test_a_refund_is_paid_out_of_the_same_drawer(shop: Door, till: Visitor) -> None:
    sold(till, priced(till, DIRECT, asked="1", number=NUMBER))
    work(shop.world)
    page = till.get("/till/sales/1/")
    key = re.search(r'action="/till/sales/1/back/".*?name="key" value="([^"]+)"', page.html, re.DOTALL)
    assert key
    done = till.post("/till/sales/1/back/", {"key": key[1], "why": "a complaint"})
    assert "Give the customer" in done.text
    assert in_drawer(shop.world) == 5000
    work(shop.world)


def test_a_day_from_count_to_count_and_its_reports(shop: Door, till: Visitor) -> None:
    sold(till, priced(till), "20")
    till.post("/till/shift/", {"act": "drop", "amount": "20", "why": "too much in it"})
    assert till.post("/till/shift/", {"act": "no_sale", "why": " "}).status == 422
    assert "Drawer opened" in till.post("/till/shift/", {"act": "no_sale", "why": "change for the bus"}).text
    x = till.get("/till/shift/1/")
    assert "X report 1" in x.text
    assert "change for the bus" in x.text
    assert "€45.00" not in x.text  # whoever counts is not told what should be there
    no = till.post("/till/shift/close/", {"piece_5000": "1"})
    assert (no.status, "Why it differs" in no.text, "€5.00" in no.text) == (422, True, False)
    z = till.post("/till/shift/close/", {"piece_2000": "2", "piece_500": "1"})
    assert "Z report 1" in z.text
    assert "number 1 to 1" in z.text
    assert "Counted differently" in z.text
    work(shop.world)
    assert not broken(shop.world)
    page = till.get("/till/")
    assert "No shift is open" in page.text
    refused = sold(till, priced(till))
    assert refused.status == 422
    assert till.get("/till/shift/").text.count("Closed") >= 1


def test_no_till_sees_what_another_one_sold_and_nobody_without_a_tablet_sees_a_page(shop: Door, till: Visitor) -> None:
    page = priced(till)
    sold(till, page)
    other = tablet(shop, "side-till", "ben")
    assert other.get("/till/sales/1/").status == 404
    assert other.get(page.where).status == 404
    assert "Proximus" not in other.get("/till/sales/").text
    for path in ("/till/sales/1/undo/", "/till/sales/1/back/", "/till/sales/1/code/"):
        assert other.post(path, {"why": "x"}).status == 404
    paths = ["/till/", "/till/sales/", "/till/sales/1/", "/till/shift/", "/till/cash/", "/till/turn/", page.where]
    for path in paths:
        assert Visitor(DEVICE).get(path).status == 404
    shop.world.clock.tick(11 * 60)  # nobody has pressed anything for a while
    for path in paths:
        assert till.get(path).where == "/till/sign-in/", path
    assert till.get("/till/sales/99999999999999999999999/").status in (200, 404)


def test_every_address_of_a_till_is_nothing_to_whoever_has_no_tablet_of_ours(shop: Door) -> None:
    from django.urls import reverse

    from opla.till.urls import urlpatterns

    given: dict[str, object] = {"operator_id": "base", "quote_id": UUID(int=1), "language": "fr", "n": 1}
    for one in urlpatterns:
        # Pairing is for a tablet that is nobody's yet. The worker is the same for everybody; who tells what was sold
        # without a line is known by its signature (tests/operations/test_offline.py).
        if one.name in ("station", "till-offline-worker", "till-offline-sales"):
            continue
        path = reverse(str(one.name), kwargs={name: given[name] for name in one.pattern.converters})
        answers = {Visitor(DEVICE).get(path).status, Visitor(DEVICE).post(path, {"act": "take"}).status}
        assert answers <= {404, 405}, path
        assert 404 in answers, path


def test_what_could_not_be_delivered_is_paid_out_on_the_page_of_its_sale(shop: Door, till: Visitor) -> None:
    shop.world.supplier.script.append(shop.world.supplier.refuses)
    sold(till, priced(till), "20")
    work(shop.world)
    page = till.get("/till/sales/1/")
    assert "€15.00 waits to be paid out" in page.text
    assert "Give the money back" not in page.text
    digits = page.value("code")
    panel = till.post("/till/cash/", {"act": "look", "code": digits})
    till.post("/till/cash/", {"act": "pay_out", "code": digits, "key": panel.value("key"), "why": "still here"})
    assert in_drawer(shop.world) == 5000
    work(shop.world)
    assert not broken(shop.world)


def test_an_order_number_of_this_till_opens_its_sale(shop: Door, till: Visitor) -> None:
    sold(till, priced(till))
    sale = queries.newest(_station(), limit=1)[0]
    assert till.post("/till/find/", {"typed": sale.ticket.lower()}).where == "/till/sales/1/"
    other = tablet(shop, "side-till", "ben")
    assert other.post("/till/find/", {"typed": sale.ticket}).where == "/till/cash/"
    work(shop.world)


def test_what_this_till_sells_most_is_one_press_away(shop: Door, till: Visitor) -> None:
    assert "Sold most at this till" not in till.get("/till/").text
    sold(till, priced(till))
    home = till.get("/till/")
    assert "Sold most at this till" in home.text
    assert f'name="sku" value="{CODE}"' in home.html


def test_the_turned_tablet_speaks_the_customers_language_and_the_clerk_keeps_theirs(shop: Door, till: Visitor) -> None:
    names = till.get("/till/turn/").text
    for name in ("English", "Français", "Nederlands", "Deutsch", "简体中文"):
        assert name in names
    asked = till.get("/till/turn/fr/?use=video&days=30")
    assert 'lang="fr"' in asked.html
    assert "Back to the clerk" in asked.text
    assert 'action="/till/price/"' in asked.html
    assert "/top-up/" not in asked.html
    assert till.get("/till/turn/xx/").status == 404
    assert '<html lang="en">' in till.get("/till/").html
    page = priced(till)
    turned = till.post(f"{page.where}again/", {"language": "nl"})
    assert '<html lang="nl">' in turned.html
    assert turned.where.endswith("/turned/")
    done = sold(till, till.get(turned.where.removesuffix("turned/")))
    assert done.where == "/till/sales/1/"
    sale = queries.newest(_station(), limit=1)[0]
    assert select("SELECT language FROM orders WHERE id = %s", [sale.order_id]) == [("nl",)]
    work(shop.world)


def test_the_customers_page_of_a_sale_shows_no_code_and_asks_for_no_mail(shop: Door, till: Visitor) -> None:
    sold(till, priced(till))
    work(shop.world)
    sale = queries.newest(_station(), limit=1)[0]
    link = link_of(sale.order_id, shop.world.shop.keyring)
    page = shop.stranger.get(f"/o/{link}/")
    assert page.status == 200
    assert "six digits" not in page.text
    receipt = shop.stranger.get(f"/o/{link}/receipt/")
    assert (receipt.status, "€15.00" in receipt.text) == (200, True)
    assert "counter" in page.text


def _station() -> UUID:
    [(found,)] = select("SELECT id FROM station WHERE name = 'main-till'")
    assert isinstance(found, UUID)
    return found
