"""What is wrong and what is unknown are answered the same: by status, by page, and by how much the database is asked.

Time is not measured, because machines differ; work that is skipped for somebody unknown would be the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opla.db.queries import call
from opla.db.queries.call import select
from surfaces.conftest import Door, Visitor

ANA, NOBODY = "ana@example.org", "eve@example.net"
GUESS = "a" * 26


@dataclass
class Heard:
    functions: list[str] = field(default_factory=list)

    def before(self, function: str) -> None:
        self.functions.append(function)

    def after(self, function: str) -> None:
        pass


@dataclass(frozen=True)
class Said:
    """An answer as somebody who guesses sees it, without what they typed themselves."""

    status: int
    text: str
    statements: int


def answered(patch: pytest.MonkeyPatch, path: str, typed: dict[str, str]) -> Said:
    """By a fresh visitor."""
    visitor, heard = Visitor(), Heard()
    visitor.get("/help/")  # what a process learns once is learned
    patch.setattr(call, "observer", heard)
    with CaptureQueriesContext(connection) as statements:
        page = visitor.post(path, typed, follow=False)
    patch.setattr(call, "observer", None)
    text = page.text
    for own in typed.values():
        text = text.replace(own, "…") if len(own) > 3 else text
    return Said(page.status, re.sub(r"\d\d:\d\d", "", text), len(statements) + len(heard.functions))


def sign_in(door: Door, email: str) -> str:
    visitor = Visitor()
    visitor.post("/me/in/", {"email": email})
    door.world.work()
    path = door.world.mailbox.sent[-1].text.split()[0]
    visitor.post(path)
    return path


Guess = tuple[str, dict[str, str]]


def to_sign_in(door: Door) -> Iterator[Guess]:
    sign_in(door, ANA)
    for email in (NOBODY, ANA):
        yield "/me/in/", {"email": email}


def a_link_that_was_used(door: Door) -> Iterator[Guess]:
    used = sign_in(door, ANA)
    for path in (f"/me/in/{GUESS}/", used):
        yield path, {}


def to_withdraw(door: Door) -> Iterator[Guess]:
    """Unknown to us, of another address, and right."""
    door.delivered()
    [(ticket,)] = select("SELECT ticket FROM orders")
    for number, email in (("K7M3-9QX2-TB", ANA), (str(ticket), NOBODY), (str(ticket), ANA)):
        yield "/withdrawal/", {"name": "Ana Lima", "ticket": number, "email": email, "confirm": "1"}


def six_digits(door: Door) -> Iterator[Guess]:
    """Never asked for, others than those that were, and too late."""
    link = door.delivered()
    yield f"{link}prove/", {"proof": "000000"}
    door.stranger.post(f"{link}proof/")
    yield f"{link}prove/", {"proof": "000000"}
    door.world.clock.tick(16 * 60)
    yield f"{link}prove/", {"proof": "000000"}


def for_news(door: Door) -> Iterator[Guess]:
    Visitor().post("/promotions/news/", {"email": ANA, "operator": ""})
    for email in (NOBODY, ANA):
        yield "/promotions/news/", {"email": email, "operator": ""}


def a_question(door: Door) -> Iterator[Guess]:
    Visitor().post("/ask/", {"email": ANA, "message": "Does it work in Spain?"})
    for email in (NOBODY, ANA):
        yield "/ask/", {"email": email, "message": "And in France?"}


def somebody_elses_price(door: Door) -> Iterator[Guess]:
    for quote in (UUID(int=7), door.world.quote().id):
        yield f"/quote/{quote}/", {"total": "1500", "method": "sandbox", "at_once": "on"}


GUESSES: list[Callable[[Door], Iterator[Guess]]] = [
    to_sign_in, a_link_that_was_used, to_withdraw, six_digits, for_news, a_question, somebody_elses_price,
]  # fmt: skip


@pytest.mark.parametrize("guess", GUESSES, ids=lambda guess: guess.__name__)
def test_known_and_unknown_are_answered_alike(
    door: Door, guess: Callable[[Door], Iterator[Guess]], monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown, *others = [answered(monkeypatch, path, typed) for path, typed in guess(door)]
    assert unknown.status in (200, 404, 422)
    for known in others:
        assert known == unknown
    door.world.work()


def test_what_only_its_owner_may_be_told_is_told_to_them(door: Door) -> None:
    """Not alike by doing nothing: the right statement is noted, and acknowledged to the order's address alone."""
    for path, typed in to_withdraw(door):
        Visitor().post(path, typed)
    door.world.work(2)
    assert select("SELECT count(*) FROM stepped_back") == [(1,)]
    assert [sent.to for sent in door.world.mailbox.sent if sent.subject == "stepped_back"] == [ANA]
