"""A new eSIM that lies on no shelf of ours: sold while a supplier has it, and shown as one of ours is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import Playing
from operations.selling import OWNER, Seller, listed
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Pin, SendReport, SendRequest
from opla.core.supply import State
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.operations.suppliers import decide, sync, watch
from support import by_owner
from surfaces.conftest import Door
from surfaces.test_starters import ANSWERED, EMAIL, RAW, SERIAL

PAGE = "/new/PX-ESIM/"


def gives(_request: SendRequest) -> SendReport:
    return SendReport(Answer.SUCCEEDED, "sup_1", 1300, Pin(RAW, SERIAL))


@pytest.fixture
def seller(door: Door) -> Seller:
    """One supplier that lists an eSIM of Proximus, and no shelf."""
    found = Seller(sells=[listed("105", 1300, name="eSIM", kind=Kind.ESIM)], left=Money(100_00, "EUR"))
    world = door.world
    world.others["one"] = found
    world.shop = replace(world.shop, routes=("code_stock", "one"), mapped=frozenset({"one"}))
    sync(OWNER, "one", shop=world.shop, outside=Playing(world), at=world.clock())
    return found


def approve(door: Door) -> None:
    assert decide(OWNER, "one", "PX-ESIM", "105", State.APPROVED, shop=door.world.shop, at=door.world.clock()) is None


def sold(door: Door) -> bool:
    return "none left just now" not in door.stranger.get(PAGE).text and 'href="/new/PX-ESIM/"' in (
        door.stranger.get("/new/").html
    )


def test_it_is_sold_when_a_person_has_said_which_of_theirs_it_is(door: Door, seller: Seller) -> None:
    assert not sold(door)
    refused = door.owner.post(PAGE, {"email": EMAIL, **ANSWERED})
    assert refused.status == 422
    approve(door)
    assert sold(door)


def test_it_is_bought_delivered_and_installed_as_one_of_ours(door: Door, seller: Seller) -> None:
    approve(door)
    seller.script.append(gives)
    unfit = door.owner.post(PAGE, {"email": EMAIL, **ANSWERED, "device_eid_shown": "no"})
    assert unfit.status == 422  # the phone is checked for every eSIM, wherever it comes from
    quote = door.owner.post(PAGE, {"email": EMAIL, **ANSWERED})
    order = door.owner.post(quote.where, {"total": quote.value("total"), "method": "sandbox", "at_once": "on"})
    world = door.world
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    assert seller.skus == ["105"]
    shown = door.owner.post(f"{order.where}code/")
    for part in (RAW, "esimsetup.apple.com", "esimsetup.android.com", "<svg"):
        assert part in shown.html
    assert RAW not in door.stranger.get(order.where).html
    [(sealed,)] = select("SELECT sealed FROM code")
    assert b"ABCD" not in bytes(sealed)  # type: ignore[arg-type]  # a memoryview
    assert world.balance("supplier_float:one:EUR") == -1300
    assert all(check.holds for check in books(world.clock()))


def test_it_is_not_sold_when_it_left_their_list(door: Door, seller: Seller) -> None:
    approve(door)
    seller.sells = [listed("106", 1300, name="eSIM", kind=Kind.ESIM)]
    sync(OWNER, "one", shop=door.world.shop, outside=Playing(door.world), at=door.world.clock())
    assert not sold(door)


def test_it_is_not_sold_while_they_do_not_answer_or_have_too_little_of_our_money(door: Door, seller: Seller) -> None:
    approve(door)
    world = door.world
    by_owner("UPDATE supplier_state SET open_until = %s", [world.clock() + timedelta(seconds=60)])
    assert not sold(door)
    world.clock.tick(90)
    assert sold(door)
    seller.left = Money(1299, "EUR")
    watch(shop=world.shop, outside=Playing(world), at=world.clock())
    assert not sold(door)
    world.clock.tick(200)
    seller.left = Money(1300, "EUR")
    watch(shop=world.shop, outside=Playing(world), at=world.clock())
    assert sold(door)
