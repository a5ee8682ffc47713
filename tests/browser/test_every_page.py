"""Every page, judged by machine: axe finds nothing, and nothing is wider than the smallest phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import judges
from browser.conftest import Screen, Screens
from browser.keyboard import keyboard
from browser.test_purchase import pay, to_the_quote


def press(page: Page, button: str) -> None:
    """Press it, and be on the page it leads to: what is judged next is that one. A test types faster than people, so
    it may be asked to press once more."""
    with page.expect_navigation():
        page.click(button)
    if page.locator("#once-more").count():
        page.wait_for_timeout(1_100)
        with page.expect_navigation():
            page.click("#once-more button")


#: What makes a page wider than its screen.
_TOO_WIDE = """() => { const root = document.documentElement;
    return root.scrollWidth <= root.clientWidth ? [] : [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > root.clientWidth + 0.5)
        .map(e => `${Math.round(e.getBoundingClientRect().right)} ${e.outerHTML.slice(0, 100)}`); }"""


def judge(page: Page, *, by_keyboard: bool = False) -> None:
    """No violation of axe's, in what is open and what is folded away (open from here on); no sideways scrolling;
    and where asked, or with `--full`, that a keyboard is enough."""
    page.wait_for_load_state()  # with every style sheet
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert judges.axe(page) == [], page.url
    assert judges.htmlcs(page) == [], page.url
    judges.DOCUMENTS.keep(page)
    assert page.evaluate(_TOO_WIDE) == [], page.url
    judges.walked(page)
    if by_keyboard or judges.HOME:
        assert keyboard(page) == [], page.url


def what_somebody_has(screen: Screen) -> None:
    """An answer typed, what it leaves open, and what the SIM holds."""
    page = screen.page
    screen.go("/have/proximus/")
    judge(page)
    page.fill("#answer", "1.500 MB until 3 december, 20 SMS, 5 EUR/min")
    press(page, "main form button.main")
    judge(page)
    page.check("input[name=data][value='0']")
    press(page, "main form button.main")
    judge(page)
    press(page, "main form button.main")
    judge(page)


def news_of_promotions(screen: Screen) -> None:
    """Unseen, which is asked about; half an address, then a whole one."""
    page = screen.page
    screen.go("/promotions/")
    page.evaluate("document.querySelector('[name=shown_at]').remove()")
    with page.expect_navigation():
        page.click("form[action^='/promotions/news/'] button")
    judge(page)
    page.wait_for_timeout(1_100)  # as it asks people to
    press(page, "#once-more button")
    for email in ("ana@", screen.email):
        page.fill("#email", email)
        press(page, "form[action^='/promotions/news/'] button")
        judge(page)


def a_day_and_a_basket(page: Page) -> None:
    """A day that is none, one that is, and the price kept in the basket, which is empty again afterwards."""
    for days in (400, 9):
        page.evaluate("document.querySelector('#day').open = true")
        page.fill("#deliver_on", (datetime.now(UTC) + timedelta(days=days)).date().isoformat())
        press(page, "form[action$='/day/'] button")
        judge(page)
    press(page, "form[action$='/basket/'] button")
    judge(page)
    press(page, "form[action$='/remove/'] button")
    judge(page)


def my_sims(screen: Screen) -> None:
    """From a file of one's own, a wrong one first: every card there is; what keeps a number, and leaving."""
    page = screen.page
    ends = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    topped_up = datetime.now(UTC) - timedelta(days=21)
    line = {
        "operator": "proximus", "plan": "bonus", "credit": [{"amount_minor": 1250}],
        "buckets": [{"kind": "data", "left_kb": 1_200_000, "ends": ends}], "topped_up_at": topped_up.isoformat(),
    }  # fmt: skip
    entry = {
        "id": "0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        "name": "妈妈 tablet",
        "number": "+32470123456",
        "line": line,
    }
    new = {"id": "0198a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c", "name": "New", "line": {"operator": "telenet"}}
    screen.go("/me/sims/")
    judge(page)
    for sims in ([{"name": "x"}], [entry, new]):
        document = json.dumps({"opla_sims": 1, "sims": sims}).encode()
        page.set_input_files("#file", {"name": "sims.json", "mimeType": "application/json", "buffer": document})
        press(page, "form[action$='/bring/'] button")
        judge(page)
    for path in (
        "/alive/", f"/alive/?operator=proximus&months=36&since={topped_up.date()}",
        "/alive/?operator=x&months=99&since=x", "/alive/?operator=scarlet&months=12", "/leaving/base/",
        "/leaving/digi/",
    ):  # fmt: skip
        screen.go(path)
        judge(page)


def asked_for_by_text(screen: Screen, path: str) -> None:
    """The page of a link that a text has brought, once refused; and the price behind it."""
    page = screen.page
    screen.go(path)
    judge(page)
    page.fill("#email", "ana@")
    press(page, "main form button.main")
    judge(page)
    page.fill("#email", screen.email)
    press(page, "main form button.main")
    judge(page)


def what_is_left(page: Page) -> None:
    """What was told before is known beside the price; half of it said again, then all of it, and what will be lost."""
    expect(page.locator("#changes .lost")).not_to_have_count(0)
    page.fill("[name=left_data]", "1,2 GB")
    page.fill("[name=left_until]", "")
    press(page, "#changes form button")
    expect(page.locator("#left_until-error")).to_be_visible()
    judge(page)
    page.fill("[name=left_until]", (datetime.now(UTC) + timedelta(days=10)).date().isoformat())
    press(page, "#changes form button")
    expect(page.locator("#left_until-error")).to_have_count(0)
    expect(page.locator("#changes .lost")).not_to_have_count(0)
    judge(page)


def after_delivery(another: Callable[[], Screen], page: Page, order: str) -> None:
    """A word of what became of it, the operator's answer compared, and the link for the recipient."""
    press(page, "form.said button[value=not_yet]")
    judge(page)
    for answer in ("merci", f"15 EUR until {datetime.now(UTC) + timedelta(days=33):%d/%m/%Y}, 300 MB"):
        page.fill("#answer", answer)
        press(page, "form[action$='/answer/'] button")
        judge(page)
    page.goto(order)
    page.locator("#share summary").click()
    page.check("[name=with_code]")
    press(page, "form[action$='/share/'] button")
    judge(page)
    recipient = another().page
    recipient.goto(page.locator("#share-url").inner_text())
    judge(recipient)
    press(recipient, "form[action$='/code/'] button")
    judge(recipient)
    press(page, "form[action$='/share/end/'] button")
    recipient.reload()
    judge(recipient)


def asking(screen: Screen) -> None:
    """A question before buying: half an address, then a whole one."""
    page = screen.page
    screen.go("/ask/?sku=PX-15")
    judge(page)
    page.fill("#message", "Does it work in Spain?")
    for email in ("ana@", screen.email):
        page.fill("#email", email)
        press(page, "main form button.main")
        judge(page)


def with_the_link(stranger: Page, order: str, email: str) -> None:
    """What another device is shown of an order, asks for, and must know."""
    stranger.goto(order)
    judge(stranger)
    press(stranger, "form[action$='/proof/'] button")
    judge(stranger)
    stranger.fill("#proof", email)
    press(stranger, "form[action$='/prove/'] button")
    judge(stranger)


def help_with(screen: Screen, order: str, stranger: Page) -> None:
    """From what was seen to the shop; what a stranger with the link is asked on the way."""
    page = screen.page
    page.goto(f"{order}trouble/")
    judge(page)
    for query in (
        "saw=no_data",
        "saw=no_data&phone=xiaomi",
        "saw=no_data&phone=iphone&tried=data_switch.data_sim.balance.restart",
    ):
        page.goto(f"{order}trouble/?{query}")
        judge(page)
    page.goto(f"{order}thread/?saw=no_data&phone=iphone&tried=restart.apn")
    judge(page)
    for text in ("4821 9034 7715 2", "It says error 33"):
        page.fill("#message", text)
        press(page, "main form button.main")
        judge(page)
    stranger.goto(f"{order}thread/")
    judge(stranger)
    press(stranger, "main form button.main")
    judge(stranger)


#: Who looks at every page: language, dark, width. One at every run, the others with --full: each language on a phone,
#: and a desktop once.
LOOKS = [
    pytest.param("zh-CN", False, 320, id="Chinese paper"),
    pytest.param("zh-CN", True, 320, id="Chinese ink", marks=pytest.mark.full),
    pytest.param("en", False, 320, id="English paper", marks=pytest.mark.full),
    pytest.param("en", True, 1280, id="English ink on a desktop", marks=pytest.mark.full),
    pytest.param("de-BE", False, 320, id="German paper", marks=pytest.mark.full),
    pytest.param("fr-BE", False, 320, id="French paper", marks=pytest.mark.full),
    pytest.param("nl-BE", True, 320, id="Dutch ink", marks=pytest.mark.full),
]
#: Pages of fewer people: the same, of fewer looks.
SOME = [
    ("zh-CN", False),
    pytest.param("en", True, marks=pytest.mark.full),
    pytest.param("de-BE", False, marks=pytest.mark.full),
]


@pytest.mark.parametrize(("language", "dark"), SOME)
def test_the_pages_of_a_card_pass_axe_and_fit_a_small_phone(screens: Screens, language: str, dark: bool) -> None:
    """Where it goes is asked, half an address refused; then the order while it is packed, and what a stranger sees."""
    screen = screens.open(language=language, width=320, dark=dark)
    page, stranger = screen.page, screens.open(language=language, width=320, dark=dark).page
    screen.go("/new/PX-SIM/")
    judge(page)
    page.fill("#email", screen.email)
    press(page, "main form button.main")
    judge(page)
    typed = {"street": "Rue Neuve", "number": "12", "postcode": "1000", "city": "Bruxelles"}
    for name in ("", "王小明"):
        for field, text in {**typed, "name": name}.items():
            page.fill(f"#{field}", text)
        if not name:
            page.check(".pay [name=at_once]")
            press(page, ".pay button.main")
            expect(page.locator("#name-error")).to_be_visible()
            judge(page)
    pay(screen)
    expect(page.locator(".ticket")).to_contain_text("Rue Neuve 12", timeout=30_000)
    judge(page)
    stranger.goto(page.url)
    expect(stranger.locator(".ticket")).not_to_contain_text("Rue Neuve")
    judge(stranger)


@pytest.mark.parametrize(("language", "dark"), SOME)
def test_the_pages_of_a_renewal_pass_axe_and_fit_a_small_phone(screens: Screens, language: str, dark: bool) -> None:
    """The box with a ceiling that is too low, the order, and the page that the order leads to, with its ways out."""
    screen = screens.open(language=language, width=320, dark=dark)
    page = screen.page
    screen.go("/top-up/mobile-vikings/MV-15/")
    page.fill("#number", "0486 11 22 33")  # whose operator this shop then knows
    page.fill("#email", screen.email)
    press(page, "main form button.main")
    page.wait_for_url("**/quote/*/")
    page.click("#by_itself summary")
    page.check("[name=by_itself]")
    page.fill("#cap", "3")
    page.check(".pay [name=at_once]")
    press(page, ".pay button.main")
    expect(page.locator("#cap-error")).to_be_visible()
    judge(page)
    page.fill("#cap", "20")
    pay(screen)
    page.click("a[href^='/renewals/']", timeout=30_000)
    page.wait_for_url("**/renewals/*/")
    judge(page)
    link = page.url
    page.check("[name=by_text]")
    press(page, "form[action$='/by-text/'] button")
    expect(page.locator("[name=by_text]")).to_be_checked()
    judge(page)
    for form in ("ceiling", "end"):
        press(page, f"form[action$='/{form}/'] button")
        judge(page)
    for way in ("skip", "end"):
        page.goto(f"{link}{way}/")
        judge(page)


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_every_page_passes_axe_and_fits(
    screens: Screens, asked_by_text: str, language: str, dark: bool, width: int, tmp_path: Path
) -> None:
    another = partial(screens.open, language=language, width=width, dark=dark)
    screen = another()
    page = screen.page
    for path in (
        "/", "/sim/iccid/", "/top-up/proximus/", "/top-up/lycamobile/", "/top-up/telenet/", "/help/", "/gone/",
        "/promotions/", "/kept/", "/inside/", "/look/", "/places/", "/places/?where=9000&operator=proximus",
        "/places/?where=nowhere&open=yes", "/plan/",
        "/plan/?use=video&days=70&away=3", "/plan/?use=own&days=400&minutes=x&budget=5",
        "/plan/?use=own&data_gb=4&days=31&only=base&changes=1", "/plan/?use=own&minutes=10&days=30&only=orange",
        "/operators/", "/operators/lycamobile/", "/guide/", "/guide/en/renew-base-early/", "/checklist/",
        "/guide/zh-Hans/5G卡怎么续费/", "/guide/de/welcher-tarif-fuer-70-tage/", "/about/", "/terms/", "/withdrawal/",
        "/verify/", "/redeem/", "/new/", "/new/PX-ESIM/", "/new/PX-SIM/", "/have/", "/have/which/",
        "/have/mobile-vikings/line/", "/top-up/mobile-vikings/MV-15/", "/top-up/lycamobile/LY-D/?amount=7.50",
    ):  # fmt: skip
        screen.go(path)
        judge(page)
    press(page, "main form button.main")  # a refused amount stays where it was
    judge(page)
    what_somebody_has(screen)
    news_of_promotions(screen)
    asking(screen)
    my_sims(screen)
    screen.go("/")
    page.fill("#number", "112")
    press(page, "main form button.main")
    judge(page)
    page.fill("#number", "0470 12 34 56")
    press(page, "main form button.main")
    judge(page)
    screen.go("/top-up/mobile-vikings/MV-15/")
    page.fill("#email", "ana@")
    page.check("[name=by_text]")
    page.fill("#text_number", "12")
    press(page, "main form button.main")
    expect(page.locator("#text_number-error")).to_be_visible()
    judge(page)
    asked_for_by_text(screen, asked_by_text)
    to_the_quote(screen)
    a_day_and_a_basket(page)
    to_the_quote(screen)
    judge(page)
    page.fill("#coupon", "NOSUCH26")
    press(page, "form[action$='/coupon/'] button")
    expect(page.locator("#coupon-error")).to_be_in_viewport()
    judge(page)
    what_is_left(page)
    pay(screen)
    expect(page.locator(".ticket.done")).to_be_visible(timeout=30_000)
    expect(page.locator("#bars .full")).to_have_count(3, timeout=30_000)
    judge(page)
    order = page.url
    press(page, "form[action$='/code/'] button")
    judge(page)
    after_delivery(another, page, order)
    page.goto(f"{order}receipt/")
    judge(page)
    with_the_link(another().page, order, screen.email)
    help_with(screen, order, another().page)
    assert judges.DOCUMENTS.refused(tmp_path) == ""


@pytest.mark.parametrize(("language", "dark"), SOME)
def test_what_to_know_before_a_new_sim_passes_axe_and_fits_a_small_phone(
    screens: Screens, language: str, dark: bool, tmp_path: Path
) -> None:
    screen = screens.open(language=language, width=320, dark=dark)
    page = screen.page
    for path in (
        "/esim/", "/esim/install/", "/identify/", "/guide/en/can-my-phone-use-an-esim/",
        "/guide/de/als-gast-eine-nummer-bekommen/", "/esim/check/?device=1:yes:no:us:iphone_14:none",
        "/esim/check/?device=1:unknown:unknown:cn:iphone_14:none",
        "/esim/check/?device=1:unknown:no:cn:iphone_air:none", "/esim/check/",
    ):  # fmt: skip
        screen.go(path)
        judge(page)
    press(page, "main form button.main")  # nothing answered
    judge(page)
    for name, value in (("eid_shown", "unknown"), ("locked", "no"), ("region", "else")):
        page.check(f"input[name=device_{name}][value={value}]")
    page.fill("#device_eid", "8904")
    press(page, "main form button.main")
    expect(page.locator("#device_eid-error")).to_be_visible()
    judge(page)
    page.fill("#device_eid", "")
    press(page, "main form button.main")
    expect(page.locator("#answer")).to_be_visible()
    judge(page)
    assert judges.DOCUMENTS.refused(tmp_path) == ""
