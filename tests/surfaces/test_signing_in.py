"""Signing in by a link, door to door: no password, one answer for everybody, one use, rows only for who signed in."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

import support
from opla.db.models import Customer, Session
from opla.db.queries.call import select
from opla.operations import limits
from surfaces.conftest import Door, Seen, Visitor

ANA = "ana@example.org"


def ask(door: Door, visitor: Visitor, email: str = ANA, **more: str) -> str:
    """The path of the link that was sent; empty where none was."""
    before = len(door.world.mailbox.sent)
    page = visitor.post("/me/in/", {"email": email, **more})
    assert page.status == 200, page.text
    door.world.work()
    new = door.world.mailbox.sent[before:]
    assert [m.subject for m in new] in ([], ["sign_in"])
    return new[0].text if new else ""


def sign_in(door: Door, visitor: Visitor, email: str = ANA, **more: str) -> Seen:
    page = visitor.post(ask(door, visitor, email, **more))
    assert page.status == 200, page.text
    return page


def test_a_link_by_mail_signs_in_and_the_first_one_makes_the_customer(door: Door) -> None:
    link = ask(door, door.owner, "Ana@Example.org")
    assert Customer.objects.count() == 0  # asking makes nobody
    page = door.owner.post(link)
    assert (page.where, page.status) == ("/me/", 200)
    assert ANA in page.text
    [customer] = Customer.objects.all()
    assert (customer.email, customer.language, customer.has_usable_password()) == (ANA, "en", False)
    sign_in(door, door.colleague)
    assert Customer.objects.count() == 1


def test_a_mail_program_that_looks_at_the_link_uses_nothing_up(door: Door) -> None:
    link = ask(door, door.owner)
    for _ in range(3):
        looked = Visitor().get(link)
        assert (looked.status, looked.where) == (200, link)
        assert Visitor(checks_forms=True).post(link).status == 403  # nor does one that presses without our page
    assert Session.objects.count() == 0
    assert door.stranger.post(link).where == "/me/"  # any browser: the mail may open in another one
    assert door.owner.post(link).status == 404


def test_a_link_ends_after_a_quarter_of_an_hour_and_a_guess_looks_the_same(door: Door) -> None:
    link = ask(door, door.owner)
    door.world.clock.tick(15 * 60)
    late, guess = door.owner.get(link), door.owner.get(f"/me/in/{'a' * 26}/")
    assert (late.status, late.text) == (404, guess.text)
    assert door.owner.post(link).status == 404


def test_two_presses_at_once_sign_in_one(door: Door) -> None:
    link = ask(door, door.owner)
    seen = support.at_once(*(lambda: Visitor().post(link, follow=False).status for _ in range(4)))
    assert sorted(seen) == [302, 404, 404, 404]


def test_the_answer_says_nothing_about_who_is_known(door: Door) -> None:
    sign_in(door, door.owner)
    known = Visitor().post("/me/in/", {"email": ANA})
    unknown = Visitor().post("/me/in/", {"email": "eve@example.org"})
    assert known.text.replace(ANA, "X") == unknown.text.replace("eve@example.org", "X")
    door.world.work()
    assert [m.subject for m in door.world.mailbox.sent] == ["sign_in"] * 3


def test_an_address_is_sent_ten_links_a_day_and_more_are_asked_in_vain(door: Door) -> None:
    for n in range(limits.LINKS.most + 2):
        visitor = Visitor()
        visitor.client.defaults["REMOTE_ADDR"] = f"198.51.{n}.1"
        assert visitor.post("/me/in/", {"email": ANA.upper()}).status == 200
    door.world.work(2)
    assert len(door.world.mailbox.sent) == limits.LINKS.most


def test_one_visitor_asks_for_twenty_an_hour(door: Door) -> None:
    said = [
        door.stranger.post("/me/in/", {"email": f"n{n}@example.org"}).status for n in range(limits.SIGN_INS.most + 1)
    ]
    assert said == [200] * limits.SIGN_INS.most + [429]
    assert door.stranger.post("/me/passkey/", {"state": "x", "answer": "{}"}).status == 429


@pytest.mark.parametrize(("typed", "said"), [("", "Enter your e-mail"), ("ana@", "not an e-mail address")])
def test_half_an_address_stays_in_its_field(door: Door, typed: str, said: str) -> None:
    page = door.stranger.post("/me/in/", {"email": typed})
    assert page.status == 422
    assert said in page.error("email")
    assert page.value("email") == typed


@pytest.mark.parametrize("back", ["https://evil.example/me/", "//evil.example/me/", "/owner/items/", "/me/in/x/", ""])
def test_signing_in_leads_nowhere_else(door: Door, back: str) -> None:
    assert sign_in(door, Visitor(), next=back).where == "/me/"


def test_signing_in_goes_back_to_the_page_that_asked(door: Door) -> None:
    page = door.owner.get("/me/data/")
    assert page.where == "/me/in/"
    [back] = re.findall(r'<input type="hidden" name="next" value="(/me/data/)">', page.html.partition("<main")[2])[:1]
    assert sign_in(door, door.owner, next=back).where == "/me/data/"


def test_whoever_never_signs_in_makes_no_row_and_what_they_typed_stays_in_their_browser(door: Door) -> None:
    door.stranger.post("/number/", {"number": "0470123456"})
    door.stranger.post("/me/in/", {"email": ANA})
    door.stranger.get("/me/")
    assert "opla_session" not in door.stranger.client.cookies
    assert select("SELECT count(*) FROM session") == [(0,)]
    assert door.stranger.get("/me/in/").value("email") == ANA  # the draft's
    draft = door.stranger.client.cookies["opla_draft"]
    assert (draft["httponly"], draft["samesite"], draft["max-age"]) == (True, "Lax", "")


def test_a_draft_that_somebody_changed_is_no_draft(door: Door) -> None:
    door.stranger.post("/me/in/", {"email": ANA})
    draft = door.stranger.client.cookies["opla_draft"]
    draft.set("opla_draft", draft.value[:-2], draft.value[:-2])
    assert door.stranger.get("/me/in/").value("email") == ""


def test_the_key_of_a_session_is_in_no_row(door: Door) -> None:
    sign_in(door, door.owner)
    key = door.owner.client.cookies["opla_session"].value
    [(row,)] = select("SELECT s::text || encode(hash, 'escape') FROM session s")
    assert key not in str(row)
    thief = Visitor()
    thief.client.cookies["opla_session"] = key
    assert ANA in thief.get("/me/").text  # and the key itself is what signs in
    other = Visitor()
    other.client.cookies["opla_session"] = key[:-1] + ("a" if key[-1] != "a" else "b")
    assert other.get("/me/").where == "/me/in/"


def test_signing_in_takes_a_new_key(door: Door) -> None:
    sign_in(door, door.owner)
    first = door.owner.client.cookies["opla_session"].value
    sign_in(door, door.owner)
    assert door.owner.client.cookies["opla_session"].value != first
    assert Session.objects.count() == 1


def test_signing_out_ends_the_row_and_empties_what_pages_stored_but_not_the_device(door: Door) -> None:
    sign_in(door, door.owner)
    device = door.owner.client.cookies["opla_device"].value
    page = door.owner.post("/me/out/", follow=False)
    assert page.headers["Clear-Site-Data"] == '"storage"'
    assert Session.objects.count() == 0
    assert door.owner.get("/me/").where == "/me/in/"
    assert door.owner.client.cookies["opla_device"].value == device
    assert door.owner.get("/me/in/").value("email") == ""  # nor does the next one see what was typed here


def test_a_session_lasts_thirty_days_and_its_row_goes_with_the_janitors_round(door: Door) -> None:
    sign_in(door, door.owner)
    door.world.clock.tick(timedelta(days=29).total_seconds())
    assert door.owner.get("/me/").where == "/me/"
    ask(door, door.stranger)
    door.world.clock.tick(timedelta(days=1).total_seconds())
    assert door.owner.get("/me/").where == "/me/in/"
    assert select("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM sign_in_link)") == [(1, 1)]
    door.world.work()
    assert select("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM sign_in_link)") == [(0, 0)]


def test_the_letter_and_its_page_speak_the_language_it_was_asked_in(door: Door) -> None:
    link = ask(door, Visitor(language="zh-CN"))
    assert door.world.mailbox.sent[-1].language == "zh-Hans"
    assert re.search('<html lang="zh-Hans">', Visitor().get(link).html)


def test_the_owner_of_the_shop_still_signs_in_and_is_no_customer(door: Door) -> None:
    from opla.core.actor import Actor, Role
    from opla.operations.owner import make_link

    boss = Visitor()
    boss.post(f"/owner/enter/{make_link(Actor(Role.OWNER, 'bo'), at=door.world.clock())}/")
    assert boss.get("/owner/items/").status == 200
    assert boss.get("/me/").where == "/me/in/"
    sign_in(door, door.owner)
    assert door.owner.get("/owner/items/").status == 404


def test_the_head_of_every_page_says_who_is_signed_in(door: Door) -> None:
    sign_in(door, door.owner)
    assert ("My Opla" in door.owner.get("/").text, "My Opla" in door.stranger.get("/").text) == (True, False)
