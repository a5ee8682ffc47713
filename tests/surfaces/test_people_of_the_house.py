"""Who works at the shop: named by an owner, in only with what they alone have, gone at once."""

from __future__ import annotations

import argparse
import json
import re
from contextlib import nullcontext

import pytest
from django.conf import settings

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.commands import owner as command
from opla.core.actor import Actor, Role
from opla.core.ports import Message
from opla.core.refusal import Code, Refusal
from opla.db.models import Passkey, Session
from opla.db.queries import people as queries
from opla.db.queries.call import select
from opla.db.queries.people import Person
from opla.operations import people
from opla.operations.owner import make_link
from surfaces.conftest import Door, Visitor
from surfaces.test_second_step import App
from surfaces.test_signing_in import ask, sign_in

TERMINAL = Actor(Role.OWNER, "terminal")
BEN = "ben@shop.example"


@pytest.fixture(autouse=True)
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real shop asks for more than a sandbox."""
    monkeypatch.setattr(settings, "SANDBOX", False)


def named(door: Door, name: str = "Ana", role: Role = Role.OWNER, email: str = "") -> Person:
    at = door.world.clock()
    found = people.name(
        TERMINAL, email or f"{name.lower()}@shop.example", name, str(role), "en", shop=door.world.shop, at=at
    )
    assert isinstance(found, Person)
    return found


def invitation(door: Door) -> Message:
    """The newest that was sent."""
    door.world.work()
    return [letter for letter in door.world.mailbox.sent if letter.subject == "invited"][-1]


def path_of(letter: Message) -> str:
    [path] = re.findall(r"/owner/enter/\S+/", letter.text)
    return str(path)


def in_by_link(door: Door, person: Person) -> Visitor:
    """Somebody who has pressed the button of their link."""
    visitor = Visitor()
    link = make_link(person.actor, at=door.world.clock(), email=person.email)
    assert visitor.post(f"/owner/enter/{link}/").where == "/owner/factor/"
    return visitor


def let_in(door: Door, person: Person) -> tuple[Visitor, App]:
    """Somebody who has set up an app, and is in."""
    visitor = in_by_link(door, person)
    app = App(door, visitor.get("/owner/factor/").html)
    page = visitor.post("/owner/factor/", {"act": "digits", "digits": app.digits()})
    assert len(re.findall(r"<li>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</li>", page.html)) == 10
    assert 'href="/owner/"' in page.html
    door.world.work()
    assert [letter.to for letter in door.world.mailbox.sent if letter.subject == "sign_in_changed"][-1] == person.email
    door.world.clock.tick(60)
    return visitor, app


def again(door: Door, person: Person, app: App) -> Visitor:
    """The same person on another browser: a link by e-mail, and the app."""
    visitor = Visitor()
    page = visitor.post(ask(door, visitor, person.email, next="/owner/"), {"digits": app.digits()})
    door.world.clock.tick(60)
    assert (page.status, page.where) == (200, "/owner/")
    return visitor


def test_an_owner_names_somebody_who_comes_in_by_the_letter_and_sets_up_what_they_show(door: Door) -> None:
    ana, _ = let_in(door, named(door))
    typed = {"act": "name", "email": BEN, "name": "Ben", "role": "accountant", "speaks": "nl"}
    assert "Ben" in ana.post("/owner/people/", typed).text
    letter = invitation(door)
    assert (letter.language, letter.to) == ("nl", BEN)
    link = path_of(letter)
    ben = Visitor()
    assert ben.get(link).status == 200
    assert ben.post(link).where == "/owner/factor/"
    for path in ("/owner/", "/owner/days/", "/owner/people/"):
        assert ben.get(path).where == "/owner/factor/", path
    app = App(door, ben.get("/owner/factor/").html)
    assert ben.post("/owner/factor/", {"act": "digits", "digits": "000000"}).status == 422
    assert ben.get("/owner/days/").where == "/owner/factor/"
    ben.post("/owner/factor/", {"act": "digits", "digits": app.digits()})
    assert (ben.get("/owner/days/").where, ben.get("/owner/days/").status) == ("/owner/days/", 200)
    assert ben.get("/owner/people/").status == 404
    assert Visitor().post(link).status == 404  # it worked once


def test_an_invitation_is_over_after_a_day(door: Door) -> None:
    ana = named(door)
    assert people.invite(TERMINAL, ana, shop=door.world.shop, at=door.world.clock()) is None
    link = path_of(invitation(door))
    door.world.clock.tick(24 * 3600)
    assert Visitor().post(link).status == 404


def test_a_new_invitation_ends_the_older_one(door: Door) -> None:
    ana = named(door)
    older = make_link(ana.actor, at=door.world.clock(), email=ana.email)
    in_by_link(door, ana)
    assert Visitor().post(f"/owner/enter/{older}/").status == 404


def test_whoever_reads_their_mail_is_not_in_and_changes_nothing(door: Door) -> None:
    """A link by e-mail signs a customer in; of the house it makes nobody, and it adds no way in."""
    ana = named(door)
    let_in(door, ana)
    Passkey.objects.create(
        customer=people.customer_of(ana, at=door.world.clock()), credential_id=b"x", public=b"y", name="phone",
        made_at=door.world.clock(),
    )  # fmt: skip
    select("DELETE FROM second_step RETURNING 1")
    thief = Visitor()
    sign_in(door, thief, ana.email)
    page = thief.get("/owner/people/")
    assert (page.where, "Sign in" in page.text, "six digits it shows" in page.text) == ("/owner/factor/", True, False)
    assert thief.post("/owner/factor/", {"act": "skip"}).where == "/owner/factor/"
    assert thief.post("/owner/factor/", {"act": "digits", "digits": "123456"}).where == "/owner/factor/"
    assert thief.get("/me/security/step/").where == "/me/in/"
    [key] = Passkey.objects.all()
    assert thief.post(f"/me/security/passkeys/{key.pk}/remove/").status == 404
    assert thief.get("/owner/people/").where == "/owner/factor/"


def test_whoever_has_set_up_nothing_and_lost_their_link_asks_for_another(door: Door) -> None:
    ana = named(door)
    visitor = Visitor()
    sign_in(door, visitor, ana.email)
    page = visitor.get("/owner/")
    assert (page.where, "invites you once more" in page.text, "six digits" in page.text) == (
        "/owner/factor/", True, False,
    )  # fmt: skip
    assert visitor.post("/owner/factor/", {"act": "digits", "digits": "123456"}).status == 200
    assert not select("SELECT 1 FROM second_step")


def test_who_is_let_go_is_out_at_once_everywhere(door: Door) -> None:
    ana, _ = let_in(door, named(door))
    who = named(door, "Ben", Role.ACCOUNTANT)
    ben, app = let_in(door, who)
    other = again(door, who, app)
    assert (ben.get("/owner/days/").status, other.get("/owner/days/").status) == (200, 200)
    assert ana.post("/owner/people/", {"act": "remove", "person": str(who.id)}).status == 200
    assert (ben.get("/owner/days/").status, other.get("/owner/days/").status) == (404, 404)
    assert Session.objects.filter(customer__email=who.email).count() == 0
    ben.post(ask(door, ben, who.email), {"digits": app.digits()})  # their account stays, and is a customer's
    assert (ben.get("/me/").where, ben.get("/owner/days/").status) == ("/me/", 404)
    kept = queries.by_id(who.id)
    assert kept is not None
    assert (kept.email, kept.name) == ("", "Ben")  # no address; what they did keeps its name


def test_even_where_a_session_stays_the_person_is_asked_after_every_time(door: Door) -> None:
    let_in(door, named(door))
    who = named(door, "Ben", Role.ACCOUNTANT)
    ben, _ = let_in(door, who)
    queries.end(who.id, actor=TERMINAL, at=door.world.clock())  # and nothing else
    assert ben.get("/owner/days/").status == 404


def test_what_they_are_changes_at_once(door: Door) -> None:
    ana, _ = let_in(door, named(door))
    who = named(door, "Ben", Role.ACCOUNTANT)
    ben, _ = let_in(door, who)
    ana.post("/owner/people/", {"act": "name", "email": who.email, "role": "shop_manager", "speaks": "en"})
    assert (ben.get("/owner/days/").status, ben.get("/owner/stations/").status) == (404, 200)


def test_the_last_owner_stays_one(door: Door) -> None:
    who = named(door)
    ana, _ = let_in(door, who)
    gone = ana.post("/owner/people/", {"act": "remove", "person": str(who.id)})
    assert (gone.status, "last owner" in gone.text) == (422, True)
    less = ana.post("/owner/people/", {"act": "name", "email": who.email, "role": "support", "speaks": "en"})
    assert (less.status, ana.get("/owner/people/").status) == (422, 200)
    named(door, "Bo")
    assert people.remove(TERMINAL, who.id, at=door.world.clock()) is None


def test_a_name_is_one_persons_for_ever(door: Door) -> None:
    named(door)
    ben = named(door, "Ben", Role.SUPPORT)
    people.remove(TERMINAL, ben.id, at=door.world.clock())
    for name in ("Ben", "BEN", "ana"):
        found = people.name(
            TERMINAL, "x@shop.example", name, "support", "en", shop=door.world.shop, at=door.world.clock()
        )
        assert found == Refusal(Code.PERSON_NAME_TAKEN, "name")


@pytest.mark.parametrize("name", ["", "x" * 41, "terminal", "a\x07b"])
def test_a_name_is_one_that_people_can_read(door: Door, name: str) -> None:
    found = people.name(TERMINAL, BEN, name, "support", "en", shop=door.world.shop, at=door.world.clock())
    assert found == Refusal(Code.NAME_INVALID, "name")


def test_after_twelve_hours_and_where_money_is_after_half_an_hour_of_nothing_they_show_it_again(door: Door) -> None:
    named(door, "Bo")
    sam, _ = let_in(door, named(door, "Sam", Role.SUPPORT))
    ana, _ = let_in(door, named(door))
    for _ in range(4):
        door.world.clock.tick(28 * 60)
        assert ana.get("/owner/days/").where == "/owner/days/"
    door.world.clock.tick(31 * 60)
    assert ana.get("/owner/days/").where == "/owner/factor/"
    assert sam.get("/owner/threads/").where == "/owner/threads/"  # no money there
    door.world.clock.tick(10 * 3600)
    assert sam.get("/owner/threads/").where == "/owner/factor/"


def test_who_lost_their_device_is_let_in_again_by_another_owner_and_not_by_themselves(door: Door) -> None:
    who, other = named(door), named(door, "Bo")
    ana, app = let_in(door, who)
    bo, _ = let_in(door, other)
    assert ana.post("/owner/people/", {"act": "lost", "person": str(who.id)}).status == 422
    assert bo.post("/owner/people/", {"act": "lost", "person": str(who.id)}).status == 200
    link = path_of(invitation(door))
    assert ana.get("/owner/people/").status == 404  # signed out
    sign_in(door, ana, who.email)  # no digits are asked any more, and it is not enough
    assert ana.get("/owner/people/").where == "/owner/factor/"
    assert ana.post(link).where == "/owner/factor/"
    new = App(door, ana.get("/owner/factor/").html)
    assert new.digits() != app.digits()
    ana.post("/owner/factor/", {"act": "digits", "digits": new.digits()})
    assert ana.get("/owner/people/").where == "/owner/people/"


def test_a_name_alone_opens_a_sandbox_and_nothing_else(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    link = make_link(Actor(Role.OWNER, "ana"), at=door.world.clock())
    assert Visitor().post(f"/owner/enter/{link}/").status == 404
    monkeypatch.setattr(settings, "SANDBOX", True)
    ana = Visitor()
    ana.post(f"/owner/enter/{make_link(Actor(Role.OWNER, 'ana'), at=door.world.clock())}/")
    assert ana.get("/owner/people/").status == 200
    bo = in_by_link(door, named(door, "Bo"))
    assert bo.post("/owner/factor/", {"act": "skip"}).status == 200
    assert bo.get("/owner/people/").status == 200
    monkeypatch.setattr(settings, "SANDBOX", False)  # a session of the sandbox is none of a real shop
    assert (ana.get("/owner/people/").status, bo.get("/owner/people/").where) == (404, "/owner/factor/")


def test_who_works_here_deletes_no_account(door: Door) -> None:
    ana, _ = let_in(door, named(door))
    page = ana.post("/me/data/delete/", {"sure": "yes"})
    assert (page.status, "You work here" in page.text) == (409, True)


def test_who_came_and_what_was_changed_is_kept(door: Door) -> None:
    ana, _ = let_in(door, named(door))
    ben = named(door, "Ben", Role.SUPPORT)
    ana.post("/owner/people/", {"act": "remove", "person": str(ben.id)})
    rows = select("SELECT name, actor, why FROM event WHERE subject = 'house' ORDER BY id")
    assert rows == [
        ("person_named", "owner:terminal", "owner"),
        ("entered", "owner:Ana", "step"),
        ("person_named", "owner:terminal", "support"),
        ("person_removed", "owner:Ana", "support"),
    ]


def run_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> tuple[int, str]:
    monkeypatch.setattr(command, "running", nullcontext)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    done = command.run(parser.parse_args([*arguments, "--json"]))
    return done, capsys.readouterr().out


def test_the_terminal_lets_the_first_owner_in_and_whoever_lost_everything(
    door: Door, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_command(capsys, monkeypatch, "--name", "Ana") == (2, "")  # a real shop wants to know who it is
    for more in ((), ("--lost",)):
        done, told = run_command(capsys, monkeypatch, "--name", "Ana", "--email", "ana@shop.example", *more)
        path = re.sub("^http.*?(?=/owner)", "", json.loads(told)["url"])
        ana = Visitor()
        assert (done, ana.post(path).where) == (0, "/owner/factor/")
        app = App(door, ana.get("/owner/factor/").html)
        ana.post("/owner/factor/", {"act": "digits", "digits": app.digits()})
        assert ana.get("/owner/people/").status == 200
        door.world.clock.tick(60)
    done, told = run_command(capsys, monkeypatch, "--name", "ANA", "--email", BEN)
    assert (done, json.loads(told)["refusal"]["code"]) == (1, "person_name_taken")


def test_customers_and_strangers_find_no_door_to_set_anything_up_at(door: Door) -> None:
    sign_in(door, door.owner)
    for who in (door.owner, Visitor()):
        assert who.get("/owner/factor/").status == 404
        assert who.post("/owner/factor/", {"act": "digits"}).status == 404
