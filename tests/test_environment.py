"""Whatever is read of the environment stands in the table, with the default that is read, and nothing else does."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import support  # noqa: F401 - sets Django up
from opla.commands import doctor
from opla.commands._settings import names
from opla.environment import OURS, SETTINGS, unread

SOURCE = Path(__file__).parents[1] / "src" / "opla"
TABLE = {setting.name: setting for group in SETTINGS.values() for setting in group}
_NAME = re.compile(r"(OPLA|DATABASE)_[A-Z_]*[A-Z]")
#: Spelled from parts where they are read.
_IN_PARTS = {"OPLA_BANK_IBAN", "OPLA_BANK_HOLDER", "OPLA_BANK_BIC"}


def constants() -> Iterator[str]:
    """Every name of a setting in the source, but for the table's own."""
    for path in SOURCE.rglob("*.py"):
        if path.name != "environment.py":
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                    yield node.value


def defaults() -> Iterator[tuple[str, object]]:
    """What is read where nothing is given: the second argument of each `environ.get`."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), ast.Constant(value=default)]
                ) if name in TABLE:
                    yield name, default


def test_every_name_that_is_read_stands_in_the_table_and_the_other_way_round() -> None:
    assert set(constants()) - OURS - set(names()) == set(TABLE) - _IN_PARTS


def test_the_table_has_the_defaults_that_are_read() -> None:
    asked_for_nothing = {("OPLA_URL", "")}  # whether one is given at all
    wrong = [(name, default) for name, default in defaults() if default != TABLE[name].default]
    assert set(wrong) <= asked_for_nothing


def test_a_slip_is_named_and_what_is_known_is_not() -> None:
    given = [
        "OPLA_PAYMNT_METHODS",
        "OPLA_URL",
        "OPLA_PAYMENTS_MOLLIE_KEY_FILE",
        "OPLA_TRY_DING_KEY",
        "PATH",
        "OPLA_X_FILE",
    ]
    assert unread(given, names()) == ["OPLA_PAYMNT_METHODS", "OPLA_X_FILE"]


def test_doctor_says_which_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLA_PAYMNT_METHODS", "cash")
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLY_KEY", "live_…")
    assert list(doctor._settings()) == [
        (False, "OPLA_PAYMENTS_MOLLY_KEY is set, and nobody reads it; is OPLA_PAYMENTS_MOLLIE_KEY meant?"),
        (False, "OPLA_PAYMNT_METHODS is set, and nobody reads it; is OPLA_PAYMENT_METHODS meant?"),
    ]


def test_doctor_needs_no_settings_that_are_right_to_say_which_are_wrong() -> None:
    """Django is set up by nobody there: what is wrong may be what it would be set up by."""
    said = subprocess.run(
        [sys.executable, "-P", "-c", "from opla.commands import doctor; print(list(doctor._settings()))"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE.parent), "OPLA_HOST": "x"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "OPLA_HOST is set, and nobody reads it; is OPLA_HOSTS meant?" in said.stdout, said.stderr


def test_every_adapter_is_asked_for_no_setting_that_the_table_leaves_out() -> None:
    known = {name.lower() for name in names()}
    for path in SOURCE.glob("*/*/config.py"):
        area, adapter = path.parent.parent.name, path.parent.name
        if adapter in ("sandbox", "bank_transfer"):
            continue
        read = re.findall(r"given(?:\.get\(|\[)\"(\w+)\"", path.read_text("utf-8"))
        assert [field for field in read if f"opla_{area}_{adapter}_{field}" not in known] == []
