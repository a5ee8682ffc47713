"""A figure with its evidence: no number of the catalogue is bare; each says who said so, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Generic, Never, TypeVar

#: One text in several languages, by tag: `{"en": …, "zh-Hans": …}`.
Texts = Mapping[str, str]

T_co = TypeVar("T_co", covariant=True)


class Sure(StrEnum):
    """How far a figure can be trusted."""

    A = "A"  # operator, regulator, law or a maintained data set says it
    B = "B"  # one page or article, or A but old: the rule probably still holds
    C = "C"  # old, third-party, or partly cut off
    UNKNOWN = "unknown"  # looked for and not found, or not looked for yet
    SAMPLE = "sample"  # invented for the sandbox


class Shown(StrEnum):
    """How a surface must say a figure. The four ways there are; a fifth needs a decision."""

    FACT = "fact"  # plainly
    REPORTED = "reported"  # "according to an older or single source"
    NOT_VERIFIED = "not_verified"  # "not verified, the operator decides"
    SAMPLE = "sample"  # labelled as invented, beside the sandbox only


_SHOWN = {
    Sure.A: Shown.FACT,
    Sure.B: Shown.FACT,
    Sure.C: Shown.REPORTED,
    Sure.UNKNOWN: Shown.NOT_VERIFIED,
    Sure.SAMPLE: Shown.SAMPLE,
}


@dataclass(frozen=True)
class Cell(Generic[T_co]):
    """One figure. `value` is None exactly when `sure` is UNKNOWN.

    source       where it was read, in words a person can follow up
    dated        the date that source shows: an ISO date, a month, a year, `about 2014`, or `nd` (none visible)
    verified_on  the day the figure was last seen to be so; None when no full date is known
    note         for whoever edits the catalogue, in English; never drawn by the shop
    disputed     what another source says instead; a disputed figure is never shown as fact
    usual        the source says "in most cases": surfaces say "usually"
    """

    value: T_co | None
    sure: Sure
    source: str = ""
    dated: str = "nd"
    verified_on: date | None = None
    note: str = ""
    disputed: str = ""
    usual: bool = False

    @property
    def known(self) -> bool:
        return self.value is not None

    @property
    def shown_as(self) -> Shown:
        shown = _SHOWN[self.sure]
        return Shown.REPORTED if self.disputed and shown is Shown.FACT else shown


#: What a field left out of the catalogue is.
UNKNOWN: Final[Cell[Never]] = Cell(None, Sure.UNKNOWN)


def text_in(texts: Texts, language: str) -> str:
    """The text in `language`, else in English, else as whoever wrote it wrote it; empty where there is none."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
