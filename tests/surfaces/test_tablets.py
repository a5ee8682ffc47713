"""A tablet is paired on its own page, a clerk signs in on it, and everybody else sees nothing."""

from __future__ import annotations

import pytest

from fakes import DEVICE
from operations.test_cash import OWNER, TILL, counter
from operations.test_stations import PIN, named
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.operations import stations
from surfaces.conftest import Door, Visitor

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
