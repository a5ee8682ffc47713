"""The house rules that a machine can see."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this copy is not a git clone, so nobody can say which files are its own")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue  # a picture, a font
    return found


def test_nothing_speaks_of_the_machine_it_was_written_on() -> None:
    banned = re.compile(
        r"/work/|/root/|\bshared/(tools|research|specs|design)|pythonhosted|registry\.npmjs|deb\.debian"
    )
    here = Path(__file__).name
    found = [f"{p.relative_to(ROOT)}: {m.group()}" for p, t in texts() if p.name != here and (m := banned.search(t))]
    assert found == []


def test_requirements_are_pinned_with_hashes_and_name_no_host() -> None:
    for name in ("runtime.txt", "test.txt", "cluster.txt"):
        text = (ROOT / "requirements" / name).read_text()
        pins = re.findall(r"^[a-z0-9][\w.\-]*(?:\[[\w,]+\])?==[^\s;]+", text, re.MULTILINE)
        blocks = re.split(r"\n(?=[a-z0-9])", text)
        assert len(pins) > 10
        assert all("--hash=sha256:" in block for block in blocks if re.match(r"[a-z0-9]", block))
        assert "://" not in text


def test_every_dependency_has_earned_its_line() -> None:
    page = (ROOT / "docs" / "decisions" / "0006-dependencies.md").read_text().lower()
    wanted = re.findall(r"^([A-Za-z][\w\-]*)", (ROOT / "requirements" / "runtime.in").read_text(), re.MULTILINE)
    assert [name for name in wanted if f"{name.lower()}" not in page] == []


def test_every_adapter_folder_is_whole() -> None:
    for area in ("payments", "suppliers"):
        for folder in sorted((ROOT / "src" / "opla" / area).iterdir()):
            if folder.is_dir() and (folder / "__init__.py").exists():
                names = {path.name for path in folder.iterdir()}
                assert {"provider.py", "config.py", "mapping.py", "MAPPING.md"} <= names, folder


def test_every_file_of_ours_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "src" / "opla").rglob("*.py")
        if path.stat().st_size > 400
        and "migrations" not in path.parts
        and path.name != "apps.py"
        and not path.read_text().startswith('"""')
    ]
    assert silent == []


@pytest.mark.parametrize(
    "name", ["README.md", "README.zh-Hans.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
)
def test_links_of_the_front_pages_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_decisions_name_what_guards_them() -> None:
    for page in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert "guarded by" in page.read_text().lower(), page.name
