"""The shop as an app in a real browser: what a phone keeps and shows without a network, and what it never sends."""

from __future__ import annotations

import base64
import re
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, Request, expect

from browser.conftest import Screen, Screens
from browser.test_purchase import pay, to_the_quote


def settle(page: Page) -> None:
    """Until the service worker is there for the next page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def with_a_kept_code(screens: Screens, language: str) -> tuple[Screen, str]:
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
            const kept = await (await caches.open(name)).keys();
            said.push(...kept.map((request) => name + " " + new URL(request.url).pathname));
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
              if (row instanceof CryptoKey) said.push("key extractable=" + row.extractable);
              else if (row.sealed) said.push(new TextDecoder("latin1").decode(row.sealed));
            }
          }
          base.close();
          return said.join("\\n");
        }"""
    )
    return found


def test_a_kept_code_is_there_without_a_network_sealed_and_gone_when_it_is_forgotten(screens: Screens) -> None:
    screen, code = with_a_kept_code(screens, "zh-CN")
    page = screen.page
    found = stored(page)
    assert "key extractable=false" in found
    assert code not in found
    assert code.replace(" ", "") not in found
    assert "Proximus" not in found
    shelved = [line.split(" ", 1)[1] for line in found.splitlines() if line.startswith("opla-")]
    assert shelved
    assert [
        path for path in shelved if not re.match(r"/(static|kept|said|verify/kept)/", path)
    ] == []  # no page of an order

    screen.context.set_offline(True)
    page.goto(f"{screens.base}/help/")  # whatever is opened
    expect(page.locator("[data-offline]")).to_be_visible()
    expect(page.locator(".kept .code")).to_have_text(code)
    link = page.get_by_role("link", name="拨号充值")
    expect(link).to_have_attribute("href", re.compile(r"^tel:\*121\*0000\d{9}%23$"))
    page.locator("[data-forget-all]").click()
    expect(page.locator(".kept")).to_have_count(0)
    page.reload()
    expect(page.locator("[data-nothing]")).to_be_visible()
    expect(page.locator(".kept")).to_have_count(0)
    screen.context.set_offline(False)
    page.goto(f"{screens.base}/kept/")
    expect(page.locator("[data-offline]")).to_be_hidden()
    expect(page.locator(".kept")).to_have_count(0)


def test_a_line_is_kept_until_it_is_old_and_signing_out_on_this_phone_forgets_it(screens: Screens) -> None:
    """Any form that carries the mark of one that does so."""
    screen = screens.open()
    page = screen.page
    screen.go("/have/proximus/line/")
    page.fill("[name=data]", "1,5")
    page.fill("[name=data_until]", (datetime.now(UTC) + timedelta(days=42)).date().isoformat())
    page.click("main form button.main")
    page.locator(".keep button").click()
    expect(page.locator(".keep [data-done]")).to_be_visible()
    settle(page)
    screen.context.set_offline(True)
    screen.go("/")
    expect(page.locator(".kept")).to_contain_text("1.5 GB")
    screen.context.set_offline(False)
    screen.go("/kept/")
    expect(page.locator(".kept")).to_have_count(1)
    old = page.evaluate(
        """import(document.querySelector("[data-kept-module]").dataset.keptModule)
           .then((kept) => kept.list(Date.now() + 89 * 864e5).then(async (young) => [
             young.length, (await kept.list(Date.now() + 91 * 864e5)).length, (await kept.list()).length]))"""
    )
    assert old == [1, 0, 0]  # and what is over is deleted, not hidden
    page.evaluate(
        """import(document.querySelector("[data-kept-module]").dataset.keptModule)
           .then((kept) => kept.keep({name: "x", title: "again", language: "en"}))"""
    )
    page.reload()
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


class _Before(BaseHTTPRequestHandler):
    """The shop through a door that may give its service worker another version."""

    shop = ""
    version = ""

    def do_GET(self) -> None:
        with urllib.request.urlopen(self.shop + self.path) as answer:  # noqa: S310 (our own shop)
            body, kind, policy = (
                answer.read(),
                answer.headers["Content-Type"],
                answer.headers["Content-Security-Policy"],
            )
        if self.path == "/service-worker.js":
            body = re.sub(rb'const VERSION = "\w+"', f'const VERSION = "{type(self).version}"'.encode(), body)
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Security-Policy": policy}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
        """Silent."""


@pytest.fixture
def door(stack: str) -> Iterator[str]:
    _Before.shop, _Before.version = stack, "old"
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Before)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_another_worker_waits_for_the_last_open_page_and_clears_what_the_old_one_kept(
    screens: Screens, door: str
) -> None:
    screen = screens.open()
    page = screen.page
    page.goto(f"{door}/help/")
    settle(page)
    page.reload()
    shelves = "caches.keys().then((names) => names.filter((name) => name.startsWith('opla-shelf-')).sort())"
    assert page.evaluate(shelves) == ["opla-shelf-old"]
    _Before.version = "newer"
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    for _ in range(400):
        if page.evaluate("navigator.serviceWorker.getRegistration().then((found) => Boolean(found.waiting))"):
            break
        page.wait_for_timeout(50)
    # The open page still has its own worker and its own files.
    assert page.evaluate(shelves) == ["opla-shelf-newer", "opla-shelf-old"]
    screen.context.set_offline(True)
    page.goto(f"{door}/plan/")
    expect(page.locator("[data-offline]")).to_be_visible()
    screen.context.set_offline(False)
    page.close()
    again = screen.context.new_page()
    for _ in range(400):
        again.goto("about:blank")  # a page that follows on a page keeps the worker of that one
        again.wait_for_timeout(50)
        again.goto(f"{door}/help/")
        if again.evaluate(shelves) == ["opla-shelf-newer"]:
            break
    assert again.evaluate(shelves) == ["opla-shelf-newer"]


#: No push service is reachable from a test: the browser is told that it has one, and what the shop then does is real.
A_PUSH_SERVICE = """
  const subscription = {
    endpoint: "https://fcm.googleapis.com/fcm/send/a-test",
    toJSON: () => ({ keys: { p256dh: "%s", auth: "%s" } }),
  };
  PushManager.prototype.subscribe = async () => subscription;
  PushManager.prototype.getSubscription = async () => subscription;
  Notification.requestPermission = async () => "granted";
  Object.defineProperty(Notification, "permission", { get: () => "default" });
"""


def test_a_phone_that_is_asked_beside_its_order_is_told_and_may_stop(screens: Screens) -> None:
    key = base64.urlsafe_b64encode(b"\x04" + b"k" * 64).decode()
    auth = base64.urlsafe_b64encode(b"a" * 16).decode()
    screen = screens.open()
    screen.context.add_init_script(A_PUSH_SERVICE % (key, auth))
    page = screen.page
    to_the_quote(screen)
    assert page.locator("form.push").count() == 0
    settle(page)
    page.check(".pay [name=at_once]")
    with page.expect_request(re.compile(r"/o/[a-z2-7]+/$")) as asked:  # on a busy machine it only passes on
        page.click(".pay button.main")
    page.wait_for_url(re.compile(r"/pay/[0-9a-f]{32}"))
    order = asked.value.url
    page.goto(order)
    page.locator("form.push [data-on]").click()
    expect(page.locator("form.push [data-off]")).to_be_visible()
    page.reload()
    expect(page.locator("form.push [data-off]")).to_be_visible()  # it is known on this phone
    kept = page.evaluate(
        "caches.open('opla-said').then((said) => said.keys()).then((all) => all.map((one) => one.url))"
    )
    assert any("/said/" in url for url in kept)
    page.locator("form.push [data-off]").click()
    expect(page.locator("form.push [data-on]")).to_be_visible()
    assert page.url == order


WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; 23049RAD8C Build/TKQ1.221114.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20250201 MMWEBID/2229 "
    "MicroMessenger/8.0.58.2821(0x28003A41) WeChat/arm64 Weixin GPVersion/1 NetType/WIFI Language/zh_CN ABI/arm64"
)


def test_a_purchase_inside_wechat_goes_from_the_first_page_to_the_code(screens: Screens) -> None:
    screen = screens.open(language="zh-CN", user_agent=WECHAT)
    page = screen.page
    to_the_quote(screen)
    expect(page.locator(".inside")).to_contain_text("微信")
    page.check(".pay [name=at_once]")
    page.click(".pay button.main")
    pay_here = page.locator("a.button.main[href*='/pay/']")
    expect(pay_here).to_be_visible(timeout=30_000)  # it waits for the person, and offers another phone beside
    expect(page.locator("details .qr")).to_be_visible()
    pay_here.click()
    page.click("button[value=pay]")
    page.locator("form[action$='/code/'] button").click(timeout=30_000)
    expect(page.locator(".code")).to_have_text(re.compile(r"0000 "))
