"""Settings that lie in files: read once, refused in words that do not repeat them, and not handed to children."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opla import secret_files

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _nothing_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_files, "_read", set())


def test_what_a_file_holds_is_the_setting_and_its_name_alone_goes_to_children(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("live_of_a_test\n")
    environ = {"OPLA_PAYMENTS_MOLLIE_KEY_FILE": str(file), "HOME_FILE": "x", "OPLA_SANDBOX": "0"}
    secret_files.read(environ)
    assert environ["OPLA_PAYMENTS_MOLLIE_KEY"] == "live_of_a_test"
    assert "HOME" not in environ
    child = secret_files.for_a_child(environ)
    assert "OPLA_PAYMENTS_MOLLIE_KEY" not in child
    assert child["OPLA_PAYMENTS_MOLLIE_KEY_FILE"] == str(file)


def test_an_adapter_is_not_handed_the_name_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from opla.operations.outside import configuration

    file = tmp_path / "key"
    file.write_text("live_of_a_test")
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY_FILE", str(file))
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", "live_of_a_test")
    assert configuration("payments", "mollie", tmp_path) == {"key": "live_of_a_test"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "is no text"),
        (b"secret\0", "is no setting"), (b"x" * 70_000, "is no setting"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_setting_is_refused_without_repeating_it(
    content: bytes | None, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=says) as refused:
        secret_files.read({"OPLA_X_KEY_FILE": str(file)})
    assert "OPLA_X_KEY_FILE" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_one_setting_in_two_places_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a")
    with pytest.raises(ValueError, match="both set"):
        secret_files.read({"OPLA_X_KEY_FILE": str(tmp_path / "key"), "OPLA_X_KEY": "b"})


def test_a_command_says_in_a_sentence_that_a_file_is_missing(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPLA_X_KEY_FILE": str(tmp_path / "none")}
    words = [sys.executable, "-P", "-m", "opla", "doctor", "--json"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "OPLA_X_KEY_FILE cannot be read" in done.stdout
