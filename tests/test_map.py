"""The map of ARCHITECTURE.md, as tests: who may import whom, and what the core may not know."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "opla"
CORE = sorted((SOURCE / "core").rglob("*.py"))


def test_nobody_imports_against_the_map() -> None:
    judged = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-3000:] + judged.stderr[-1000:]


@pytest.mark.parametrize("path", CORE, ids=lambda p: str(p.relative_to(SOURCE)))
def test_the_core_knows_no_clock_no_chance_and_no_float(path: Path) -> None:
    hidden = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
        ("time", "monotonic"),
        ("uuid", "uuid4"),
        ("os", "urandom"),
    }
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in hidden, (
                f"{path.name}:{node.lineno} asks for the time or for chance"
            )
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"{path.name}:{node.lineno} holds a float"
        if isinstance(node, ast.Name):
            assert node.id != "float", f"{path.name}:{node.lineno} speaks of floats"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] + [getattr(node, "module", None) or ""]
            assert not {"secrets", "time", "os", "socket"} & set(names), f"{path.name}:{node.lineno}"
    if path.name != "chance.py":
        assert "import random" not in path.read_text(), f"{path.name} makes its own chance"


def test_sql_is_written_in_db_alone() -> None:
    """And by the judge of a simulation, which must not see the database through the eyes it judges."""
    sql = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\s+[\w*({]", re.MULTILINE)
    strangers = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if not {"db", "proving"} & set(path.relative_to(SOURCE).parts) and sql.search(path.read_text())
    ]
    assert strangers == []


def test_every_package_stands_on_the_page_of_the_architecture() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    packages = {path.name for path in SOURCE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert {name for name in packages if f"{name}/" not in page} == set()
