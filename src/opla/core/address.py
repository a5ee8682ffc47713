"""A postal address in a country that cards are sent to: checked line by line, because a typing error loses a card.

A Belgian one is name, street with number and maybe a box, four digits from 1000 and the municipality. Whether the
street is there nobody asks: a letter finds out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from opla.core.refusal import Code, Refusal

#: Countries that cards are sent to, each with the form of its postcodes.
POSTCODES: Final[Mapping[str, re.Pattern[str]]] = {"BE": re.compile(r"[1-9]\d{3}")}
FIELDS: Final = ("name", "street", "number", "box", "postcode", "city", "country")
#: What none of them may be without.
NEEDED: Final = ("name", "street", "number", "postcode", "city")
#: More than any line of an address label takes.
MAX_LINE: Final = 70


@dataclass(frozen=True)
class Address:
    name: str
    street: str
    number: str
    box: str
    postcode: str
    city: str
    country: str = "BE"

    @property
    def lines(self) -> tuple[str, ...]:
        """As they stand on an envelope within the country."""
        box = f" box {self.box}" if self.box else ""
        return self.name, f"{self.street} {self.number}{box}", f"{self.postcode} {self.city}"

    @property
    def document(self) -> dict[str, str]:
        return asdict(self)


def read(typed: Mapping[str, str]) -> Address | list[Refusal]:
    """An address from what was typed under the names of `FIELDS`, or every line that is wrong, named."""
    said = {field: " ".join(_printable(typed.get(field, "")).split()) for field in FIELDS}
    country = said["country"].upper() or "BE"
    postcode = said["postcode"].upper().removeprefix("B-").replace(" ", "")
    refused = [
        Refusal(Code.ADDRESS_MISSING, field, {"field": field})
        for field in FIELDS
        if len(said[field]) > MAX_LINE or (field in NEEDED and not said[field])
    ]
    if country not in POSTCODES:
        refused.append(Refusal(Code.COUNTRY_NOT_SERVED, "country", {"country": country[:2]}))
    elif said["postcode"] and not POSTCODES[country].fullmatch(postcode):
        refused.append(Refusal(Code.POSTCODE_INVALID, "postcode"))
    if refused:
        return refused
    return Address(**{**said, "postcode": postcode, "country": country})


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_LINE])
