"""The pages of a reseller: for whom its owner named, as far as their role goes, and for nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from threading import Event
from uuid import UUID

import pytest
from django.db import transaction
from django.utils.html import escape

from api.conftest import Program
from fakes import DIRECT, NUMBER, START
from opla.core.actor import Actor, Role
from opla.core.own_account import OwnAccount
from opla.core.ports import Answer
from opla.core.refusal import Code, Refusal
from opla.operations import float_deposits, members, resellers
from opla.operations.place_from_float import Asked, place_from_float
from opla.operations.quote_topup import Wanted
from statements import OUR_IBAN
from support import at_once, until_somebody_waits
from surfaces.conftest import Door, Visitor
from surfaces.test_signing_in import ANA, sign_in

OWNER = Actor(Role.OWNER, "test")
EVE, BEN = "eve@example.org", "ben@example.org"


@dataclass
class Acme:
    """Ana is its owner, Eve sells, Ben keeps its books; Max is somebody else's owner."""

    door: Door
    ana: Visitor
    eve: Visitor
    ben: Visitor
    max: Visitor


@pytest.fixture
def acme(door: Door) -> Acme:
    door.world.shop = replace(door.world.shop, account=OwnAccount(OUR_IBAN, "The Shop"))
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email="o@example.org", at=START) is None
        resellers.pay_in(OWNER, name, "100", "first", shop=door.world.shop, at=START)
    found = Acme(door, door.owner, door.colleague, Visitor(), door.stranger)
    people = [(found.ana, ANA, "acme", "owner"), (found.eve, EVE, "acme", "seller"), (found.ben, BEN, "acme", "books")]
    for visitor, email, reseller, role in [*people, (found.max, "max@example.org", "bolt", "owner")]:
        assert members.name(OWNER, reseller, email, role, at=START) is None
        sign_in(door, visitor, email)
    return found


@pytest.mark.parametrize(
    ("path", "may"),
    [("", "ana eve ben"), ("float/", "ana ben"), ("keys/", "ana"), ("people/", "ana")],
)
def test_each_page_is_for_those_whose_role_has_its_right(acme: Acme, path: str, may: str) -> None:
    for name in ("ana", "eve", "ben", "max"):
        assert getattr(acme, name).get(f"/reseller/acme/{path}").status == (200 if name in may.split() else 404), name
    assert Visitor().get(f"/reseller/acme/{path}").where == "/me/in/"


def test_whoever_is_signed_in_is_led_to_the_one_reseller_they_act_for(acme: Acme) -> None:
    assert acme.ana.get("/reseller/").where == "/reseller/acme/"
    assert members.name(OWNER, "bolt", ANA, "books", at=START) is None
    page = acme.ana.get("/reseller/")
    assert page.where == "/reseller/"
    assert "Acme" in page.text
    assert "Bolt" in page.text


def test_the_float_says_how_to_pay_in_to_whoever_may_and_what_is_free_to_whoever_keeps_books(acme: Acme) -> None:
    reference = float_deposits.reference("acme", shop=acme.door.world.shop, at=START)
    shown = f"+++{reference[:3]}/{reference[3:7]}/{reference[7:]}+++"
    page = acme.ana.get("/reseller/acme/float/?amount=250")
    assert "100.00" in page.text
    assert shown in page.text
    assert "<svg" in page.html
    seen = acme.ben.get("/reseller/acme/float/")
    assert "100.00" in seen.text
    assert shown not in seen.text
    assert acme.ben.post("/reseller/acme/float/", {"below": "5"}).status == 404


def test_a_wrong_amount_to_be_told_below_is_said_beside_its_field_and_stays(acme: Acme) -> None:
    page = acme.ana.post("/reseller/acme/float/", {"below": "much"})
    assert (page.status, page.value("below")) == (400, "much")
    assert page.error("below")
    assert acme.ana.post("/reseller/acme/float/", {"below": "25"}).value("below") == "25.00"


def test_a_key_is_shown_once_works_is_changed_for_another_and_ended(acme: Acme) -> None:
    page = acme.ana.post("/reseller/acme/keys/", {"act": "make", "name": "till", "scope": "catalogue", "days": "30"})
    [secret] = re.findall(r"opla_live_[0-9a-f]{32}", page.html)
    assert Program(secret).get("/me").body == {"reseller": "acme", "scopes": ["catalogue"], "sandbox": False}
    again = acme.ana.get("/reseller/acme/keys/")
    assert secret not in again.html
    [key] = set(re.findall(r'name="key" value="(\d+)"', again.html))
    assert acme.max.post("/reseller/bolt/keys/", {"act": "revoke", "key": key}).status == 400  # nobody else's
    assert Program(secret).get("/me").status == 200
    changed = acme.ana.post("/reseller/acme/keys/", {"act": "rotate", "key": key})
    assert "It works until 22 Dec 2026, 13:00." in changed.text
    new = re.findall(r"opla_live_[0-9a-f]{32}", changed.html)
    assert [Program(one).get("/me").status for one in (*new, secret)] == [200, 200]
    acme.ana.post("/reseller/acme/keys/", {"act": "revoke", "key": key})
    assert [Program(one).get("/me").status for one in (*new, secret)] == [200, 401]


@pytest.mark.parametrize("typed", [{"scope": "keys"}, {"scope": "catalogue", "addresses": "home"}])
def test_a_key_that_cannot_be_is_refused_in_words_and_none_is_made(acme: Acme, typed: dict[str, str]) -> None:
    page = acme.ana.post("/reseller/acme/keys/", {"act": "make", "name": "till", **typed})
    assert (page.status, page.value("name")) == (400, "till")
    assert "opla_" not in page.html


def test_an_owner_names_people_and_never_removes_the_last_owner(acme: Acme) -> None:
    page = "/reseller/acme/people/"
    assert acme.ana.post(page, {"email": "eve@example.org", "role": "books"}).status == 200
    assert acme.eve.get("/reseller/acme/float/").status == 200
    assert acme.ana.post(page, {"act": "remove", "email": ANA}).status == 400
    assert acme.ana.post(page, {"email": ANA, "role": "seller"}).status == 400
    assert acme.ana.post(page, {"email": "Zoe@Example.org", "role": "owner"}).status == 200
    assert acme.ana.post(page, {"act": "remove", "email": ANA}).status == 404  # it is done, and no more hers to see
    assert acme.ana.get("/reseller/acme/").status == 404
    assert [one.email for one in members.at_reseller("acme")] == [BEN, EVE, "zoe@example.org"]


def test_of_two_owners_who_remove_each_other_at_one_moment_one_stays(acme: Acme) -> None:
    zoe = "zoe@example.org"
    assert members.name(OWNER, "acme", zoe, "owner", at=START) is None

    def removes(who: str, whom: str) -> Refusal | None:
        return members.remove(Actor(Role.RESELLER, f"acme/{who}"), "acme", whom, at=START)

    def first() -> Refusal | None:
        with transaction.atomic():
            done = removes(ANA, zoe)
            begun.set()
            until_somebody_waits(second_done.is_set)
            return done

    def second() -> Refusal | None:
        begun.wait(60)
        try:
            return removes(zoe, ANA)
        finally:
            second_done.set()

    begun, second_done = Event(), Event()
    assert at_once(first, second) == [None, Refusal(Code.LAST_OWNER, "email")]
    assert [one.email for one in members.at_reseller("acme") if one.role == "owner"] == [ANA]


def test_an_owner_sees_who_changed_its_keys_and_people_and_nobody_elses(acme: Acme) -> None:
    acme.ana.post("/reseller/acme/people/", {"act": "remove", "email": EVE})
    acme.ana.post("/reseller/acme/keys/", {"act": "make", "name": "till", "scope": "catalogue"})
    [key] = set(re.findall(r'name="key" value="(\d+)"', acme.ana.get("/reseller/acme/keys/").html))
    for act in ("rotate", "revoke"):
        acme.ana.post("/reseller/acme/keys/", {"act": act, "key": key})
    people, keys = (acme.ana.get(f"/reseller/acme/{path}/").text for path in ("people", "keys"))
    assert re.search(rf"Removed: {EVE} 22 Nov 2026, 13:00, {ANA}", people), people
    assert f"Named: {BEN}, Books" in people
    assert "this shop" in people  # it named them
    said = re.findall(r"Key (?:made|changed for another|ended): opla_live_\w{4}… till", keys)
    assert [one.split(":")[0] for one in said] == ["Key ended", "Key changed for another", "Key made"]
    assert "opla_live_" not in acme.max.get("/reseller/bolt/keys/").text
    assert EVE not in acme.max.get("/reseller/bolt/people/").text


def test_the_statement_is_a_file_for_whoever_sees_the_float_and_nobody_else(acme: Acme) -> None:
    page = acme.ben.get("/reseller/acme/float/?month=2026-11")
    assert "+€100.00" in page.text
    for kind, begins in (("csv", "time,event"), ("pdf", "%PDF")):
        path = f"/reseller/acme/float/2026-11.{kind}"
        assert f'href="{path}"' in page.html
        file = acme.ben.client.get(path)
        assert (file.status_code, file.content[:10].decode("latin-1")[: len(begins)]) == (200, begins)
        assert acme.eve.get(path).status == acme.max.get(path).status == 404
    assert acme.ben.get("/reseller/acme/float/2199-01.csv").status == 404
    assert acme.ben.get("/reseller/acme/float/?month=1999-13").status == 200


@pytest.mark.parametrize("month", ["0001-01", "0001-02", "1999-12", "9999-12", "2026-13"])
def test_a_month_that_nobody_can_look_at_is_this_one_and_no_file(acme: Acme, month: str) -> None:
    assert 'href="?month=2026-10#statement"' in acme.ben.get(f"/reseller/acme/float/?month={month}").html
    for kind in ("csv", "pdf"):
        assert acme.ben.get(f"/reseller/acme/float/{month}.{kind}").status == 404


def test_the_api_is_tried_by_whoever_may_look_at_the_catalogue_with_and_without_javascript(acme: Acme) -> None:
    from opla.portal.trying import examples

    assert acme.max.get("/reseller/acme/try/").status == 404
    page = acme.ana.get("/reseller/acme/try/")
    assert 'href="/reseller/acme/try/"' in acme.ana.get("/reseller/acme/").html
    shown = list(examples())
    assert {"GET /api/v1/products", "POST /api/v1/lines/effects"} <= {one.name for one in shown}
    for one in shown:
        assert escape(one.curl(acme.door.world.shop.base_url)) in page.html
    assert re.search(r'<form class="try"[^>]* hidden>', page.html)  # what needs JavaScript is not offered without it


def test_whoever_may_pay_in_chooses_how_and_is_led_to_the_payment_page_once(acme: Acme) -> None:
    world, page = acme.door.world, "/reseller/acme/float/in/"
    typed = {"paid": "250", "method": "sandbox", "key": "k1"}
    assert 'name="paid"' in acme.ana.get("/reseller/acme/float/").html
    assert 'name="paid"' not in acme.ben.get("/reseller/acme/float/").html
    for other in (acme.ben, acme.eve, acme.max):
        assert other.post(page, typed).status == 404
    opening = acme.ana.post(page, typed)
    assert (opening.status, "250.00" in opening.text, "being opened" in opening.text) == (200, True, True)
    assert acme.ana.post(page, typed).where == opening.where  # pressed twice
    assert acme.ana.get(f"{opening.where}state/?seen=opening").status == 200
    world.work()
    changed = acme.ana.client.get(f"{opening.where}state/?seen=opening")
    assert changed.headers["HX-Refresh"] == "true"
    assert acme.ben.get(opening.where).status == 200  # sees it, and is led nowhere
    goes = acme.ana.client.get(opening.where)
    assert (goes.status_code, goes["Location"]) == (302, "http://sandbox.test/pay")
    open_ = acme.ana.get(opening.where)
    assert 'href="http://sandbox.test/pay"' in open_.html
    assert 'href="http://sandbox.test/pay"' not in acme.ben.get(opening.where).html
    assert acme.eve.get(opening.where).status == acme.max.get(opening.where).status == 404


def test_whoever_comes_back_from_paying_sees_that_it_is_on_the_float(acme: Acme) -> None:
    world = acme.door.world
    where = acme.ana.post("/reseller/acme/float/in/", {"paid": "250", "method": "sandbox", "key": "k1"}).where
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 25_000)
    back = Visitor().client.get(f"/pay/return/deposit/{where.split('/')[-2]}/")
    assert (back.status_code, back["Location"]) == (303, where)
    world.work()
    assert "on the float" in acme.ana.get(where).text
    assert "350.00" in acme.ana.get("/reseller/acme/float/").text
    nobody = Visitor().client.get(f"/pay/return/deposit/{UUID(int=1)}/")
    assert (nobody.status_code, nobody["Location"]) == (303, "/reseller/")


def test_what_cannot_be_paid_in_is_said_beside_the_amount_which_stays(acme: Acme) -> None:
    page = acme.ana.post("/reseller/acme/float/in/", {"paid": "3", "method": "sandbox", "key": "k"})
    assert (page.status, page.value("paid")) == (400, "3")
    assert page.error("paid")


def test_a_float_that_owes_says_so_on_its_page(acme: Acme) -> None:
    world = acme.door.world
    acme.ana.post("/reseller/acme/float/in/", {"paid": "250", "method": "sandbox", "key": "k1"})
    world.work()
    reference = list(world.provider.charges)[-1]
    world.provider.decide(Answer.SUCCEEDED, 25_000)
    world.wake()
    world.work()
    told = replace(world.provider.charges[reference], charged_back_minor=25_000)
    sku = Wanted("", "", "o@example.org", "en", sku=DIRECT, number=NUMBER)
    asked = [Asked("acme", f"k{n}", sku) for n in range(20)]
    place_from_float(Actor(Role.RESELLER, "acme"), asked, shop=world.shop, at=world.clock())
    world.provider.charges[reference] = told
    world.wake()
    world.work(2)
    assert "200.00 is missing" in acme.ana.get("/reseller/acme/float/").text
    assert "200.00 is missing" in acme.ben.get("/reseller/acme/float/").text
