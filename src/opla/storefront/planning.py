"""Three plain questions, "help me choose", read from the address: nothing of the answers is kept anywhere.

| field                    | is                                                                                  |
|--------------------------|-------------------------------------------------------------------------------------|
| use                      | one of `HABITS`, or `own` with the next three                                       |
| data_gb, minutes, sms    | per 30 days; empty is none                                                          |
| days                     | how long, from today on; while it is not there, nothing has been asked              |
| sim                      | empty: a new SIM; an operator: its SIM; `told`: the one that was told of            |
| away, away_from          | days elsewhere in the EU, and the first of them (today)                             |
| budget                   | money, or empty                                                                     |
| only                     | look at no other operator than this                                                 |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from opla.core.catalog import Catalog
from opla.core.line import Kind, Line
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.core.written import plain
from opla.operations.find_plan import MOST_DAYS, Asked

#: How people use a phone, in kB, seconds and messages per 30 days: assumptions of this shop and shown as such.
HABITS: Final[dict[str, dict[Kind, int]]] = {
    "maps": {Kind.DATA: 3_000_000, Kind.VOICE: 60 * 60, Kind.SMS: 10},
    "video": {Kind.DATA: 12_000_000, Kind.VOICE: 60 * 60, Kind.SMS: 10},
    "work": {Kind.DATA: 30_000_000, Kind.VOICE: 120 * 60, Kind.SMS: 10},
}
OWN: Final = "own"
TOLD: Final = "told"
FIELDS: Final = ("use", "data_gb", "minutes", "sms", "days", "sim", "away", "away_from", "budget", "only")
#: What each figure of one's own may be at most per 30 days.
MOST: Final = {"data_gb": 200, "minutes": 10_000, "sms": 10_000}

_NUMBER: Final = re.compile(r"\d{1,5}(?:[.,]\d{1,3})?", re.ASCII)
_DAY: Final = re.compile(r"20\d\d-\d\d-\d\d", re.ASCII)
_EMPTY: Final = dict.fromkeys(FIELDS, "")


def unasked(typed: Mapping[str, str], told: Line | None) -> dict[str, str]:
    """The form before anything is asked: what an address brought along, and what is usual."""
    usual = {"use": "video", "days": "30", "sim": TOLD if told else ""}
    return _EMPTY | usual | {name: value for name, value in typed.items() if name in _EMPTY}


def measured_gb(usage: Usage) -> str:
    """What 30 days take at the rate of the readings, in tenths of a GB; empty where there is no rate."""
    kb = usage.forecast.likely_per_day * 30 if usage.forecast else 0
    return str(Decimal(-(-kb // 100_000)) / 10) if kb else ""


@dataclass(frozen=True)
class _Reading:
    """The fields as typed, and every reason why one means nothing."""

    typed: Mapping[str, str]
    wrong: list[Refusal]

    def number(self, name: str, most: int, *, least: int = 0, parts: int = 1) -> int:
        """A number in so many parts of one: GB in kB. Empty is none, unless there must be one."""
        text = plain(self.typed.get(name, ""))
        if not text and not least:
            return 0
        found = Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else Decimal(-1)
        if not least <= found <= most or found * parts % 1:
            self.wrong.append(Refusal(Code.NEED_UNREADABLE, name, {"least": str(least), "most": str(most)}))
            return least
        return int(found * parts)

    def choice(self, name: str, among: set[str], code: Code) -> str:
        text = self.typed.get(name, "")
        if text and text not in among:
            self.wrong.append(Refusal(code, name))
            return ""
        return text

    def day(self, name: str, first: date) -> date:
        text = plain(self.typed.get(name, ""))
        try:
            found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
        except ValueError:
            found = None
        if text and found is None:
            self.wrong.append(Refusal(Code.DAY_UNREADABLE, name))
        return found or first


def read(typed: Mapping[str, str], catalog: Catalog, first: date, told: Line | None) -> Asked | list[Refusal]:
    """What is asked, or everything that is wrong with it, each about its field."""
    wrong: list[Refusal] = []
    reading = _Reading(typed, wrong)
    amounts = _amounts(reading)
    days = reading.number("days", MOST_DAYS, least=1)
    away, since = reading.number("away", MOST_DAYS), reading.day("away_from", first)
    operators = {one.id for one in catalog.operators}
    sim = reading.choice("sim", operators | ({TOLD} if told else set()), Code.OPERATOR_UNKNOWN)
    only = reading.choice("only", operators, Code.OPERATOR_UNKNOWN)
    budget = _budget(reading, catalog.currency)
    if not wrong and not any(amounts.values()):
        wrong.append(Refusal(Code.NEED_MISSING, "data_gb"))
    if wrong:
        return wrong
    return Asked(
        amounts[Kind.DATA],
        amounts[Kind.VOICE],
        amounts[Kind.SMS],
        first,
        days,
        abroad=(since, since + timedelta(days=away - 1)) if away else None,
        sim=told.operator if told and sim == TOLD else sim,
        only=only,
        budget_minor=budget,
    )


def _amounts(reading: _Reading) -> dict[Kind, int]:
    habit = reading.choice("use", {*HABITS, OWN}, Code.PRODUCT_UNKNOWN)
    if habit in HABITS:
        return HABITS[habit]
    return {
        Kind.DATA: reading.number("data_gb", MOST["data_gb"], parts=1_000_000),
        Kind.VOICE: reading.number("minutes", MOST["minutes"], parts=60),
        Kind.SMS: reading.number("sms", MOST["sms"]),
    }


def _budget(reading: _Reading, currency: str) -> int | None:
    text = plain(reading.typed.get("budget", "")).removeprefix("€").strip()
    if not text:
        return None
    money = Money.parse(text, currency)
    if money is None or money.amount_minor <= 0:
        reading.wrong.append(Refusal(Code.AMOUNT_UNREADABLE, "budget"))
        return None
    return money.amount_minor
