"""A line as a file: what `--line FILE` reads and a person's backup holds. Plain JSON, units in the names.

    {"operator": "base", "currency": "EUR", "topped_up_at": "2026-11-20T13:05:00Z",
     "credit": [{"amount_minor": 1250, "ends": "2027-11-20T13:05:00Z"}],
     "buckets": [{"kind": "data", "left_kb": 1500000, "ends": "2026-12-20T13:05:00Z", "sku": "BA-10"},
                 {"kind": "sms", "left": "unlimited", "ends": null}]}

Times carry their offset from UTC, because a local time alone is ambiguous twice a year. What is left out is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from opla.core.line import AutoTopUp, Bucket, Credit, Kind, Line
from opla.core.money import MINOR_DIGITS
from opla.core.refusal import Code, Refusal

Json = Mapping[str, object]
T = TypeVar("T")

_LEFT = {Kind.DATA: "left_kb", Kind.VOICE: "left_s", Kind.SMS: "left"}
_UNLIMITED = "unlimited"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # a time without sense would make others without sense
_FAR_AWAY = datetime(2200, 1, 1, tzinfo=UTC)
_MOST = 10**15
_MOST_ENTRIES = 1000


def read_line(document: object) -> Line | Refusal:
    """The line a document describes, or LINE_UNREADABLE naming the first `field` that is wrong and what is (`problem`).

    Problems: `missing`, `unknown`, `not_text`, `not_whole`, `not_time`, `not_choice`, `not_mapping`, `not_list`,
    `ends_first` (it ends before it starts).
    """
    try:
        return _line(_Fields(document, ""))
    except _WrongError as wrong:
        return Refusal(Code.LINE_UNREADABLE, "line", {"field": wrong.field, "problem": wrong.problem})


def write_line(line: Line) -> dict[str, object]:
    """The document that `read_line` makes this line of again."""
    written = _plain(line, {})
    written["credit"] = [_plain(lot, {}) for lot in line.credit]
    written["buckets"] = [_plain(bucket, {"left": _LEFT[bucket.kind]}) for bucket in line.buckets]
    if line.auto_top_up:
        written["auto_top_up"] = _plain(line.auto_top_up, {})
    return written


def _plain(thing: Line | Credit | Bucket | AutoTopUp, names: Mapping[str, str]) -> dict[str, object]:
    """The fields that say something, times as UTC."""
    found: dict[str, object] = {}
    for name in thing.__dataclass_fields__:
        value = getattr(thing, name)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        if value is None and name == "left":
            value = _UNLIMITED
        if value is not None and value is not False and value not in ("", ()):
            eu = name == "eu_left" and isinstance(thing, Bucket) and thing.kind is Kind.DATA
            found[names.get(name, "eu_left_kb" if eu else name)] = value
    return found


@dataclass(frozen=True)
class _WrongError(Exception):
    field: str
    problem: str


@dataclass(frozen=True)
class _Fields:
    """The fields of one mapping, and the way to it."""

    value: object
    way: str

    def wrong(self, name: str, problem: str) -> _WrongError:
        return _WrongError(f"{self.way}.{name}".strip(".") or "line", problem)

    def mapping(self, known: set[str]) -> Json:
        if not isinstance(self.value, Mapping):
            raise self.wrong("", "not_mapping")
        for name in self.value:
            if name not in known:
                raise self.wrong(str(name)[:40], "unknown")
        return self.value

    def text(self, fields: Json, name: str, *, needed: bool = False) -> str:
        value = fields.get(name)
        if value is None and not needed:
            return ""
        if value is None:
            raise self.wrong(name, "missing")
        if not isinstance(value, str) or not value or len(value) > 100:
            raise self.wrong(name, "not_text")
        return value

    def whole(self, fields: Json, name: str) -> int | None:
        value = fields.get(name)
        if value is None:
            return None
        if type(value) is not int or not 0 <= value <= _MOST:
            raise self.wrong(name, "not_whole")
        return value

    def left(self, fields: Json, name: str) -> int | None:
        """An amount, or None for `unlimited`."""
        if fields.get(name) == _UNLIMITED:
            return None
        value = self.whole(fields, name)
        if value is None:
            raise self.wrong(name, "missing")
        return value

    def time(self, fields: Json, name: str) -> datetime | None:
        value = fields.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or not _LONG_AGO <= found < _FAR_AWAY:
            raise self.wrong(name, "not_time")
        return found.astimezone(UTC)

    def several(self, fields: Json, name: str, read: Callable[[_Fields], T]) -> tuple[T, ...]:
        value = fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or len(value) > _MOST_ENTRIES:
            raise self.wrong(name, "not_list")
        return tuple(read(_Fields(entry, f"{self.way}.{name}.{n}".strip("."))) for n, entry in enumerate(value))


def _line(at: _Fields) -> Line:
    fields = at.mapping(set(Line.__dataclass_fields__))
    currency = at.text(fields, "currency") or "EUR"
    if currency not in MINOR_DIGITS:
        raise at.wrong("currency", "not_choice")
    auto = fields.get("auto_top_up")
    return Line(
        operator=at.text(fields, "operator", needed=True),
        plan=at.text(fields, "plan"),
        currency=currency,
        credit=at.several(fields, "credit", _credit),
        buckets=at.several(fields, "buckets", _bucket),
        topped_up_at=at.time(fields, "topped_up_at"),
        used_at=at.time(fields, "used_at"),
        number_ends=at.time(fields, "number_ends"),
        number_lost=at.time(fields, "number_lost"),
        plan_changed_at=at.time(fields, "plan_changed_at"),
        plan_fixed_until=at.time(fields, "plan_fixed_until"),
        auto_top_up=_auto_top_up(_Fields(auto, "auto_top_up")) if auto is not None else None,
    )


def _credit(at: _Fields) -> Credit:
    fields = at.mapping(set(Credit.__dataclass_fields__))
    amount_minor = at.whole(fields, "amount_minor")
    if amount_minor is None:
        raise at.wrong("amount_minor", "missing")
    starts, ends = at.time(fields, "starts"), at.time(fields, "ends")
    if starts and ends and ends <= starts:
        raise at.wrong("ends", "ends_first")
    return Credit(amount_minor, ends, starts)


def _bucket(at: _Fields) -> Bucket:
    if not isinstance(at.value, Mapping):
        raise at.wrong("", "not_mapping")
    named = at.value.get("kind")
    if not isinstance(named, str) or named not in list(Kind):
        raise at.wrong("kind", "missing" if named is None else "not_choice")
    kind = Kind(named)
    eu = "eu_left_kb" if kind is Kind.DATA else "eu_left"
    fields = at.mapping(set(Bucket.__dataclass_fields__) - {"left", "eu_left"} | {_LEFT[kind], eu})
    starts, ends = at.time(fields, "starts") or _LONG_AGO, at.time(fields, "ends")
    if ends and ends <= starts:
        raise at.wrong("ends", "ends_first")
    renews = fields.get("renews", False)
    if not isinstance(renews, bool):
        raise at.wrong("renews", "not_choice")
    return Bucket(
        kind=kind,
        left=at.left(fields, _LEFT[kind]),
        starts=starts,
        ends=ends,
        sku=at.text(fields, "sku"),
        group=at.text(fields, "group"),
        slow_kbps=at.whole(fields, "slow_kbps"),
        eu_left=at.whole(fields, eu),
        generation=at.text(fields, "generation"),
        max_mbps=at.whole(fields, "max_mbps"),
        bought_at=at.time(fields, "bought_at"),
        renews=renews,
    )


def _auto_top_up(at: _Fields) -> AutoTopUp:
    fields = at.mapping({"sku", "below_minor"})
    below_minor = at.whole(fields, "below_minor")
    if below_minor is None:
        raise at.wrong("below_minor", "missing")
    return AutoTopUp(at.text(fields, "sku", needed=True), below_minor)
