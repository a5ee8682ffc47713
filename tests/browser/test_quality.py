"""The long judges of the pages (`--full`): weight, standing still, the person's own colours, Lighthouse."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser import judges
from browser.conftest import CHROMIUM, Screens
from browser.test_every_page import judge

pytestmark = pytest.mark.full

PUBLIC = ["/", "/plan/", "/top-up/proximus/", "/have/", "/help/"]
MOST_BYTES = 60_000
#: How far things moved that nobody touched, as chromium counts it (layout-shift, buffered since the page began).
_SHIFT = """() => new Promise(done => { let sum = 0; const o = new PerformanceObserver(l => l.getEntries().forEach(
    e => { if (!e.hadRecentInput) sum += e.value; })); o.observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(sum), 50))); })"""
#: What would move by itself or on a change.
_MOVES = """() => [...document.querySelectorAll('*')].filter(e => { const s = getComputedStyle(e);
    return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none'; }).map(e => e.outerHTML.slice(0, 80))"""


def sent_bytes(page: Page, url: str) -> int:
    """Bytes over the wire for a first visit, as compressed as they came, headers and all."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda done: sizes.append(int(done["encodedDataLength"])))
    page.goto(url, wait_until="networkidle")
    session.detach()
    return sum(sizes)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_weighs_little_and_stands_still(screens: Screens, path: str) -> None:
    screen = screens.open(language="zh-CN", still=True)
    assert 0 < sent_bytes(screen.page, screen.base + path) <= MOST_BYTES
    assert screen.page.evaluate(_SHIFT) == 0
    assert screen.page.evaluate(_MOVES) == []


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_is_whole_in_the_persons_own_colours(screens: Screens, path: str) -> None:
    screen = screens.open(own_colours=True)
    screen.go(path)
    judge(screen.page)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_is_whole_on_a_desktop(screens: Screens, path: str) -> None:
    screen = screens.open(width=1280)
    screen.go(path)
    judge(screen.page)


@pytest.mark.parametrize("path", PUBLIC)
def test_lighthouse_finds_nothing_to_say_of_access_and_practice(
    stack: str, path: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    out = tmp_path / "lighthouse.json"
    done = subprocess.run(
        [judges.NODE, str(Path(judges.HOME, "node_modules", "lighthouse", "cli", "index.js")), stack + path, "--quiet",
         "--only-categories=accessibility,best-practices,performance", "--output=json", f"--output-path={out}",
         "--chrome-flags=--headless=new --no-sandbox --disable-background-networking"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "CHROME_PATH": str(CHROMIUM)},
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(out.read_text())
    wrong = {
        name: (audit["title"], audit.get("details", {}).get("items"))
        for name, audit in said["audits"].items()
        if audit["score"] is not None and audit["score"] < 1
        and any(name == ref["id"] and ref["weight"] for kind in ("accessibility", "best-practices")
                for ref in said["categories"][kind]["auditRefs"])
    }  # fmt: skip
    scores = {name: round(category["score"] * 100) for name, category in said["categories"].items()}
    record_property(f"Lighthouse {path}", scores)  # speed is told, not judged: it is the machine's too
    assert (scores["accessibility"], scores["best-practices"], wrong) == (100, 100, {})
