"""A kiosk as whoever comes to it sees it, and as the next one does not."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest

from fakes import CODE, DIRECT, NUMBER
from operations.test_cash import OWNER, TILL
from operations.test_stations import broken
from operations.test_terminals import counter, work
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.models import Place
from opla.db.queries.call import select
from opla.operations import stations, terminal
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_till import opened
from surfaces.test_till import tablet as till_of

__all__ = ["counter"]

MACHINE = "kiosk-mollie"


@pytest.fixture
def shop(door: Door, request: pytest.FixtureRequest) -> Door:
    request.getfixturevalue("counter")
    return door


def machine(shop: Door, *, is_open: bool = True) -> None:
    no = terminal.keep_terminal(
        OWNER, MACHINE, "mollie_terminal", their_id="term_000009", station="main-kiosk", is_open=is_open,
        shop=shop.world.shop, at=shop.world.clock(),
    )  # fmt: skip
    assert no is None


def tablet(shop: Door, *, language: str = "en") -> Visitor:
    """Paired as a kiosk, with a card machine beside it."""
    place = Place.objects.get(source="own", ref="1").id
    made = stations.keep(
        OWNER, "main-kiosk", Kind.KIOSK, place_id=place, shop=shop.world.shop, at=shop.world.clock()
    )
    assert not isinstance(made, Refusal)
    found = Visitor(language=language)
    found.post("/station/", {"code": made.code})
    machine(shop)
    return found


@pytest.fixture
def kiosk(shop: Door) -> Visitor:
    return tablet(shop)


def priced(kiosk: Visitor, sku: str = CODE, **more: str) -> Seen:
    kiosk.get("/kiosk/")
    operator = "mobile-vikings" if sku == DIRECT else "proximus"
    return kiosk.post("/kiosk/price/", {"operator": operator, "sku": sku, **more})


def by_card(kiosk: Visitor, page: Seen) -> Seen:
    return kiosk.post(f"{page.where}card/", {"machine": MACHINE})


def test_an_amount_is_paid_by_card_and_its_code_is_shown_for_a_minute(shop: Door, kiosk: Visitor) -> None:
    assert "Proximus" in kiosk.get("/kiosk/").text
    assert "€15" in kiosk.get("/kiosk/operator/proximus/").text
    page = priced(kiosk)
    assert "What changes on the SIM" in page.text
    assert "Pay €15.00 by card" in page.text
    waits = by_card(kiosk, page)
    assert waits.where == "/kiosk/order/"
    assert "Start again" not in waits.text  # while the machine takes a card
    work(shop.world)
    shop.world.provider.session(-1, Answer.SUCCEEDED)
    shop.world.wake()
    work(shop.world)
    done = kiosk.get("/kiosk/order/state/")
    assert "Show the code" in done.text
    code = kiosk.post("/kiosk/order/code/")
    [(serial,)] = select("SELECT serial FROM code WHERE order_id IS NOT NULL")
    assert str(serial) in code.text
    assert "main-kiosk" in str(select("SELECT actor FROM reveal"))
    assert not broken(shop.world)
