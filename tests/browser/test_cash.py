"""Cash in a real browser: what a customer shows and what a clerk presses; axe finds nothing, and it fits the smallest
phone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import connections
from playwright.sync_api import Browser

from browser.conftest import Screens
from browser.test_every_page import judge, press
from fakes import DEVICE, World
from operations.test_cash import OWNER, TILL, counter, ordered, owed, take, work
from opla.accounts.device import COOKIE, write_secret
from opla.operations import shop as shops
from opla.operations.links import link_of
from opla.operations.owner import make_link

__all__ = ["counter"]  # the fixture


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        pass


@contextmanager
def serving() -> Iterator[str]:
    """The address of the shop's pages, answered by this process over the test's own world."""
    from opla.site.wsgi import application

    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@dataclass
class House:
    """A shop with a drawer, an order that waits for cash, and one whose money waits to be collected."""

    world: World
    base: str
    waiting: str
    code: str
    owing: str
    back: str


@pytest.fixture
def house(counter: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    counter.clock.now = datetime.now(UTC)
    monkeypatch.setattr(shops, "current", lambda: counter.shop)
    [owing], code = ordered(counter, fee_minor=2)
    counter.supplier.script.append(counter.supplier.refuses)
    take(counter, code)
    work(counter)
    counter.shop = replace(counter.shop, terms=replace(counter.shop.terms, fee_minor=2))
    [waiting], code = ordered(counter, fee_minor=2)

    links = [f"/o/{link_of(one, counter.shop.keyring)}/" for one in (waiting, owing)]
    with serving() as base:
        yield House(counter, base, links[0], code, links[1], owed(counter, owing))


@pytest.mark.parametrize(
    ("language", "dark"),
    [
        pytest.param("zh-CN", False, id="Chinese paper"),
        pytest.param("de-BE", True, id="German ink", marks=pytest.mark.full),
        pytest.param("en", False, id="English paper", marks=pytest.mark.full),
        pytest.param("fr-BE", False, id="French paper", marks=pytest.mark.full),
        pytest.param("nl-BE", False, id="Dutch paper", marks=pytest.mark.full),
    ],
)
def test_the_pages_of_cash_pass_axe_and_fit_a_small_phone(
    house: House, chromium: Browser, language: str, dark: bool
) -> None:
    screens = Screens(house.base, chromium)
    customer = screens.open(language=language, width=320, dark=dark)
    cookie = {"name": COOKIE, "value": write_secret(DEVICE), "url": house.base}
    customer.context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie, as playwright has them
    for path in (house.waiting, house.owing):
        customer.go(path)
        judge(customer.page)
    stranger = screens.open(language=language, width=320, dark=dark)
    stranger.go(house.owing)
    judge(stranger.page)

    clerk = screens.open(language=language, width=320, dark=dark)
    page = clerk.page
    token = make_link(OWNER, at=datetime.now(UTC))
    clerk.go(f"/owner/enter/{token}/")
    press(page, "main form button")
    clerk.go("/owner/cash/")
    judge(page)
    for code in ("123", house.back, house.code):
        page.fill("#code", code)
        press(page, "main form >> nth=0 >> button")
        judge(page)
    for given in ("1500", "20"):
        page.fill("#given", given)
        press(page, "button[value=change]")
        judge(page)
    press(page, "button[value=take]")
    judge(page)
    assert TILL in page.locator("main").inner_text()
    for screen in screens.opened:
        assert screen.strangers == []
        assert screen.complaints == []
        screen.context.close()
