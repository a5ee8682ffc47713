"""A line in words that a person can write down and a test can compare; times are local, to the minute.

plan bonus                                          topped up 2026-11-01 09:00
credit 12.50 until 2027-03-01 09:00                 used 2026-11-01 09:00
credit 5.00 as long as the number                   number until 2027-11-20 14:05, lost 2027-12-20 14:05
data 4000 MB then 512 kbps, 2000 MB in the EU from 2026-12-01 00:00 until 2026-12-31 00:00, renews
voice 120 min until 2026-12-03 14:05                changed plan 2026-11-01 09:00
data 500 MB on 4G at 20 Mbps until 2026-12-03 14:05 tops up below 5.00
sms unlimited in group bundle as long as the number
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.calendar import instant
from opla.core.effects import Happened
from opla.core.line import AutoTopUp, Bucket, Credit, Kind, Line
from opla.core.money import Money

#: What every product of the table is called.
SKU: Final = "SHOWN"

_UNIT: Final = {Kind.DATA: (1000, " MB"), Kind.VOICE: (60, " min"), Kind.SMS: (1, "")}
_LONG_AGO: Final = "2000-01-01 00:00"
_TIME: Final = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}"
_SPAN: Final = rf"(?: from (?P<from>{_TIME}))?(?: until (?P<until>{_TIME})| as long as the number)"
_CREDIT: Final = re.compile(rf"credit (?P<amount>[\d.]+){_SPAN}")
_BUCKET: Final = re.compile(
    r"(?P<kind>data|voice|sms) (?P<left>unlimited|\d+)(?: MB| min)?(?: then (?P<slow>\d+) kbps)?"
    rf"(?:, (?P<eu>\d+) MB in the EU)?(?: on (?P<net>\dG))?(?: at (?P<mbps>\d+) Mbps)?"
    rf"(?: in group (?P<group>\S+))?{_SPAN}(?P<renews>, renews)?"
)
_NUMBER: Final = re.compile(rf"number until (?P<until>{_TIME})(?:, lost (?P<lost>{_TIME}))?")


def read(words: Iterable[str], operator: str, group: str, where: ZoneInfo) -> Line:
    """The line that these words describe. `group` is that of buckets which name none. Raises ValueError."""
    line = Line(operator)
    for said in words:
        line = _with(line, said, group, where)
    return line


def write(line: Line, at: datetime, group: str, where: ZoneInfo) -> list[str]:
    """The line in words: what begins later than `at` says from when."""
    words = [f"plan {line.plan}"] if line.plan else []
    for lot in line.credit:
        begins = lot.starts if lot.starts and lot.starts > at else None
        words.append(f"credit {Money(lot.amount_minor, line.currency).decimal}" + _span(begins, lot.ends, where))
    words += [_bucket(bucket, at, group, where) for bucket in line.buckets]
    if line.number_ends:
        lost = (
            f", lost {_local(line.number_lost, where)}"
            if line.number_lost and line.number_lost != line.number_ends
            else ""
        )
        words.append(f"number until {_local(line.number_ends, where)}{lost}")
    return words


def fact(happened: Happened) -> str:
    """What happened, as its kind, what it is about, and why."""
    about = [happened.kind] if happened.kind else []
    return " ".join([happened.what, *about, *([f"({happened.why})"] if happened.why else [])])


def time(said: str, where: ZoneInfo) -> datetime:
    return instant(datetime.fromisoformat(said), where)


def _with(line: Line, said: str, group: str, where: ZoneInfo) -> Line:
    for word, name in (("topped up ", "topped_up_at"), ("used ", "used_at"), ("changed plan ", "plan_changed_at")):
        if said.startswith(word):
            return replace(line, **{name: time(said.removeprefix(word), where)})  # type: ignore[arg-type]  # these three are times
    if said.startswith("plan "):
        return replace(line, plan=said.removeprefix("plan "))
    if said.startswith("tops up below ") and (below := Money.parse(said.removeprefix("tops up below "), line.currency)):
        return replace(line, auto_top_up=AutoTopUp(SKU, below.amount_minor))
    if found := _NUMBER.fullmatch(said):
        ends = time(found["until"], where)
        return replace(line, number_ends=ends, number_lost=time(found["lost"], where) if found["lost"] else ends)
    if found := _CREDIT.fullmatch(said):
        amount = Money.parse(found["amount"], line.currency)
        if amount:
            return replace(line, credit=(*line.credit, Credit(amount.amount_minor, *_ends(found, where))))
    if found := _BUCKET.fullmatch(said):
        return replace(line, buckets=(*line.buckets, _read_bucket(found, group, where)))
    raise ValueError(f"no words for a line: {said!r}")


def _read_bucket(found: re.Match[str], group: str, where: ZoneInfo) -> Bucket:
    kind = Kind(found["kind"])
    ends, starts = _ends(found, where)
    return Bucket(
        kind,
        None if found["left"] == "unlimited" else int(found["left"]) * _UNIT[kind][0],
        starts or time(_LONG_AGO, where),
        ends,
        sku=SKU,
        group=found["group"] or group,
        slow_kbps=int(found["slow"]) if found["slow"] else None,
        eu_left=int(found["eu"]) * 1000 if found["eu"] else None,
        generation=found["net"] or "",
        max_mbps=int(found["mbps"]) if found["mbps"] else None,
        renews=bool(found["renews"]),
    )


def _ends(found: re.Match[str], where: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    until, begins = found["until"], found["from"]
    return time(until, where) if until else None, time(begins, where) if begins else None


def _bucket(bucket: Bucket, at: datetime, group: str, where: ZoneInfo) -> str:
    per, unit = _UNIT[bucket.kind]
    said = f"{bucket.kind} " + ("unlimited" if bucket.left is None else f"{bucket.left // per}{unit}")
    if bucket.slow_kbps is not None:
        said += f" then {bucket.slow_kbps} kbps"
    if bucket.eu_left is not None:
        said += f", {bucket.eu_left // 1000} MB in the EU"
    if bucket.generation:
        said += f" on {bucket.generation}"
    if bucket.max_mbps is not None:
        said += f" at {bucket.max_mbps} Mbps"
    if bucket.group != group:
        said += f" in group {bucket.group}"
    said += _span(bucket.starts if bucket.starts > at else None, bucket.ends, where)
    return said + (", renews" if bucket.renews else "")


def _span(begins: datetime | None, ends: datetime | None, where: ZoneInfo) -> str:
    since = f" from {_local(begins, where)}" if begins else ""
    return since + (f" until {_local(ends, where)}" if ends else " as long as the number")


def _local(at: datetime | None, where: ZoneInfo) -> str:
    return f"{at.astimezone(where):%Y-%m-%d %H:%M}" if at else ""
