"""An eSIM goes the way of a code: from our shelf or a supplier, sealed, seen by its owner alone, given back unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import ANOTHER_DEVICE, CUSTOMER, DEVICE, START, World
from opla.core.actor import Actor, Role
from opla.core.ports import Answer, Pin, SendReport, SendRequest
from opla.core.refusal import Code, Refusal
from opla.db.queries import codes
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Revealed, Stock
from opla.operations.reveal_code import reveal
from opla.operations.take_back import take_code_back
from opla.suppliers.code_stock.provider import OwnStock

RAW = "LPA:1$rsp.invalid$0000-ABCD-EF01"
SERIAL = "8949449999999990049"


@pytest.fixture
def shelf(world: World) -> World:
    """A shop with one eSIM of its own, bought for €13.50."""
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    chance = world.shop.chance
    one = NewCode(chance.uuid(START), "PX-ESIM", RAW, SERIAL, 1350, "EUR", None)
    codes.stock([one], batch=chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=world.shop.keyring)
    return world


def test_an_esim_of_ours_is_delivered_at_its_cost_and_shown_as_it_was_stocked(shelf: World) -> None:
    order_id = shelf.paid("PX-ESIM")
    shelf.work()
    assert (shelf.state(order_id), shelf.supplier.asked) == ("delivered", [])
    assert select("SELECT kind, supplier FROM delivery") == [("esim", "code_stock")]
    assert (shelf.balance("code_stock:EUR"), shelf.balance("margin:EUR")) == (0, -150)
    stranger = reveal(CUSTOMER, order_id, device=ANOTHER_DEVICE, shop=shelf.shop, at=START)
    assert isinstance(stranger, Refusal)
    assert stranger.code is Code.PROOF_NEEDED
    assert select("SELECT count(*) FROM reveal") == [(0,)]
    found = reveal(CUSTOMER, order_id, device=DEVICE, shop=shelf.shop, at=START)
    assert isinstance(found, Revealed)
    assert (found.pin, found.serial) == (RAW, SERIAL)
    assert "ABCD" not in repr(found)
    assert select("SELECT count(*) FROM reveal") == [(1,)]


def test_an_esim_is_sealed_and_in_no_message(shelf: World) -> None:
    shelf.paid("PX-ESIM")
    shelf.work(3)
    [(sealed,)] = select("SELECT sealed FROM code")
    assert b"ABCD" not in bytes(sealed)  # type: ignore[arg-type]  # a memoryview
    [mail] = shelf.mailbox.sent
    assert "ABCD" not in mail.text + mail.subject
    rows = select(
        "SELECT row_to_json(e)::text FROM event e UNION ALL SELECT row_to_json(a)::text FROM attempt_evidence a"
    )
    assert rows
    assert not [row for row in rows if "ABCD" in str(row)]


def test_a_supplier_may_give_an_esim_as_it_gives_a_code(world: World) -> None:
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    stock_one(world)
    order_id = world.paid("PX-ESIM")
    Stock(START.date).claim("f" * 32, "PX-ESIM")  # somebody else has the last one meanwhile

    def gives(request: SendRequest) -> SendReport:
        return SendReport(Answer.SUCCEEDED, "sup_1", 1300, Pin("LPA:1$other.invalid$0000-X", SERIAL))

    world.supplier.script.append(gives)
    world.work(3)
    assert world.state(order_id) == "delivered"
    found = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=START)
    assert isinstance(found, Revealed)
    assert found.pin == "LPA:1$other.invalid$0000-X"


def stock_one(world: World) -> None:
    one = NewCode(world.shop.chance.uuid(START), "PX-ESIM", RAW, SERIAL, 1350, "EUR", None)
    codes.stock(
        [one], batch=world.shop.chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=world.shop.keyring
    )


def test_a_supplier_that_says_yes_and_sends_no_esim_delivers_nothing(world: World) -> None:
    stock_one(world)
    order_id = world.paid("PX-ESIM")
    world.supplier.script.append(lambda _: SendReport(Answer.SUCCEEDED, "sup_1", 1300))
    world.work(2)
    assert world.state(order_id) == "paid"
    assert world.items() == ["contradiction"]


def test_what_nobody_has_is_refunded_by_rule(shelf: World) -> None:
    orders = [shelf.paid("PX-ESIM")]
    Stock(START.date).claim("f" * 32, "PX-ESIM")
    shelf.supplier.script.append(shelf.supplier.refuses)
    shelf.work(4)
    assert [shelf.state(one) for one in orders] == ["refunded"]


def test_an_unseen_esim_is_given_back_and_sold_again_and_a_seen_one_is_not(shelf: World) -> None:
    order_id = shelf.paid("PX-ESIM")
    shelf.work(2)
    assert take_code_back(CUSTOMER, order_id, device=DEVICE, shop=shelf.shop, at=shelf.clock()) is None
    shelf.work(3)
    assert shelf.state(order_id) == "refunded"
    assert shelf.balance("code_stock:EUR") == 1350
    again = shelf.paid("PX-ESIM")
    shelf.work(2)
    assert isinstance(reveal(CUSTOMER, again, device=DEVICE, shop=shelf.shop, at=shelf.clock()), Revealed)
    no = take_code_back(CUSTOMER, again, device=DEVICE, shop=shelf.shop, at=shelf.clock())
    assert isinstance(no, Refusal)
    assert no.code is Code.CODE_SEEN
    assert shelf.state(again) == "delivered"
    assert [check for check in books(shelf.clock()) if not check.holds] == []
