"""What processes write down of themselves: a line for whoever watches, and the whole of it in `var/log/opla.jsonl`.

Neither ever holds what opens an order or what is worth money: links, codes and addresses are struck out, whoever wrote
them and wherever they stood, in what libraries say and in tracebacks too.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import time
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

#: One kind of trouble is written this often and no more, however many threads meet it; the next line says how many.
QUIET_S = 10.0

_LINK = r"\b[a-z2-7]{26}\b"  # 128 bits in base32: an order's link, an owner's
_KEY = r"\bopla_[A-Za-z0-9_-]{16,}"  # a reseller's
_CODE = r"(?<![\w.-])(?!\d{4}-\d\d-\d\d\b)\d(?:[ -]?\d){8,31}(?![\w.])"  # a PIN, a number, a card
_EMAIL = r"[^\s@<>\"',;:()]+@[^\s@<>\"',;:()]+"
_STRUCK = re.compile(f"{_LINK}|{_KEY}|{_CODE}|{_EMAIL}")


def struck(text: str) -> str:
    """The text without what nobody may read in a log."""
    return _STRUCK.sub("***", text)


class Line(logging.Formatter):
    """One sentence for the terminal; where to read on stands at its end when something broke."""

    def format(self, record: logging.LogRecord) -> str:
        who = "" if record.processName in (None, "MainProcess") else f"{record.processName} | "
        said = who + struck(record.getMessage())
        if record.exc_info and record.exc_info[0]:
            said += f": {record.exc_info[0].__name__} (all of it in var/log/opla.jsonl)"
        return said + _repeated(record)


class Record(logging.Formatter):
    """One JSON object per line: `at level logger process message`, and `route status error traceback repeated`."""

    def format(self, record: logging.LogRecord) -> str:
        written: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": struck(record.getMessage()),
        }
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        if match is not None:
            written["route"] = match.route  # never the path: it holds the order's link
        if (status := getattr(record, "status_code", None)) is not None:
            written["status"] = status
        if record.exc_info and record.exc_info[0]:
            written["error"] = record.exc_info[0].__name__
            written["traceback"] = struck(self.formatException(record.exc_info))
        if repeated := getattr(record, "repeated", 0):
            written["repeated"] = repeated
        return json.dumps(written, ensure_ascii=False)


class Once(logging.Filter):
    """Lets the same trouble through once in `QUIET_S`: of a database that went, every thread speaks at every try."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = (record.name, record.levelno, record.msg, record.exc_info[0] if record.exc_info else None)
        since, held = self._last.get(kind, (float("-inf"), 0))
        now = time.monotonic()
        if now - since < QUIET_S:
            self._last[kind] = (since, held + 1)
            return False
        if len(self._last) > 1000:  # kinds are few; messages that carry a figure must not grow it for ever
            self._last.clear()
        self._last[kind] = (now, 0)
        record.repeated = held
        return True


class File(WatchedFileHandler):
    """Appends, private to this user; whole lines of several processes do not mix. A full or missing disk is no reason
    to stop selling: what cannot be written here was said on the terminal."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            super().emit(record)


#: A line that cannot be written is not shown unstruck instead, as the library does for whoever debugs it.
logging.raiseExceptions = False


def settings(var: Path) -> dict[str, object]:
    """For Django's `LOGGING`. What stands below a warning is nobody's news; a page that is not there is none either."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"terminal_once": {"()": Once}, "file_once": {"()": Once}},  # one each, or one would hush the other
        "formatters": {"line": {"()": Line}, "record": {"()": Record}},
        "handlers": {
            "terminal": {"class": "logging.StreamHandler", "filters": ["terminal_once"], "formatter": "line"},
            "file": {
                "class": "opla.site.logs.File",
                "filters": ["file_once"],
                "filename": str(var / "log" / "opla.jsonl"),
                "delay": True,
                "encoding": "utf-8",
                "formatter": "record",
            },
        },
        "loggers": {
            "opla": {"level": "WARNING", "handlers": ["terminal", "file"]},
            "django": {"level": "ERROR", "handlers": ["terminal", "file"]},
        },
    }


def _repeated(record: logging.LogRecord) -> str:
    held = getattr(record, "repeated", 0)
    return f" ({held} more like it)" if held else ""
