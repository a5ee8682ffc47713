"""A statement as all kinds of files say it, and why one is not taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from opla.core.refusal import Code

#: A year of a busy shop is a tenth of it; what is larger was meant for something else.
MAX_BYTES = 10 * 1024 * 1024


class Source(StrEnum):
    """Which kind of file it was. Published: kept with every line."""

    CAMT_053 = "camt.053"  # a statement (ISO 20022)
    CAMT_054 = "camt.054"  # a notification: lines without balances
    CODA = "coda"  # a statement, as Belgian banks write them

    @property
    def complete(self) -> bool:
        """It has balances, so that it can be seen whether one is missing."""
        return self is not Source.CAMT_054


class Unreadable(Exception):  # noqa: N818 - the word for it
    """Not taken, and nothing of it was kept: a code for ever, and the figures its sentence needs."""

    def __init__(self, code: Code, **params: str) -> None:
        super().__init__(" ".join([code, *(f"{name}={value}" for name, value in params.items())]))
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Line:
    """One booked amount: positive came in, negative went out, in minor units of the statement's currency.

    `bank_ref` is the bank's own number for it, where it says one. `name`, `iban` and `text` are the other party's.
    `reversal`: the bank takes an earlier booking back, or a transfer was returned.
    """

    booked_on: date
    amount_minor: int
    bank_ref: str = ""
    text: str = field(default="", repr=False)
    references: frozenset[str] = frozenset()  # of ours, as far as they check (core.structured)
    name: str = field(default="", repr=False)
    iban: str = field(default="", repr=False)
    reversal: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement of a file. `identity` is the bank's name for it, the same when it is sent again.

    `number` counts within a year, where the bank counts; the balances are None where it says none.
    """

    source: Source
    account: str
    currency: str
    identity: str
    number: int | None
    from_on: date
    until_on: date
    opening_minor: int | None
    closing_minor: int | None
    lines: tuple[Line, ...]

    @property
    def adds_up(self) -> bool:
        """The old balance and all lines make the new one."""
        if self.opening_minor is None or self.closing_minor is None:
            return not self.source.complete
        return self.opening_minor + sum(line.amount_minor for line in self.lines) == self.closing_minor
