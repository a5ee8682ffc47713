"""Which number of an accountant's chart each kind of account of ours stands under: a table that a person keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core.catalog.place import CatalogError, Place, Reading
from opla.core.ledger import Account

FORM: Final = 1
_NUMBER: Final = re.compile(r"[0-9]{2,8}")


class Type(StrEnum):
    """What an account is on a balance sheet, or of a result. Plain-text accounting reads the first letter."""

    ASSET = "asset"
    LIABILITY = "liability"
    REVENUE = "revenue"
    EXPENSE = "expense"

    @property
    def letter(self) -> str:
        return "X" if self is Type.EXPENSE else self.value[0].upper()


@dataclass(frozen=True)
class Entry:
    number: str
    type: Type


@dataclass(frozen=True)
class Chart:
    entries: Mapping[Account, Entry]

    def of(self, code: str) -> Entry:
        """`psp_clearing:sandbox:EUR` → its kind's entry."""
        return self.entries[Account(code.partition(":")[0])]


def parse(document: Mapping[str, object]) -> Chart:
    """The chart a document describes. Raises `CatalogError` with every problem and its path."""
    reading = Reading()
    root = Place(document, (), reading)
    if document.get("accounts") != FORM:
        root["accounts"].fail(f"this program reads charts of form {FORM}")
    kinds = root["kinds"]
    entries = {}
    for kind in Account:
        at = kinds[kind.value]
        number, type_ = at["number"].text(), at["type"].enum(Type)
        if number is not None and not _NUMBER.fullmatch(number):
            at["number"].fail("must be 2 to 8 digits, in quotes")
        if number is not None and type_ is not None:
            entries[kind] = Entry(number, type_)
    for other in kinds.mapping().keys() - set(Account):
        kinds[other].fail("is no kind of account of this shop")
    if reading.problems:
        raise CatalogError(tuple(reading.problems))
    return Chart(entries)
