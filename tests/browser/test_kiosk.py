"""A kiosk on its wall: bought by touch in Chinese, wiped when nobody touches it, and within reach from a wheelchair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.test_cash import serving
from browser.test_every_page import judge
from fakes import World
from operations.test_cash import OWNER
from operations.test_terminals import counter, work
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.models import Place
from opla.operations import shop as shops
from opla.operations import stations, terminal

__all__ = ["counter"]  # the fixture

SIZES = [(768, 1024), (1024, 768), (1080, 1920)]


@dataclass
class Kiosk:
    """A shop with a kiosk that nobody has paired yet, and a card machine beside it."""

    world: World
    base: str
    chromium: Browser

    def screen(self, width: int, height: int, language: str = "en") -> Page:
        place = Place.objects.get(source="own", ref="1").id
        at = datetime.now(UTC)
        made = stations.keep(OWNER, "main-kiosk", Kind.KIOSK, place_id=place, shop=self.world.shop, at=at)
        assert not isinstance(made, Refusal)
        context = self.chromium.new_context(
            has_touch=True, locale=language, viewport={"width": width, "height": height}
        )
        page = context.new_page()
        page.goto(self.base + "/station/")
        page.fill("input[name=code]", made.code)
        page.keyboard.press("Enter")
        expect(page.locator("body.kiosk")).to_be_visible()
        return page

    def pays(self) -> None:
        """A card is held to the machine."""
        self.world.clock.now = datetime.now(UTC)
        work(self.world)
        self.world.provider.decide(Answer.SUCCEEDED, 1500)
        self.world.clock.tick(10)
        work(self.world)


@pytest.fixture
def kiosk(counter: World, monkeypatch: pytest.MonkeyPatch, chromium: Browser) -> Iterator[Kiosk]:
    counter.clock.now = datetime.now(UTC)
    monkeypatch.setattr(shops, "current", lambda: counter.shop)
    no = terminal.keep_terminal(
        OWNER, "kiosk-mollie", "mollie_terminal", their_id="term_9", station="main-kiosk", is_open=True,
        shop=counter.shop, at=counter.clock(),
    )  # fmt: skip
    assert no is None
    with serving() as base:
        found = Kiosk(counter, base, chromium)
        yield found


def tap(page: Page, what: str) -> None:
    """Touch it, and be where it leads."""
    with page.expect_navigation():
        page.tap(what)


def within_reach(page: Page) -> None:
    """Every button stands in the lower two thirds and is big enough for a thumb; what leads on is seen at once."""
    page.wait_for_load_state()  # a page is laid out once before its second style sheet has come
    page.evaluate("window.scrollTo(0, 0)")
    height = page.viewport_size["height"]  # type: ignore[index]
    for one in page.locator("button:visible, a.button:visible").all():
        box = one.bounding_box()
        assert box is not None
        assert box["y"] >= height / 3, (page.url, one.inner_text(), box)
        assert min(box["height"], box["width"]) >= 56, (page.url, one.inner_text(), box)
    for one in page.locator(".main:visible, footer button:visible").all():
        box = one.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height + 1, (page.url, one.inner_text(), box)


def judged(page: Page) -> None:
    within_reach(page)
    judge(page)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_purchase_by_touch_in_chinese_on_every_screen(kiosk: Kiosk, width: int, height: int) -> None:
    page = kiosk.screen(width, height, "zh-CN")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    judged(page)
    tap(page, "a[href='/kiosk/not-here/']")
    judged(page)
    tap(page, "a.main")
    tap(page, "a[href='/kiosk/number/']")
    judged(page)
    for digit in "0470123456":
        page.tap(f"button[name=press][value='{digit}']")
    assert page.locator("#shown").inner_text() == "0470123456"
    page.tap("button[value=back]")
    page.tap("button[value='6']")
    tap(page, "button[value=done]")
    page.goto(kiosk.base + "/kiosk/operator/proximus/")
    judged(page)
    tap(page, "main li:has-text('€15') button")
    expect(page.locator(".pays")).to_be_visible()
    judged(page)
    tap(page, ".pays button.main")
    expect(page.locator("#order")).to_be_visible()
    judged(page)
    tap(page, "a.over")  # while the machine takes a card it asks first
    judged(page)
    tap(page, "a[href='/kiosk/order/']")
    kiosk.pays()
    button = page.locator("form[action='/kiosk/order/code/'] button")
    expect(button).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "H1"  # what has changed is read first
    judged(page)
    button.tap()
    expect(page.locator("#code")).to_be_focused()
    judged(page)
    page.tap("form[action='/kiosk/order/phone/'] button")
    expect(page.locator("form[action='/kiosk/order/text/']")).to_be_visible()
    judged(page)
    tap(page, "a.over")
    expect(page.locator("h2")).to_have_count(2)
    assert page.locator("html").get_attribute("lang") == "zh-Hans"  # the tablet's own
    page.context.close()


def test_half_a_minute_without_a_touch_it_asks_and_then_wipes_everything(kiosk: Kiosk) -> None:
    page = kiosk.screen(768, 1024)
    page.clock.install()
    tap(page, "button[value='fr']")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    tap(page, "a[href='/kiosk/number/']")
    for digit in "0470123456":
        page.tap(f"button[name=press][value='{digit}']")
    asks = page.locator("#still")
    page.clock.run_for(29_000)
    expect(asks).to_be_hidden()
    page.clock.run_for(2_000)
    expect(asks).to_be_visible()
    expect(asks.locator("button")).to_be_focused()
    judge(page)
    asks.locator("button").tap()
    expect(asks).to_be_hidden()
    assert page.locator("#shown").inner_text() == "0470123456"
    page.clock.run_for(41_000)
    expect(page.locator("ul.grid")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.go_back()
    expect(page.locator("body.kiosk")).to_be_visible()
    assert "0470" not in page.content()
    page.context.close()


def test_a_page_that_waits_asks_after_a_minute_and_a_half(kiosk: Kiosk) -> None:
    page = kiosk.screen(768, 1024)
    page.clock.install()
    page.goto(kiosk.base + "/kiosk/operator/proximus/")
    tap(page, "main li:has-text('€15') button")
    tap(page, ".pays button.main")
    asks = page.locator("#still")
    page.clock.run_for(85_000)
    expect(asks).to_be_hidden()
    page.clock.run_for(8_000)
    expect(asks).to_be_visible()
    with page.expect_request("**/kiosk/touch/"):
        asks.locator("button").tap()
    expect(asks).to_be_hidden()
    page.clock.run_for(85_000)
    expect(asks).to_be_hidden()
    page.clock.run_for(16_000)
    expect(page.locator("ul.grid")).to_be_visible()
    page.context.close()


def test_a_press_that_leaves_the_page_sends_no_touch_beside_it(kiosk: Kiosk) -> None:
    page = kiosk.screen(768, 1024)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url))
    tap(page, "a[href='/kiosk/number/']")
    page.tap("button[name=press][value='0']")  # a key of the pad leaves nothing
    assert sum("touch" in one for one in sent) == 1
    sent.clear()
    tap(page, "a.over")
    tap(page, "main ul.grid a.button >> nth=0")
    tap(page, "main li button >> nth=0")
    assert not [one for one in sent if "touch" in one]
    page.context.close()


def test_a_visit_that_is_over_leaves_the_page_at_the_next_touch(kiosk: Kiosk) -> None:
    page = kiosk.screen(768, 1024)
    tap(page, "a[href='/kiosk/number/']")
    page.context.clear_cookies(name="opla_kiosk")
    with page.expect_navigation():
        page.tap("button[name=press][value='0']")
    expect(page.locator("ul.grid")).to_be_visible()
    page.context.close()


def test_back_shows_nobody_elses_code(kiosk: Kiosk) -> None:
    page = kiosk.screen(768, 1024)
    page.goto(kiosk.base + "/kiosk/operator/proximus/")
    tap(page, "main li:has-text('€15') button")
    tap(page, ".pays button.main")
    expect(page.locator("#order")).to_be_visible()
    kiosk.pays()
    page.tap("form[action='/kiosk/order/code/'] button")
    expect(page.locator("#code")).to_be_visible()
    code = page.locator("#code").inner_text()
    tap(page, "a.over")
    expect(page.locator("ul.grid")).to_be_visible()
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(200)
        assert code not in page.content()
    page.goto(kiosk.base + "/kiosk/order/")
    expect(page.locator("ul.grid")).to_be_visible()
    page.context.close()
