"""The pages of resellers' people in a real browser: the API is tried from one of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from api.conftest import made
from browser.conftest import Screens
from browser.test_accounts import ANA, Shop, phones, shop, sign_in  # noqa: F401 - the fixtures
from browser.test_every_page import judge
from fakes import START
from opla.core.actor import Actor, Role
from opla.operations import members, resellers
from support import aside

OWNER = Actor(Role.OWNER, "test")


def key_of_acme(shop: Shop, *, sandbox: bool) -> str:  # noqa: F811
    """Acme is there with Ana, and has one more key."""

    def write() -> str:
        from django.db import connections

        try:
            resellers.add(OWNER, "acme", title="Acme Phones", email="orders@acme.example", at=START)
            members.name(OWNER, "acme", ANA, "owner", at=START)
            return made(shop.world, "acme", sandbox=sandbox)
        finally:
            connections.close_all()

    return aside(write)


def picture(page: Page, name: str) -> None:
    """Where somebody wants to look at it: OPLA_PICTURES names a folder."""
    if folder := os.environ.get("OPLA_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_request_is_sent_and_shown_with_its_answer_and_the_key_is_not_drawn(shop: Shop, phones: Screens) -> None:  # noqa: F811
    secret = key_of_acme(shop, sandbox=True)
    page = phones.open(language="fr-BE").page
    sign_in(shop, page)
    page.goto(f"{shop.base}/reseller/acme/try/")
    picture(page, "try-390-fr")
    page.fill("#key", secret)
    page.select_option("#example", label="POST /api/v1/lines/effects")
    page.click("form.try button")
    sent, came = page.locator(".came pre").all()
    expect(came).to_contain_text(re.compile(r"^200 "))
    expect(came).to_contain_text("ratelimit")
    expect(came).to_contain_text('"wait_until"')
    expect(sent).to_contain_text("POST /api/v1/lines/effects")
    expect(sent).to_contain_text("Accept-Language: fr")
    assert secret not in page.inner_text("main")
    picture(page, "try-390-fr-answer")
    judge(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    picture(page, "try-1280-fr-answer")
    page.fill("#body", '{"sku": "NOPE"}')
    page.click("form.try button")
    expect(came).to_contain_text(re.compile(r"^422 "))
    expect(came).to_contain_text("product_unknown")


def test_a_key_that_is_not_of_the_sandbox_goes_nowhere(shop: Shop, phones: Screens) -> None:  # noqa: F811
    page = phones.open().page
    live = key_of_acme(shop, sandbox=False)
    sign_in(shop, page)
    page.goto(f"{shop.base}/reseller/acme/try/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.fill("#key", live)
    page.click("form.try button")
    expect(page.locator("form.try .error")).to_contain_text("no sandbox key")
    assert [url for url in asked if "/static/" not in url] == []


def test_without_javascript_there_is_the_command_to_copy(shop: Shop, phones: Screens) -> None:  # noqa: F811
    key_of_acme(shop, sandbox=True)
    page = phones.open(javascript=False).page
    sign_in(shop, page)
    page.goto(f"{shop.base}/reseller/acme/try/")
    expect(page.locator("form.try")).to_be_hidden()
    page.locator("summary", has_text="GET /api/v1/products").first.click()
    expect(page.locator("details[open] pre")).to_contain_text(f"curl {shop.base}/api/v1/products")
    picture(page, "try-390-plain")
