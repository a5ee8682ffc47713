"""Tablets of ours, paired by a code: a till, where a clerk sells, or a kiosk, where nobody does; and clerks' PINs.

    waiting ──paired──▶ paired ──unpaired──▶ unpaired
       ▲                  │  ▲                  │
       │                  └──┼─locked─▶ locked ─┤
       └─────────── a new code is made ─────────┘

A tablet is known by a secret of 128 bits in its cookie, whose hash alone is kept: one that is unpaired or locked is
nobody's from the same moment, and what was typed into it before opens nothing. A code pairs one tablet, once, within
a quarter of an hour.

| wrong PINs in a row | the next is heard after  |
|---------------------|--------------------------|
| 1, 2                | at once                  |
| 3                   | one minute               |
| 4                   | five minutes             |
| 5, 6, 7             | a quarter of an hour     |
| 8 and more          | a manager gives a new PIN |
"""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from opla.core.chance import ALPHABET
from opla.core.refusal import Code, Refusal


class Kind(StrEnum):
    """What a tablet is for. Published."""

    TILL = "till"
    KIOSK = "kiosk"


class State(StrEnum):
    """Published."""

    WAITING = "waiting"
    PAIRED = "paired"
    LOCKED = "locked"  # something was wrong with it (a code was sold twice, a drawer is missing): a person looks
    UNPAIRED = "unpaired"


#: How long a pairing code works, once.
PAIRING_VALID: Final = timedelta(minutes=15)
PAIRING_LETTERS: Final = 8
#: A clerk who presses nothing for so long signs in again.
IDLE: Final = timedelta(minutes=10)
#: In digits.
PIN_SHORTEST, PIN_LONGEST = 4, 8
#: Wrong PINs in a row → how long nothing is heard; more than the last: until a new PIN is given.
_WAITS_MINUTES: Final = (0, 0, 0, 1, 5, 15, 15, 15)


def read_pairing(typed: str) -> str:
    """The letters of a pairing code as somebody typed them; empty where they cannot be one."""
    letters = "".join(c for c in unicodedata.normalize("NFKC", typed).upper() if not c.isspace() and c not in "-.")
    return letters if len(letters) == PAIRING_LETTERS and set(letters) <= set(ALPHABET) else ""


def pairing_shown(letters: str) -> str:
    """As it is shown and read out."""
    return f"{letters[:4]}-{letters[4:]}"


def pin_refused(pin: str) -> Refusal | None:
    """Why nobody may have this PIN: it is no digits, or one of those that are tried first."""
    if not (pin.isascii() and pin.isdigit() and PIN_SHORTEST <= len(pin) <= PIN_LONGEST):
        return Refusal(Code.PIN_INVALID, "pin", {"from": str(PIN_SHORTEST), "to": str(PIN_LONGEST)})
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    same_twice = len(pin) % 2 == 0 and pin[: len(pin) // 2] == pin[len(pin) // 2 :]
    year = len(pin) == 4 and pin[:2] in ("19", "20")
    weak = steps in ({0}, {1}, {9}) or same_twice or year
    return Refusal(Code.PIN_WEAK, "pin") if weak else None


def waits(wrong: int) -> timedelta | None:
    """How long nothing is heard after so many wrong PINs in a row; None: until a new one is given."""
    return timedelta(minutes=_WAITS_MINUTES[wrong]) if wrong < len(_WAITS_MINUTES) else None
