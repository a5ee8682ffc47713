"""Which operator a SIM may be of, from what somebody can see. Proposals, never an answer: the person confirms.

| seen                                            | says                                                     |
|-------------------------------------------------|----------------------------------------------------------|
| a brand's name on the card or the screen        | most probably that brand                                 |
| the name or code (206-xx) of a network          | the brand of that name, or one that this network carries |
| a phone number                                  | whom its block was first given to; numbers move          |

A phone may show the brand, or the network that carries it: both are proposed, the brand first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from opla.core.catalog import Catalog, Operator
from opla.core.written import plain

#: No name on a card or a screen is longer; it bounds the work that a stranger can ask for.
MAX_SEEN = 80

_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"(?<!\d)(\d{3})[ -]?(\d{2,3})(?!\d)")
#: Words of names that say nothing alone.
_COMMON = frozenset({"mobile", "talk", "belgium", "be", "bel", "b", "sim", "prepaid", "network", "connect"})


class Why(StrEnum):
    """Why an operator is proposed, the best reason first. Published: surfaces have a sentence for each."""

    NAME = "name"  # what was seen is its name
    CODE = "code"  # what was seen is its network code
    CARRIED = "carried"  # what was seen is the network that carries it
    NUMBER = "number"  # the number's block was first given to it


@dataclass(frozen=True)
class Proposal:
    operator: Operator
    why: Why


def proposals(catalog: Catalog, seen: str = "", e164: str = "") -> tuple[Proposal, ...]:
    """Every operator that fits, the best reason first, in the catalogue's order. Empty where nothing fits."""
    shown = plain(seen[:MAX_SEEN]).casefold()
    words = set(_WORD.findall(shown))
    codes = {"-".join(code) for code in _CODE.findall(shown)}
    first_given = catalog.hinted_operator(e164) if e164 else None
    found = []
    for operator in catalog.operators:
        if _names(operator.name, shown, words):
            why = Why.NAME
        elif codes & set(operator.mcc_mnc.value or ()):
            why = Why.CODE
        elif operator.host_network.value and _names(operator.host_network.value, shown, words):
            why = Why.CARRIED
        elif operator == first_given:
            why = Why.NUMBER
        else:
            continue
        found.append(Proposal(operator, why))
    order = list(Why)
    return tuple(sorted(found, key=lambda proposal: order.index(proposal.why)))


def _names(name: str, shown: str, words: set[str]) -> bool:
    """Whether what was seen names this: its whole name, or a word of it that is no common one."""
    whole = name.casefold()
    if len(whole) > 2 and whole in shown:
        return True
    return bool(words & (set(_WORD.findall(whole)) - _COMMON))
