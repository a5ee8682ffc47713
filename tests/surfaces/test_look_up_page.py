"""The page of a typed number, while a supplier is asked whose it is and when it has answered."""

from __future__ import annotations

from operations.test_look_up import NUMBER, Knowing
from opla.core.ports import LookedUp
from surfaces.conftest import Door, Visitor


def test_the_page_proposes_what_the_supplier_says_and_the_person_may_say_otherwise(door: Door) -> None:
    door.world.supplier = Knowing(knows={NUMBER: LookedUp("Lycamobile Belgium", "BE")})
    visitor = Visitor()
    page = visitor.post("/", {"number": "0470 12 34 56"})
    assert "Looks like Proximus — is it?" in page.text  # by its block, at once
    assert "We are asking whose it is now" in page.text
    assert 'http-equiv="refresh" content="2"' in page.html
    door.world.work()
    page = visitor.get("/number/")
    assert "Looks like Lycamobile — is it?" in page.text
    assert "A supplier that knows" in page.text
    assert 'href="/top-up/proximus/"' in page.html
    assert "refresh" not in page.html
    assert "hx-get" not in page.html
