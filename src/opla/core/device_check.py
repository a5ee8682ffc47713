"""May an eSIM be sold for this phone? What somebody says of it, against the table of families.

| what is said                        | answer                                                                     |
|-------------------------------------|----------------------------------------------------------------------------|
| locked to an operator               | no, whatever else is said                                                  |
| an EID with a wrong check digit     | no, until it is corrected or left out                                      |
| it shows an EID, or one was typed   | yes; probably, where a lock is not excluded or other countries are doubted |
| it shows none                       | no                                                                         |
| neither, and the family has none    | no: none of its models, or none bought there; not known if only reported   |
| neither, and the family has one     | probably                                                                   |
| neither, and nobody knows           | not known: it may be lost money, and the buyer is told so                  |

The phone outranks the table, because it cannot be an older copy of itself; a lock outranks both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core import sim
from opla.core.catalog import UNKNOWN, Cell, Shown
from opla.core.devices import Families, Family, Has, Region
from opla.core.refusal import Code, Refusal


class Says(StrEnum):
    """The answer to a plain question. Not knowing is an answer too: a phone may be somebody else's."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Typed(StrEnum):
    """What became of an EID somebody typed. Its digits name a phone for ever, so they are looked at and not kept."""

    NOTHING = "none"
    RIGHT = "right"
    WRONG = "wrong"


class Why(StrEnum):
    """Why not: the `why` of a refusal. Published: the sentences are in `presenting`."""

    LOCKED = "locked"
    EID_WRONG = "eid_wrong"
    NO_EID = "no_eid"  # the phone itself shows none
    MODEL = "model"  # no phone of this family has an eSIM
    REGION = "region"  # those bought elsewhere have one, these have not


class Verdict(StrEnum):
    YES = "yes"
    PROBABLY = "probably"
    UNKNOWN = "unknown"


class Because(StrEnum):
    """What a verdict rests on. Published: the sentences are in `presenting`."""

    EID = "eid"  # it shows one, and is free
    EID_LOCK_UNKNOWN = "eid_lock_unknown"
    EID_HOME_ONLY = "eid_home_only"  # it shows one, but may take operators of its own country only
    TABLE = "table"
    HOME_ONLY = "home_only"
    VARIES = "varies"  # some models of the family have one
    REPORTED_NO = "reported_no"  # an old or single source says that it has none: too little to refuse by
    NOT_KNOWN = "not_known"


_ENCODED: Final = re.compile(r"1:(\w{2,7}):(\w{2,7}):(\w{2,7}):([a-z0-9_]{0,40}):(\w{4,5})")


@dataclass(frozen=True)
class Answers:
    """What somebody says of a phone. `family` is an id of the table, or empty: none of them, or not known."""

    shows_eid: Says
    locked: Says
    region: Region
    family: str = ""
    eid: Typed = Typed.NOTHING

    def encode(self) -> str:
        """As one short text, for a hidden field or a column; it holds no digit of an EID."""
        return f"1:{self.shows_eid}:{self.locked}:{self.region}:{self.family}:{self.eid}"

    @staticmethod
    def decode(text: str) -> Answers | Refusal:
        """What `encode` wrote. Nothing, or anything else, is no answered check."""
        found = _ENCODED.fullmatch(text)
        if found is None:
            return NOT_CHECKED
        shows, locked, region, family, eid = found.groups()
        try:
            return Answers(Says(shows), Says(locked), Region(region), family, Typed(eid))
        except ValueError:
            return NOT_CHECKED


NOT_CHECKED: Final = Refusal(Code.DEVICE_NOT_CHECKED, "device")


@dataclass(frozen=True)
class Checked:
    """No reason against it. `only_esim`: a card would not fit in this phone, as the table has it."""

    answers: Answers
    verdict: Verdict
    because: Because
    only_esim: bool = False

    @property
    def risky(self) -> bool:
        """Nobody knows whether it works: the buyer must be told before paying."""
        return self.verdict is Verdict.UNKNOWN


def typed(text: str) -> Typed:
    """Whether what was typed is an EID."""
    if not text.strip():
        return Typed.NOTHING
    return Typed.RIGHT if isinstance(sim.identify(text), sim.Eid) else Typed.WRONG


def check(answers: Answers, families: Families) -> Refusal | Checked:
    """Whether to sell an eSIM for this phone, by the table above."""
    family = families.find(answers.family)
    cell: Cell[Has] = family.has(answers.region) if family else UNKNOWN
    has = cell.value
    if has is Has.NO and cell.shown_as is not Shown.FACT:
        has = None
    why = _why_not(answers, has, family)
    if why is not None:
        params = {"why": str(why), "family": family.id if family else ""}
        return Refusal(Code.DEVICE_NOT_COMPATIBLE, "device", params)
    shown = answers.shows_eid is Says.YES or answers.eid is Typed.RIGHT
    verdict, because = _with_eid(answers, has) if shown else _BY_TABLE[has]
    if because is Because.NOT_KNOWN and cell.value is Has.NO:
        because = Because.REPORTED_NO
    return Checked(answers, verdict, because, only_esim=_no_slot(family, has))


def _why_not(answers: Answers, has: Has | None, family: Family | None) -> Why | None:
    if answers.locked is Says.YES:
        return Why.LOCKED
    if answers.eid is Typed.WRONG:
        return Why.EID_WRONG
    if answers.shows_eid is Says.YES or answers.eid is Typed.RIGHT:
        return None
    if answers.shows_eid is Says.NO:
        return Why.NO_EID
    if has is not Has.NO or family is None:
        return None
    return Why.MODEL if all(cell.value is Has.NO for cell in family.bought.values()) else Why.REGION


def _with_eid(answers: Answers, has: Has | None) -> tuple[Verdict, Because]:
    """One bought in mainland China may take operators of China only: nobody we know of has proved it wrong."""
    if has is Has.HOME_ONLY or answers.region is Region.CHINA:
        return Verdict.PROBABLY, Because.EID_HOME_ONLY
    if answers.locked is Says.UNKNOWN:
        return Verdict.PROBABLY, Because.EID_LOCK_UNKNOWN
    return Verdict.YES, Because.EID


#: Without a word about an EID a table says no more than "probably": one family's models are not all alike.
_BY_TABLE: Final[dict[Has | None, tuple[Verdict, Because]]] = {
    Has.YES: (Verdict.PROBABLY, Because.TABLE),
    Has.ONLY: (Verdict.PROBABLY, Because.TABLE),
    Has.HOME_ONLY: (Verdict.UNKNOWN, Because.HOME_ONLY),
    Has.VARIES: (Verdict.UNKNOWN, Because.VARIES),
    None: (Verdict.UNKNOWN, Because.NOT_KNOWN),
}


def _no_slot(family: Family | None, has: Has | None) -> bool:
    elsewhere = family.has(Region.ELSEWHERE).value if family else None
    return has is Has.ONLY or (has is Has.HOME_ONLY and elsewhere is Has.ONLY)
