"""The page of amounts is drawn once and kept: never somebody else's, in another language, or of yesterday."""

from __future__ import annotations

import gzip
from pathlib import Path

from opla.core.actor import Actor, Role
from surfaces.conftest import Door, Visitor

PAGE = "/top-up/proximus/"


def test_a_kept_page_is_the_one_that_was_drawn(door: Door) -> None:
    drawn, kept = door.owner.get(PAGE), door.stranger.get(PAGE)
    assert drawn.html == kept.html
    assert "€15" in kept.text


def test_a_kept_page_speaks_the_language_of_whoever_asks(door: Door) -> None:
    chinese = Visitor(language="zh-Hans")
    for _ in range(2):
        assert "How much?" in door.stranger.get(PAGE).text
        assert "多少" in chinese.get(PAGE).text


def test_a_kept_page_holds_no_secret_of_a_form(door: Door) -> None:
    assert "csrfmiddlewaretoken" not in door.owner.get(PAGE).html
    assert "opla_form" not in door.owner.client.cookies


def test_what_a_visitor_typed_is_on_no_kept_page(door: Door) -> None:
    door.owner.post("/", {"number": "0470 12 34 56"})
    door.owner.get(PAGE)
    assert "12 34 56" not in door.stranger.get(PAGE).text


def test_a_kept_page_is_the_same_compressed(door: Door) -> None:
    plain = door.stranger.get(PAGE)
    packed = door.stranger.client.get(PAGE, headers={"accept-encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content).decode() == plain.html
    assert all("Accept-Encoding" in vary for vary in (plain.headers["Vary"], packed["Vary"]))


def test_an_address_with_a_question_is_not_kept(door: Door) -> None:
    assert 'value="/top-up/proximus/?from=here"' in door.stranger.get(f"{PAGE}?from=here").html
    assert "from=here" not in door.stranger.get(PAGE).html


def test_an_approved_catalogue_shows_at_once(door: Door, tmp_path: Path) -> None:
    from opla.operations import catalogue
    from opla.operations.read_catalog import CATALOGS

    before = door.stranger.get(PAGE).text
    text = (CATALOGS / "belgium.yaml").read_text("utf-8")
    file = tmp_path / "belgium.yaml"
    file.write_text(text.replace("name: Proximus\n", "name: Proximus Renamed\n", 1), "utf-8")
    (tmp_path / "belgium.sample.yaml").write_text((CATALOGS / "belgium.sample.yaml").read_text("utf-8"), "utf-8")
    owner = Actor(Role.OWNER, "the owner")
    proposed = catalogue.propose(owner, file, sandbox=True, at=door.world.clock())
    assert isinstance(proposed, tuple), proposed
    assert door.stranger.get(PAGE).text == before
    assert catalogue.approve(owner, proposed[0]) is None
    assert "Proximus Renamed" in door.stranger.get(PAGE).text
