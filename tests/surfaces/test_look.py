"""The design system: its colours can be read, and its page is the house's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opla.presenting import languages, look
from surfaces.conftest import Door
from surfaces.test_people_of_the_house import let_in, named

CSS = (Path(look.__file__).resolve().parents[1] / "storefront" / "static" / "storefront" / "style.css").read_text(
    "utf-8"
)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)],
)
def test_contrast_is_that_of_the_standard(one: str, other: str, ratio: float) -> None:
    assert look.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert look.contrast(other, one) == look.contrast(one, other)


def test_every_text_can_be_read_on_its_ground_on_paper_and_in_ink() -> None:
    by_name = {token.name: token for token in look.tokens(CSS)}
    poor = [
        (text, ground, scheme)
        for text, ground in look.PAIRS
        for scheme in ("paper", "ink")
        if look.contrast(getattr(by_name[text], scheme), getattr(by_name[ground], scheme)) < look.AA
    ]
    assert poor == []


def test_every_colour_has_a_value_in_ink_and_no_rule_has_a_colour_of_its_own() -> None:
    paper, ink = re.findall(r":root\s*\{([^}]*)\}", CSS)[:2]
    names = [re.findall(r"--([\w-]+):", block) for block in (paper, ink)]
    assert names[0] == names[1] == [token.name for token in look.tokens(CSS)]
    rules = CSS.partition("@media print")[0].replace(paper, "").replace(ink, "")
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![\w-]*\))", rules) == []


def test_the_page_shows_every_component_in_every_language_on_paper_and_in_ink(door: Door) -> None:
    page = door.stranger.get("/look/")
    columns = re.findall(r'<section class="column as-(\w+)" lang="([\w-]+)">', page.html)
    assert columns == [(scheme, tag) for scheme in ("paper", "ink") for tag in languages.NAMES]
    for words in ("Continue", "Continuer", "Verder", "Weiter", "继续"):
        assert page.html.count(f'<button type="button">{words}</button>') == 2, words
    ids = re.findall(r' id="([^"]+)"', page.html)
    assert len(ids) == len(set(ids))
    sheet = door.stranger.get("/look/schemes.css")
    assert sheet.html.count("--on-signal:") == 2
    assert ".as-ink { color-scheme: dark;" in sheet.html


def test_in_a_real_shop_it_is_for_whoever_runs_it(door: Door, settings_live: None) -> None:
    owner, _ = let_in(door, named(door))
    for path in ("/look/", "/look/schemes.css"):
        for who in (door.stranger, door.owner, door.colleague):
            assert who.get(path).status == 404
        assert owner.get(path).status == 200


@pytest.fixture
def settings_live(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.setattr(settings, "SANDBOX", False)
