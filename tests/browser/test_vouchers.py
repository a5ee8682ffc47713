"""Vouchers in a real browser: the code of a QR goes into the field and out of the address; axe finds nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from wsgiref.simple_server import make_server

import pytest
from django.db import connections
from playwright.sync_api import Browser

from browser.conftest import Screens
from browser.test_cash import _Quiet
from browser.test_every_page import judge, press
from fakes import DIRECT, World
from operations.test_vouchers import OWNER, counter, in_stock, sold, state
from opla.core.voucher import grouped
from opla.operations import shop as shops
from opla.operations.owner import make_link

__all__ = ["counter"]  # the fixture


@dataclass
class House:
    """A shop that sold one voucher."""

    world: World
    base: str
    serial: str
    code: str


@pytest.fixture
def house(counter: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    counter.clock.now = datetime.now(UTC)
    monkeypatch.setattr(shops, "current", lambda: counter.shop)
    serial, code = sold(counter, DIRECT)
    in_stock(counter)

    from opla.site.wsgi import application

    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield House(counter, f"http://127.0.0.1:{server.server_port}", serial, code)
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.mark.parametrize(
    ("language", "dark"),
    [
        pytest.param("zh-CN", True, id="Chinese ink"),
        pytest.param("de-BE", False, id="German paper", marks=pytest.mark.full),
        pytest.param("en", True, id="English ink", marks=pytest.mark.full),
        pytest.param("fr-BE", False, id="French paper", marks=pytest.mark.full),
        pytest.param("nl-BE", True, id="Dutch ink", marks=pytest.mark.full),
    ],
)
def test_the_pages_of_vouchers_pass_axe_and_fit_a_small_phone(
    house: House, chromium: Browser, language: str, dark: bool
) -> None:
    screens = Screens(house.base, chromium)
    customer = screens.open(language=language, width=320, dark=dark)
    page = customer.page
    customer.go(f"/redeem/#{house.code}")
    assert page.input_value("#code") == grouped(house.code)
    assert house.code not in page.url
    judge(page)
    page.fill("#code", "K7M3 9QX2 TBVW 13")
    press(page, "main form button.main")
    judge(page)  # the one sentence
    page.fill("#code", grouped(house.code).lower())
    press(page, "main form button.main")
    judge(page)
    page.check("[name=at_once]")
    press(page, "main form button.main")
    judge(page)  # a number is missing, and nothing typed was lost
    assert page.is_checked("[name=at_once]")
    page.fill("#number", "0470 12 34 56")
    press(page, "main form button.main")
    judge(page)
    assert "/o/" in page.url
    assert state(house.serial) == "redeemed"

    owner = screens.open(language=language, width=320, dark=dark)
    owner.go(f"/owner/enter/{make_link(OWNER, at=datetime.now(UTC))}/")
    press(owner.page, "main form button")
    owner.go("/owner/vouchers/")
    judge(owner.page)
    owner.page.fill("#serials", "1234")
    press(owner.page, "button[value=lost]")
    judge(owner.page)
    for screen in screens.opened:
        assert screen.strangers == []
        assert screen.complaints == []
        screen.context.close()
