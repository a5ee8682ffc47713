"""What somebody texted us, as one of the few things we understand. Whatever else it is, it is not answered.

| they write                              | it means                                       |
|-----------------------------------------|------------------------------------------------|
| `STATUS K7M3-9QX2-TB`, `状态 K7M39QX2TB`  | what has become of this order                  |
| `SALDO`, `BALANCE`, `SOLDE`, `GUTHABEN`, `余额` | how to see what is left on a SIM          |
| `STOP`, `ARRÊT`, `STOPP`, `退订`           | never text me again                            |

The first word decides, however it is written: capitals, full width, signs around it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, TypeAlias

_STATUS: Final = frozenset({"status", "statut", "状态"})
_BALANCE: Final = {"saldo": "nl", "balance": "en", "solde": "fr", "guthaben": "de", "余额": "zh-Hans"}
_STOP: Final = frozenset({"stop", "stopp", "arret", "arrêt", "退订"})
#: As `chance.order_number` draws them.
_TICKET: Final = re.compile(r"([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{2})")
_WORD: Final = re.compile(r"\w+")
#: Longer than any of these with an order's number; what follows is a signature.
_LONGEST: Final = 200


@dataclass(frozen=True)
class Status:
    """`ticket` as orders have it; empty where what was written is the number of no order."""

    ticket: str


@dataclass(frozen=True)
class Balance:
    """`language` is that of the word."""

    language: str


@dataclass(frozen=True)
class Stop:
    pass


Texted: TypeAlias = Status | Balance | Stop


def read(text: str) -> Texted | None:
    """None for what is none of these."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])
    first = _WORD.search(plain)
    word = first[0].casefold() if first else ""
    for known in _STATUS:
        if first and word.startswith(known) and (len(word) == len(known) or not known.isascii()):
            return Status(_ticket(plain[first.start() + len(known) :]))
    if word in _BALANCE:
        return Balance(_BALANCE[word])
    return Stop() if word in _STOP else None


def _ticket(rest: str) -> str:
    """The number in its own form, whatever it was typed with; only its first line."""
    line = rest.strip().partition("\n")[0]
    found = _TICKET.fullmatch("".join(sign for sign in line.upper() if sign.isalnum()))
    return "-".join(found.groups()) if found else ""
