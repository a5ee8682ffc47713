"""Forms that any stranger may send: who sends one unseen or too fast presses once more, and loses nothing."""

from __future__ import annotations

import re
from html import unescape

import pytest

from opla.db.queries.call import select
from surfaces.conftest import Door, Visitor

ANSWER = "1.500 MB until 3 december"


def bare(visitor: Visitor, path: str, typed: dict[str, str]) -> tuple[int, str]:
    """Sent as it is: a program knows of no field that it was not shown."""
    answer = visitor.client.post(path, typed)
    return answer.status_code, answer.content.decode()


def hidden(html: str, form: str) -> dict[str, str]:
    """The fields of the form that goes to this address, as a browser would send them untouched."""
    [found] = re.findall(rf'<form[^>]*action="{re.escape(form)}(?:#\w+)?"[^>]*>.*?</form>', html, re.DOTALL)
    fields = re.findall(r'<input(?=[^>]*type="(?:hidden|text)")[^>]*name="(\w+)"(?:[^>]*value="([^"]*)")?', found)
    return {name: unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def usage(visitor: Visitor) -> str:
    from surfaces.test_reminders import ANSWER as TOLD
    from surfaces.test_reminders import to_the_line
    from surfaces.test_reminders import usage as carried

    return carried(to_the_line(visitor, TOLD))


#: Address, what is typed, whether it has written an e-mail.
FORMS = {
    "/promotions/news/": {"email": "ana@example.org", "operator": ""},
    "/ask/": {"email": "ana@example.org", "message": "Does it work in Spain?"},
    "/me/in/": {"email": "ana@example.org"},
    "/have/base/remind/": {"email": "ana@example.org", "every": "7"},
}


def written() -> int:
    [(n,)] = select("SELECT (SELECT count(*) FROM letter) + (SELECT count(*) FROM reminder)")
    return int(str(n))


@pytest.mark.parametrize(("path", "typed"), FORMS.items(), ids=FORMS)
def test_a_form_sent_unseen_or_too_fast_is_asked_once_more_and_then_taken(
    door: Door, path: str, typed: dict[str, str]
) -> None:
    visitor = door.stranger
    if "remind" in path:
        typed = {**typed, "usage": usage(visitor)}
    before = written()
    status, page = bare(visitor, path, typed)
    assert (status, written()) == (200, before)
    assert "Press once more" in page
    again = hidden(page, path)
    assert {name: again[name] for name in typed} == typed  # nothing is lost
    door.world.clock.tick(0.5)
    status, page = bare(visitor, path, again)
    assert "Press once more" in page  # still faster than anybody counts to two
    door.world.clock.tick(1)
    status, page = bare(visitor, path, hidden(page, path))
    assert (status, "Press once more" in page) == (200, False)
    assert written() > before


@pytest.mark.parametrize(
    ("page", "path"), [("/promotions/", "/promotions/news/"), ("/ask/?sku=PX-15", "/ask/"), ("/me/in/", "/me/in/")]
)
def test_whoever_looks_at_the_page_first_is_never_asked(door: Door, page: str, path: str) -> None:
    form = hidden(door.stranger.get(page).html, path)
    assert form["homepage"] == ""
    door.world.clock.tick(2)
    status, shown = bare(door.stranger, path, {**form, **FORMS[path]})
    assert (status, "Press once more" in shown) == (200, False)
    assert written() > 0


def test_the_reminders_form_carries_it_too(door: Door) -> None:
    from surfaces.test_reminders import ANSWER as TOLD
    from surfaces.test_reminders import to_the_line

    assert set(hidden(to_the_line(door.stranger, TOLD).html, "/have/base/remind/")) >= {"usage", "shown_at", "homepage"}


def test_a_mistake_corrected_at_once_is_not_asked_about_again(door: Door) -> None:
    form = hidden(door.stranger.get("/promotions/").html, "/promotions/news/")
    door.world.clock.tick(5)
    status, page = bare(door.stranger, "/promotions/news/", {**form, "email": "ana@", "operator": ""})
    assert status == 422
    form = hidden(page, "/promotions/news/")
    status, page = bare(door.stranger, "/promotions/news/", {**form, "email": "ana@example.org", "operator": ""})
    assert (status, "Press once more" in page) == (200, False)


@pytest.mark.parametrize(
    ("shown", "after_s", "asked"),
    [
        ("", 5, True),
        ("1763812800000", 5, True),  # not signed by us
        (None, 0.9, True),
        (None, 1, False),
        (None, 12 * 3600, False),
        (None, 12 * 3600 + 1, True),
        (None, -60, True),  # shown in a minute from now
    ],
)
def test_only_our_own_word_counts_and_neither_too_new_nor_too_old(
    door: Door, shown: str | None, after_s: float, asked: bool
) -> None:
    from opla.storefront import patience, visit

    text = patience.token(visit.now()) if shown is None else shown
    door.world.clock.tick(after_s)
    _, page = bare(door.stranger, "/me/in/", {"email": "ana@example.org", patience.SHOWN: text})
    assert ("Press once more" in page) is asked


def test_a_field_that_no_person_sees_filled_in_is_emptied_and_asked_about(door: Door) -> None:
    form = hidden(door.stranger.get("/me/in/").html, "/me/in/")
    door.world.clock.tick(5)
    _, page = bare(door.stranger, "/me/in/", {**form, "email": "ana@example.org", "homepage": "http://spam.example"})
    assert "Press once more" in page
    assert "spam.example" not in page
    assert written() == 0
    _, page = bare(door.stranger, "/me/in/", hidden(page, "/me/in/"))  # a person whose browser filled it in
    assert "Press once more" not in page
    assert written() == 1


def test_what_was_typed_comes_back_as_text(door: Door) -> None:
    _, page = bare(door.stranger, "/ask/", {"email": "ana@example.org", "message": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page
    assert hidden(page, "/ask/")["message"] == '"><script>alert(1)</script>'
