"""Two releases beside each other: what each makes of a database that the other has prepared."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import opla
import opla.db
import support  # noqa: F401 - sets Django up, which the imports below need
from fakes import World
from opla.db import setup
from opla.db.queries.call import select

MIGRATIONS = sorted((Path(opla.db.__file__).parent / "migrations").glob("0*.py"))
#: From here on the rule holds; what is older was made before there was anybody to upgrade.
FIRST = 170
#: What code of the release before cannot run beside, or what stops a shop while a large table is rewritten.
TAKES_AWAY = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bSET\s+NOT\s+NULL\b|\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b"
    r"|\bADD\s+COLUMN\s+(IF\s+NOT\s+EXISTS\s+)?\w+[^,;]*\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)|\bTRUNCATE\b",
    re.IGNORECASE,
)
OPERATIONS = {"RemoveField", "DeleteModel", "RenameField", "RenameModel", "AlterField"}


def forwards(text: str) -> tuple[str, set[str], str]:
    """The SQL a migration runs (not how it is taken back), the operations it names, and its marker."""
    tree = ast.parse(text)
    names = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    sql, used = [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            used.add(node.func.attr)
            if node.func.attr == "RunSQL" and node.args:
                first = node.args[0]
                sql.append(str(names.get(first.id, "")) if isinstance(first, ast.Name) else ast.unparse(first))
    without_remarks = re.sub(r"--[^\n]*", "", "\n".join(sql))
    return without_remarks, used & OPERATIONS, str(names.get("UNUSED_SINCE", ""))


def breaks(text: str) -> str:
    """Why code of the release before could not run beside; empty: it can."""
    sql, operations, marker = forwards(text)
    found = TAKES_AWAY.search(sql)
    if not (found or operations):
        return ""
    if marker and tuple(map(int, marker.split("."))) < tuple(map(int, opla.VERSION.split("."))):
        return ""  # the release before has left it alone already: this is the second step
    return found.group(0) if found else " ".join(sorted(operations))


@pytest.mark.parametrize("path", [p for p in MIGRATIONS if int(p.name[:4]) >= FIRST], ids=lambda p: p.name)
def test_a_migration_only_adds_unless_the_release_before_has_let_go_of_it(path: Path) -> None:
    assert breaks(path.read_text("utf-8")) == "", "see docs/howto/upgrade.md"


@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        ("ALTER TABLE orders DROP COLUMN plan", True),
        ("ALTER TABLE orders RENAME COLUMN plan TO tariff", True),
        ("ALTER TABLE orders ALTER COLUMN plan SET NOT NULL", True),
        ("ALTER TABLE orders ADD COLUMN colour text NOT NULL", True),
        ("ALTER TABLE orders ADD COLUMN colour text NOT NULL DEFAULT ''", False),
        ("ALTER TABLE orders ADD COLUMN colour text", False),
        ("CREATE TABLE colour (id int PRIMARY KEY, name text NOT NULL)", False),
    ],
)
def test_the_rule_sees_what_takes_away(sql: str, wrong: bool) -> None:
    assert bool(breaks(f'operations = [migrations.RunSQL("{sql}", "DROP TABLE colour")]')) is wrong
    assert not breaks(f'UNUSED_SINCE = "0.0.9"\noperations = [migrations.RunSQL("{sql}")]')


def meta() -> dict[str, str]:
    return {
        str(k): str(v) for k, v in select("SELECT key, value FROM opla_meta WHERE key IN ('schema', 'step', 'oldest')")
    }


def pretend(monkeypatch: pytest.MonkeyPatch, *, step: tuple[int, ...], wanted: str = "another") -> None:
    """This code becomes another release."""
    monkeypatch.setattr(setup, "STEP", step)
    monkeypatch.setattr(setup, "wanted", lambda: wanted)


AT = datetime(2026, 11, 22, tzinfo=UTC)


def test_older_code_leaves_a_later_database_as_it_is_and_runs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = meta()
    pretend(monkeypatch, step=(0, 1, 0, 100))
    assert setup.prepare(AT) is False
    assert meta() == before
    assert setup.is_current()
    world.paid()
    world.work(3)


@pytest.mark.usefixtures("world")
def test_newer_code_brings_the_database_forward_and_older_code_does_not_take_it_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as newer:
        pretend(newer, step=(0, 2, 0, 999))
        assert not setup.is_current()
        assert setup.prepare(AT) is True
        assert (meta()["step"], meta()["schema"]) == ("0.2.0.999", "another")
    assert setup.is_current()  # this code is the older one now, and may run beside
    assert setup.prepare(AT) is False
    assert meta()["schema"] == "another"


@pytest.mark.usefixtures("world")
def test_code_of_two_releases_ago_says_so_instead_of_running(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        pretend(newer, step=(0, 3, 0, 999))
        newer.setattr(setup, "RUNS_BESIDE", (0, 2, 0, 0))
        setup.prepare(AT)
    assert not setup.is_current()
    with pytest.raises(setup.TooOld):
        setup.prepare(AT)


def test_every_process_means_the_same_by_what_it_expects_of_a_database() -> None:
    """Or each start would put everything there anew, beside whoever works."""
    said = {
        subprocess.run(
            [
                sys.executable,
                "-P",
                "-c",
                "import django; django.setup()\nfrom opla.db import setup; print(setup.wanted())",
            ],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(setup.__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert said == {f"{setup.wanted()}\n"}
