"""A day at a till, on a tablet and with one finger: counted, sold, undone, brought to the safe, counted; nothing
differs and the books balance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from browser.conftest import Screen, Screens
from browser.test_cash import serving
from browser.test_every_page import judge
from fakes import CODE, DEVICE, NUMBER, World
from operations.test_cash import OWNER, TILL, counter, in_drawer, ordered, work
from operations.test_stations import PIN, broken, named
from opla.accounts.device import COOKIE, write_secret
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.queries.call import select
from opla.operations import counter_sale, stations
from opla.operations import shop as shops

__all__ = ["counter"]  # the fixture


@dataclass
class Counter:
    """A shop with a drawer and €50 in it, and a clerk who has not signed in."""

    world: World
    base: str

    def works(self) -> None:
        """The workers do what is due by now."""
        self.world.clock.now = datetime.now(UTC)
        work(self.world)

    def pairing(self) -> str:
        made = stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=self.world.shop, at=datetime.now(UTC))
        assert not isinstance(made, Refusal)
        return made.code


@pytest.fixture
def house(counter: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    counter.clock.now = datetime.now(UTC)
    monkeypatch.setattr(shops, "current", lambda: counter.shop)
    named(counter)
    with serving() as base:
        yield Counter(counter, base)


@dataclass
class Finger:
    """Presses what is on the screen, and counts how often."""

    page: Page
    taps: int = field(default=0)

    def tap(self, what: str) -> None:
        self.taps += 1
        with self.page.expect_navigation():
            self.page.click(what)


def tablet(screens: Screens, house: Counter, *, language: str = "en", width: int = 768, height: int = 1024) -> Screen:
    """Paired, and signed in by a keyboard alone."""
    screen = screens.open(language=language, width=width)
    screen.page.set_viewport_size({"width": width, "height": height})
    page = screen.page
    screen.go("/station/")
    page.keyboard.type(house.pairing())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.check("input[name=name]")
    page.fill("#pin", PIN)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return screen


def counted(page: Page, **pieces: int) -> None:
    for piece, times in pieces.items():
        page.fill(f"#piece-{piece[1:]}", str(times))


@pytest.mark.parametrize("sales", [20, pytest.param(200, marks=pytest.mark.full)])
def test_a_day_from_count_to_count(house: Counter, chromium: Browser, sales: int) -> None:
    screens = Screens(house.base, chromium)
    page = tablet(screens, house).page
    page.goto(house.base + "/till/shift/")
    counted(page, p5000=1)
    Finger(page).tap("button[value=open]")

    first = Finger(page)
    first.tap("a[href='/till/operator/proximus/']")
    first.tap("main li:has-text('€15') button")
    first.tap("form.coins button.main")
    assert page.url.endswith("/till/sales/1/")
    assert first.taps <= 4
    for n in range(2, sales + 1):
        Finger(page).tap("a.button.main[href='/till/']")
        finger = Finger(page)
        finger.tap("main form[action='/till/price/'] button >> nth=0")
        finger.tap("form.coins button.main")
        assert page.url.endswith(f"/till/sales/{n}/")
        assert finger.taps == 2
        if n % 40 == 0:
            work(house.world, 3)
    assert in_drawer(house.world) == 5000 + sales * 1500

    page.click("details:has(#undo-why) summary")
    page.fill("#undo-why", "they changed their mind")
    Finger(page).tap("form[action$='/undo/'] button")
    assert in_drawer(house.world) == 5000 + (sales - 1) * 1500
    house.works()

    page.goto(house.base + "/till/shift/")
    page.click("details:has(#amount) summary")
    page.fill("#amount", "50")
    page.fill("#drop-why", "to the safe")
    Finger(page).tap("button[value=drop]")
    page.goto(house.base + "/till/shift/close/")
    left = sales - 1
    counted(page, p1000=left, p500=left)
    Finger(page).tap("main form button.main")
    assert page.url.endswith("/till/shift/1/")
    text = page.locator("main").inner_text()
    assert f"number 1 to {sales}" in text
    [(found,)] = select("SELECT closing_found FROM shift")
    assert found == 0
    house.works()
    assert not broken(house.world)
    assert select("SELECT count(*) FROM orders WHERE state = 'delivered'") == [(sales - 1,)]
    for screen in screens.opened:
        assert screen.strangers == []
        assert screen.complaints == []
        screen.context.close()


def test_a_scanner_and_a_keyboard_are_enough_and_the_page_goes_on_by_itself(house: Counter, chromium: Browser) -> None:
    """A scanner types what it read and presses Enter; the price from home is then one Enter from being sold."""
    screens = Screens(house.base, chromium)
    screen = tablet(screens, house, width=1024, height=768)
    page = screen.page
    page.goto(house.base + "/till/shift/")
    counted(page, p5000=1)
    Finger(page).tap("button[value=open]")
    house.world.clock.now = datetime.now(UTC)
    code = counter_sale.bring(house.world.quote(CODE), shop=house.world.shop)
    for keys in (code, ""):
        page.wait_for_function("document.activeElement !== document.body")  # a browser focuses when it has drawn
        page.keyboard.type(keys)
        with page.expect_navigation():
            page.keyboard.press("Enter")
    assert page.url.endswith("/till/sales/1/")
    house.works()
    page.wait_for_selector("form[action='/till/sales/1/code/'] button")
    with page.expect_navigation():
        page.press("form[action='/till/sales/1/code/'] button", "Enter")
    assert page.locator("#code").inner_text()
    for opened in screens.opened:
        assert opened.complaints == []
        opened.context.close()


@pytest.mark.parametrize(
    ("language", "width", "height"),
    [
        pytest.param("zh-CN", 768, 1024, id="Chinese, upright"),
        pytest.param("de-BE", 320, 844, id="German, the smallest phone"),
        pytest.param("fr-BE", 1024, 768, id="French, lying", marks=pytest.mark.full),
        pytest.param("nl-BE", 320, 844, id="Dutch, the smallest phone", marks=pytest.mark.full),
        pytest.param("en", 768, 1024, id="English, upright", marks=pytest.mark.full),
    ],
)
def test_every_page_of_a_till_passes_axe_and_fits(
    house: Counter, chromium: Browser, language: str, width: int, height: int
) -> None:
    screens = Screens(house.base, chromium)
    screen = tablet(screens, house, language=language, width=width, height=height)
    page = screen.page
    judge(page)
    for path in ("/till/turn/", "/till/turn/fr/?use=video&days=30", "/till/shift/", "/till/cash/", "/till/sales/"):
        screen.go(path)
        judge(page)
    screen.go("/till/shift/")
    counted(page, p5000=1)
    finger = Finger(page)
    finger.tap("button[value=open]")
    page.fill("#typed", NUMBER)
    finger.tap("form.find button")
    judge(page)
    page.fill("#typed", "987654321")
    finger.tap("form.find button")
    judge(page)
    screen.go("/till/operator/mobile-vikings/")
    judge(page)
    finger.tap("main li button >> nth=0")
    judge(page)
    page.fill("#number", NUMBER)
    finger.tap("main form button.main")
    judge(page)
    price = page.url
    page.fill("#given", "1")
    finger.tap("form.given button")
    judge(page)
    page.goto(price)
    finger.tap("button[name=language][value=fr] >> nth=-1")
    judge(page)
    finger.tap(".back a")
    finger.tap("form.coins button.main")
    judge(page)
    house.works()
    page.reload()
    judge(page)
    the_drawer(house, screen)
    at_home(house, screens, language)
    for opened in screens.opened:
        assert opened.strangers == []
        assert opened.complaints == []
        opened.context.close()


def at_home(house: Counter, screens: Screens, language: str) -> None:
    """Somebody who chooses at home, and will come to the counter."""
    screen = screens.open(language=language, width=320)
    cookie = {"name": COOKIE, "value": write_secret(DEVICE), "url": house.base}
    screen.context.add_cookies([cookie])  # type: ignore[list-item]  # a cookie, as playwright has them
    house.world.clock.now = datetime.now(UTC)
    screen.go(f"/quote/{house.world.quote(CODE).id}/")
    judge(screen.page)
    Finger(screen.page).tap("form[action$='/counter/'] button")
    judge(screen.page)


def the_drawer(house: Counter, screen: Screen) -> None:
    """A code of the web, the shift so far, and its end with a coin too little."""
    page, finger = screen.page, Finger(screen.page)
    _, code = ordered(house.world)
    screen.go(f"/till/cash/?code={code}")
    judge(page)
    finger.tap("form.coins button.main")
    judge(page)
    screen.go("/till/")
    judge(page)
    screen.go("/till/shift/")
    judge(page)
    screen.go("/till/shift/1/")
    judge(page)
    screen.go("/till/shift/close/")
    counted(page, p5000=1)
    finger.tap("main form button.main")
    judge(page)
    page.fill("#why", "a coin rolled away")
    finger.tap("main form button.main")
    judge(page)
    house.works()
