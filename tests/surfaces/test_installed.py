"""The shop as an app on a phone: what is served for it, and that none of it is anybody's."""

from __future__ import annotations

import json
import re
import struct
import zlib
from html import unescape
from pathlib import Path

import pytest
from django.http import HttpResponse

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.presenting import icons, languages
from opla.storefront import installed
from surfaces.conftest import Door, Visitor

STATIC = Path(installed.__file__).parent / "static" / "storefront"
WORKER = Path(installed.__file__).with_name("service-worker.js")


def told(source: str, name: str) -> object:
    """What the server wrote above the worker."""
    found = re.search(rf"^const {name} = (.*);$", source, re.MULTILINE)
    assert found
    return json.loads(found[1])


def served(visitor: Visitor, address: str) -> HttpResponse:
    """What is there, read to its end: a static file is an open one until then."""
    answer = visitor.client.get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)
    answer.close()
    return answer


@pytest.mark.parametrize("language", languages.NAMES)
def test_the_manifest_is_in_each_language_and_whole(door: Door, language: str) -> None:
    page = door.stranger.get(f"/app/{language}.webmanifest")
    assert page.headers["Content-Type"].startswith("application/manifest+json")
    manifest = json.loads(page.html)
    assert (manifest["lang"], manifest["start_url"], manifest["scope"]) == (language, "/", "/")
    assert "SANDBOX" in manifest["name"]
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        assert served(door.stranger, icon["src"]).status_code == 200
    for shortcut in manifest["shortcuts"]:
        assert door.stranger.get(shortcut["url"]).status == 200


def test_a_language_nobody_speaks_here_has_no_manifest_and_no_page(door: Door) -> None:
    assert door.stranger.get("/app/xx.webmanifest").status == 404
    assert door.stranger.get("/kept/xx/").status == 404


def test_every_page_names_the_manifest_of_its_language_and_the_policy_lets_it(door: Door) -> None:
    page = door.stranger.get("/", **{"Accept-Language": "zh-CN"})
    assert '<link rel="manifest" href="/app/zh-Hans.webmanifest">' in page.html
    assert "worker-src 'self'; manifest-src 'self'" in page.headers["Content-Security-Policy"]


def test_what_the_worker_keeps_is_there_and_sets_no_cookie(door: Door) -> None:
    worker = door.stranger.get("/service-worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    pages, files = told(worker.html, "PAGES"), told(worker.html, "FILES")
    assert isinstance(pages, dict)
    assert isinstance(files, list)
    assert set(pages) == set(languages.NAMES)
    for address in [*pages.values(), *files]:
        answer = served(door.owner, address)
        assert answer.status_code == 200
        assert not answer.cookies
    for tag, address in pages.items():
        page = door.owner.get(address)
        assert f'<html lang="{tag}">' in page.html
        # Whatever the page itself loads is kept with it.
        loads = set(re.findall(r'(?:src|module)="(/static/[^"]+)"', page.html))
        loads |= set(re.findall(r'rel="stylesheet" href="(/static/[^"]+)"', page.html))
        assert loads <= set(files)


def test_the_page_without_a_network_says_the_same_to_everybody(door: Door) -> None:
    assert len({visitor.get("/kept/en/").html for visitor in (door.owner, door.colleague, door.stranger)}) == 1
    assert "csrfmiddlewaretoken" not in door.owner.get("/kept/").html


def test_another_content_is_another_worker(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    before = told(door.stranger.get("/service-worker.js").html, "VERSION")
    assert told(door.owner.get("/service-worker.js").html, "VERSION") == before
    monkeypatch.setattr(installed, "kept_page", lambda tag: f"another page in {tag}")
    assert told(door.stranger.get("/service-worker.js").html, "VERSION") != before


def test_the_worker_posts_nothing_later_and_looks_at_no_cookie() -> None:
    source = re.sub(r"^//.*$", "", WORKER.read_text("utf-8"), flags=re.MULTILINE)
    assert not re.search(r"\bsync\b|skipWaiting|importScripts|cookieStore", source)
    assert source.count('fetch(address, { credentials: "omit" })') == 1
    assert source.count(".put(address, answer)") == 1  # and nothing else of the network's is ever kept
    assert 'request.method !== "GET"' in source


def test_a_code_is_offered_to_the_phone_only_where_it_is_shown(door: Door) -> None:
    link = door.delivered()
    assert "data-keep=" not in door.owner.get(link).html
    shown = door.owner.post(f"{link}code/")
    assert "data-keep=" in shown.html
    found = re.search(r'data-keep="([^"]*)"', shown.html)
    assert found
    thing = json.loads(unescape(found[1]))
    assert (thing["pin"], thing["language"]) == ("0000000000001", "en")
    assert thing["ways"][0]["href"].startswith("tel:*121*0000000000001%23")
    assert thing["ways"][0]["title"] == "Dial it (reported)"  # how sure it is goes with it
    assert any("sandbox code" in note for note in thing["notes"])
    for other in (door.colleague, door.stranger):
        assert "data-keep=" not in other.post(f"{link}code/").html


def test_a_line_is_offered_to_the_phone_with_how_to_ask_again(door: Door) -> None:
    typed = {"data_gb": "", "data": "1.5", "data_unit": "GB", "data_until": "2026-12-03"}
    page = door.stranger.post("/have/proximus/line/", typed)
    found = re.search(r'data-keep="([^"]*)"', page.html)
    assert found, page.text
    thing = json.loads(unescape(found[1]))
    assert (thing["name"], thing["title"]) == ("line:proximus", "Proximus")
    assert thing["over_at"] > 1_795_000_000_000
    assert thing["ways"]


def test_the_icons_are_those_that_are_drawn() -> None:
    for icon in icons.ICONS:
        file = (STATIC / "icons" / icon.name).read_bytes()
        assert file[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", file[16:24]) == (icon.size, icon.size)
    small = next(icon for icon in icons.ICONS if icon.size == 180)
    file = (STATIC / "icons" / small.name).read_bytes()
    length = struct.unpack(">I", file[33:37])[0]
    rows = zlib.decompress(file[41 : 41 + length])
    line = 4 * small.size + 1
    assert b"".join(rows[at + 1 : at + line] for at in range(0, len(rows), line)) == icons.pixels(small)
    assert (STATIC / "icons" / "maskable.svg").read_text() == icons.svg(filled=0.8, radius=0)


def test_a_maskable_icon_keeps_its_bars_where_no_mask_cuts() -> None:
    """The safe zone is a circle of 80 % in the middle: no white pixel lies outside it."""
    icon = next(icon for icon in icons.ICONS if icon.name.startswith("maskable"))
    half = 16.0
    for x, y, width, height in icons._BARS:
        for corner in ((x, y), (x + width, y), (x, y + height), (x + width, y + height)):
            away = sum(((at - half) * icon.filled) ** 2 for at in corner) ** 0.5
            assert away <= 0.4 * 32
