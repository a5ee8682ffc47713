"""No page is forgotten: whatever address there is, its page is walked with axe and with the keyboard.

The pages of the house and of resellers' people are those that their links lead to, in a shop in which something of
everything has happened: a new page is walked from its first day, or this fails. The others have walks of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit
from wsgiref.simple_server import make_server

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.urls import URLPattern, resolve
from playwright.sync_api import Browser

from browser.conftest import Screen, Screens
from browser.pages import NO_PAGE as NO_ADDRESS_OF_ITS_OWN
from browser.pages import NOT_YET, WALKS
from browser.test_every_page import judge
from browser.test_owner_pages import _Quiet
from opla.backoffice.urls import urlpatterns as house_pages
from opla.core.actor import Role
from opla.kiosk.urls import urlpatterns as kiosks
from opla.operations import bulk, members
from opla.portal.urls import urlpatterns as portal_pages
from opla.storefront.urls import urlpatterns as storefront
from opla.till.urls import urlpatterns as tills
from surfaces.conftest import Door, Visitor, door
from surfaces.everything import OWNER, Everything, everything
from surfaces.forms import read
from surfaces.test_bulk import FILE
from surfaces.test_my_sims import keep, mum
from surfaces.test_my_sims import signed_in as account
from surfaces.test_owner_pages import signed_in
from surfaces.test_reminders import confirmed
from surfaces.test_signing_in import ANA, sign_in

__all__ = ["door"]  # the fixture

#: Addresses of the house at which there is no page of their own, and why.
NO_PAGE: Final = {
    **dict.fromkeys(
        ("owner-figures", "owner-month-file", "owner-journal", "owner-transfer-file", "owner-evidence",
         "owner-seller-picture", "owner-places-export", "owner-promotions-file"), "a file",
    ),
    "owner-card": "its buttons are on the list of cards",
    "owner-place": "its button is on the list of places",
    "owner-enter": "judged in test_owner_pages.py",
    "owner-factor": "judged in test_accounts.py",
    **dict.fromkeys(
        ("reseller-deposit-state", "reseller-file-state"), "a part of a page",
    ),
    **dict.fromkeys(("reseller-statement", "reseller-file-result", "reseller-passport-file"), "a file"),
    **dict.fromkeys(
        ("reseller-webhook-secret", "reseller-webhook-test", "reseller-webhook-again", "reseller-webhook-switch",
         "reseller-webhook-remove", "reseller-file-confirm", "reseller-file-link", "reseller-file-act",
         "reseller-home", "reseller-pay-in"), "a button of another page, or a way to one",
    ),
}  # fmt: skip
#: The least that a page's name is looked for: the first few of many pages that are alike.
_ALIKE: Final = 3
LOOKS: Final = [
    pytest.param("fr-BE", False, 320, id="French paper"),
    pytest.param("zh-CN", True, 320, id="Chinese ink", marks=pytest.mark.full),
    pytest.param("de-BE", False, 320, id="German paper", marks=pytest.mark.full),
    pytest.param("nl-BE", True, 1280, id="Dutch ink on a desktop", marks=pytest.mark.full),
]


@pytest.fixture
def shop(door: Door) -> Everything:
    return everything(door)


@contextmanager
def served() -> Iterator[str]:
    """This shop on a port of its own."""
    from opla.site.wsgi import application

    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def reached(who: Visitor, start: str) -> dict[str, list[str]]:
    """Pages that links lead to from here, below it, by the names of their addresses."""
    found: dict[str, list[str]] = {}
    ahead, seen = [start], set[str]()
    while ahead:
        path = ahead.pop(0)
        name = resolve(urlsplit(path).path).url_name or ""
        if path in seen or len(found.get(name, ())) == _ALIKE:
            continue
        seen.add(path)
        answer = who.client.get(path, follow=True)
        if answer.headers["Content-Type"].startswith("text/html"):
            found.setdefault(name, []).append(path)
            ahead += read(answer.content.decode(), path, start).links
        answer.close()
    return found


def walk(
    chromium: Browser, base: str, who: Visitor, pages: Mapping[str, list[str]], look: tuple[str, bool, int]
) -> None:
    """One page of each name, as who is signed in there."""
    language, dark, width = look
    screens = Screens(base, chromium)
    screen: Screen = screens.open(language=language, dark=dark, width=width)
    for name, cookie in who.client.cookies.items():
        screen.context.add_cookies([{"name": name, "value": cookie.value, "url": base}])
    for paths in pages.values():
        screen.go(paths[0])
        judge(screen.page, by_keyboard=True)
    screen.context.close()
    assert (screen.strangers, screen.complaints) == ([], [])


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_every_page_of_the_house_is_walked(
    shop: Everything, chromium: Browser, language: str, dark: bool, width: int
) -> None:
    who = signed_in(shop.world, Role.OWNER, "bo")
    pages = reached(who, "/owner/")
    assert {str(one.name) for one in house_pages} - set(NO_PAGE) == set(pages)
    with served() as base:
        walk(chromium, base, who, pages, (language, dark, width))


@pytest.mark.parametrize(("language", "dark", "width"), LOOKS)
def test_every_page_of_resellers_is_walked(
    shop: Everything, chromium: Browser, language: str, dark: bool, width: int
) -> None:
    door, at = shop.door, shop.world.clock()
    assert members.name(OWNER, "acme", ANA, "owner", at=at) is None
    sign_in(door, door.owner, ANA)
    here = "/reseller/acme/"
    door.owner.post(f"{here}webhooks/", {"url": "https://hooks.acme.example/opla", "events": "float.paid_in"})
    key = door.owner.get(f"{here}files/").value("key")
    door.owner.client.post(f"{here}files/", {"file": SimpleUploadedFile("orders.csv", FILE), "key": key})
    while bulk.step(shop=shop.world.shop, at=at):
        pass
    paid_in = door.owner.post(f"{here}float/in/", {"paid": "50", "method": "sandbox", "key": "k"})
    pages = {**reached(door.owner, here), "reseller-deposit": [paid_in.where]}
    assert {str(one.name) for one in portal_pages} - set(NO_PAGE) == set(pages)
    with served() as base:
        walk(chromium, base, door.owner, pages, (language, dark, width))


def test_pages_that_few_come_to_are_walked(door: Door, chromium: Browser) -> None:
    link = confirmed(door, door.owner)
    line = mum()
    keep(account(door.owner, ANA), door.world, line)
    mine = f"/me/sims/{line.id}/"
    pages = [
        *(f"{link}{part}" for part in ("", "stop/", "answer/", "line/")),
        *(f"{mine}{part}" for part in ("", "answer/", "line/", "alive/")),
        "/me/sims/add/", "/kept/fr/", "/guide/de/", "/verify/kept/nl/", "/verify/K7M39QXY/", "/station/",
    ]  # fmt: skip
    with served() as base:
        walk(chromium, base, door.owner, {path: [path] for path in pages}, ("nl-BE", False, 320))


def lets(pattern: URLPattern) -> set[str]:
    """The verbs that its view takes, as it was told; all where it was not."""
    cells = getattr(pattern.callback, "__closure__", None) or ()
    told = [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, list | tuple)]
    return set(told[0]) if told else {"GET"}


def test_every_page_there_is_has_its_walk() -> None:
    of_others = [*storefront, *tills, *kiosks]
    pages = {str(one.name) for one in of_others if "GET" in lets(one)} - set(NO_ADDRESS_OF_ITS_OWN)
    walked = {name for names in WALKS.values() for name in names}
    assert pages - walked - set(NOT_YET) == set()
    assert set(NOT_YET) & walked == set()
    assert set(NOT_YET) <= pages
