"""Asking before buying: confirmed from the e-mail, answered on a page that only its link opens."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from opla.core.actor import Role
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in


def ask(who: Visitor, text: str = "Does it work in Spain?", email: str = "ben@example.org", **about: str) -> Seen:
    return who.post("/ask/", {"message": text, "email": email, **about})


def link_in(door: Door) -> str:
    door.world.work(2)
    found = re.search(r"/ask/\w{26}/", door.world.mailbox.sent[-1].text)
    assert found
    return urlsplit(found[0]).path


def test_from_a_product_to_an_answer(door: Door) -> None:
    page = door.stranger.get("/top-up/proximus/PX-15/")
    assert '/ask/?sku=PX-15"' in page.html
    assert "The shop sees what you saw here" in door.stranger.get("/ask/?sku=PX-15").text
    assert "Look into your e-mail" in ask(door.stranger, sku="PX-15").text
    clerk = signed_in(door.world, Role.SUPPORT, "eve")
    assert "Nobody waits" in clerk.get("/owner/threads/").text  # before it is confirmed the shop reads nothing
    link = link_in(door)
    [(thread,)] = select("SELECT id FROM thread")
    assert clerk.get(f"/owner/threads/{thread}/").status == 404
    assert "Spain" not in door.stranger.get(link).text
    assert "Does it work in Spain?" in door.stranger.post(f"{link}confirm/").text
    seen = clerk.get(f"/owner/threads/{thread}/")
    for text in ("Does it work in Spain?", "ben@example.org", "Said before buying", "Proximus", "English"):
        assert text in seen.text, text
    clerk.post(f"/owner/threads/{thread}/", {"message": "Yes, it does", "seen": "1", "act": "answer"})
    door.world.work(2)
    mail = door.world.mailbox.sent[-1]
    assert (mail.to, mail.subject, link in mail.text, "does" in mail.text) == (
        "ben@example.org",
        "answered",
        True,
        False,
    )
    assert "Yes, it does" in door.stranger.get(link).text
    assert "And Portugal?" in door.stranger.post(link, {"message": "And Portugal?"}).text
    assert "ben@example.org" not in door.stranger.get(link).html


def test_a_quote_is_attached_on_the_device_it_was_shown_on_alone(door: Door) -> None:
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    quote_id = quote.where.split("/")[2]
    page = door.owner.get(f"/ask/?quote={quote_id}")
    assert "Total €15.00" in page.text
    assert page.value("quote") == quote_id
    for path in (f"/ask/?quote={quote_id}", "/ask/?quote=x", "/ask/?sku=%00&operator=nobody", "/ask/"):
        other = door.stranger.get(path)
        assert (other.status, "€15.00" in other.text) == (200, False)
    ask(door.stranger, quote=quote_id)
    ask(door.owner, quote=quote_id, email="ana@example.org")
    door.world.work(2)
    assert len(door.world.mailbox.sent) == 2


def test_nobody_fills_somebody_elses_mailbox(door: Door) -> None:
    pages = [ask(door.stranger, text=f"question {n}") for n in range(5)]
    assert [page.status for page in pages] == [200] * 5
    assert len({page.text for page in pages}) == 1  # and it is not said that nothing was sent
    door.world.work(2)
    assert len(door.world.mailbox.sent) == 1
    assert [ask(door.stranger, email=f"b{n}@example.org").status for n in range(6)] == [200] * 5 + [429]


def test_what_is_wrong_stays_beside_its_field_and_nothing_is_kept(door: Door) -> None:
    page = ask(door.stranger, text="4821 9034 7715 2", email="ben@", sku="PX-15")
    assert page.status == 422
    assert "not an e-mail address" in page.error("email")
    assert "no message may carry a code" in page.text
    assert page.value("email") == "ben@"
    assert page.value("sku") == "PX-15"
    assert "Write what you want to say" in ask(door.stranger, text=" ").text
    assert select("SELECT count(*) FROM thread") == [(0,)]


def test_a_question_that_is_not_confirmed_in_time_is_gone(door: Door) -> None:
    ask(door.stranger)
    link = link_in(door)
    door.world.clock.now += timedelta(days=2)
    assert door.stranger.get(link).status == 404
    assert door.stranger.post(f"{link}confirm/").status == 404
    ask(door.stranger, email="carl@example.org")
    assert select("SELECT count(*) FROM thread") == [(1,)]


def test_whoever_asked_deletes_it_with_every_word(door: Door) -> None:
    ask(door.stranger)
    link = link_in(door)
    door.stranger.post(f"{link}confirm/")
    assert "are deleted" in door.stranger.post(f"{link}forget/").text
    assert select("SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM thread_message)") == [(0, 0)]
    assert door.stranger.get(link).status == 404
    assert "are deleted" in door.stranger.post(f"{link}forget/").text


def test_a_guessed_link_is_a_page_that_is_not_there(door: Door) -> None:
    for path in (f"/ask/{'a' * 26}/", "/ask/a/", "/ask/%00/"):
        guessed = door.stranger.get(path)
        assert (guessed.status, guessed.text) == (404, door.stranger.get("/o/a/").text)
        assert door.stranger.post(path, {"message": "x"}).status == 404
        assert door.stranger.post(f"{path}confirm/").status == 404


def test_more_on_an_unconfirmed_question_is_not_taken(door: Door) -> None:
    ask(door.stranger)
    link = link_in(door)
    door.stranger.post(link, {"message": "more"})
    assert select("SELECT count(*) FROM thread_message") == [(1,)]
