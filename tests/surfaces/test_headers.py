"""What every answer carries, and what no page may hold."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from surfaces.conftest import Door

SRC = Path(__file__).resolve().parents[2] / "src" / "opla"
PAGES = [
    "/",
    "/number/",
    "/top-up/proximus/",
    "/top-up/proximus/PX-15/",
    "/help/",
    "/have/",
    "/have/proximus/",
    "/operators/base/",
    "/guide/zh-Hans/base-提前续费/",
    "/checklist/",
    "/terms/",
    "/withdrawal/",
    "/places/",
    "/look/",
    "/gone/",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_what_it_does_not_need(door: Door, path: str) -> None:
    page = door.stranger.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("template", sorted(SRC.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_anything_inline_or_from_elsewhere(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r'(?:src|href)="https?://', text)
    assert "|safe" not in text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_with_all_it_loads_is_below_60_kilobytes(door: Door, path: str) -> None:
    page = door.stranger.get(path)
    size = len(gzip.compress(page.html.encode()))
    for asset in set(re.findall(r'"(/static/[^"]+)"', page.html)):
        response = door.stranger.client.get(asset, headers={"accept-encoding": "gzip"})
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert (response.status_code, response["Content-Encoding"]) == (200, "gzip"), asset
        assert "max-age=31536000" in response["Cache-Control"]
        size += len(body)
    assert size < 60_000


def test_no_address_of_a_purchase_holds_a_number_an_e_mail_or_a_code(door: Door) -> None:
    seen = [door.stranger.post("/", {"number": "0470 12 34 56"}).where]
    quote = door.stranger.post("/top-up/mobile-vikings/MV-15/", {"number": "0470 12 34 56", "email": "ana@example.org"})
    seen += [
        quote.where,
        door.stranger.post(quote.where, {"total": "1500", "method": "sandbox", "at_once": "on"}).where,
    ]
    assert not [path for path in seen if re.search(r"470|@|%40|ana", path)]


def test_a_code_is_in_no_log_and_in_no_representation(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    from opla.core.catalog import parse  # noqa: F401 (the catalogue is loaded before the log is watched)

    link = door.delivered()
    with caplog.at_level("DEBUG"):
        shown = door.owner.post(f"{link}code/")
    assert "0000 0000 0000 1" in shown.text
    assert "0000000000001" not in caplog.text


def test_what_is_broken_says_so_in_every_language_without_needing_anything(door: Door) -> None:
    from django.http import HttpRequest

    from opla.storefront.views.errors import broken

    page = broken(HttpRequest())
    assert page.status_code == 500
    said = page.content.decode()
    for words in (
        "Something broke",
        "Quelque chose s’est cassé",
        "Er ging iets stuk",
        "Etwas ist kaputtgegangen",
        "出错了",
    ):
        assert words in said
