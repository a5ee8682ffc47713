"""Card machines on a counter, and the slips of those that nobody here can ask: a clerk reads them.

| slip         | what the machine said                              | settles                            |
|--------------|----------------------------------------------------|------------------------------------|
| `approved`   | yes, under this receipt number                     | a charge, once: it is captured     |
| `declined`   | no                                                 | a charge, once: it is over         |
| `voided`     | the yes was taken back at once, or never was one   | an approval, while nobody captured |
| `given_back` | the money of a refund went back to a card          | a refund, once                     |

A slip moves no money in the books: it is with whoever owns the machine, and stands in `psp_clearing:terminal` from the
capture on, until they pay it out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core.money import Money
from opla.core.ports import Movement, Payout, PayoutLine
from opla.core.refusal import Code, Refusal


class Kind(StrEnum):
    """A slip: what the machine said. Published."""

    APPROVED = "approved"
    DECLINED = "declined"
    VOIDED = "voided"
    GIVEN_BACK = "given_back"


#: As machines print numbers: digits, with letters and what divides them on some.
_RECEIPT: Final = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,23}")


def read_receipt(typed: str) -> str:
    """The number of a slip as somebody typed it, in any width; empty where it is none."""
    found = "".join(sign for sign in unicodedata.normalize("NFKC", typed) if not sign.isspace()).upper()
    return found if _RECEIPT.fullmatch(found) else ""


@dataclass(frozen=True)
class Sums:
    """The slips of one drawer in a time: how many of each kind, and what they are together."""

    approved: int
    approved_minor: int
    voided: int
    voided_minor: int
    given_back: int
    given_back_minor: int
    declined: int

    @property
    def minor(self) -> int:
        """What the machine's own total of that time must be. `voided` and `given_back` are below nothing."""
        return self.approved_minor + self.voided_minor + self.given_back_minor


@dataclass(frozen=True)
class Unpaid:
    """A slip that no payout has brought: `charge` and `refund` are our references of the two."""

    id: UUID
    minor: int
    charge: str
    refund: str = ""


def paid_out(
    key: str, amount: Money, day: date, reference: str, slips: Sequence[Unpaid]
) -> tuple[Payout, list[PayoutLine]] | Refusal:
    """What the machine's owner sent for all these slips: what is missing is what they kept. More cannot be."""
    kept = sum(one.minor for one in slips) - amount.amount_minor
    if not slips or kept < 0:
        total = Money(sum(one.minor for one in slips), amount.currency)
        return Refusal(Code.SLIPS_TOO_FEW, "amount", {"total": str(total.amount_minor), "currency": total.currency})
    lines = [
        PayoutLine(
            str(one.id),
            Movement.REFUND if one.refund else Movement.PAYMENT,
            one.minor,
            of=one.charge,
            refund_id=one.refund,
        )
        for one in slips
    ]
    if kept:
        lines.append(PayoutLine(f"{key}/fee", Movement.FEE, 0, kept))
    return Payout(key, amount, day, reference), lines
