"""A whole purchase in a real browser: with JavaScript, without it, and in Chinese."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Screen, Screens


def to_the_quote(screen: Screen) -> None:
    """From a typed number to the price of €15 at Proximus."""
    page = screen.page
    screen.go("/")
    page.fill("#number", "0470 12 34 56")
    page.click("main form button.main")
    page.click("a.button.main")
    page.click("a.amount >> nth=0")
    page.fill("#email", screen.email)
    page.click("main form button.main")
    page.wait_for_url("**/quote/*/")


def pay(screen: Screen, outcome: str = "pay") -> None:
    """The sandbox's payment page, to which the shop brings the customer by itself."""
    page = screen.page
    page.check(".pay [name=at_once]")
    page.click(".pay button.main")
    page.wait_for_url(re.compile(r"/pay/[0-9a-f]{32}"))
    page.click(f"button[value={outcome}]")
    page.wait_for_url(re.compile(r"/o/[a-z2-7]{26}/$"))


def look_again(page: Page) -> None:
    """Without scripts: press the page's own link until it is delivered. Nothing reloads under a reader's eyes."""
    deadline = time.monotonic() + 30
    while not page.locator(".ticket.done").count():
        assert time.monotonic() < deadline, page.locator("h1").inner_text()
        page.wait_for_timeout(300)
        page.locator("noscript a").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize(
    ("language", "delivered", "show", "dial"),
    [("en", "Delivered", "Show the code", "Dial to top up"), ("zh-CN", "已送达", "显示充值码", "拨号充值")],
)
def test_a_code_is_bought_and_shown(
    screens: Screens, javascript: bool, language: str, delivered: str, show: str, dial: str
) -> None:
    screen = screens.open(language=language, javascript=javascript)
    page = screen.page
    to_the_quote(screen)
    expect(page.locator(".sum")).to_have_text("€15.00")
    pay(screen)
    if not javascript:
        look_again(page)
    expect(page.locator("h1")).to_contain_text(delivered, timeout=30_000)
    page.get_by_role("button", name=show).click()
    expect(page.locator(".code")).to_have_text(re.compile(r"0000 \d{4} \d{4} \d"))
    expect(page.get_by_role("link", name=dial)).to_have_attribute("href", re.compile(r"^tel:\*121\*0000\d{9}%23$"))
    assert "0000" not in page.url


def test_the_page_goes_on_by_itself_and_says_so_in_its_title(screens: Screens) -> None:
    screen = screens.open()
    to_the_quote(screen)
    pay(screen)
    expect(screen.page).to_have_title(re.compile("Delivered"), timeout=30_000)
    expect(screen.page.locator("#bars .full")).to_have_count(3, timeout=30_000)


def test_a_refused_payment_is_tried_again_and_delivered(screens: Screens) -> None:
    screen = screens.open()
    to_the_quote(screen)
    pay(screen, "refuse")
    screen.page.get_by_role("button", name="Try to pay again").click(timeout=30_000)
    screen.page.wait_for_url(re.compile(r"/pay/[0-9a-f]{32}"))
    screen.page.click("button[value=pay]")
    expect(screen.page.locator("h1")).to_contain_text("Delivered", timeout=30_000)


def test_paying_twice_brings_one_code_and_one_payment_back(screens: Screens) -> None:
    screen = screens.open()
    to_the_quote(screen)
    pay(screen, "twice")
    expect(screen.page.locator("h1")).to_contain_text("Delivered", timeout=30_000)
    expect(screen.page.locator("#order")).to_contain_text("€15.00 was paid too much", timeout=30_000)


def test_a_number_the_operator_refuses_is_refunded(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    screen.go("/top-up/mobile-vikings/MV-15/")
    page.fill("#number", "0470 12 39 01")
    page.fill("#email", screen.email)
    page.click("main form button.main")
    pay(screen)
    expect(page.locator("h1")).to_contain_text("Refunded", timeout=30_000)
    expect(page.locator("#order")).to_contain_text("€15.00 went back")


def test_another_device_reads_the_code_after_six_digits_from_the_mailbox(screens: Screens) -> None:
    first, second = screens.open(), screens.open()
    to_the_quote(first)
    pay(first)
    expect(first.page.locator("h1")).to_contain_text("Delivered", timeout=30_000)
    ticket = first.page.locator("dl.stub dd").first.inner_text()
    second.page.goto(first.page.url)
    second.page.get_by_role("button", name="Send me six digits").click()
    mailbox = str(second.page.get_by_role("link", name="Open the sandbox mailbox").get_attribute("href"))
    mail = second.context.new_page()
    # The mailbox holds the messages of every test before this one: only this order's digits are right.
    expect_mail = re.compile(rf"order {re.escape(ticket)}</h2>.{{0,300}}?Your six digits: (\d{{6}})", re.DOTALL)
    for _ in range(80):
        mail.goto(mailbox)
        if found := expect_mail.search(mail.content()):
            break
        mail.wait_for_timeout(250)
    else:
        pytest.fail("no message came")
    second.page.fill("#proof", found.group(1))
    second.page.get_by_role("button", name="Continue").click()
    second.page.get_by_role("button", name="Show the code").click()
    expect(second.page.locator(".code")).to_have_text(re.compile(r"0000 "))


def test_the_code_can_be_copied_and_the_first_mistake_has_the_focus(screens: Screens) -> None:
    screen = screens.open()
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=screens.base)
    page = screen.page
    screen.go("/")
    page.click("main form button.main")
    expect(page.locator("#number")).to_be_focused()
    to_the_quote(screen)
    pay(screen)
    page.get_by_role("button", name="Show the code").click(timeout=30_000)
    page.get_by_role("button", name="Copy the code").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"0000\d{9}", copied)
