"""The pages of a reseller: for whom its owner named, and for nobody else."""

from __future__ import annotations

import re

from django.utils.html import escape

from fakes import START
from opla.core.actor import Actor, Role
from opla.operations import members, resellers
from surfaces.conftest import Door
from surfaces.test_signing_in import ANA, sign_in

OWNER = Actor(Role.OWNER, "test")
EVE = "eve@example.org"


def test_a_person_of_a_reseller_sees_its_pages_as_far_as_their_role_goes_and_a_stranger_nothing(door: Door) -> None:
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email="o@example.org", at=START) is None
    assert members.name(OWNER, "acme", "Ana@example.org", "owner", at=START) is None
    assert members.name(OWNER, "acme", EVE, "seller", at=START) is None
    assert door.owner.get("/reseller/").where == "/me/in/"
    sign_in(door, door.owner, ANA)
    sign_in(door, door.colleague, EVE)
    sign_in(door, door.stranger, "max@example.org")
    page = door.owner.get("/reseller/")
    assert (page.where, page.status) == ("/reseller/acme/", 200)
    assert "0.00" in page.text
    seen = door.colleague.get("/reseller/acme/")
    assert seen.status == 200
    assert "0.00" not in seen.text  # sellers see no money
    assert door.owner.get("/reseller/bolt/").status == 404
    assert door.stranger.get("/reseller/acme/").status == 404
    assert door.stranger.get("/reseller/").status == 404
    assert members.remove(OWNER, "acme", ANA) is None
    assert door.owner.get("/reseller/acme/").status == 404


def test_the_api_is_tried_by_whoever_may_look_at_the_catalogue_with_and_without_javascript(door: Door) -> None:
    from opla.portal.trying import examples

    assert resellers.add(OWNER, "acme", title="Acme", email="o@example.org", at=START) is None
    assert members.name(OWNER, "acme", ANA, "books", at=START) is None
    assert door.owner.get("/reseller/acme/try/").where == "/me/in/"
    sign_in(door, door.owner, ANA)
    sign_in(door, door.stranger, "max@example.org")
    assert door.stranger.get("/reseller/acme/try/").status == 404
    page = door.owner.get("/reseller/acme/try/")
    assert 'href="/reseller/acme/try/"' in door.owner.get("/reseller/acme/").html
    shown = list(examples())
    assert {"GET /api/v1/products", "POST /api/v1/lines/effects"} <= {one.name for one in shown}
    for one in shown:
        assert escape(one.curl(door.world.shop.base_url)) in page.html
    assert re.search(r'<form class="try"[^>]* hidden>', page.html)  # what needs JavaScript is not offered without it
