"""Three people who complete a purchase without help, and a connection that drops half-way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Screens
from browser.test_purchase import look_again, pay, to_the_quote

#: How whoever cannot see hears what has the focus: its label, or what is written on it.
_NAME = """() => { const e = document.activeElement; if (!e || e === document.body) return '';
    const labels = e.labels ? [...e.labels].map(l => l.textContent) : [];
    return (e.getAttribute('aria-label') || labels.join(' ') || e.textContent).trim().replace(/\\s+/g, ' '); }"""
_OUTLINED = """() => { const s = getComputedStyle(document.activeElement);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }"""
#: What can be pressed and is smaller than 24 by 24 px (WCAG 2.2, 2.5.8), and no word of a sentence.
_SMALL = """() => [...document.querySelectorAll('main a, main button, main input:not([type=hidden]), main summary')]
    .filter(e => e.checkVisibility() && !e.closest('p, li, dd, label, td'))
    .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
    .filter(([, r]) => r.width < 44 || r.height < 43.5).map(([html, r]) => `${html} ${r.width}x${r.height}`)"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is heard begins with this; whatever has the focus on the way can be seen to have it."""
    heard = []
    for _ in range(80):
        page.keyboard.press("Tab")
        said = page.evaluate(_NAME)
        heard.append(said)
        if said:
            assert page.evaluate(_OUTLINED), said
        if said.startswith(name):
            return
    pytest.fail(f"{name!r} is never heard: {heard}")


def test_a_blind_customer_buys_with_the_keyboard_and_hears_what_happens(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    screen.go("/")
    tab_to(page, "Skip to the content")
    tab_to(page, "Mobile number")
    page.keyboard.type("0470 12 34")
    page.keyboard.press("Enter")
    expect(page.locator("#number-error")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "number"  # the mistake has the focus, and is read with it
    expect(page.locator("#number")).to_have_attribute("aria-describedby", re.compile("^number-error"))
    page.keyboard.press("Control+a")
    page.keyboard.type("0470 12 34 56")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^(?!Please check)"))
    tab_to(page, "Yes")
    page.keyboard.press("Enter")
    page.wait_for_url("**/top-up/proximus/")
    tab_to(page, "€15")
    page.keyboard.press("Enter")
    page.wait_for_url("**/top-up/proximus/PX-15/**")
    tab_to(page, "Your e-mail")
    page.keyboard.type(screen.email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/quote/*/")
    tab_to(page, "Show me the code as soon as I ask for it")
    page.keyboard.press("Space")
    tab_to(page, "Pay €15.00")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/pay/[0-9a-f]{32}"))
    page.locator("button[value=pay]").focus()  # the payment provider's page is not ours
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/o/[a-z2-7]{26}/$"))
    expect(page.locator("#announce")).to_contain_text("Delivered", timeout=30_000)  # and so it is read out, once
    tab_to(page, "Show the code")
    page.keyboard.press("Enter")
    expect(page.locator("#code")).to_be_focused()  # and so it is read out at once
    expect(page.locator("#code")).to_have_text(re.compile(r"0000 \d{4} \d{4} \d"))
    tab_to(page, "Dial to top up")


def test_a_dutch_speaking_pensioner_buys_on_an_old_phone_with_large_letters(screens: Screens) -> None:
    """No script runs, the screen is small, the letters are twice as large, and the targets are for a thumb."""
    screen = screens.open(language="nl-BE", javascript=False, width=320)
    page = screen.page

    def looks_right() -> None:
        assert page.locator("html").get_attribute("lang") == "nl"
        for width, letters in ((320, "100%"), (390, "200%")):
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate(f"document.documentElement.style.fontSize = '{letters}'")
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, (page.url, width, letters)
            assert page.evaluate(_SMALL) == [], page.url

    screen.go("/")
    looks_right()
    page.get_by_label("Gsm-nummer").fill("0470 12 34 56")
    page.locator("main form button.main").click()
    looks_right()
    page.locator("a.button.main").click()
    looks_right()
    page.locator("a.amount").first.click()
    looks_right()
    page.fill("#email", screen.email)
    page.locator("main form button.main").click()
    looks_right()
    pay(screen)
    look_again(page)
    looks_right()
    page.click("form[action$='/code/'] button")
    expect(page.locator(".code")).to_have_text(re.compile(r"0000 \d{4} \d{4} \d"))
    looks_right()


def test_a_chinese_traveller_finds_what_to_buy_and_reads_no_other_language(screens: Screens) -> None:
    """From "what do I need" to the code; whatever is not Chinese is a name, a figure, or what the phone itself says."""
    screen = screens.open(language="zh-CN")
    page = screen.page

    def is_chinese() -> None:
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        texts = page.locator("main h1, main h2, main label, main button, main a.button").all_inner_texts()
        plain = [text for text in texts if text.strip() and not re.search(r"[\u4e00-\u9fff]", text)]
        assert [text for text in plain if re.search(r"[a-z]{2,} [a-z]{2,}", text)] == [], page.url

    screen.go("/")
    is_chinese()
    page.get_by_role("link", name="帮我选").click()
    is_chinese()
    to_the_quote(screen)
    is_chinese()
    pay(screen)
    expect(page.locator("h1")).to_contain_text("已送达", timeout=30_000)
    is_chinese()
    page.get_by_role("button", name="显示充值码").click()
    expect(page.locator(".code")).to_have_text(re.compile(r"0000 \d{4} \d{4} \d"))
    is_chinese()
    order = page.url.removesuffix("code/")
    page.goto(f"{order}receipt/")
    is_chinese()


def test_a_connection_that_drops_half_way_costs_nothing_and_the_page_goes_on(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    to_the_quote(screen)
    quote = page.url
    page.check("[name=at_once]")
    screen.context.set_offline(True)
    page.click(".pay button.main", no_wait_after=True)
    expect(page.locator(".pay [role=alert]")).to_contain_text("nothing was sent")
    screen.context.set_offline(False)
    page.goto(quote)  # nothing was placed: the price stands there as before
    expect(page.locator(".sum")).to_have_text("€15.00")
    pay(screen)
    screen.context.set_offline(True)
    page.wait_for_timeout(1500)
    screen.context.set_offline(False)
    expect(page.locator("h1")).to_contain_text("Delivered", timeout=30_000)
    order = page.url
    page.goto(quote)
    page.check("[name=at_once]")
    page.click(".pay button.main")
    expect(page).to_have_url(order)  # what was bought is not bought again
    screen.complaints.clear()  # chromium says on its console that it was offline
