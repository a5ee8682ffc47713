"""A tablet is paired on its own page, a clerk signs in on it, and everybody else sees nothing."""

from __future__ import annotations

import re

import pytest

from fakes import DEVICE
from operations.test_cash import OWNER, TILL, counter
from operations.test_stations import PIN, named
from opla.core.actor import Role
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.db.queries.call import select
from opla.operations import partners, stations
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in
from surfaces.test_till import opened, priced, sold
from surfaces.test_till import tablet as on_tablet

__all__ = ["counter"]


@pytest.fixture
def door_with_till(door: Door, request: pytest.FixtureRequest) -> Door:
    request.getfixturevalue("counter")
    return door


def code_for(door: Door, name: str = "main-till") -> str:
    made = stations.keep(OWNER, name, Kind.TILL, drawer=TILL, shop=door.world.shop, at=door.world.clock())
    assert not isinstance(made, Refusal)
    return made.code


def test_a_tablet_is_paired_by_its_code_and_then_asks_who_works_here(door_with_till: Door) -> None:
    tablet = Visitor(DEVICE)
    wrong = tablet.post("/station/", {"code": "AAAA-AAAA"})
    assert (wrong.status, "pairs nothing" in wrong.text) == (422, True)
    paired = tablet.post("/station/", {"code": code_for(door_with_till)})
    assert "Who works here now?" in paired.text
    named(door_with_till.world)
    page = tablet.get("/till/sign-in/")
    assert "Anna" in page.text
    assert tablet.post("/till/sign-in/", {"name": "anna", "pin": "9051"}).status == 422
    tablet.post("/till/sign-in/", {"name": "anna", "pin": PIN})
    assert "main-till · Anna" in tablet.get("/till/").text
    stations.unpair(OWNER, "main-till", why="stolen", at=door_with_till.world.clock())
    assert tablet.get("/till/").status == 404


def test_who_has_no_tablet_of_ours_sees_no_till(door_with_till: Door) -> None:
    for page in ("/till/", "/till/sign-in/", "/kiosk/"):
        assert Visitor(DEVICE).get(page).status == 404


def test_the_owner_makes_a_till_names_a_clerk_and_ends_a_stolen_tablet(door_with_till: Door) -> None:
    owner = signed_in(door_with_till.world, Role.OWNER, "ana")
    made = owner.post("/owner/stations/", {"act": "till", "name": "main-till", "drawer": TILL})
    [code] = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", made.text)
    assert "/station/" in made.text
    wrong = owner.post("/owner/stations/", {"act": "clerk", "name": "anna", "shown": "Anna", "pin": "1234"})
    assert (wrong.status, "first that anybody tries" in wrong.text) == (422, True)
    owner.post("/owner/stations/", {"act": "clerk", "name": "anna", "shown": "Anna", "pin": PIN})
    tablet = Visitor(DEVICE)
    tablet.post("/station/", {"code": code})
    tablet.post("/till/sign-in/", {"name": "anna", "pin": PIN})
    assert "main-till · Anna" in tablet.get("/till/").text
    owner.post("/owner/stations/", {"act": "unpair", "name": "main-till", "why": "stolen"})
    assert tablet.get("/till/").status == 404
    assert code not in owner.get("/owner/stations/").text


def test_the_page_of_tablets_is_the_owners_alone(door_with_till: Door) -> None:
    support = signed_in(door_with_till.world, Role.SUPPORT, "eve")
    assert support.get("/owner/stations/").status == Visitor(DEVICE).get("/owner/stations/").status == 404


def test_who_guesses_codes_waits(door_with_till: Door) -> None:
    said = [Visitor(DEVICE).post("/station/", {"code": f"AAAA-AA{n}{n}"}).text for n in (2, 3) for _ in range(11)]
    assert "too often" in said[-1]
    assert "too often" not in said[19]


def test_the_owner_agrees_with_a_partner_and_reads_its_statement(door_with_till: Door) -> None:
    owner = signed_in(door_with_till.world, Role.OWNER, "ana")
    [(place,)] = select("SELECT place_id FROM drawer")
    typed = {
        "act": "keep", "name": "corner", "title": "Corner Shop", "percent": "4.5", "email": "c@example.org",
        "speaks": "nl", "agreed_on": "2026-11-01", "ends_on": "", "enterprise": "", "paper": "", "places": str(place),
    }  # fmt: skip
    wrong = owner.post("/owner/partners/", {**typed, "percent": "45"})
    assert (wrong.status, "percentage" in wrong.text) == (422, True)
    page = owner.post("/owner/partners/", typed)
    assert "Corner Shop" in page.text
    assert "4.5" in page.text
    partners.close(shop=door_with_till.world.shop, at=door_with_till.world.clock())
    month = owner.get("/owner/partners/corner/?month=2026-11")
    assert "Total" in month.text
    file = owner.get("/owner/partners/corner/?month=2026-11&as=csv").html
    assert file.splitlines()[:2] == [
        "day,cash,card,given_back,base,permille,commission,currency", "2026-11-01,0.00,0.00,0.00,0.00,45,0.00,EUR",
    ]  # fmt: skip
    assert owner.get("/owner/partners/corner/?month=0001-01").status == 200
    for path in ("/owner/partners/", "/owner/partners/corner/"):
        assert Visitor(DEVICE).get(path).status == 404
        assert signed_in(door_with_till.world, Role.SUPPORT, "eve").get(path).status == 404


def test_the_owner_sees_each_till_live_and_who_did_what_there(door_with_till: Door) -> None:
    owner = signed_in(door_with_till.world, Role.OWNER, "ana")
    till = opened(door_with_till, on_tablet(door_with_till))
    sold(till, priced(till), "20")
    live = owner.get("/owner/stations/?live")
    assert "cash €15.00" in live.text
    assert "Anna" in live.text
    till.post("/till/shift/", {"act": "no_sale", "why": "change for a customer", "key": ""})
    page = owner.get("/owner/stations/main-till/")
    for said in ("paired", "signed in", "began a shift", "opened the drawer without a sale", "change for a customer"):
        assert said in page.text, said
    assert "anna@main-till" in page.text
    for visitor in (Visitor(DEVICE), signed_in(door_with_till.world, Role.SUPPORT, "eve")):
        assert visitor.get("/owner/stations/main-till/").status == 404
