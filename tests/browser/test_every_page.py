"""Every page, judged by machine: axe finds nothing, and nothing is wider than the smallest phone."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser import judges
from browser.conftest import Screen, Screens
from browser.test_purchase import EMAIL, pay, to_the_quote


def press(page: Page, button: str) -> None:
    """Press it, and be on the page it leads to: what is judged next is that one."""
    with page.expect_navigation():
        page.click(button)


def judge(page: Page) -> None:
    """No violation of axe's, in what is open and what is folded away (open from here on); no sideways scrolling."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert judges.axe(page) == [], page.url
    assert judges.htmlcs(page) == [], page.url
    judges.DOCUMENTS.keep(page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, page.url


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
    """Half an address, then a whole one."""
    screen.go("/promotions/")
    for email in ("ana@", EMAIL):
        screen.page.fill("#email", email)
        screen.page.click("form[action^='/promotions/news/'] button")
        judge(screen.page)


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
    line = {
        "operator": "proximus", "plan": "bonus", "credit": [{"amount_minor": 1250}],
        "buckets": [{"kind": "data", "left_kb": 1_200_000, "ends": ends}], "topped_up_at": "2026-11-01T10:00:00Z",
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
        "/alive/", "/alive/?operator=proximus&months=36&since=2026-11-01", "/alive/?operator=x&months=99&since=x",
        "/alive/?operator=scarlet&months=12", "/leaving/base/", "/leaving/digi/",
    ):  # fmt: skip
        screen.go(path)
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


def after_delivery(screens: Screens, page: Page, order: str, *, language: str, dark: bool) -> None:
    """A word of what became of it, the operator's answer compared, and the link for the recipient."""
    press(page, "form.said button[value=not_yet]")
    judge(page)
    for answer in ("merci", "15 EUR until 25/12/2026, 300 MB"):
        page.fill("#answer", answer)
        press(page, "form[action$='/answer/'] button")
        judge(page)
    page.goto(order)
    page.locator("#share summary").click()
    page.check("[name=with_code]")
    press(page, "form[action$='/share/'] button")
    judge(page)
    recipient = screens.open(language=language, width=320, dark=dark).page
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
    for email in ("ana@", EMAIL):
        page.fill("#email", email)
        press(page, "main form button.main")
        judge(page)


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


@pytest.mark.parametrize(("language", "dark"), [("en", True), ("zh-CN", False), ("de-BE", False)])
def test_the_pages_of_a_card_pass_axe_and_fit_a_small_phone(screens: Screens, language: str, dark: bool) -> None:
    """Where it goes is asked, half an address refused; then the order while it is packed, and what a stranger sees."""
    screen = screens.open(language=language, width=320, dark=dark)
    page, stranger = screen.page, screens.open(language=language, width=320, dark=dark).page
    screen.go("/new/PX-SIM/")
    judge(page)
    page.fill("#email", EMAIL)
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


#: The language with the longest words is looked at every time; those between it and English with --full.
LANGUAGES = [("en", False), ("en", True), ("zh-CN", False), ("zh-CN", True), ("de-BE", False)]
if os.environ.get("OPLA_TEST_FULL"):
    LANGUAGES += [("fr-BE", False), ("nl-BE", True)]


@pytest.mark.parametrize(
    ("language", "dark"), LANGUAGES, ids=[f"{tag} {'ink' if dark else 'paper'}" for tag, dark in LANGUAGES]
)
def test_every_page_passes_axe_and_fits_a_small_phone(
    screens: Screens, language: str, dark: bool, tmp_path: Path
) -> None:
    screen = screens.open(language=language, width=320, dark=dark)
    page = screen.page
    for path in (
        "/", "/sim/iccid/", "/top-up/proximus/", "/top-up/lycamobile/", "/top-up/telenet/", "/help/", "/gone/",
        "/promotions/", "/kept/", "/inside/", "/look/", "/places/", "/places/?where=9000&operator=proximus",
        "/places/?where=nowhere&open=yes", "/plan/",
        "/plan/?use=video&days=70&away=3", "/plan/?use=own&days=400&minutes=x&budget=5",
        "/plan/?use=own&data_gb=4&days=31&only=base&changes=1", "/plan/?use=own&minutes=10&days=30&only=orange",
        "/operators/", "/operators/lycamobile/", "/guide/", "/guide/en/renew-base-early/", "/checklist/",
        "/guide/zh-Hans/5G卡怎么续费/", "/guide/de/welcher-tarif-fuer-70-tage/", "/about/", "/terms/", "/withdrawal/",
        "/have/", "/have/which/", "/have/mobile-vikings/line/",
        "/top-up/mobile-vikings/MV-15/", "/top-up/lycamobile/LY-D/?amount=7.50",
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
    press(page, "main form button.main")
    judge(page)
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
    after_delivery(screens, page, order, language=language, dark=dark)
    page.goto(f"{order}receipt/")
    judge(page)
    stranger = screens.open(language=language, width=320, dark=dark).page
    stranger.goto(order)
    judge(stranger)
    press(stranger, "form[action$='/proof/'] button")
    judge(stranger)
    stranger.fill("#proof", EMAIL)
    press(stranger, "form[action$='/prove/'] button")
    judge(stranger)
    help_with(screen, order, screens.open(language=language, width=320, dark=dark).page)
    assert judges.DOCUMENTS.refused(tmp_path) == []
