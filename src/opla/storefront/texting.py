"""The choice beside the e-mail: tell me by text too. Never ticked beforehand."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.phone import Number
from opla.core.refusal import Code, Refusal
from opla.operations.order_texts import read_number


def read(values: Mapping[str, str]) -> Number | Refusal | None:
    """The number to tell by text: the one that was written for it, else the one that is topped up. None: nobody."""
    if not values.get("by_text"):
        return None
    typed = values.get("text_number", "").strip()
    if not typed and not values.get("number", "").strip():
        return Refusal(Code.NUMBER_MISSING, "text_number")
    found = read_number(typed or values["number"])
    if not isinstance(found, Refusal):
        return found
    # What is wrong with the number that is topped up stands there already.
    return Refusal(found.code, "text_number" if typed else "number", found.params)
