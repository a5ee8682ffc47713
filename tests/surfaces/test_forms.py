"""Everybody of the house follows every link and presses every button that they are shown, twice: as it stands, filled
in, empty, with malice.

Nothing breaks, no answer leads nowhere, none shows a secret, and the books hold.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve

from conftest import FULL
from opla.core.actor import Role
from surfaces.conftest import Door, Visitor, looked
from surfaces.everything import Everything, everything
from surfaces.forms import Field, Form, Page, read
from surfaces.house_judge import Judge
from surfaces.test_owner_pages import signed_in

_MOST: Final = 600
_ALIKE: Final = _MOST if FULL else 50
#: What somebody would type, by the field's name; a word where nothing is said.
FILLED: Final = {
    "amount": "1.00", "cost": "14.25", "given": "20", "quantity": "2", "below": "3", "count": "1", "damaged": "1",
    "min_days": "5", "percent": "2.5", "email": "new@example.org", "number": "0470123456", "mobile": "0470123456",
    "until": "2027-06-30", "valid_until": "2027-06-30", "agreed_on": "2026-11-22", "ends_on": "2027-06-30",
    "verified_on": "2026-11-22", "dated": "2026-11-22", "month": "2026-10", "sku": "PX-15", "postcode": "1000",
    "value": "17.00", "pin": "739154", "iccid": "8900000000000000011", "name": "second-till", "days": "30",
    "of": "PX-15", "q": "ana@example.org", "enterprise": "BE 0403.170.701",
}  # fmt: skip
HOSTILE: Final = (
    "\0", "a\0b", "x" * 5000, "999999999999999999999999", "-1", "0", "1e999", "NaN", "Infinity", "١٢٣", "１５", "½",
    "'; DROP TABLE orders; --", '"><script>alert(1)</script>', "../../etc/passwd", "9999-12-31", "0000-00-00",
    "2026-02-30", "null", "[]", "{}", "{{ 7*7 }}", "%s%n", "\u202e\ufeff\u200d", "👩‍👩‍👧‍👦" * 50, "\r\nSet-Cookie: a=b",
    "00000000-0000-0000-0000-000000000000", "9223372036854775808", "2147483648", "0.001", "1,5", "\ud7ff", "\U0010ffff",
)  # fmt: skip
#: So many requests at least: fewer, and something that was pressed before is no longer shown.
LEAST: Final = {Role.SHOP_MANAGER: 100, Role.ACCOUNTANT: 5, Role.SUPPORT: 200, Role.OWNER: 600}
PAGES: Final = {Role.SHOP_MANAGER: 8, Role.ACCOUNTANT: 30, Role.SUPPORT: 50, Role.OWNER: 100}
FILES: Final = (b"", b"\0\xff\xfe", b"sku,code,serial,cost\nPX-15,1,2,x\n", b"<!DOCTYPE x [<!ENTITY a 'b'>]><a>&a;</a>",
                b"a,b\n" * 5000, "sku,iccid,cost\nPX-SIM,٣,7\n".encode(), b"%PDF-1.4")  # fmt: skip


class Walker:
    """Somebody of the house in front of a browser. What breaks is noted, and they go on."""

    def __init__(self, house: Everything, role: Role, judge: Judge) -> None:
        self.role, self.judge, self.house = role, judge, house
        self.who: Visitor = signed_in(house.world, role, "bo")
        self.who.client.raise_request_exception = False
        self.pages: dict[str, Page] = {}
        self.sent = 0

    def get(self, path: str, *, found_at: str) -> Page:
        """A page that somebody was led to: it is there."""
        if path not in self.pages:
            response = self.who.client.get(path, follow=True)
            html = self._judged(f"GET {path} (from {found_at})", response)
            if response.status_code != 200:
                self.judge.wrong.append(f"{self.role}: {found_at}: leads nowhere: {path}")
            self.pages[path] = read(html, path) if response.status_code == 200 else Page((), ())
        return self.pages[path]

    def crawl(self) -> None:
        """Every page, but of the hundreds of figures of the catalogue a few."""
        ahead, alike = [("/owner/", "the address")], Counter[str]()
        while ahead and len(self.pages) < _MOST:
            path, found_at = ahead.pop(0)
            name = resolve(urlsplit(path).path).url_name or ""
            if path in self.pages or alike[name] == _ALIKE:
                continue
            alike[name] += 1
            ahead += [(link, path) for link in self.get(path, found_at=found_at).links if link not in self.pages]
        assert len(self.pages) < _MOST, "it never ends"

    def send(self, path: str, form: Form, values: Mapping[str, object]) -> None:
        """Pressed; every link of the answer leads somewhere."""
        self.house.world.clock.tick(1)  # nobody presses twice in one moment
        typed = repr({name: value for name, value in values.items() if isinstance(value, str)})
        ask = self.who.client.get if form.method == "get" else self.who.client.post
        response: Any = ask(form.action, {**(looked() if form.method == "post" else {}), **values}, follow=True)
        asked = f"{form.method.upper()} {form.action}"
        html = self._judged(asked, response, typed)
        self.sent += 1
        if response.status_code == 404 and response.redirect_chain:
            self.judge.wrong.append(f"{self.role}: {asked}: leads nowhere: {response.redirect_chain} <- {typed[:300]}")
        if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
            for link in read(html, response.request["PATH_INFO"]).links:
                self.get(link, found_at=asked)

    def _judged(self, asked: str, response: Any, typed: str = "") -> str:
        raised = getattr(response, "exc_info", None)
        html = str(response.getvalue().decode(errors="replace"))
        self.judge.look(self.role, asked, response.status_code, html, typed=typed, raised=raised[1] if raised else None)
        return html


def filled(one: Field) -> object:
    if one.kind == "file":
        return SimpleUploadedFile("box.csv", b"sku,code,serial,cost\nPX-15,0000567890999,S9,14.25\n")
    if one.choices:
        return one.choices[-1]
    return one.shown if one.kind == "hidden" else FILLED.get(one.name, "A word")


def malice(form: Form, chance: random.Random) -> dict[str, str | None]:
    """Something else in most fields; in a few also in those that nobody is shown."""
    return {
        one.name: chance.choice(HOSTILE)
        for one in form.fields
        if one.kind != "file" and chance.random() < (0.2 if one.kind == "hidden" else 0.8)
    }


def variants(form: Form, button: tuple[str, str], chance: random.Random) -> Iterator[dict[str, object]]:
    """Ways to send a form, the harmless last: after those it may be gone."""
    files = {one.name for one in form.fields if one.kind == "file"}
    shown = [one.name for one in form.fields if one.kind != "hidden"]
    for _ in range(4 if FULL else 1):
        evil = form.sent(button, malice(form, chance))
        yield {**evil, **{name: SimpleUploadedFile("x\0y.csv", chance.choice(FILES)) for name in files}}
    yield {**form.sent(button, dict.fromkeys(shown, ""))}
    yield {name: value for name, value in form.sent(button, {}).items() if name not in files}
    whole = {one.name: value for one in form.fields if (value := filled(one)) is not None}
    name, value = button
    yield {**whole, **({name: value} if name else {})}


def about(path: str, form: Form, button: tuple[str, str]) -> tuple[object, ...]:
    """Forms that are alike in every way but whom they are about: one of them is pressed in every run, all with --full.
    What may be decided about an item differs by its kind."""
    found = resolve(urlsplit(form.action).path)
    said = {one.name: one.shown or "" for one in form.fields if one.kind == "hidden"}
    words = [value for name, value in said.items() if value.isidentifier() and name != "csrfmiddlewaretoken"]
    return found.url_name, form.method, form.shape, tuple(words), button, str(found.kwargs) if FULL else ""


@pytest.fixture
def house(door: Door) -> Everything:
    return everything(door)


def test_every_link_and_button_that_somebody_is_shown_leads_somewhere_and_shows_no_secret(house: Everything) -> None:
    """Those who may do least first, and the owner last: they leave least behind."""
    judge, chance = Judge(house), random.Random(7)
    for role in (Role.SHOP_MANAGER, Role.ACCOUNTANT, Role.SUPPORT, Role.OWNER):
        walker = Walker(house, role, judge)
        walker.crawl()
        assert len(walker.pages) >= PAGES[role], sorted(walker.pages)
        done: set[tuple[object, ...]] = set()
        for path, page in list(walker.pages.items()):
            for form in page.forms:
                for button in form.buttons or [("", "")]:
                    if (known := about(path, form, button)) in done:
                        continue
                    done.add(known)
                    for values in variants(form, button, chance):
                        for _ in range(2):
                            walker.send(path, form, values)
        house.work(5)
        assert walker.sent > LEAST[role]
    assert judge.wrong == [], judge.told()
