"""A seller's passport in a real browser: a phone in Chinese before a shop, with a network and without one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

import pytest
import segno
from django.db import connections
from playwright.sync_api import Browser, expect

from browser import judges
from browser.conftest import Screen, Screens
from browser.test_every_page import SOME, judge, press
from browser.test_owner_pages import _Quiet
from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.api_access import MEMBER_MAY, Access, Member
from opla.core.passport import Event
from opla.db.queries import passports as queries
from opla.operations import members, passports, resellers
from opla.operations import shop as shops
from opla.operations.owner import make_link
from opla.operations.passports import Application
from support import aside

OWNER = Actor(Role.OWNER, "ana")
KIM = "kim@acme.example"
ACME = Access("acme", KIM, MEMBER_MAY[Member.OWNER])
WANTED = Application(
    "安心充值", "Acme NV", "", "be", "0403.170.701", "street", "Rue Neuve 12, 1000 Bruxelles", "zh-Hans"
)
#: Where pictures of each verdict are kept, for whoever looks at them; nowhere without it.
PICTURES = os.environ.get("OPLA_PICTURES", "")


@dataclass
class House:
    """A shop with two sellers' places: one approved, one withdrawn."""

    world: World
    base: str
    good: str
    over: str

    def qr(self, number: str) -> str:
        """What its QR opens, without the host."""

        def read() -> str:
            try:
                found = queries.by_number(number)
                assert found is not None
                parts = urlsplit(passports.qr_address(found, self.world.shop))
                return f"{parts.path}?{parts.query}"
            finally:
                connections.close_all()

        return aside(read)


@pytest.fixture
def house(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    from django.core.wsgi import get_wsgi_application

    world.clock.now = at = datetime.now(UTC)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    base = f"http://localhost:{server.server_port}"
    world.shop = shop = replace(world.shop, base_url=base)
    monkeypatch.setattr(shops, "current", lambda: world.shop)
    assert resellers.add(OWNER, "acme", title="Acme", email="o@acme.example", at=START) is None
    assert members.name(OWNER, "acme", KIM, "owner", at=START) is None
    numbers = []
    for place in (WANTED.place, "Rue Haute 3, 1000 Bruxelles", "Rue Basse 7, 1000 Bruxelles"):
        found = passports.apply(ACME, replace(WANTED, place=place), shop=shop, at=at)
        assert isinstance(found, str)
        numbers.append(found)
    good, over, _waits = numbers
    for number in (good, over):
        assert passports.decide(OWNER, number, Event.APPROVED, shop=shop, at=at) is None
    assert passports.decide(OWNER, over, Event.WITHDRAWN, reason="Sold elsewhere.", shop=shop, at=at) is None

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield House(world, base, good, over)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def phones(house: House, chromium: Browser) -> Iterator[Screens]:
    made = Screens(house.base, chromium)
    yield made
    for screen in made.opened:
        screen.context.close()


def looks(screen: Screen, verdict: str) -> None:
    expect(screen.page.locator("#verdict")).to_have_class(f"ticket passport {verdict}")
    judge(screen.page)
    if PICTURES:
        screen.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")
        screen.page.screenshot(path=str(Path(PICTURES, f"verify-{verdict}.png")), full_page=True)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_phone_in_chinese_before_a_shop(house: House, phones: Screens, javascript: bool) -> None:
    """From the QR, and from the number typed; here, elsewhere, withdrawn, and nobody of ours."""
    screen = phones.open(language="zh-CN", javascript=javascript)
    page = screen.page
    screen.go(house.qr(house.good))
    expect(page.locator("h1")).to_contain_text("您是在这里吗？")
    if not javascript:
        page.click("button[value=yes]")
        expect(page.locator("#verdict")).to_have_class("ticket passport green")
        return
    looks(screen, "amber")
    press(page, "button[value=yes]")
    expect(page.locator("#verdict")).to_contain_text(WANTED.place)
    looks(screen, "green")
    screen.go("/verify/")
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "verify.png")), full_page=True)
    page.fill("#number", "K7M3")
    press(page, "main form button.main")
    expect(page.locator("#number-error")).to_be_visible()
    judge(page)
    page.fill("#number", f"{house.good[:4]}-{house.good[4:]}".lower())
    press(page, "main form button.main")
    press(page, "button[value=no]")
    looks(screen, "other_shop")
    screen.go(f"/verify/{house.over}/")
    looks(screen, "red")
    screen.go("/verify/K7M39QXY/")
    expect(page.locator("h1")).to_contain_text("不是我们的商家")
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "verify-not-ours.png")), full_page=True)


def test_a_photo_is_read_on_the_phone_and_opens_nothing_but_this_shop(house: House, phones: Screens) -> None:
    """This chromium reads no barcodes, so a stand-in says what the picture holds."""
    for held, opens in (
        (house.base + house.qr(house.good), True),
        (f"{house.base}/verify/{house.good}/../../o/x/", False),
        ("https://evil.example" + house.qr(house.good), False),
        ("javascript:alert(1)", False),
    ):
        screen = phones.open(language="zh-CN")
        screen.context.add_init_script(
            f"""window.BarcodeDetector = class {{ detect() {{ return Promise.resolve([{{ rawValue: {held!r} }}]); }} }};
                window.BarcodeDetector.getSupportedFormats = () => Promise.resolve(["qr_code"]);"""
        )
        screen.go("/verify/")
        expect(screen.page.locator("#qr-hint")).to_contain_text("不会发送")
        expect(screen.page.locator("#photo button")).to_be_hidden()
        screen.page.set_input_files("#qr", Path(__file__).parents[2] / "docs" / "pictures" / "look.en.png")
        if opens:
            expect(screen.page.locator("#verdict")).to_be_visible()
        else:
            expect(screen.page.locator("#photo [role=status]")).to_contain_text("不通往本商店")
            assert urlsplit(screen.page.url).path == "/verify/"
            judge(screen.page)


def test_where_the_browser_reads_no_qr_the_photo_is_sent_and_leads_there_too(
    house: House, phones: Screens, tmp_path: Path
) -> None:
    screen = phones.open(language="zh-CN")
    page = screen.page
    wall = tmp_path / "wall.png"
    segno.make(house.base + house.qr(house.good), error="m").save(str(wall), scale=8)
    screen.go("/verify/")
    expect(page.locator("#qr-hint")).to_contain_text("不会保存")
    press(page, "#photo button")  # without a photo
    expect(page.locator("#photo-error")).to_be_visible()
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "verify-photo.png")), full_page=True)
    page.set_input_files("#qr", wall)
    press(page, "#photo button")
    expect(page.locator("#verdict")).to_contain_text(WANTED.place)


def test_without_a_network_a_phone_says_at_most_that_it_is_signed(house: House, phones: Screens) -> None:
    screen = phones.open(language="zh-CN")
    page = screen.page
    good, over = house.qr(house.good), house.qr(house.over)
    screen.go("/verify/")
    page.evaluate("navigator.serviceWorker.ready")
    for _ in range(20):  # the worker serves a page from its next load on
        if page.evaluate("navigator.serviceWorker.controller !== null"):
            break
        page.reload()
    screen.context.set_offline(True)
    screen.go(good)
    shown = page.locator("[data-said]:visible")
    expect(shown).to_have_attribute("data-said", "amber")
    expect(shown).to_contain_text(WANTED.place)
    expect(shown).to_contain_text("未核实是否已撤回")
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "verify-offline.png")), full_page=True)
    screen.go(over)  # nobody can know here
    expect(shown).to_have_attribute("data-said", "amber")
    head, body, signature = good.partition("proof=")[2].split(".")
    for path, said in (
        (f"/verify/{house.good}/", "unchecked"),
        (f"/verify/{house.good}/?proof={head}.{body}.{'A' * 86}", "red"),
        (f"/verify/{house.over}/?proof={head}.{body}.{signature}", "red"),
        (f"/verify/{house.good}/?proof=a.b.c", "red"),
    ):
        screen.go(path)
        expect(shown).to_have_attribute("data-said", said)
        expect(page.locator(".green")).to_have_count(0)
    screen.context.set_offline(False)
    screen.go(over)
    expect(page.locator("#verdict")).to_have_class("ticket passport red")
    screen.complaints.clear()  # chromium says on its console that it was offline


@pytest.mark.parametrize(("language", "dark"), SOME)
def test_the_pages_of_passports_pass_axe_and_fit_a_small_phone(
    house: House, phones: Screens, language: str, dark: bool, tmp_path: Path
) -> None:
    """The seller's, refused once; the report, refused once; and the owner's, refused once."""
    screen = phones.open(language=language, width=320, dark=dark)
    page = screen.page
    screen.go("/verify/report/?number=K7M3-9QXY")
    judge(page)
    press(page, "main form button.main")
    expect(page.locator("#message-error")).to_be_visible()
    judge(page)
    page.fill("#where", "Rue Haute 3")
    page.fill("#message", "They show a copy.")
    press(page, "main form button.main")
    judge(page)

    def link() -> str:
        try:
            return make_link(OWNER, at=datetime.now(UTC))
        finally:
            connections.close_all()

    screen.go(f"/owner/enter/{aside(link)}/")
    press(page, "main form button")
    screen.go("/owner/sellers/")
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "owner-sellers.png")), full_page=True)
    press(page, "button[value=refused]")
    expect(page.locator(".alert")).to_be_visible()
    judge(page)

    seller = phones.open(language=language, width=320, dark=dark)
    page = seller.page
    seller.go("/me/in/")
    page.fill("#email", KIM)
    press(page, "main form button.main")

    def mail() -> str:
        try:
            house.world.clock.now = datetime.now(UTC)
            house.world.work()
            return next(
                urlsplit(word).path
                for sent in reversed(house.world.mailbox.sent)
                for word in sent.text.split()
                if "/me/in/" in word
            )
        finally:
            connections.close_all()

    seller.go(aside(mail))
    press(page, "main form button.main")
    seller.go("/reseller/acme/passport/")
    judge(page)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, "seller-passport.png")), full_page=True)
    page.fill("#place", "x")
    press(page, "#apply button.main")
    expect(page.locator("#place-error")).to_be_visible()
    judge(page)
    assert judges.DOCUMENTS.refused(tmp_path) == ""
