"""The reference by which a bank transfer is known again: twelve digits that check themselves, in two ways of writing.

| way                                | looks like              | checked by                                           |
|------------------------------------|-------------------------|------------------------------------------------------|
| Belgian structured communication   | `+++123/4567/89002+++`  | the last two are the first ten mod 97, 0 as 97       |
| ISO 11649, for banks abroad        | `RF45 1234 5678 9002`   | mod 97 = 1 as with an IBAN (ISO 7064)                |

(the Belgian rule: stdnum.be.ogm_vcs, after Febelfin; the other: ISO 11649:2009.) Both are written here around the same
twelve digits, so either leads to the same payment. A reference with one wrong digit is none: it is never guessed.
"""

from __future__ import annotations

import re

from stdnum import iso11649
from stdnum.be import ogm_vcs

#: How many payments can be told apart.
NUMBERS = 10**10

# What people and banks make of it: stars for pluses, blanks where a line was broken, no signs at all.
_SIGNED = re.compile(r"[+*]{2,3}([\d\s/.-]{12,40})[+*]{2,3}")
_BARE = re.compile(r"(?<![\d/])\d{3}[ /.-]?\d{4}[ /.-]?\d{5}(?![\d/])")
_RF = re.compile(r"(?<![A-Z0-9])RF((?:\s?\d){14})(?![A-Z0-9])", re.IGNORECASE)


def number(of: int) -> str:
    """The twelve digits of a number below `NUMBERS`. Raises ValueError beyond."""
    if not 0 <= of < NUMBERS:
        raise ValueError(f"{of} has no place in ten digits")
    ten = f"{of:010d}"
    return ten + ogm_vcs.calc_check_digits(ten)


def is_number(text: str) -> bool:
    """Whether these are twelve digits that check."""
    return len(text) == 12 and text.isascii() and text.isdigit() and bool(ogm_vcs.is_valid(text))


def belgian(number: str) -> str:
    """As a Belgian bank shows it."""
    return f"+++{number[:3]}/{number[3:7]}/{number[7:]}+++"


def rf(number: str) -> str:
    """As ISO 11649 writes it, in groups of four."""
    bare = _rf(number)
    return " ".join(bare[at : at + 4] for at in range(0, len(bare), 4))


def _rf(number: str) -> str:
    check = 98 - int(f"{number}271500") % 97  # R is 27, F is 15, and 00 stands for the digits to be found
    return f"RF{check:02d}{number}"


def found_in(*texts: str) -> frozenset[str]:
    """Every reference in what a bank passed on; empty when none checks. Somebody may have written two."""
    found = set[str]()
    for text in texts:
        for signed in _SIGNED.findall(text):
            found.add("".join(c for c in signed if c.isdigit()))
        found |= {"".join(c for c in bare if c.isdigit()) for bare in _BARE.findall(text)}
        for tail in _RF.findall(text):
            digits = "".join(tail.split())
            if iso11649.is_valid(f"RF{digits}"):
                found.add(digits[2:])
    return frozenset(one for one in found if is_number(one))
