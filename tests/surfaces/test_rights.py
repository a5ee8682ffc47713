"""The box before paying, and stepping back in two steps: the owner of an order, a colleague, and a stranger."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from opla.db.queries.call import select
from surfaces.conftest import Door, Seen

EMAIL = "ana@example.org"


def quoted(door: Door, path: str = "/top-up/proximus/PX-15/", **typed: str) -> Seen:
    return door.owner.post(path, {"email": EMAIL, **typed})


def agreed() -> list[tuple[object, ...]]:
    return [tuple(row) for row in select("SELECT said, language FROM consent")]


def test_nothing_is_bought_before_the_box_is_ticked(door: Door) -> None:
    quote = quoted(door)
    assert 'name="at_once">' in quote.html, "never ticked beforehand: that would be no consent"
    refused = door.owner.post(quote.where, {"total": quote.value("total"), "method": "sandbox"})
    assert (refused.status, "Tick the box" in refused.text) == (422, True)
    assert (agreed(), select("SELECT count(*) FROM orders")) == ([], [(0,)])


def test_what_was_agreed_to_is_kept_as_it_was_read_and_confirmed_by_e_mail(door: Door) -> None:
    quote = quoted(door)
    order = door.owner.post(quote.where, {"total": "1500", "method": "sandbox", "at_once": "on"})
    assert order.where.startswith("/o/")
    [(said, language)] = agreed()
    assert str(said) in quote.text
    assert language == "en"


def test_credit_that_arrives_by_itself_has_words_of_its_own(door: Door) -> None:
    quote = quoted(door, "/top-up/mobile-vikings/MV-15/", number="0470 12 34 56")
    assert "no longer step back once the credit has arrived" in quote.text
    assert "once it was shown" in quoted(door).text


def test_the_message_of_a_delivery_confirms_what_was_agreed(door: Door) -> None:
    from opla.db.queries import pages, rights
    from opla.presenting.notices import notice

    order_id = door.world.paid()
    [(quote_id,)] = select("SELECT quote_id FROM orders")
    rights.consent([(UUID(str(quote_id)), "I know", "en")], at=door.world.clock())
    door.world.work(3)
    about = pages.addressed([order_id])[order_id]
    text = notice("delivered", about.page, "https://s/o/x/", sandbox=False, agreed=about.agreed).text
    assert "You agreed before paying: “I know”" in text


def ordered(door: Door) -> tuple[str, str]:
    """A delivered order: its page and its number."""
    link = door.delivered()
    found = re.search(r"<dt>Order number</dt><dd>([0-9A-Z-]{12})</dd>", door.owner.get(link).html)
    assert found
    return link, found[1]


def email_of(ticket: str) -> str:
    [(email,)] = select("SELECT email FROM orders WHERE ticket = %s", [ticket])
    return str(email)


def statement(ticket: str, email: str, name: str = "Ana Li") -> dict[str, str]:
    return {"name": name, "ticket": ticket, "email": email}


def items() -> list[tuple[object, ...]]:
    return [tuple(row) for row in select("SELECT kind, why ->> 'name' FROM item")]


def test_stepping_back_takes_two_steps_and_is_acknowledged(door: Door) -> None:
    _, ticket = ordered(door)
    door.world.mailbox.sent.clear()
    typed = statement(ticket.lower().replace("-", " "), email_of(ticket).upper())
    asked = door.owner.post("/withdrawal/", typed)
    assert "Confirm the withdrawal" in asked.text
    assert items() == [], "nothing is done before it is confirmed"
    sent = {name: asked.value(name) for name in ("name", "ticket", "email")}
    done = door.owner.post("/withdrawal/", {**sent, "confirm": "1"})
    assert (done.status, "We have your statement" in done.text) == (200, True)
    assert items() == [("stepped_back", "Ana Li")]
    door.world.work(3)
    [message] = door.world.mailbox.sent
    assert (message.to, message.subject) == (email_of(ticket), "stepped_back")


def test_saying_it_again_makes_nothing_twice(door: Door) -> None:
    _, ticket = ordered(door)
    for _ in range(3):
        door.owner.post("/withdrawal/", {**statement(ticket, email_of(ticket)), "confirm": "1"})
    assert len(items()) == 1


@pytest.mark.parametrize("wrong", ["number", "e-mail"])
def test_a_stranger_learns_nothing_and_nobody_is_written_to(door: Door, wrong: str) -> None:
    _, ticket = ordered(door)
    door.world.mailbox.sent.clear()
    right = door.stranger.post("/withdrawal/", {**statement(ticket, email_of(ticket)), "confirm": "1"})
    door.world.work(3)
    door.world.mailbox.sent.clear()
    typed = statement("AAAA-AAAA-AA", email_of(ticket)) if wrong == "number" else statement(ticket, "eve@example.org")
    guess = door.stranger.post("/withdrawal/", {**typed, "confirm": "1"})
    door.world.work(3)

    def bare(page: Seen, number: str) -> str:
        return page.text.replace(number, "")

    assert (guess.status, bare(guess, typed["ticket"])) == (right.status, bare(right, ticket))
    assert len(items()) == 1
    assert door.world.mailbox.sent == []


def test_nobody_tries_without_end(door: Door) -> None:
    answers = [
        door.stranger.post("/withdrawal/", {**statement(f"AAAA-AAAA-A{n % 10}", EMAIL), "confirm": "1"}).status
        for n in range(22)
    ]
    assert (answers[0], answers[-1]) == (200, 429)


def test_every_mistake_stands_beside_its_field_and_nothing_is_lost(door: Door) -> None:
    page = door.stranger.post("/withdrawal/", {"name": " ", "ticket": "12", "email": "ana@"})
    assert page.status == 422
    assert all(page.error(name) for name in ("name", "ticket", "email"))
    assert page.value("ticket") == "12"


def test_the_function_is_reached_from_every_page(door: Door) -> None:
    assert 'href="/withdrawal/"' in door.stranger.get("/").html.split("<footer>")[1]
    assert "Withdraw from the contract here" in door.stranger.get("/withdrawal/").text
