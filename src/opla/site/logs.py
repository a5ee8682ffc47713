"""What processes write down of themselves: a line for whoever watches, and the whole of it in `var/log/opla.jsonl`.

Where nobody watches (stderr is no terminal), the line is a JSON object too, and every request has one, and every
attempt that did not simply succeed: for journald, a container's log or a pipe, which look after age and size. The file
holds trouble alone. `./opla up` decides it for the processes it starts (`OPLA_LOG`: `words` or `json`).

Neither ever holds what opens an order or what is worth money: links, codes and addresses are struck out, whoever wrote
them and wherever they stood, in what libraries say and in tracebacks too.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path

#: One kind of trouble is written this often and no more, however many threads meet it; the next line says how many.
QUIET_S = 10.0

#: The request that is being answered; empty between requests.
request_id: ContextVar[str] = ContextVar("request", default="")
#: What else a line may say: figures, and ids that open nothing.
_NAMED = ("route", "took_s", "order", "payment", "attempt", "adapter")

_LINK = r"\b[a-z2-7]{26}\b"  # 128 bits in base32: an order's link, an owner's
_KEY = r"\bopla_[A-Za-z0-9_-]{16,}"  # a reseller's
_CODE = r"(?<![\w.-])(?!\d{4}-\d\d-\d\d\b)\d(?:[ -]?\d){8,31}(?![\w.])"  # a PIN, a number, a card
_EMAIL = r"[^\s@<>\"',;:()]+@[^\s@<>\"',;:()]+"
_BEARER = r"(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"
_ASKED = r"(?<=[\w/])\?[\w.~-]+=[^\s'\"<>]*"  # what an address asks: tokens stand there
_WITHIN = r"(?<=://)[^\s/@'\"]+(?=@)"  # whose address it is, and the password
_LONG = r"(?<![\w/+=.-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])(?!\w{8}-\w{4}-\w{4}-)[\w+/=-]{32,}(?![\w+/=-])"  # random
_STRUCK = re.compile(f"{_LINK}|{_KEY}|{_BEARER}|{_ASKED}|{_WITHIN}|{_CODE}|{_EMAIL}|{_LONG}")
#: Settings that are secrets, by the end of their names.
_SECRET = re.compile(r"^(OPLA|DATABASE|PG)\w*?(KEY|SECRET|TOKEN|PASSWORD|PASS|PIN)S?$")
_SHORTEST = 6


@cache
def _settings() -> tuple[str, ...]:
    """The secrets this process was given, the longest first: struck out as they are written."""
    found = {value for name, value in os.environ.items() if _SECRET.match(name) and len(value) >= _SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def struck(text: str) -> str:
    """The text without what nobody may read in a log."""
    for secret in _settings():
        text = text.replace(secret, "***")
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
    """One JSON object per line: `at level logger process message`; `request method route status took_s` of a request;
    `order payment attempt adapter` of an attempt, by ids that open nothing; `error traceback repeated` of trouble."""

    def format(self, record: logging.LogRecord) -> str:
        written: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": struck(record.getMessage()),
        }
        if (request := request_id.get()) or (request := getattr(record, "request_id", "")):
            written["request"] = request
        asked = getattr(record, "request", None)
        if asked is not None:
            written["method"] = str(asked.method)[:8]
            match = getattr(asked, "resolver_match", None)
            written["route"] = match.route if match else ""  # never the path: it holds the order's link
        for name in _NAMED:
            if (value := getattr(record, name, None)) is not None:
                written[name] = value
        if (status := getattr(record, "status_code", None)) is not None:
            written["status"] = status
        if record.exc_info and record.exc_info[0]:
            written["error"] = record.exc_info[0].__name__
            written["traceback"] = struck(self.formatException(record.exc_info))
        if repeated := getattr(record, "repeated", 0):
            written["repeated"] = repeated
        return json.dumps(written, ensure_ascii=False)


def formatter() -> type[logging.Formatter]:
    """Of what goes to the terminal, or to whatever stands in its place."""
    return Record if form() == "json" else Line


class Once(logging.Filter):
    """Lets the same trouble through once in `QUIET_S`: of a database that went, every thread speaks at every try."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = (record.name, record.levelno, record.msg, record.exc_info[0] if record.exc_info else None)
        since, held = self._last.get(kind, (float("-inf"), 0))
        if record.levelno < logging.WARNING:
            return True  # news, not trouble
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


def form() -> str:
    """`words` for a person at a terminal, else `json`."""
    return os.environ.get("OPLA_LOG") or ("words" if sys.stderr.isatty() else "json")


def settings(var: Path, form: str = "words") -> dict[str, object]:
    """For Django's `LOGGING`. To a person, what stands below a warning is no news; nor is a page that is not there."""
    as_json = form == "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"terminal_once": {"()": Once}, "file_once": {"()": Once}},  # one each, or one would hush the other
        "formatters": {"line": {"()": Line}, "record": {"()": Record}},
        "handlers": {
            "terminal": {
                "class": "logging.StreamHandler",
                "filters": ["terminal_once"],
                "formatter": "record" if as_json else "line",
            },
            "file": {
                "class": "opla.site.logs.File",
                "filters": ["file_once"],
                "level": "WARNING",
                "filename": str(var / "log" / "opla.jsonl"),
                "delay": True,
                "encoding": "utf-8",
                "formatter": "record",
            },
        },
        "loggers": {
            "opla": {"level": "INFO" if as_json else "WARNING", "handlers": ["terminal", "file"]},
            "django": {"level": "ERROR", "handlers": ["terminal", "file"]},
        },
    }


def _repeated(record: logging.LogRecord) -> str:
    held = getattr(record, "repeated", 0)
    return f" ({held} more like it)" if held else ""
