#!/usr/bin/env python3
"""Take the pictures of the README and the docs: one purchase on a phone's width, in each language, and two pages more.

    .venv/bin/python docs/pictures/take.py http://127.0.0.1:8000/

Needs a running `./opla up`, the test requirements (`./opla test` installs them) and Debian's chromium with
fonts-noto-cjk. Writes PNGs beside this file, each below 150 kB.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
#: What the browser asks for → how the file is named, and what is kept: what some page shows.
LANGUAGES = {
    "en": ("en", {"shop", "price", "sandbox", "order", "places", "look"}),
    "zh-CN": ("zh-Hans", {"shop", "order"}),
}
WIDTH, HEIGHT, SCALE = 390, 844, 1.5
MOST_BYTES = 150_000


def buy(page: Page, shop: str) -> Iterator[str]:
    """Walk through one purchase of a Proximus code; stops wherever there is something to show."""
    page.goto(shop)
    yield "shop"
    page.locator('a[href="/top-up/proximus/"]').click()
    page.locator('a[href="/top-up/proximus/PX-15/"]').click()
    page.fill("#email", "you@example.org")
    page.locator("main form button.main").click()
    page.wait_for_url("**/quote/**")
    yield "price"
    page.locator("form.pay [name=at_once]").check()
    page.locator("form.pay button.main").click()
    page.wait_for_url("**/pay/**")
    yield "sandbox"
    page.locator('button[value="pay"]').click()
    page.wait_for_url("**/o/**")
    page.locator("article.ticket.done form button.main").click(timeout=20_000)
    page.locator("#code").wait_for()
    yield "order"
    page.goto(f"{shop}places/?where=1030")
    page.evaluate("document.querySelector('#found').scrollIntoView()")
    yield "places"
    page.goto(f"{shop}look/")
    page.evaluate("document.querySelector('.column.as-ink').scrollIntoView()")
    yield "look"


def main(shop: str) -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.stderr.write("There is no chromium here: apt-get install chromium fonts-noto-cjk\n")
        return 1
    too_big = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--hide-scrollbars"])
        for asked, (name, kept) in LANGUAGES.items():
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=SCALE, locale=asked, is_mobile=True
            )
            page = context.new_page()
            for shown in buy(page, shop):
                if shown not in kept:
                    continue
                path = HERE / f"{shown}.{name}.png"
                page.screenshot(path=path, animations="disabled", caret="hide")
                size = path.stat().st_size
                too_big += size > MOST_BYTES
                sys.stdout.write(f"{path.name:<22}{size:>8} bytes\n")
            context.close()
        browser.close()
    return 1 if too_big else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000/"))
