"""Everybody of the house follows every link that they are shown: none is dead, none breaks, and none shows a secret."""

from __future__ import annotations

import pytest

from opla.core.actor import Role
from surfaces.conftest import Door, Visitor
from surfaces.everything import Everything, everything
from surfaces.forms import read
from surfaces.house_judge import Judge
from surfaces.test_owner_pages import signed_in

_MOST = 600


@pytest.fixture
def busy(door: Door) -> Everything:
    return everything(door)


def crawled(who: Visitor) -> dict[str, str]:
    """Every page that is reached from the first one, by its address."""
    pages: dict[str, str] = {}
    ahead = ["/owner/"]
    while ahead and len(pages) < _MOST:
        path = ahead.pop()
        if path in pages:
            continue
        seen = who.get(path)
        assert seen.status == 200, path
        pages[path] = seen.html
        ahead += [link for link in read(seen.html, path).links if link not in pages]
    assert len(pages) < _MOST, "it never ends"
    return pages


def test_every_link_that_somebody_is_shown_leads_somewhere_and_shows_no_secret(busy: Everything) -> None:
    judge = Judge(busy)
    for role, least in ((Role.OWNER, 300), (Role.SUPPORT, 50), (Role.ACCOUNTANT, 30), (Role.SHOP_MANAGER, 8)):
        pages = crawled(signed_in(busy.world, role, "bo"))
        assert len(pages) >= least, sorted(pages)
        for path, html in pages.items():
            judge.look(role, path, 200, html)
    assert judge.wrong == [], judge.told()
