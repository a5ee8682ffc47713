"""What was understood of an answer. Units: data in kB (1 GB = 10⁶ kB, as operators count), voice in seconds, SMS in
messages, credit in the smallest unit of the currency; instants are aware and in UTC; an amount of None is unlimited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    CREDIT = "credit"
    DATA = "data"
    VOICE = "voice"
    SMS = "sms"


class Doubt(StrEnum):
    """Why the person is asked, although something was found. Published: surfaces have a sentence for each."""

    UNIT = "unit"  # the unit is missing, or can mean two things (`500 M`)
    SEPARATOR = "separator"  # `1.500`: one and a half, or fifteen hundred
    USED = "used"  # `500 MB of 2 GB`: used, or left
    SEVERAL = "several"  # the same kind of thing twice
    OFFER = "offer"  # may be what one could buy, not what one has
    DATE = "date"  # `03/04`: 3 April, or 4 March
    YEAR = "year"  # without a year, and the day was not long ago
    LAST_DAY = "last_day"  # `5 days`: with or without today
    WHOSE = "whose"  # a date that may belong to something else, or be no end at all


@dataclass(frozen=True)
class Amount:
    """What a figure may mean, likeliest first. Without a doubt there is exactly one candidate."""

    candidates: tuple[int | None, ...]
    doubts: frozenset[Doubt] = frozenset()


@dataclass(frozen=True)
class Until:
    """When something may end (exclusive), likeliest first. A date without a time means the end of that local day."""

    candidates: tuple[datetime, ...]
    doubts: frozenset[Doubt] = frozenset()


@dataclass(frozen=True)
class Found:
    """One thing the SIM holds, as the answer says it. `until` is None where no end was said."""

    what: What
    amount: Amount
    until: Until | None
    said: str

    @property
    def doubts(self) -> frozenset[Doubt]:
        return self.amount.doubts | (self.until.doubts if self.until else frozenset())


@dataclass(frozen=True)
class Reading:
    """An answer as it was understood at this instant.

    `rest` are the parts with figures that mean nothing to us. `format` names the known format that fitted, else empty.
    """

    at: datetime
    found: tuple[Found, ...]
    rest: tuple[str, ...]
    format: str = ""

    @property
    def plain(self) -> bool:
        """Nothing has to be asked, only confirmed."""
        return not self.rest and not any(found.doubts for found in self.found)
