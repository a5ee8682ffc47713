"""Judges that nobody here wrote: axe always; HTML_CodeSniffer, html-validate and Lighthouse with `--full`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response

#: Where the judges of `requirements/judges` stand; empty without `--full`.
HOME: Final = os.environ.get("OPLA_JUDGES", "")
#: By its whole path: it need not be where Debian puts it.
NODE: Final = shutil.which("node") or "node"
#: What axe leaves out unless asked: WCAG 2.2's size of targets. What it has nothing against need not be told at length.
_AXE: Final = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
_SNIFF: Final = """() => new Promise((done, failed) => HTMLCS.process(
    'WCAG2AA',
    document,
    () => done(HTMLCS.getMessages().filter(m => m.type === HTMLCS.ERROR)
        .map(m => [m.code, (m.element.outerHTML || '').slice(0, 200)])),
    () => failed(new Error('the page could not be sniffed'))))"""


def axe(page: Page) -> list[tuple[str, list[str]]]:
    """What axe objects to, all its rules of WCAG 2.2 AA and of good practice."""
    violations = Axe().run(page, options=_AXE).response["violations"]
    return [(v["id"], [f"{n['html']} {n['failureSummary']}" for n in v["nodes"]]) for v in violations]


#: Names of the addresses that were judged in this test.
WALKED: Final[set[str]] = set()


def walked(page: Page) -> None:
    """Note which page this is."""
    from django.urls import Resolver404, resolve

    import support  # noqa: F401 - sets Django up, whose addresses these are

    try:
        WALKED.add(resolve(unquote(urlsplit(page.url).path)).url_name or "")
    except Resolver404:  # the page that says so
        WALKED.add("404")


@cache
def _sniffer() -> str:
    return Path(HOME, "node_modules", "html_codesniffer", "build", "HTMLCS.js").read_text("utf-8")


def htmlcs(page: Page) -> list[list[str]]:
    """What HTML_CodeSniffer calls an error under WCAG 2 AA (pa11y's second judge); nothing without `--full`."""
    if not HOME:
        return []
    page.evaluate(_sniffer())
    found: list[list[str]] = page.evaluate(_SNIFF)
    return found


#: Rules of taste, not of HTML: how a void element or an attribute is written, whether a button says that it submits
#: (without a type it does, by the standard), no-break spaces in telephone numbers, and blanks at a line's end, which
#: is how a template leaves out a mark.
_STYLE: Final = dict.fromkeys(
    ("void-style", "attr-quotes", "no-implicit-button-type", "long-title", "doctype-style", "attribute-boolean-style",
     "attribute-empty-style", "tel-non-breaking", "no-trailing-whitespace"),
    "off",
)  # fmt: skip


class Documents:
    """Every page as the server wrote it, once each, for html-validate."""

    def __init__(self) -> None:
        self._last: dict[Page, Response] = {}
        self._kept: dict[str, str] = {}

    def answered(self, response: Response) -> None:
        if response.request.resource_type == "document" and not 300 <= response.status < 400:
            self._last[response.frame.page] = response

    def keep(self, page: Page) -> None:
        """The page that is open now."""
        if HOME and page in self._last:
            self._kept.setdefault(self._last[page].text(), page.url)

    def refused(self, folder: Path) -> str:
        """What html-validate says is wrong, a line each: rule, why, and where first. Nothing without `--full`."""
        if not HOME or not self._kept:
            return ""
        names = {}
        for n, (text, url) in enumerate(self._kept.items()):
            path = folder / f"{n:03}.html"
            path.write_text(text, "utf-8")
            names[str(path)] = url
        self._kept.clear()
        config = folder / ".htmlvalidate.json"
        config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended"], "rules": _STYLE}))
        said = folder / "said.json"
        with said.open("wb") as out:  # a file: into a pipe it does not write to the end
            done = subprocess.run(
                [NODE, str(Path(HOME, "node_modules", "html-validate", "bin", "html-validate.mjs")),
                 "--config", str(config), "--formatter", "json", *names],
                stdout=out, stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, str] = {}
        for page in json.loads(said.read_text("utf-8")):
            for one in page["messages"]:
                found.setdefault(f"{one['ruleId']}: {one['message']}", f"{names[page['filePath']]} line {one['line']}")
        return "\n".join(f"{what} ({where})" for what, where in found.items())


DOCUMENTS: Final = Documents()
