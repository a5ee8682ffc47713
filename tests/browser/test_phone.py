"""The shop as an app in a real browser: what a phone keeps, what it shows without a network, and what it never sends."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Request, expect

from browser.conftest import Screen, Screens
from browser.test_purchase import pay, to_the_quote


def settle(page: Page) -> None:
    """Until the service worker is there for the next page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def with_a_kept_code(screens: Screens, language: str = "en") -> tuple[Screen, str]:
    """A phone that has bought a code and keeps it; the code as it is shown."""
    screen = screens.open(language=language)
    page = screen.page
    to_the_quote(screen)
    pay(screen)
    page.locator("form[action$='/code/'] button").click(timeout=30_000)
    code = page.locator(".code").inner_text()
    page.locator(".keep button").click()
    expect(page.locator(".keep [data-done]")).to_be_visible()
    settle(page)
    return screen, code


def stored(page: Page) -> str:
    """Everything that this origin has in its databases and caches, as text."""
    found: str = page.evaluate(
        """async () => {
          const said = [];
          for (const name of await caches.keys()) {
            for (const request of await (await caches.open(name)).keys()) said.push(name + " " + new URL(request.url).pathname);
          }
          const base = await new Promise((done) => {
            const opening = indexedDB.open("opla-kept", 1);
            opening.onsuccess = () => done(opening.result);
          });
          for (const store of base.objectStoreNames) {
            const rows = await new Promise((done) => {
              const asked = base.transaction(store).objectStore(store).getAll();
              asked.onsuccess = () => done(asked.result);
            });
            for (const row of rows) {
              said.push(row instanceof CryptoKey ? "key extractable=" + row.extractable : "row " + Object.keys(row).sort());
              if (row.sealed) said.push(new TextDecoder("latin1").decode(row.sealed));
            }
          }
          base.close();
          return said.join("\\n");
        }"""
    )
    return found


@pytest.mark.parametrize(("language", "dial"), [("en", "Dial to top up"), ("zh-CN", "拨号充值")])
def test_a_kept_code_is_there_without_a_network_and_gone_when_it_is_forgotten(
    screens: Screens, language: str, dial: str
) -> None:
    screen, code = with_a_kept_code(screens, language)
    page = screen.page
    screen.context.set_offline(True)
    page.goto(f"{screens.base}/help/")  # whatever is opened
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator(".kept .code")).to_have_text(code)
    expect(page.get_by_role("link", name=dial)).to_have_attribute("href", re.compile(r"^tel:\*121\*0000\d{9}%23$"))
    page.locator("[data-forget-all]").click()
    expect(page.locator(".kept")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-nothing]")).to_be_visible()
    expect(page.locator(".kept")).to_have_count(0)
    screen.context.set_offline(False)
    page.goto(f"{screens.base}/kept/")
    expect(page.locator("[data-offline]")).to_be_hidden()
    expect(page.locator(".kept")).to_have_count(0)


def test_what_is_kept_is_sealed_and_no_page_of_an_order_is_kept(screens: Screens) -> None:
    screen, code = with_a_kept_code(screens)
    found = stored(screen.page)
    assert "key extractable=false" in found
    assert code not in found
    assert code.replace(" ", "") not in found
    assert "Proximus" not in found
    kept = [line.split(" ", 1)[1] for line in found.splitlines() if line.startswith("opla-")]
    assert kept
    assert [path for path in kept if not re.match(r"/(static|kept|said)/", path)] == []


def test_a_line_that_was_read_is_there_without_a_network(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    screen.go("/have/proximus/line/")
    page.fill("[name=data]", "1,5")
    page.fill("[name=data_until]", "2027-01-03")
    page.click("main form button.main")
    page.locator(".keep button").click()
    expect(page.locator(".keep [data-done]")).to_be_visible()
    settle(page)
    screen.context.set_offline(True)
    screen.go("/")
    expect(page.locator(".kept")).to_contain_text("1.5 GB")


def test_signing_out_on_this_phone_forgets_what_is_kept(screens: Screens) -> None:
    """Any form that carries the mark of one that does so."""
    screen, _ = with_a_kept_code(screens)
    page = screen.page
    screen.go("/kept/")
    expect(page.locator(".kept")).to_have_count(1)
    page.evaluate("document.querySelector('.languages form').setAttribute('data-forgets-phone', '')")
    page.click(".languages summary")
    page.click(".languages button[value=nl]")
    expect(page.locator("[data-nothing]")).to_be_visible()
    expect(page.locator(".kept")).to_have_count(0)


def test_without_a_network_nothing_is_posted_then_or_later(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    to_the_quote(screen)
    settle(page)
    posted: list[Request] = []
    screen.context.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
    screen.context.set_offline(True)
    page.click(".pay button.main")
    expect(page.locator(".pay [role=alert]")).to_contain_text("nothing was sent")
    expect(page.locator(".pay [role=alert]")).to_be_focused()
    assert page.url.startswith(f"{screens.base}/quote/")
    screen.context.set_offline(False)
    expect(page.locator(".pay [role=alert]")).to_have_count(0)
    page.wait_for_timeout(500)
    assert posted == []
    pay(screen)  # and the person who decides again has one order
    expect(page.locator(".ticket.done")).to_be_visible(timeout=30_000)


def test_another_worker_waits_for_the_last_open_page_and_clears_what_the_old_one_kept(screens: Screens) -> None:
    screen = screens.open()
    page = screen.page
    screen.go("/help/")
    settle(page)
    page.reload()
    shelves = "caches.keys().then((names) => names.filter((name) => name.startsWith('opla-shelf-')).sort())"
    [old] = page.evaluate(shelves)
    source = page.request.get(f"{screens.base}/service-worker.js").text()
    newer = re.sub(r'const VERSION = "\w+"', 'const VERSION = "newer"', source)
    screen.context.route(
        "**/service-worker.js", lambda route: route.fulfill(body=newer, content_type="text/javascript")
    )
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    page.wait_for_function("navigator.serviceWorker.getRegistration().then((found) => found.waiting !== null)")
    # The open page still has its own worker and its own files.
    assert page.evaluate(shelves) == sorted([old, "opla-shelf-newer"])
    screen.context.set_offline(True)
    page.goto(f"{screens.base}/plan/")
    expect(page.locator("[data-offline]")).to_be_visible()
    screen.context.set_offline(False)
    page.close()
    again = screen.context.new_page()
    again.goto(f"{screens.base}/help/")
    again.wait_for_function("caches.keys().then((names) => !names.includes(%r))" % old)
    assert again.evaluate(shelves) == ["opla-shelf-newer"]
