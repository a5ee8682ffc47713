"""Accounts in a real browser: by link without a script, by passkey with one (chromium's virtual authenticator)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.simple_server import make_server

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from browser import judges
from browser.conftest import Screens
from browser.test_every_page import judge, press
from browser.test_owner_pages import _Quiet
from fakes import World
from opla.core.actor import Actor, Role
from opla.db.queries.people import Person
from opla.operations import people
from opla.operations import shop as shops
from opla.operations.owner import make_link
from support import aside

ANA = "ana@example.org"
OTHERS = ("en", "de-BE", "fr-BE", "nl-BE")


@dataclass
class Shop:
    world: World
    base: str

    def link(self) -> str:
        """The path in the newest letter."""

        def read() -> str:
            self.world.clock.now = datetime.now(UTC)
            try:
                self.world.work()
            finally:
                connections.close_all()
            return next(m.text for m in reversed(self.world.mailbox.sent) if m.subject == "sign_in")

        return aside(read)


@pytest.fixture
def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Served under a name: a passkey belongs to one, and an IP address is none."""
    from django.core.wsgi import get_wsgi_application

    world.clock.now = datetime.now(UTC)
    world.paid()
    world.work(3)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_Quiet)
    base = f"http://localhost:{server.server_port}"
    world.shop = replace(world.shop, base_url=base)
    monkeypatch.setattr(shops, "current", lambda: world.shop)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Shop(world, base)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def phones(shop: Shop, chromium: Browser) -> Iterator[Screens]:
    made = Screens(shop.base, chromium)
    yield made
    for screen in made.opened:
        screen.context.close()
    assert [said for screen in made.opened for said in screen.complaints] == []


def sign_in(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.base}/me/in/")
    page.fill("#email", ANA)
    press(page, "main form:not([hidden]) button.main")
    page.goto(shop.base + shop.link())
    press(page, "main form button.main")
    expect(page).to_have_url(f"{shop.base}/me/")


def finger(page: Page) -> None:
    """A phone whose owner says yes at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_made_and_signs_in_after_signing_out(shop: Shop, phones: Screens) -> None:
    page = phones.open().page
    finger(page)
    sign_in(shop, page)
    page.goto(f"{shop.base}/me/security/")
    page.fill("#name", "My phone")
    press(page, "form.passkey button")
    expect(page.locator(".row strong").first).to_have_text("My phone")
    page.goto(f"{shop.base}/me/")
    page.evaluate(
        "localStorage.setItem('offline', 'lines'); caches.open('pages').then(c => c.put('/x', new Response('x')))"
    )
    press(page, "form[action='/me/out/'] button")
    # This very page makes the worker's own shelves anew: pages without a person, and the language that it speaks.
    kept, shelves = page.evaluate("Promise.all([localStorage.getItem('offline'), caches.keys()])")
    assert kept is None
    assert [name for name in shelves if not name.startswith(("opla-shelf-", "opla-said"))] == []
    said = "caches.open('opla-said').then(c => c.keys()).then(of => of.map(one => new URL(one.url).pathname))"
    assert set(page.evaluate(said)) <= {"/said/language"}
    page.goto(f"{shop.base}/me/security/")
    expect(page).to_have_url(re.compile("/me/in/"))
    press(page, "form.passkey button")
    expect(page).to_have_url(f"{shop.base}/me/security/")
    expect(page.locator("main")).to_contain_text("last used")


@pytest.mark.parametrize("language", ["zh-CN", *(pytest.param(tag, marks=pytest.mark.full) for tag in OTHERS)])
def test_somebody_of_the_house_makes_a_passkey_and_is_in_by_it_alone(
    shop: Shop, phones: Screens, language: str, tmp_path: Path
) -> None:
    def invited() -> str:
        at, terminal = datetime.now(UTC), Actor(Role.OWNER, "terminal")
        try:
            named = people.name(terminal, ANA, "Ana", "owner", "en", shop=shop.world.shop, at=at)
            assert isinstance(named, Person)
            return make_link(named.actor, at=at, email=ANA)
        finally:
            connections.close_all()

    page = phones.open(language=language, width=320).page
    finger(page)
    page.goto(f"{shop.base}/owner/enter/{aside(invited)}/")
    press(page, "main form button.main")
    expect(page).to_have_url(f"{shop.base}/owner/factor/")
    judge(page)
    press(page, "form.passkey button")
    expect(page).to_have_url(f"{shop.base}/owner/")
    page.goto(f"{shop.base}/owner/people/")
    judge(page)
    page.goto(f"{shop.base}/owner/")
    judge(page)
    press(page, "form[action='/me/out/'] button")
    page.goto(f"{shop.base}/owner/")
    expect(page.locator("h1")).not_to_contain_text("Ana")  # to a stranger there is nothing here
    page.goto(f"{shop.base}/me/in/?next=/owner/")
    press(page, "form.passkey button")
    expect(page).to_have_url(f"{shop.base}/owner/")
    expect(page.locator("h1")).to_contain_text("Ana")
    assert judges.DOCUMENTS.refused(tmp_path) == ""


def test_an_answer_is_taken_once_and_of_its_own_browser_only(shop: Shop, phones: Screens) -> None:
    """What somebody overheard is worth nothing: the same answer again is of an old question."""
    page = phones.open().page
    finger(page)
    sign_in(shop, page)
    page.goto(f"{shop.base}/me/security/")
    press(page, "form.passkey button")
    press(page, ".row button >> nth=-1")  # signs this browser out
    page.goto(f"{shop.base}/me/in/")
    with page.expect_request(lambda r: r.url.endswith("/me/passkey/")) as caught:
        press(page, "form.passkey button")
    said = caught.value.post_data or ""
    expect(page).to_have_url(f"{shop.base}/me/")
    again = page.context.request.post(
        f"{shop.base}/me/passkey/", data=said,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Origin": shop.base},
    )  # fmt: skip
    assert again.status in (403, 422)
    assert "My orders" not in again.text()


@pytest.mark.parametrize("language", ["zh-CN", *(pytest.param(tag, marks=pytest.mark.full) for tag in OTHERS)])
def test_every_page_of_an_account_passes_axe_and_fits_a_small_phone(
    shop: Shop, phones: Screens, language: str, tmp_path: Path
) -> None:
    """Without a script to begin with: the link does everything."""
    bare = phones.open(language=language, javascript=False, width=320).page
    sign_in(shop, bare)
    page = phones.open(language=language, width=320).page
    finger(page)
    page.goto(f"{shop.base}/me/in/")
    judge(page)
    page.fill("#email", "ana@")
    press(page, "main form:not(.passkey) button.main")
    judge(page)
    page.fill("#email", ANA)
    press(page, "main form:not(.passkey) button.main")
    judge(page)
    page.goto(shop.base + shop.link())
    judge(page)
    press(page, "main form button.main")
    for path in ("/me/", "/me/security/", "/me/security/step/", "/me/data/", "/me/data/delete/"):
        page.goto(shop.base + path)
        judge(page)
    press(page, "main form button.main")  # the box was not ticked
    judge(page)
    page.goto(f"{shop.base}/me/security/step/")
    key = page.locator(".key").inner_text().replace(" ", "")
    page.fill("#digits", "1")
    press(page, "main form button.main")
    judge(page)
    page.fill("#digits", _digits(key))
    press(page, "main form button.main")
    expect(page.locator(".recovery li")).to_have_count(10)
    judge(page)
    page.goto(f"{shop.base}/me/security/")
    judge(page)
    press(page, "form.passkey button")
    bare.goto(f"{shop.base}/me/in/")
    bare.fill("#email", ANA)
    press(bare, "main form:not([hidden]) button.main")
    page.goto(shop.base + shop.link())
    judge(page)
    page.fill("#digits", "1")
    press(page, "main form button.main")
    judge(page)
    page.goto(f"{shop.base}/me/data/delete/")
    page.check("[name=sure]")
    press(page, "main form button.main")
    judge(page)
    assert judges.DOCUMENTS.refused(tmp_path) == ""


def _digits(key: str) -> str:
    import base64

    from opla.core import one_time

    return one_time.digits(base64.b32decode(key), one_time.step_at(datetime.now(UTC)))
