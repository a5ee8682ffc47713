"""What a person typed or confirmed, field by field, as a line.

| field                 | is                                                                             |
|-----------------------|--------------------------------------------------------------------------------|
| credit                | money, such as 12.35                                                           |
| data, data_unit       | a number and GB or MB                                                          |
| voice, sms            | minutes and messages, whole                                                    |
| free_data, free_voice, free_sms | ticked: unlimited                                                    |
| …_until               | the last day of it, as 2026-12-31; empty: not known                            |
| …_at                  | the exact end that an answer said (ISO); counts while its day is that of …_until |
| plan                  | one of the operator's plans, or empty                                          |
| bought                | the day of the last top-up, or empty                                           |
| bought_data, bought_unit | the data it gave, or empty: with it one reading is enough for a forecast    |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from opla.core import figures
from opla.core.balance import Settled, What
from opla.core.calendar import later, start_of
from opla.core.catalog import Length, Operator, Product, Since
from opla.core.catalog.rules import Allowance
from opla.core.forecast import Measured
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.usage import Usage
from opla.core.written import plain

T = TypeVar("T")

KINDS: Final = {What.DATA: Kind.DATA, What.VOICE: Kind.VOICE, What.SMS: Kind.SMS}
UNITS: Final = tuple(figures.KB)
FIELDS: Final = (
    *(name for what in What for name in (str(what), f"{what}_until", f"{what}_at")),
    *(f"free_{what}" for what in KINDS),
    "data_unit",
    "plan",
    "bought",
    "bought_data",
    "bought_unit",
)  # fmt: skip
_WHOLE = re.compile(r"\d{1,7}")
_FARTHEST = timedelta(days=5 * 366)


def fields_of(settled: Mapping[What, Settled], zone: ZoneInfo, currency: str) -> dict[str, str]:
    """What was understood of an answer, as the form is filled."""
    typed = dict.fromkeys(FIELDS, "") | {"data_unit": "GB", "bought_unit": "GB"}
    for what, found in settled.items():
        if found.amount is None:
            typed[f"free_{what}"] = "on"
        elif what is What.DATA:
            mb = found.amount // figures.KB["MB"]  # what is less than a megabyte is not worth a digit
            typed["data_unit"] = "GB" if mb >= 1000 else "MB"
            typed["data"] = f"{(Decimal(mb) / 1000).normalize():f}" if mb >= 1000 else str(mb)
        elif what is What.CREDIT:
            typed["credit"] = Money(found.amount, currency).decimal
        else:
            typed[str(what)] = str(found.amount // 60 if what is What.VOICE else found.amount)
        if found.until:
            typed[f"{what}_at"] = found.until.astimezone(UTC).isoformat()
            typed[f"{what}_until"] = last_day(found.until, zone).isoformat()
    return typed


def fields_bought(product: Product, at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """The form as one purchase at this instant fills it, as far as the catalogue knows: the person corrects it."""
    rules = product.rules
    ends = _end_of(rules.lasts.value, at, zone)
    data_mb = rules.data_mb.value if rules.data_mb.known else rules.data_full_speed_mb.value
    settled = {}
    if rules.credit.value:
        settled[What.CREDIT] = Settled(rules.credit.value.amount_minor, _end_of(rules.credit_lasts.value, at, zone))
    units: dict[What, tuple[Allowance | None, int]] = {
        What.DATA: (data_mb, figures.KB["MB"]),
        What.VOICE: (rules.voice_min.value, 60),
        What.SMS: (rules.sms.value, 1),
    }
    for what, (allowance, unit) in units.items():
        if allowance is not None:
            settled[what] = Settled(None if allowance == "unlimited" else allowance * unit, ends)
    typed = fields_of(settled, zone, product.currency)
    bought = {"bought": at.astimezone(zone).date().isoformat()} if settled else {}
    return typed | bought


def _end_of(length: Length | None, at: datetime, zone: ZoneInfo) -> datetime | None:
    return None if length is None or length.with_number else later(at, length, zone)


def last_day(end: datetime, zone: ZoneInfo) -> date:
    """The last local day on which something with this exclusive end is there."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date()


def read_fields(
    typed: Mapping[str, str], operator: Operator, *, at: datetime, zone: ZoneInfo, currency: str
) -> Usage | tuple[Refusal, ...]:
    """The line as it was read at `at`, or every refusal at once, each about its field."""
    form = _Form({name: plain(typed.get(name, "")[:100]) for name in FIELDS}, at, zone)
    credit = form.read("credit", lambda text: figures.money_minor(text, currency))
    amounts = {
        Kind.DATA: form.read("data", lambda text: figures.data_kb(text, form.typed["data_unit"])),
        Kind.VOICE: form.read("voice", lambda text: int(text) * 60 if _WHOLE.fullmatch(text) else None),
        Kind.SMS: form.read("sms", lambda text: int(text) if _WHOLE.fullmatch(text) else None),
    }
    ends = {what: form.end(str(what)) for what in What}
    bought = form.read("bought", form.day_before, Code.DAY_UNREADABLE)
    gave_kb = form.read("bought_data", lambda text: figures.data_kb(text, form.typed["bought_unit"]))
    plan = form.typed["plan"] if form.typed["plan"] in {plan.id for plan in operator.plans} else ""
    free = {kind for what, kind in KINDS.items() if form.typed[f"free_{what}"]}
    buckets = tuple(
        Bucket(kind, None if kind in free else amounts[kind], at, ends[what], bought_at=bought)
        for what, kind in KINDS.items()
        if kind in free or amounts[kind] is not None
    )
    if not form.refused and credit is None and not buckets:
        form.refused.append(Refusal(Code.ANSWER_MISSING, "line"))
    if form.refused:
        return tuple(form.refused)
    number_ends, number_lost = _number(operator, bought, zone)
    line = Line(
        operator.id, plan, currency,
        credit=(Credit(credit, ends[What.CREDIT], at),) if credit is not None else (),
        buckets=buckets, topped_up_at=bought, number_ends=number_ends, number_lost=number_lost,
    )  # fmt: skip
    first = (Measured(bought, gave_kb),) if bought and gave_kb is not None else ()
    return Usage(line, first)


class _Form:
    """Fields as typed, and what is wrong with them."""

    def __init__(self, typed: Mapping[str, str], at: datetime, zone: ZoneInfo) -> None:
        self.typed, self.at, self.zone = typed, at, zone
        self.refused: list[Refusal] = []

    def read(self, name: str, reading: Callable[[str], T | None], code: Code = Code.AMOUNT_UNREADABLE) -> T | None:
        """The value of a field; None where it is empty or refused."""
        if not self.typed[name]:
            return None
        value = reading(self.typed[name])
        if value is None:
            self.refused.append(Refusal(code, name))
        return value

    def end(self, name: str) -> datetime | None:
        """The end that was said, or the end of the last day; None when it is not known."""
        day = self.read(f"{name}_until", figures.day, Code.DAY_UNREADABLE)
        if day is None:
            return None
        end = start_of(day + timedelta(days=1), self.zone)
        exact = _instant(self.typed[f"{name}_at"])
        if exact is not None and last_day(exact, self.zone) == day:
            end = exact
        if end <= self.at:
            self.refused.append(Refusal(Code.END_OVER, f"{name}_until"))
        elif end > self.at + _FARTHEST:
            self.refused.append(Refusal(Code.DAY_UNREADABLE, f"{name}_until"))
        return end

    def day_before(self, text: str) -> datetime | None:
        """The beginning of a day that is not to come and not long over."""
        day = figures.day(text)
        start = start_of(day, self.zone) if day else None
        return start if start and self.at - _FARTHEST < start <= self.at else None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo and 2000 < found.year < 2200 else None


def _number(operator: Operator, topped_up: datetime | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """When the number falls silent and when it is lost, where the operator counts from the last top-up."""
    life, grace = operator.rules.number_life.value, operator.rules.number_grace.value
    if topped_up is None or life is None or life.since is not Since.TOP_UP or life.length.with_number:
        return None, None
    ends = later(topped_up, life.length, zone)
    return ends, later(ends, grace, zone) if grace and not grace.with_number else ends
