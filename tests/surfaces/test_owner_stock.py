"""The owner's page of codes in stock: what was bought, what came, what is taken off sale; and nobody else's page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fakes import World
from opla.core.actor import Actor, Role
from opla.db.queries.call import select
from opla.db.queries.codes import Stock, stock_levels
from opla.operations import stock
from opla.suppliers.code_stock.provider import OwnStock
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in

PAGE = "/owner/stock/"
ORDER = {"act": "order", "vendor": "Lyca Mobile", "sku": "PX-15", "quantity": "3", "cost": "14,25"}


@pytest.fixture
def shelf(door: Door) -> World:
    found = door.world
    found.shop = replace(found.shop, routes=("code_stock",))
    found.others["code_stock"] = OwnStock(Stock(lambda: found.clock().date()))
    return found


def upload(owner: Visitor, *serials: str, **more: str) -> str:
    rows = "".join(f"PX-15,000012345678{n},{serial},14.25\n" for n, serial in enumerate(serials))
    file = SimpleUploadedFile("box of codes.csv", f"sku,code,serial,cost\n{rows}".encode())
    return owner.client.post(PAGE, {"act": "import", "file": file, **more}).content.decode()


def test_it_is_the_owners_alone(door: Door, shelf: World) -> None:
    owner = signed_in(shelf)
    upload(owner, "S1")
    support = signed_in(shelf, Role.SUPPORT, "ben")
    for visitor in (door.owner, door.colleague, door.stranger, support):  # of an order; and who helps customers
        for path in (PAGE, f"{PAGE}1/"):
            assert visitor.get(path).status == 404
        assert visitor.post(PAGE, ORDER).status == 404
        assert visitor.post(f"{PAGE}1/", {"act": "block", "why": "x"}).status == 404
    assert (select("SELECT count(*) FROM purchase"), stock_levels()) == ([(0,)], {"PX-15": 1})
    assert PAGE in owner.get("/owner/items/").html
    assert PAGE not in support.get("/owner/items/").html


def test_a_purchase_is_noted_arrives_in_a_file_and_is_paid(shelf: World) -> None:
    owner = signed_in(shelf)
    assert owner.post(PAGE, ORDER).where == PAGE
    assert owner.get(PAGE).value("paid_minor") == "0"
    assert "3 × €14.25" in owner.get(PAGE).text
    assert "2 new codes, 0 known before" in upload(owner, "S1", "S2", purchase="1")
    page = owner.get(PAGE)
    assert "1 missing" in page.text
    assert "€28.50 still owed" in page.text
    owner.post(PAGE, {"act": "received", "purchase": "1", "damaged": "1", "invoice": "F-17"})
    owner.post(PAGE, {"act": "paid", "purchase": "1", "amount": "28.50", "paid_minor": "0"})
    page = owner.get(PAGE)
    assert "still owed" not in page.text
    assert ("1 damaged" in page.text, "F-17" in page.text, "missing" in page.text) == (True, True, False)
    assert "0000123456780" not in page.html


def test_a_payment_that_is_sent_twice_leaves_the_bank_once(shelf: World) -> None:
    owner = signed_in(shelf)
    owner.post(PAGE, ORDER)
    paid = {"act": "paid", "purchase": "1", "amount": "10", "paid_minor": "0"}
    assert owner.post(PAGE, paid).status == 200
    again = owner.post(PAGE, paid)
    assert (again.status, 'role="alert"' in again.html) == (422, True)
    assert shelf.balance("bank:EUR") == -1000
    assert owner.post(PAGE, {name: paid[name] for name in ("act", "purchase", "amount")}).status == 422
    assert again.value("paid_minor") == "1000"
    assert owner.post(PAGE, paid | {"paid_minor": "1000"}).status == 200
    assert owner.post(PAGE, paid | {"act": "paid_back", "paid_minor": "1000"}).status == 422
    assert shelf.balance("bank:EUR") == -2000


def test_a_purchase_that_is_sent_twice_is_one(shelf: World) -> None:
    owner = signed_in(shelf)
    key = owner.get(PAGE).value("key")
    for _ in range(2):
        assert owner.post(PAGE, ORDER | {"key": key}).where == PAGE
    assert select("SELECT count(*) FROM purchase") == [(1,)]
    assert select("SELECT count(*) FROM event WHERE subject = 'purchase'") == [(1,)]
    other = owner.post(PAGE, ORDER | {"key": key, "quantity": "4"})
    assert (other.status, 'role="alert"' in other.html) == (422, True)
    assert owner.post(PAGE, ORDER | {"key": owner.get(PAGE).value("key")}).where == PAGE
    assert select("SELECT count(*) FROM purchase") == [(2,)]


def test_a_batch_is_taken_off_sale_with_a_reason_and_says_who_has_its_codes(shelf: World) -> None:
    owner = signed_in(shelf)
    upload(owner, "S1", "S2")
    order_id = shelf.paid("PX-15", captured_minor=1500)
    shelf.work(2)
    here = f"{PAGE}1/"
    assert owner.post(here, {"act": "block", "why": " "}).status == 422
    assert owner.post(here, {"act": "block", "why": "Two <b>do</b> not work"}).where == here
    page = owner.get(here)
    [(ticket, sealed)] = select(
        "SELECT o.ticket, k.sealed FROM orders o JOIN code k ON k.order_id = o.id WHERE o.id = %s", [order_id]
    )
    assert sealed
    assert (str(ticket) in page.text, "ana@example.org" in page.text) == (True, True)
    assert "not looked at" in page.text
    assert "Two &lt;b&gt;do&lt;/b&gt; not work" in page.html
    assert "00001234567" not in page.html
    assert stock_levels() == {}
    assert owner.post(here, {"act": "release"}).where == here
    assert stock_levels() == {"PX-15": 1}


def test_whom_a_page_does_not_list_it_counts_and_the_command_lists(
    shelf: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = signed_in(shelf)
    upload(owner, "S1", "S2", "S3")
    for _ in range(3):
        shelf.paid("PX-15", captured_minor=1500)
        shelf.work(2)
    assert "The newest" not in owner.get(f"{PAGE}1/").text
    monkeypatch.setattr("opla.backoffice.stock._LISTED", 2)
    page = owner.get(f"{PAGE}1/")
    assert "The newest 2 of 3." in page.text
    assert page.html.count("not looked at") == 2
    found = stock.batch(Actor(Role.OWNER, "ana"), 1, at=shelf.clock())
    assert isinstance(found, tuple)
    assert len(found[1]) == 3


def test_few_left_stands_on_the_page_and_on_the_list(shelf: World) -> None:
    owner = signed_in(shelf)
    upload(owner, "S1")
    owner.post(PAGE, {"act": "rule", "sku": "PX-15", "below": "5", "min_days": "30"})
    assert "1 left, and you wanted to know below 5. To last a month, order 4." in owner.get(PAGE).text
    assert "1 codes of PX-15 are for sale" in owner.get("/owner/items/").text
    owner.post(PAGE, {"act": "rule", "sku": "PX-15", "below": "", "min_days": ""})
    assert "PX-15 are for sale" not in owner.get("/owner/items/").text


@pytest.mark.parametrize(
    "wrong",
    [
        ORDER | {"quantity": "many"},
        ORDER | {"cost": "-1"},
        ORDER | {"sku": "XX"},
        ORDER | {"vendor": ""},
        {"act": "paid", "purchase": "9", "amount": "1"},
        {"act": "received", "purchase": "9" * 40},
        {"act": "rule", "sku": "PX-15", "below": "-1"},
        {"act": "import"},
        {"act": "import", "purchase": "٣"},
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(shelf: World, wrong: dict[str, str]) -> None:
    page = signed_in(shelf).post(PAGE, wrong)
    assert (page.status, 'role="alert"' in page.html) == (422, True)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}1/"])
def test_what_no_form_of_ours_sends_does_nothing(shelf: World, path: str) -> None:
    owner = signed_in(shelf)
    upload(owner, "S1")
    assert owner.post(path, {"act": "expired"}).status == 404
    assert owner.get(f"{PAGE}7/").status == 404
