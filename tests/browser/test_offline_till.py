"""A till whose line drops, in a real browser: the page it keeps sells for cash, and tells it when the line is back."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4
from wsgiref.simple_server import make_server

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Screens
from browser.test_every_page import judge
from browser.test_owner_pages import _Quiet
from fakes import CODE, World
from operations.test_cash import OWNER, TILL, counter, in_drawer, work
from operations.test_stations import PIN, broken, named, opened, paired
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.queries import stations as tablets
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, stock
from opla.operations import offline, stations
from opla.operations import shop as shops

__all__ = ["counter"]


@dataclass
class House:
    world: World
    base: str
    pairing: str


@pytest.fixture
def house(counter: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A till with an open shift that may hold €50, and ten codes of €15 on the shelf."""
    from django.core.wsgi import get_wsgi_application

    counter.clock.now = at = datetime.now(UTC)
    monkeypatch.setattr(shops, "current", lambda: counter.shop)
    codes = [NewCode(uuid4(), CODE, f"4821903477{n:03d}", f"S-{n}", 1400, "EUR", None) for n in range(10)]
    stock(codes, batch=uuid4(), actor=OWNER, at=at, keyring=counter.shop.keyring)
    station, clerk = paired(counter), named(counter)
    offline.set_limit(OWNER, station.name, "50", at=at)
    opened(counter, clerk, station)
    code = stations.keep(OWNER, station.name, Kind.TILL, drawer=TILL, shop=counter.shop, at=at)
    assert not isinstance(code, Refusal)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield House(counter, f"http://127.0.0.1:{server.server_port}", code.code)
    server.shutdown()
    thread.join(10)
    server.server_close()


def signed_in(house: House, page: Page) -> None:
    page.goto(house.base + "/station/")
    page.fill("#code", house.pairing)
    page.click("main button.main")
    page.check("input[name=name][value=anna]")
    page.fill("#pin", PIN)
    page.click("main button.main")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_till_sells_what_it_holds_while_the_line_is_down_and_tells_it_after(
    house: House, chromium: Browser, language: str
) -> None:
    screen = Screens(house.base, chromium).open(language=language, width=768)
    page = screen.page
    signed_in(house, page)
    page.goto(house.base + "/till/offline/stock/")
    judge(page)
    page.fill("[data-sku]", "2")
    page.fill("#pin", PIN)
    page.click("form.ask button.main")
    expect(page.locator(".state")).to_contain_text("2")
    page.evaluate("navigator.serviceWorker.ready")

    screen.context.set_offline(True)
    page.goto(house.base + "/till/")
    expect(page.locator("input[name=sku]")).to_have_count(1)
    judge(page)
    page.check("input[name=sku]")
    page.fill("#pin", "9051")
    page.click("form.sell button.main")
    expect(page.locator(".alert")).to_be_visible()
    page.check("input[name=sku]")
    page.fill("#pin", PIN)
    page.click("form.sell button.main")
    expect(page.locator(".ticket .code")).to_have_text(re.compile("^4821 9034 77"))
    page.fill(".given", "20")
    expect(page.locator(".change")).to_contain_text("5")
    judge(page)
    sold = page.locator(".ticket .code").inner_text().replace(" ", "")
    page.click(".done")
    page.reload()  # what was sold is on the disk, and is not sold again
    expect(page.locator(".held small")).to_contain_text("1")

    screen.context.set_offline(False)
    page.goto(house.base + "/till/offline/")
    expect(page.locator(".back")).to_be_visible()
    expect(page.locator(".state")).to_contain_text("0")
    house.world.clock.now = datetime.now(UTC)
    work(house.world)
    [(state, sealed, code_id)] = select(
        """SELECT o.state, c.sealed, c.id FROM orders o JOIN delivery d ON d.order_id = o.id
           JOIN code c ON c.id = d.code_id"""
    )
    assert state == "delivered"
    assert house.world.shop.keyring.open(bytes(sealed), code_id.bytes).decode() == sold  # type: ignore[arg-type, attr-defined]
    assert (in_drawer(house.world), broken(house.world)) == (5000 + 1500, [])
    assert screen.strangers == []
    screen.context.close()


def test_two_copies_of_a_till_are_found_when_the_line_is_back(house: House, chromium: Browser) -> None:
    """The second is the first as it was: what a disk that was copied, or set back, would be."""
    screen = Screens(house.base, chromium).open(width=768)
    page = screen.page
    signed_in(house, page)
    page.goto(house.base + "/till/offline/stock/")
    page.fill("[data-sku]", "1")
    page.fill("#pin", PIN)
    page.click("form.ask button.main")
    expect(page.locator(".state")).to_contain_text("1")
    page.goto(house.base + "/till/offline/")
    # The tablet sells, and is set back to before.
    act = """async (act) => new Promise((done) => {
        const asked = indexedDB.open("opla-till");
        asked.onsuccess = () => {
            const turn = asked.result.transaction(["held", "sales"], "readwrite");
            const held = turn.objectStore("held");
            if (act === "copy") held.get("now").onsuccess = (found) => { window.copy = found.target.result; };
            else { held.put(window.copy, "now"); turn.objectStore("sales").clear(); }
            turn.oncomplete = () => { asked.result.close(); done(true); };
        };
    })"""
    page.evaluate(act, "copy")
    for copy in range(2):
        page.check("input[name=sku]")
        page.fill("#pin", PIN)
        with page.expect_response("**/till/offline/sales/"):  # it is told
            page.click("form.sell button.main")
        expect(page.locator(".ticket .code")).to_have_text(re.compile("^4821"))
        page.click(".done")
        if not copy:
            page.evaluate(act, "set back")
            page.evaluate("window.dispatchEvent(new Event('online'))")
            expect(page.locator("input[name=sku]")).to_have_count(1)
    station = tablets.named("main-till")
    assert station is not None
    assert str(station.state) == "locked"
    assert house.world.items() == ["tablet"]
    house.world.clock.now = datetime.now(UTC)
    work(house.world)
    assert broken(house.world) == []
    screen.context.close()
