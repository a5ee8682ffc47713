"""A line that somebody keeps: whose it is, its number, what it holds, and what was bought for it last.

The file of all of them is a person's own backup: plain JSON, `docs/reference/sims-file.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage, read_usage, write_usage
from opla.core.verdict import Aim
from opla.core.written import plain

VERSION: Final = 1
MOST_LINES: Final = 50
MOST_NAME: Final = 40
#: Of credit and of buckets on one line: nobody has so many, and each costs time.
MOST_ON_IT: Final = 30
#: A file with more characters is not read.
MOST_FILE: Final = 512 * 1024

_E164: Final = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)
_SKU: Final = re.compile(r"[\w.\-]{1,60}", re.ASCII)
_PLAN: Final = re.compile(r"[\w.\-]{0,60}", re.ASCII)
_LINK: Final = re.compile(r"[\w\-]{10,64}", re.ASCII)


class Whose(StrEnum):
    ME = "me"
    OTHER = "other"  # somebody they top up for: a child, parents abroad


@dataclass(frozen=True)
class Choice:
    """What was bought for it last: a product, its face value where that can be chosen, and the plan."""

    sku: str
    amount_minor: int
    plan: str = ""


@dataclass(frozen=True)
class KeptLine:
    """One line. `id` stays the same in every copy of it, so that no file brings it twice.

    number    E.164, or empty where it is not known
    until     the last day on which they need it; None: nobody said
    reminder  the link of its reminders, or empty: a secret, as the file is
    """

    id: UUID
    name: str = field(repr=False)
    usage: Usage = field(repr=False)
    whose: Whose = Whose.ME
    number: str = field(default="", repr=False)
    choice: Choice | None = None
    aim: Aim = Aim.USE
    until: date | None = None
    reminder: str = field(default="", repr=False)

    @property
    def operator(self) -> str:
        return self.usage.line.operator


def read_name(text: str) -> str | Refusal:
    """A nickname of one line of text."""
    name = " ".join(plain(text).split())
    return name if 0 < len(name) <= MOST_NAME and name.isprintable() else Refusal(Code.NAME_INVALID, "name")


def write_kept(kept: KeptLine) -> dict[str, object]:
    """One entry of a file; what is not said is left out."""
    written: dict[str, object] = {"id": str(kept.id), "name": kept.name, "whose": str(kept.whose)}
    if kept.number:
        written["number"] = kept.number
    if kept.choice:
        choice = {"sku": kept.choice.sku, "amount_minor": kept.choice.amount_minor, "plan": kept.choice.plan}
        written["last_choice"] = {name: value for name, value in choice.items() if value != ""}
    written["wanted"] = str(kept.aim)
    if kept.until:
        written["needed_until"] = kept.until.isoformat()
    if kept.reminder:
        written["reminder"] = kept.reminder
    return written | write_usage(kept.usage)


def write_file(lines: Sequence[KeptLine], at: datetime) -> dict[str, object]:
    """The document of all of them, that `read_file` makes the same lines of again."""
    made_at = at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    return {"opla_sims": VERSION, "made_at": made_at, "sims": [write_kept(line) for line in lines]}


def read_file(document: object) -> list[KeptLine] | list[Refusal]:
    """The lines of a file, or every entry's first error: SIMS_FILE_INVALID naming `field` and `problem`.

    Problems are those of `opla.core.line_file`, and `version`, `too_many`, `twice` (two entries with one `id`).
    """
    if not isinstance(document, Mapping):
        return [_wrong("sims", "not_mapping")]
    if document.get("opla_sims") != VERSION:
        return [_wrong("opla_sims", "version")]
    entries = document.get("sims")
    if not isinstance(entries, list):
        return [_wrong("sims", "not_list")]
    if len(entries) > MOST_LINES:
        return [_wrong("sims", "too_many")]
    found: list[KeptLine] = []
    refused = [_wrong(str(name)[:40], "unknown") for name in document.keys() - {"opla_sims", "made_at", "sims"}]
    for place, entry in enumerate(entries):
        one = read_kept(entry, f"sims.{place}")
        if isinstance(one, Refusal):
            refused.append(one)
        elif any(one.id == other.id for other in found):
            refused.append(_wrong(f"sims.{place}.id", "twice"))
        else:
            found.append(one)
    return refused or found


def read_kept(entry: object, way: str = "sim") -> KeptLine | Refusal:
    """One entry, or the first thing that is wrong with it."""
    if not isinstance(entry, Mapping):
        return _wrong(way, "not_mapping")
    known = {"id", "name", "whose", "number", "last_choice", "wanted", "needed_until", "reminder", "line", "before"}
    for name in entry:
        if name not in known:
            return _wrong(f"{way}.{str(name)[:40]}", "unknown")
    try:
        return _Entry(entry, way).read()
    except _WrongError as wrong:
        return wrong.refusal


@dataclass(frozen=True)
class _WrongError(Exception):
    refusal: Refusal


def _wrong(way: str, problem: str) -> Refusal:
    shown = way.encode("ascii", "replace").decode()  # half a sign in a file could not be shown on any page
    return Refusal(Code.SIMS_FILE_INVALID, "file", {"field": shown, "problem": problem})


@dataclass(frozen=True)
class _Entry:
    """One entry of a file being read."""

    entry: Mapping[str, object]
    way: str

    def read(self) -> KeptLine:
        name = read_name(self.text("name", needed=True))
        if isinstance(name, Refusal):
            raise self.wrong("name", "not_text")
        usage = read_usage({"line": self.entry.get("line"), "before": self.entry.get("before", [])})
        if isinstance(usage, Refusal):
            inner = usage.params.get("field", "")
            way = self.way if inner == "line" else f"{self.way}.line" if inner != "before" else self.way
            raise _WrongError(_wrong(f"{way}.{inner}", usage.params.get("problem", "not_mapping")))
        if max(len(usage.line.buckets), len(usage.line.credit)) > MOST_ON_IT:
            raise self.wrong("line", "too_many")
        return KeptLine(
            id=self.id(),
            name=name,
            usage=usage,
            whose=Whose(self.one_of("whose", list(Whose), Whose.ME)),
            number=self.matching("number", _E164),
            choice=self.choice(),
            aim=Aim(self.one_of("wanted", list(Aim), Aim.USE)),
            until=self.day("needed_until"),
            reminder=self.matching("reminder", _LINK),
        )

    def wrong(self, name: str, problem: str) -> _WrongError:
        return _WrongError(_wrong(f"{self.way}.{name}", problem))

    def text(self, name: str, *, needed: bool = False) -> str:
        value = self.entry.get(name)
        if value is None and not needed:
            return ""
        if value is None:
            raise self.wrong(name, "missing")
        if not isinstance(value, str) or len(value) > 200:
            raise self.wrong(name, "not_text")
        return value

    def matching(self, name: str, shape: re.Pattern[str]) -> str:
        value = self.text(name)
        if value and not shape.fullmatch(value):
            raise self.wrong(name, "not_text")
        return value

    def one_of(self, name: str, among: Sequence[str], default: str) -> str:
        value = self.text(name) or default
        if value not in among:
            raise self.wrong(name, "not_choice")
        return value

    def id(self) -> UUID:
        try:
            return UUID(self.text("id", needed=True))
        except ValueError:
            raise self.wrong("id", "not_text") from None

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            found = date.fromisoformat(value) if value else None
        except ValueError:
            raise self.wrong(name, "not_time") from None
        if found and not 2000 < found.year < 2200:
            raise self.wrong(name, "not_time")
        return found

    def choice(self) -> Choice | None:
        value = self.entry.get("last_choice")
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.wrong("last_choice", "not_mapping")
        inner = _Entry(value, f"{self.way}.last_choice")
        for name in value:
            if name not in ("sku", "amount_minor", "plan"):
                raise inner.wrong(str(name)[:40], "unknown")
        amount_minor = value.get("amount_minor")
        if type(amount_minor) is not int or not 0 < amount_minor < 10**9:
            raise inner.wrong("amount_minor", "missing" if amount_minor is None else "not_whole")
        sku = inner.matching("sku", _SKU)
        if not sku:
            raise inner.wrong("sku", "missing")
        return Choice(sku, amount_minor, inner.matching("plan", _PLAN))
