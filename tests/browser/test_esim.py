"""Somebody without a Belgian SIM buys an eSIM, in Chinese, and sees its picture when they ask for it and no sooner."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from browser.conftest import Screens
from browser.test_every_page import judge
from browser.test_purchase import pay

ACTIVATION = re.compile(r"LPA:1\$rsp\.invalid\$[0-9A-F-]{19}")


def test_an_esim_is_bought_in_chinese_and_its_picture_shows_after_the_reveal_alone(screens: Screens) -> None:
    screen = screens.open(language="zh-CN", width=320)
    page = screen.page
    screen.go("/")
    page.get_by_role("link", name="我需要新的 SIM 卡或 eSIM").click()
    judge(page)
    page.click("a[href='/new/PX-ESIM/']")
    judge(page)
    page.fill("#email", screen.email)
    page.click("main form button.main")  # without a word about the phone
    expect(page.locator(".asks.wrong")).to_have_count(3)
    judge(page)
    for name, value in (("eid_shown", "yes"), ("locked", "no"), ("region", "cn")):
        page.check(f"input[name=device_{name}][value={value}]")
    page.click("main form button.main")
    page.wait_for_url("**/quote/*/")
    judge(page)
    pay(screen)
    expect(page.locator("h1")).to_contain_text("已送达", timeout=30_000)
    order = page.url
    expect(page.locator("main .qr")).to_have_count(0)
    assert not ACTIVATION.search(page.content())
    judge(page)
    page.get_by_role("button", name="显示 eSIM").click()
    expect(page.locator("main .qr")).to_be_visible()
    assert ACTIVATION.search(page.content())
    iphone = page.get_by_role("link", name="在这部 iPhone 上安装")
    expect(iphone).to_have_attribute("href", re.compile(r"^https://esimsetup\.apple\.com/.*carddata=LPA:1\$rsp"))
    assert "LPA" not in page.url
    judge(page)
    page.goto(order)
    expect(page.locator("main .qr")).to_have_count(0)
    stranger = screens.open(language="zh-CN", width=320).page
    stranger.goto(order)
    expect(stranger.get_by_role("button", name="显示 eSIM")).to_have_count(0)
    judge(stranger)
