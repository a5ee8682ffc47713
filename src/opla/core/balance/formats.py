"""Formats that are known: what fits one whole has nothing left to ask.

No published text of a Belgian operator's answer was found: the sources of the catalogue give what to dial and no more.
So every format here is a *sample*: it was invented, the sandbox offers its example to try the page with, and a live
shop believes none of them (it reads such an answer as any other). Whoever has a real answer adds it here with its
`source`, and takes the sample away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from opla.core.balance.days import day_end, minute_of
from opla.core.balance.reading import Amount, Found, Reading, Until, What

SAMPLE: Final = "invented for the sandbox"


@dataclass(frozen=True)
class Format:
    """One operator's way of answering. `pattern` has groups `credit`, `gb`, `mb`, `min`, `sms` (or `free_min`,
    `free_sms` for unlimited) and the ends `credit_until`, `until` (day, month, year and perhaps a time)."""

    name: str
    operator: str
    pattern: re.Pattern[str]
    example: str
    source: str = SAMPLE

    @property
    def sample(self) -> bool:
        return self.source == SAMPLE


_DAY = r"\d\d[/.-]\d\d[/.-]\d{4}(?: \d\d:\d\d)?"
_OF = r"\d+(?:[.,]\d{1,2})?"


def _format(name: str, operator: str, pattern: str, example: str) -> Format:
    pattern = pattern.replace("<day>", _DAY).replace("<n>", _OF)
    return Format(name, operator, re.compile(pattern), example)


FORMATS: Final = (
    _format(
        "proximus-en",
        "proximus",
        r"Credit: EUR (?P<credit><n>), valid until (?P<credit_until><day>)\. "
        r"Bonus: (?P<mb>\d+) MB, (?P<min>\d+) min, (?P<sms>\d+) SMS until (?P<until><day>)\.",
        "Credit: EUR 12.35, valid until 04/03/2027. Bonus: 1250 MB, 120 min, 45 SMS until 03/12/2026.",
    ),
    _format(
        "orange-fr",
        "orange",
        r"Votre crédit est de (?P<credit><n>) EUR, valable jusqu'au (?P<credit_until><day>)\. "
        r"Il vous reste (?P<gb><n>) Go jusqu'au (?P<until><day>)\.",
        "Votre crédit est de 7,50 EUR, valable jusqu'au 05/06/2027. Il vous reste 1,2 Go jusqu'au 03/12/2026 14:32.",
    ),
    _format(
        "base-nl",
        "base",
        r"Belwaarde: € (?P<credit><n>) \(geldig tot (?P<credit_until><day>)\)\. "
        r"Nog (?P<mb>\d+) MB, (?P<min>\d+) min en (?P<sms>\d+) sms tot (?P<until><day>)\.",
        "Belwaarde: € 4,20 (geldig tot 01-02-2027). Nog 850 MB, 60 min en 100 sms tot 09-12-2026.",
    ),
    _format(
        "lycamobile-en",
        "lycamobile",
        r"Your balance is EUR (?P<credit><n>)\. Bundle: (?P<gb><n>) GB left, (?P<free_min>unlimited minutes), "
        r"expires (?P<until><day>)\.",
        "Your balance is EUR 3.10. Bundle: 22.5 GB left, unlimited minutes, expires 07/12/2026 23:59.",
    ),
    _format(
        "mobile-vikings-en",
        "mobile-vikings",
        r"(?P<gb><n>) GB and (?P<free_sms>unlimited texts) left until (?P<until><day>)\. "
        r"Calling credit: €(?P<credit><n>) until (?P<credit_until><day>)\.",
        "2.4 GB and unlimited texts left until 10/12/2026 09:15. Calling credit: €6.00 until 10/05/2027.",
    ),
    _format(
        "aldi-talk-nl",
        "aldi-talk",
        r"Belwaarde (?P<credit><n>) EUR tot (?P<credit_until><day>)\. Bundel: (?P<mb>\d+) MB tot (?P<until><day>)\.",
        "Belwaarde 8,00 EUR tot 22.11.2027. Bundel: 640 MB tot 15.12.2026.",
    ),
)


def fitting(operator: str, text: str, at: datetime, zone: ZoneInfo, *, samples: bool) -> Reading | None:
    """The reading by the first known format that the whole text fits; None when there is none."""
    for known in FORMATS:
        if known.operator == operator and (samples or not known.sample) and (match := known.pattern.fullmatch(text)):
            return _read(known, match, at, zone)
    return None


def _read(known: Format, match: re.Match[str], at: datetime, zone: ZoneInfo) -> Reading:
    said = {name: text for name, text in match.groupdict().items() if text}
    ends = {name: _end(said[name], zone) for name in ("credit_until", "until") if name in said}
    amounts: list[tuple[What, int | None, str]] = []
    if "credit" in said:
        amounts.append((What.CREDIT, int(_decimal(said["credit"]) * 100), "credit_until"))
    for name, size_kb in (("gb", 1000 * 1000), ("mb", 1000)):
        if name in said:
            amounts.append((What.DATA, int(_decimal(said[name]) * size_kb), "until"))
    if "min" in said or "free_min" in said:
        amounts.append((What.VOICE, int(said["min"]) * 60 if "min" in said else None, "until"))
    if "sms" in said or "free_sms" in said:
        amounts.append((What.SMS, int(said["sms"]) if "sms" in said else None, "until"))
    found = tuple(
        Found(what, Amount((amount,)), Until((ends[until],)) if until in ends else None, match[0])
        for what, amount, until in amounts
    )
    return Reading(at, found, (), known.name)


def _decimal(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _end(text: str, zone: ZoneInfo) -> datetime:
    written, _, minute = text.partition(" ")
    day, month, year = (int(part) for part in re.split(r"[/.-]", written))
    if not minute:
        return day_end(date(year, month, day), zone)
    hour, past = (int(part) for part in minute.split(":"))
    return minute_of(date(year, month, day), hour, past, zone)
