"""What is written down of trouble: enough to mend it, nothing that opens an order or is worth money."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from logging.config import dictConfig
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.urls import resolve

import support  # noqa: F401 - Django is set up there
from opla.site import logs

STREAM = StringIO()
LINK = "znohijz7tdrhotf5q6wvzefjla"


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """A logger of its own with the shop's handlers, writing below `tmp_path`."""
    made = logs.settings(tmp_path)
    dictConfig({**made, "loggers": {"probe": {"level": "WARNING", "handlers": ["terminal", "file"]}}})
    STREAM.seek(0)
    STREAM.truncate()
    logging.getLogger("probe").handlers[0].setStream(STREAM)  # type: ignore[attr-defined]
    yield tmp_path / "log" / "opla.jsonl"
    for handler in logging.getLogger("probe").handlers:
        handler.close()
    logging.getLogger("probe").handlers.clear()


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_what_broke_a_page_is_written_with_its_route_and_not_its_address(written: Path) -> None:
    request = RequestFactory().get(f"/o/{LINK}/")
    request.resolver_match = resolve(f"/o/{LINK}/")
    said = {"status_code": 500, "request": request}
    try:
        int(f"no order behind /o/{LINK}/ of ana@example.org")
    except ValueError:
        logging.getLogger("probe").exception("Internal Server Error: %s", request.path, extra=said)
    [line] = lines(written)
    assert (line["route"], line["status"], line["error"]) == ("o/<str:link>/", 500, "ValueError")
    assert "test_logs.py" in str(line["traceback"])
    terminal = STREAM.getvalue()
    assert terminal == "Internal Server Error: /o/***/: ValueError (all of it in var/log/opla.jsonl)\n"
    assert not [text for text in (written.read_text(), terminal) if LINK in text or "ana@" in text]


@pytest.mark.parametrize(
    "secret",
    ["4821 9034 7715 2", "4821903477152", "+32470123456", "0470 12 34 56", "ana.b@example.org", f"/o/{LINK}/",
     "opla_9x8WbZk3vTq1LmNp"],
)  # fmt: skip
def test_what_is_worth_money_or_names_a_person_is_struck_out(secret: str) -> None:
    assert logs.struck(f"before {secret} after") in ("before *** after", "before /o/***/ after", "before +*** after")


@pytest.mark.parametrize(
    "plain",
    ["order K7M3-9QX2-TB took 1500 ms", "2026-11-22 07:00:00", "5f0c2a4e-8f0b-4c7e-9a64-0f6f6f7b2f55", "line 1234567",
     "10.0.0.12:5432", "1.234567890123 s"],
)  # fmt: skip
def test_what_helps_to_mend_it_stays(plain: str) -> None:
    assert logs.struck(plain) == plain


def test_the_same_trouble_of_many_threads_is_one_line_that_says_how_often(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    log = logging.getLogger("probe")
    for _ in range(50):
        log.warning("the database is not there")
    log.warning("something else")
    now[0] = logs.QUIET_S
    log.warning("the database is not there")
    assert [(line["message"], line.get("repeated")) for line in lines(written)] == [
        ("the database is not there", None),
        ("something else", None),
        ("the database is not there", 49),
    ]


def test_the_file_is_private_and_a_folder_that_cannot_be_written_breaks_nothing(tmp_path: Path) -> None:
    record = logging.LogRecord("probe", logging.ERROR, __file__, 1, "said", None, None)
    file = logs.File(tmp_path / "log" / "opla.jsonl", delay=True)
    file.emit(record)
    file.close()
    assert (tmp_path / "log" / "opla.jsonl").stat().st_mode & 0o777 == 0o600
    (tmp_path / "taken").write_text("a file where the folder should be")
    broken = logs.File(tmp_path / "taken" / "opla.jsonl", delay=True)
    broken.emit(record)
    broken.close()
