"""`./opla line` on a catalogue file: one object on stdout, clear refusals, and no database."""

from __future__ import annotations

import io
import json
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import support  # noqa: F401  (the settings, before anything of Django)
from opla.__main__ import main
from opla.core.catalog import Catalog, parse
from opla.operations.read_catalog import CATALOGS, read_country

HELD = {
    "operator": "base",
    "credit": [{"amount_minor": 350, "ends": "2026-12-20T13:05:00Z"}],
    "buckets": [{"kind": "data", "left_kb": 1_200_000, "ends": "2026-12-03T23:00:00Z"}],
}


@cache
def _parsed() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


@pytest.fixture(autouse=True)
def catalog(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue with its invented figures, read once: reading YAML takes a second."""
    if "from_file" not in request.fixturenames:
        monkeypatch.setattr("opla.commands.line._catalog", lambda _: nullcontext(_parsed()))


@pytest.fixture
def from_file() -> str:
    """The shipped catalogue as a file."""
    return f"--catalog {CATALOGS / 'belgium.yaml'}"


@pytest.fixture
def line(tmp_path: Path) -> str:
    path = tmp_path / "line.json"
    path.write_text(json.dumps(HELD))
    return str(path)


def said(capsys: pytest.CaptureFixture[str], words: str) -> tuple[int, Any]:
    code = main([*words.split(), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_line_is_shown_as_it_is_at_a_time(capsys: pytest.CaptureFixture[str], line: str) -> None:
    code, before = said(capsys, f"line show --line {line} --at 2026-12-03")
    assert code == 0
    assert [bucket["left_kb"] for bucket in before["line"]["buckets"]] == [1_200_000]
    _, after = said(capsys, f"line show --line {line} --at 2026-12-04")
    assert after["line"]["buckets"] == []


def test_a_purchase_answers_with_the_line_after_it(
    capsys: pytest.CaptureFixture[str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    buying = "--buy BA-15@2026-11-22T12:00:00+00:00"
    code, answer = said(capsys, f"line apply --line {line} {buying}")
    assert (code, answer["paid_minor"], answer["currency"]) == (0, 1500, "EUR")
    assert {"what": "bucket_extended", "kind": "data", "amount": 1_200_000, "unit": "kB"}.items() <= {
        **next(fact for fact in answer["happened"] if fact["what"] == "bucket_extended")
    }.items()
    assert answer["uncertain"]["data_mb"] == ["sample"]
    # What comes out goes in again.
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(answer["line"])))
    code, again = said(capsys, "line show --line - --at 2026-11-22T12:00:00Z")
    assert (code, again["line"]) == (0, answer["line"])


def test_a_timeline_says_what_happens_and_what_is_not_covered(capsys: pytest.CaptureFixture[str], line: str) -> None:
    words = f"line timeline --line {line} --at 2026-11-22 --until 2026-12-22 --data-gb 6"
    code, answer = said(capsys, f"{words} --buy BA-15@2026-12-05")
    assert code == 0
    events = [(event["event"], event["at"]) for event in answer["events"] if event.get("kind") in (None, "data")]
    assert events == [
        ("bucket_empty", "2026-11-26T23:00:00Z"), ("gap", "2026-11-26T23:00:00Z"),
        ("bucket_expires", "2026-12-03T23:00:00Z"), ("bought", "2026-12-04T23:00:00Z"),
    ]  # fmt: skip
    assert answer["met"]["data_kb"] + sum(day["data_kb"] for day in answer["unmet"].values()) == 6_000_000
    assert list(answer["unmet"])[:2] == ["2026-11-28", "2026-11-29"]


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-Hans"])
@pytest.mark.parametrize("act", ["show", "apply", "timeline"])
def test_people_read_sentences(capsys: pytest.CaptureFixture[str], line: str, act: str, language: str) -> None:
    words = f"line {act} --line {line} --at 2026-11-22 --lang {language} --data-gb 6"
    assert main([*words.split(), "--buy", "BA-15"]) == 0
    assert "1.2 GB" in capsys.readouterr().out.replace(",", ".") or act == "timeline"


@pytest.mark.parametrize(
    ("words", "code", "refusal"),
    [
        ("apply --operator base --buy PX-15", 1, "product_of_another_operator"),
        ("apply --operator base --buy NO-1", 1, "product_unknown"),
        ("apply --operator nobody --buy PX-15", 1, "operator_unknown"),
        ("apply --operator base --buy BA-15=14", 1, "amount_not_offered"),
        ("apply --operator orange --buy OR-10", 1, "product_withdrawn"),
        ("apply --operator lycamobile --buy LY-U25", 1, "credit_too_low"),
        ("apply --operator base --buy BA-15@2026-12-05 --code-last-day 2026-12-04", 1, "code_lapses"),
        ("show --line /nowhere", 1, "file_unreadable"),
        ("apply --operator base", 1, "product_unknown"),
        ("apply --operator base --buy BA-15@2026-12-05T10:00", 2, "usage"),
        ("timeline --operator base --data-gb many", 2, "usage"),
        ("timeline --operator base --until 2020-01-01", 1, "day_unreadable"),
        ("timeline --operator base --until 2199-01-01", 1, "day_unreadable"),
        ("show --operator base --at 0001-01-01", 2, "usage"),
        ("show --operator base --at tomorrow", 2, "usage"),
        ("show --operator base --lang xx", 1, "language_unknown"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], words: str, code: int, refusal: str
) -> None:
    found, answer = said(capsys, f"line {words}")
    assert (found, answer["refusal"]["code"]) == (code, refusal)


def test_a_line_that_cannot_be_read_names_its_field(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text('{"operator": "base", "buckets": [{"kind": "data"}]}')
    code, answer = said(capsys, f"line show --line {path}")
    assert (code, answer["refusal"]["code"]) == (1, "line_unreadable")
    assert "buckets.0.left_kb" in answer["refusal"]["message"]


def test_a_file_is_enough_and_no_database_is_asked(
    capsys: pytest.CaptureFixture[str], line: str, from_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opla.commands.runtime.running", None)
    code, answer = said(capsys, f"line show --line {line} --at 2026-11-22 {from_file}")
    assert (code, answer["line"]["operator"]) == (0, "base")
    code, answer = said(capsys, f"line apply --operator proximus --buy PX-15 {from_file}")
    assert (code, answer["refusal"]["code"]) == (1, "effect_unknown")
    assert "data_mb" in answer["refusal"]["message"]
    code, answer = said(capsys, f"line show --line {line} --catalog {line}")
    assert (code, answer["refusal"]["code"]) == (1, "file_unreadable")
