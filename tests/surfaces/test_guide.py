"""The guide: every question the catalogue can answer has a page in every language, and search engines find it."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from opla.core.catalog import Catalog, parse
from opla.core.guide import Asked, Question, asked
from opla.operations.read_catalog import read_country
from opla.presenting import languages
from opla.storefront import guide_addresses as addresses
from surfaces.conftest import Door, Visitor


@cache
def belgium() -> Catalog:
    """What the shop of these tests sells from."""
    return parse(read_country("belgium", sandbox=True))


def test_every_page_of_the_guide_is_there_in_every_language(door: Door) -> None:
    catalog = belgium()
    pages = asked(catalog)
    assert {one.question for one in pages} == set(Question)
    for tag in languages.NAMES:
        index = door.stranger.get(f"/guide/{tag}/")
        assert f'<html lang="{tag}">' in index.html
        for one in pages:
            path = f"/guide/{tag}/{addresses.address(one, tag)}/"
            page = door.stranger.get(path)
            assert (page.status, page.html.count("<h1>")) == (200, 1), path
            assert f'<html lang="{tag}">' in page.html
            assert path in unquote(index.html), path


def test_a_page_names_itself_in_every_other_language(door: Door) -> None:
    page = door.stranger.get("/guide/en/top-up-proximus/")
    found = dict(re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', page.html))
    assert set(found) == set(languages.NAMES)
    for tag, address in found.items():
        other = door.stranger.get(urlsplit(address).path)
        assert (other.status, f'<html lang="{tag}">' in other.html) == (200, True), address


def test_the_language_switch_stays_on_the_page_of_the_guide(door: Door) -> None:
    for there, back in (
        ("/guide/en/top-up-base/", "/guide/fr/recharger-base/"),
        ("/guide/zh-Hans/SIM卡是哪家运营商/", "/guide/fr/de-quel-operateur-est-ma-sim/"),
        ("/guide/en/", "/guide/fr/"),
        ("/guide/en/no-such-page/", "/guide/en/no-such-page/"),
        ("/guide/xx/top-up-base/", "/guide/xx/top-up-base/"),
    ):
        answer = Visitor().post("/language/", {"language": "fr", "next": there}, follow=False)
        assert unquote(answer.headers["Location"]) == back


@pytest.mark.parametrize("path", ["/guide/xx/", "/guide/en/top-up-nobody/", "/guide/fr/top-up-base/", "/operators/no/"])
def test_what_is_no_page_is_not_found_and_not_indexed(door: Door, path: str) -> None:
    page = door.stranger.get(path)
    assert (page.status, page.headers["X-Robots-Tag"]) == (404, "noindex")


FOUND = [
    "/",
    "/operators/",
    "/operators/proximus/",
    "/guide/",
    "/guide/en/top-up-base/",
    "/about/",
    "/terms/",
    "/withdrawal/",
]
HIDDEN = ["/checklist/", "/plan/", "/top-up/proximus/", "/help/", "/have/", "/guide/?x=1", "/operators/base/?from=a"]


@pytest.mark.parametrize(("path", "said"), [*((p, "all") for p in FOUND), *((p, "noindex") for p in HIDDEN)])
def test_only_pages_that_say_the_same_to_everybody_may_be_found(door: Door, path: str, said: str) -> None:
    page = door.stranger.get(path)
    assert (page.status, page.headers["X-Robots-Tag"]) == (200, said)


def test_an_order_is_never_found_by_a_search_engine(door: Door) -> None:
    link = door.delivered()
    assert door.owner.get(link).headers["X-Robots-Tag"] == "noindex"
    assert link not in door.stranger.get("/sitemap.xml").html


def test_the_map_names_every_page_once_and_each_is_there(door: Door) -> None:
    robots = door.stranger.get("/robots.txt")
    assert "Sitemap: http" in robots.html
    root = ET.fromstring(door.stranger.get("/sitemap.xml").html)  # noqa: S314 (our own page)
    named = [loc.text or "" for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(named) == len(set(named)) > 100
    catalog = belgium()
    assert len([a for a in named if "/guide/" in a]) == 1 + 5 * (1 + len(asked(catalog)))
    for address in named[::9]:
        page = door.stranger.get(urlsplit(address).path)
        assert (page.status, page.headers["X-Robots-Tag"]) == (200, "all"), address


def test_a_page_says_who_says_so_and_from_when(door: Door) -> None:
    page = door.stranger.get("/guide/en/renew-base-early/")
    assert "minutes and SMS are lost" in page.text
    assert "Sources disagree" in page.text
    assert "prd.base.be/en/legal-information/conditions-prepaid-cards (undated)" in page.text
    assert "Made from our catalogue of" in page.text


def test_the_guide_asks_no_cookie_and_holds_no_secret(door: Door) -> None:
    visitor = Visitor()
    page = visitor.get("/guide/zh-Hans/5G卡怎么续费/")
    assert "比利时" in page.title
    assert "csrfmiddlewaretoken" not in page.html
    assert not visitor.client.cookies


def test_no_page_of_a_live_shop_says_what_nobody_knows(door: Door) -> None:
    from opla.presenting.guide import guide

    live = parse(read_country("belgium", sandbox=False))
    for one in asked(live):
        drawn = guide(one, live)
        rows = [row for table in drawn.tables for row in table.rows]
        assert not [row for row in rows if row.shown.value == "sample"]
        assert not [row for row in rows if row.shown.value == "not_verified" and not row.mark and row.name != "So"], one
    early = guide(Asked(Question.RENEW_EARLY, "orange"), live)
    assert "Not verified" in early.short
