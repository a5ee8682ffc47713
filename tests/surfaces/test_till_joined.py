"""Beside the coins: a card machine that a clerk reads, slips on paper, and vouchers that are scanned and sold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from operations import test_terminals as machines
from operations import test_vouchers as papers
from operations.test_cash import TILL, counter, in_drawer, work
from operations.test_stations import broken
from opla.core.ledger import CASH, TERMINAL
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_till import opened, priced, shop, sold, tablet

__all__ = ["counter", "shop"]


@pytest.fixture
def till(shop: Door) -> Visitor:
    """A till with a card machine that its clerk reads, and one code of each kind on the shelf."""
    world = shop.world
    world.shop = replace(world.shop, payment_methods=("sandbox", CASH), counter_methods=(TERMINAL,))
    machines.keep(world, machines.OURS, TERMINAL, drawer=TILL)
    machines.stocked(world, 3)
    return opened(shop, tablet(shop))


def by_card(till: Visitor, page: Seen) -> Seen:
    form = {"key": page.value("key"), "total": page.value("total"), "machine": machines.OURS}
    return till.post(f"{page.where}card/", form)


def test_a_card_is_read_to_us_by_the_clerk_and_the_sale_goes_on_to_its_code(shop: Door, till: Visitor) -> None:
    page = priced(till)
    assert "Card: €15.00" in page.text
    asked = by_card(till, page)
    assert (asked.where, "It said yes" in asked.text) == ("/till/sales/1/", True)
    assert by_card(till, page).where == "/till/sales/1/"  # pressed twice
    wrong = till.post("/till/sales/1/machine/", {"act": "yes", "key": asked.value("key"), "receipt": ""})
    assert wrong.status == 409
    till.post("/till/sales/1/machine/", {"act": "yes", "key": asked.value("key"), "receipt": "0042"})
    machines.work(shop.world)
    assert "Show the code" in till.get("/till/sales/1/").text
    assert (in_drawer(shop.world), broken(shop.world)) == (5000, [])
    report = till.get("/till/shift/1/").text
    assert "Card" in report
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_after_a_no_the_same_order_is_paid_in_cash(shop: Door, till: Visitor) -> None:
    asked = by_card(till, priced(till))
    till.post("/till/sales/1/machine/", {"act": "no", "key": asked.value("key")})
    machines.work(shop.world)
    again = till.get("/till/sales/1/")
    assert "The card did not go through" in again.text
    cash = till.post("/till/sales/1/machine/", {"act": "cash"})
    assert (cash.where.split("?")[0], "€15.00" in cash.text) == ("/till/cash/", True)


def test_without_a_shift_no_card_is_asked_for(shop: Door) -> None:
    world = shop.world
    world.shop = replace(world.shop, payment_methods=("sandbox", CASH), counter_methods=(TERMINAL,))
    machines.keep(world, machines.OURS, TERMINAL, drawer=TILL)
    closed = tablet(shop)
    page = priced(closed)
    form = {"key": "", "total": "1500", "machine": machines.OURS}
    assert "No shift is open" in closed.post(f"{page.where}card/", form).text
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_a_slip_is_asked_for_once_and_what_nobody_knows_is_looked_at(shop: Door, till: Visitor) -> None:
    sold(till, priced(till))
    work(shop.world)
    page = till.get("/till/sales/1/")
    assert "No printer answers here" in page.text
    file = till.client.post("/till/sales/1/slip/", {"act": "file", "key": page.value("key")})
    assert file.content.startswith(b"%PDF")
    page = till.get("/till/sales/1/")
    assert "Look at the printer" in page.text
    [(job,)] = select("SELECT id FROM print_job")
    no = till.post("/till/sales/1/slip/", {"act": "again", "job": str(job), "key": page.value("key"), "why": ""})
    assert no.status == 409
    till.post("/till/sales/1/slip/", {"act": "came_out", "job": str(job)})
    page = till.get("/till/sales/1/")
    assert "Print a copy" in page.text
    assert till.post("/till/sales/1/slip/", {"act": "print", "key": page.value("key"), "why": ""}).status == 409
    till.post("/till/sales/1/slip/", {"act": "print", "key": page.value("key"), "why": "the customer lost it"})
    assert select("SELECT copy, why FROM print_job ORDER BY copy") == [
        (False, ""), (True, "the customer lost it"),
    ]  # fmt: skip
    assert "main-till" in str(select("SELECT actor FROM reveal"))


def test_a_voucher_is_scanned_and_sold_into_the_drawer(shop: Door, till: Visitor) -> None:
    [serial, *_] = papers.in_stock(shop.world)
    page = till.post("/till/find/", {"typed": serial})
    assert "Exactly €15.00" in page.text
    done = till.post("/till/voucher/", {"serial": serial, "key": page.value("key"), "given": "20"})
    assert "Give back €5.00." in done.text
    assert in_drawer(shop.world) == 6500
    again = till.post("/till/voucher/", {"serial": serial, "key": "", "given": ""})
    assert again.status == 422
    assert broken(shop.world) == []


def test_a_card_that_did_not_go_through_is_no_sale_in_the_report_and_coins_after_it_are(
    shop: Door, till: Visitor
) -> None:
    asked = by_card(till, priced(till))
    till.post("/till/sales/1/machine/", {"act": "no", "key": asked.value("key")})
    machines.work(shop.world)
    assert "By clerk" not in till.get("/till/shift/1/").text
    panel = till.post("/till/sales/1/machine/", {"act": "cash"})
    [(code,)] = select("SELECT code FROM cash_code")
    took = till.post("/till/cash/", {"act": "take", "code": str(code), "key": panel.value("key"), "given": ""})
    assert "Taken" in took.text, took.text
    work(shop.world)
    report = till.get("/till/shift/1/").text
    assert "Cash" in report
    assert "Card" not in report
    assert "€15.00" in report
    sale = till.get("/till/sales/1/")
    assert "This was a mistake" not in sale.text
    back = till.post("/till/sales/1/back/", {"key": sale.value("key"), "why": "changed their mind"})
    assert "Give the customer €15.00." in back.text
    assert (in_drawer(shop.world), broken(shop.world)) == (5000, [])


def test_what_was_paid_by_card_goes_back_to_the_card(shop: Door, till: Visitor) -> None:
    asked = by_card(till, priced(till))
    till.post("/till/sales/1/machine/", {"act": "yes", "key": asked.value("key"), "receipt": "0042"})
    machines.work(shop.world)
    sale = till.get("/till/sales/1/")
    assert "This was a mistake" not in sale.text
    back = till.post("/till/sales/1/back/", {"key": sale.value("key"), "why": "changed their mind"})
    assert "It goes back to the card" in back.text
    machines.work(shop.world)
    waits = till.get("/till/sales/1/")
    assert "waits to go back onto the customer" in waits.text
    reference = waits.value("refund")
    form = {"act": "given_back", "refund": reference, "receipt": "0043", "why": "same card", "key": ""}
    till.post("/till/sales/1/machine/", form)
    machines.work(shop.world)
    assert broken(shop.world) == []
