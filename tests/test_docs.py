"""The pages people read: the generated ones are fresh, links lead somewhere, commands exist, both READMEs agree."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from opla import VERSION

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "catalogs").glob("*.md"), *ROOT.glob("src/**/*.md")]
)
FRONT = ("README.md", "README.zh-Hans.md")

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:^|[\s`(])\./opla ([a-z_][^\n`|)]*)", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(text: str) -> str:
    """A page without its code blocks: an example of Markdown or YAML is no link and no heading."""
    return _FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    heads = re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def commands(text: str) -> list[list[str]]:
    """Every `./opla …` a page writes down, as words. Comments and what stands for text (`…`, CAPITALS) stay words."""
    return [[word.rstrip(",.;:") for word in shlex.split(found, comments=True)] for found in _COMMAND.findall(text)]


def fenced(text: str) -> list[list[str]]:
    return [words for _, block in _FENCE.findall(text) for words in commands(block)]


def pictures(text: str) -> list[str]:
    return re.findall(r"docs/pictures/([\w\-.]+)", text)


def test_the_generated_reference_is_what_the_tables_say() -> None:
    import support  # noqa: F401 - sets Django up
    from opla.__main__ import names
    from opla.commands import _reference
    from opla.commands._settings import adapters
    from opla.presenting.reference import pages

    assert _reference.names() == names()
    made = pages(_reference.commands(), adapters())
    stale = [page for page, text in made.items() if (_reference.FOLDER / page).read_text("utf-8") != text]
    assert stale == [], "run ./opla _reference"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    lost = []
    for link in _LINK.findall(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (heading and target.suffix == ".md" and heading not in anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_written_down_exists_with_its_options(page: Path) -> None:
    from opla.__main__ import names
    from opla.commands._reference import arguments

    wrong = []
    for command, *rest in commands(page.read_text("utf-8")):
        if command not in names(hidden=True):
            wrong.append(command)
            continue
        known = {flag for action in arguments(command) for flag in action.option_strings} | {"--help"}
        passed_on = any(action.nargs == argparse.REMAINDER for action in arguments(command))
        wrong += [f"{command} {w}" for w in rest if w.startswith("--") and w not in known and not passed_on]
    assert wrong == []


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = (fenced((ROOT / page).read_text("utf-8")) for page in FRONT)
    assert english == chinese
    assert ["up"] in english
    assert any(words[0] == "topup" for words in english)


def test_both_readmes_show_the_same_pictures_each_in_its_language() -> None:
    english, chinese = (pictures((ROOT / page).read_text("utf-8")) for page in FRONT)
    shown = [picture.replace(".en.", ".zh-Hans.") for picture in english if picture.endswith(".png")]
    assert len(shown) == 2
    assert shown == [picture for picture in chinese if picture.endswith(".png")]


def test_pictures_are_small_and_every_one_is_shown() -> None:
    taken = {path.name: path.stat().st_size for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert [picture for picture, size in taken.items() if size > 150_000] == []
    assert set(taken) == {p for page in PAGES for p in re.findall(r"pictures/([\w\-.]+\.png)", page.read_text("utf-8"))}


def test_the_licence_and_the_version_are_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    found = re.search(r'^version = "([\d.]+)"', project, re.MULTILINE)
    assert found
    assert found[1] == VERSION
    assert f"## {found[1]}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert 'license = "Apache-2.0"' in project
    assert all("Apache" in (ROOT / page).read_text("utf-8") for page in FRONT)
