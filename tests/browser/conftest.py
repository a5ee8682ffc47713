"""The whole shop as `./opla up` runs it, once per session, and a real chromium in front of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from browser import judges
from browser.pages import WALKS

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
_PATIENCE_S = 120
#: How long a page may take on a busy machine; whoever is done sooner does not wait.
_SLOWEST_MS = 30_000
expect.set_options(timeout=_SLOWEST_MS)
#: Everybody is somebody else: what one test tried is not held against the next (`operations.limits`).
_people = count()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")
            if not CHROMIUM.exists() and os.environ.get("OPLA_BROWSER") != "required":
                item.add_marker(pytest.mark.skip(reason=f"no chromium at {CHROMIUM}: apt-get install chromium"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of the running shop, and of its owner's terminal."""
    var = tmp_path_factory.mktemp("shop") / "var"
    var.mkdir()
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OPLA_", "DJANGO_"))},
        "PYTHONPATH": str(ROOT / "src"),
        "OPLA_VAR": str(var),
        "OPLA_PROXIES": "1",  # the tests say where each phone is
    }


@pytest.fixture(scope="session")
def asked_by_text(stack: str, environment: dict[str, str]) -> str:
    """The path that a text has brought: somebody without data asks for a top-up."""
    assert stack
    words = ["texts", "try", "+32470000001", "TOPUP 15 Proximus"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "opla", *words], env=environment, capture_output=True, text=True, check=True
    )
    found = re.search(r"/t/[a-z2-7]{26}/", done.stdout)
    assert found, done.stdout
    return found[0]


@pytest.fixture(scope="session")
def stack(environment: dict[str, str]) -> Iterator[str]:
    """The address of a running shop with its own database, worker and counterparts, gone afterwards."""
    var, port = Path(environment["OPLA_VAR"]), _free_port()
    with (var / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-P", "-m", "opla", "up", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _PATIENCE_S
        # It says where it is: another process may have taken that port meanwhile.
        while not (opened := re.search(r"Opla is open: (\S+)/\n", said := (var / "up.log").read_text("utf-8"))):
            assert up.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        yield opened.group(1)
    finally:
        up.send_signal(signal.SIGINT)
        try:
            up.wait(20)
        except subprocess.TimeoutExpired:
            up.kill()
            up.wait()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@dataclass
class Screen:
    """One person's phone. What it asked of other machines, and what it complained about, is kept."""

    base: str
    context: BrowserContext
    page: Page
    email: str
    strangers: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.base + path)

    def asked(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in ("127.0.0.1", None) and not request.url.startswith("data:"):
            self.strangers.append(request.url)

    def said(self, message: ConsoleMessage) -> None:
        # A refused form is answered with 4xx, which chromium repeats on its console.
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)


@dataclass
class Screens:
    base: str
    browser: Browser
    opened: list[Screen] = field(default_factory=list)

    def open(
        self, *, language: str = "en", javascript: bool = True, width: int = 390, dark: bool = False,
        own_colours: bool = False, still: bool = False, user_agent: str | None = None,
    ) -> Screen:  # fmt: skip
        """A phone of somebody's. `own_colours`: the person's, not ours; `still`: they asked that nothing move."""
        context = self.browser.new_context(
            locale=language,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if dark else "light",
            forced_colors="active" if own_colours else "none",
            reduced_motion="reduce" if still else "no-preference",
            user_agent=user_agent,
        )
        context.set_default_timeout(_SLOWEST_MS)
        n = next(_people)
        context.set_extra_http_headers({"X-Forwarded-For": f"100.64.{n // 256}.{n % 256}"})
        screen = Screen(self.base, context, context.new_page(), f"ana{n}@example.org")
        context.on("request", screen.asked)
        context.on("response", judges.DOCUMENTS.answered)
        screen.page.on("console", screen.said)
        self.opened.append(screen)
        return screen


@pytest.fixture
def screens(stack: str, chromium: Browser) -> Iterator[Screens]:
    """Phones, as many as a test wants. None may ask another machine for anything, or break a rule of its own page."""
    made = Screens(stack, chromium)
    yield made
    for screen in made.opened:
        screen.context.close()
    assert [url for screen in made.opened for url in screen.strangers] == []
    assert [said for screen in made.opened for said in screen.complaints] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that walks pages has walked those that `pages.WALKS` says."""
    judges.WALKED.clear()
    answer = yield
    missing = set(WALKS.get(getattr(item, "originalname", ""), ())) - judges.WALKED
    assert missing == set(), "these pages were not judged"
    return answer
