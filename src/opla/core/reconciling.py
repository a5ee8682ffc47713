"""What others say of our money beside what our books say, and what most probably explains whatever does not agree.

| who         | ours                                       | theirs                                                  |
|-------------|--------------------------------------------|---------------------------------------------------------|
| provider    | what it owes us of one way of paying       | the same, less what its payouts should have brought     |
| transit     | paid out, and not yet at the bank          | the payouts that it says are on their way               |
| bank        | the account, when the last statement ends  | what that statement ends with                           |
| supplier    | our float there, when it last told         | what it told                                            |
| drawer      | the drawer, when it was last counted       | what was counted                                        |
| partner     | what we owe them                           | –                                                       |
| reseller    | their prepaid money                        | –                                                       |

A suggestion moves nothing: a person decides on the item's own page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from opla.core.item import Kind
from opla.core.money import Money
from opla.core.payout import Waiting


class Party(StrEnum):
    """Whom the books are held against."""

    PROVIDER = "provider"
    TRANSIT = "transit"
    BANK = "bank"
    SUPPLIER = "supplier"
    DRAWER = "drawer"
    PARTNER = "partner"
    RESELLER = "reseller"


@dataclass(frozen=True)
class Standing:
    """One counterparty in one currency. `ours` is as of `told_at`, where they told something; `since`: how long the two
    have differed, as far as that is known. What we owe is below nothing."""

    party: Party
    name: str
    ours: Money
    theirs: Money | None = None
    told_at: datetime | None = None
    since: datetime | None = None

    @property
    def difference(self) -> Money | None:
        return None if self.theirs is None else self.ours - self.theirs


def differs_since(history: Iterable[tuple[datetime, int]]) -> datetime | None:
    """The beginning of the newest unbroken time in which two figures differed. `history`: differences, newest first."""
    since = None
    for at, difference_minor in history:
        if not difference_minor:
            break
        since = at
    return since


#: Which items are somebody's money that does not agree, and with whom. A contradiction is with whom its attempt was.
WITH: Final[dict[Kind, Party]] = {
    Kind.PAYOUT_DIFFERS: Party.PROVIDER,
    Kind.PAYOUT_MISSING: Party.PROVIDER,
    Kind.OUTSIDE_REFUND: Party.PROVIDER,
    Kind.UNKNOWN_CHARGE: Party.PROVIDER,
    Kind.UNKNOWN_REFUND: Party.PROVIDER,
    Kind.REFUND_REFUSED: Party.PROVIDER,
    Kind.CONTRADICTION: Party.PROVIDER,
    Kind.PAYOUT_LATE: Party.TRANSIT,
    Kind.BANK_LINE: Party.BANK,
    Kind.BANK_OUT: Party.BANK,
    Kind.BANK_GAP: Party.BANK,
    Kind.LINE_BACK: Party.BANK,
    Kind.TRANSFER_DUE: Party.BANK,
    Kind.UNKNOWN_SEND: Party.SUPPLIER,
    Kind.CASH_DUE: Party.DRAWER,
    Kind.SLIP_DUE: Party.DRAWER,
    Kind.TABLET: Party.DRAWER,
}

#: Days lived that end each age but the last.
AGES: Final = (1, 7, 30)


def age(since: datetime, at: datetime) -> int:
    """Its place in `AGES`; after the last for what is older."""
    days = (at - since).days
    return next((place for place, most in enumerate(AGES) if days <= most), len(AGES))


# ── what it most probably is ──


class Clue(StrEnum):
    """What speaks for a suggestion. The strongest first."""

    MISTYPED = "mistyped"  # ticket: its reference, but for one digit or two that changed places
    NAMED = "named"  # ticket: the order's number stands in the text
    SAME_AMOUNT = "same_amount"  # ticket: it alone waits for exactly so much
    OTHER_REFERENCE = "other_reference"  # provider: a payout of the same sum waits to be seen
    OUR_REFUND = "our_refund"  # ticket: a refund of ours of the same sum, at that provider, in those days
    NOT_BROUGHT = "not_brought"  # ticket: a payment of the same sum that no payout has brought
    THEIR_FEE = "their_fee"  # nothing but what they kept differs


@dataclass(frozen=True)
class Suggestion:
    clue: Clue
    ticket: str = ""
    provider: str = ""


@dataclass(frozen=True)
class Expected:
    """Money that should come under a reference of ours, or came or went at a provider: of an order, on a day."""

    ticket: str
    amount: Money
    day: date
    number: str = ""


#: Digits as people and banks write a reference, one missing or one too many.
_DIGITS: Final = re.compile(r"\d(?:[\s/+*.-]{0,3}\d){10,12}")
#: A refund and the payout that takes it off lie no further apart.
_NEAR: Final = timedelta(days=7)


def of_line(amount: Money, text: str, expected: Sequence[Expected], payouts: Sequence[Waiting]) -> Suggestion | None:
    """A line of our bank account that shows no reference of ours. `expected` waits to be paid by transfer."""
    written = ["".join(sign for sign in run if sign.isdigit()) for run in _DIGITS.findall(text)]
    near = {one.ticket for one in expected if any(_one_slip(digits, one.number) for digits in written)}
    if len(near) == 1:
        return Suggestion(Clue.MISTYPED, near.pop())
    said = text.casefold()
    named = {one.ticket for one in expected if one.ticket and one.ticket.casefold() in said}
    if len(named) == 1:
        return Suggestion(Clue.NAMED, named.pop())
    same = {one.ticket for one in expected if one.amount == amount}
    if len(same) == 1:
        return Suggestion(Clue.SAME_AMOUNT, same.pop())
    waiting = {one.adapter for one in payouts if one.amount == amount}
    return Suggestion(Clue.OTHER_REFERENCE, provider=waiting.pop()) if len(waiting) == 1 else None


@dataclass(frozen=True)
class Strange:
    """What does not agree in one payout: sums that no payment of ours has, and whether fees differ besides."""

    paid_on: date
    unknown: tuple[Money, ...] = ()
    fees_differ: bool = False
    sums_differ: bool = False


def of_payout(strange: Strange, refunds: Sequence[Expected], missing: Sequence[Expected]) -> Suggestion | None:
    """A payout that differs: `refunds` of ours at that provider, and payments there that no payout has brought."""
    if len(strange.unknown) == 1:
        [amount] = strange.unknown
        back = {r.ticket for r in refunds if r.amount == -amount and abs(strange.paid_on - r.day) <= _NEAR}
        if len(back) == 1:
            return Suggestion(Clue.OUR_REFUND, back.pop())
        lost = {m.ticket for m in missing if m.amount == amount and m.day <= strange.paid_on}
        if len(lost) == 1:
            return Suggestion(Clue.NOT_BROUGHT, lost.pop())
    if strange.fees_differ and not strange.unknown and not strange.sums_differ:
        return Suggestion(Clue.THEIR_FEE)
    return None


def _one_slip(written: str, number: str) -> bool:
    """Whether a hand that meant `number` wrote this with one slip: another digit, two that changed places, one left
    out, or one too many."""
    if not number or written == number:
        return False
    if len(written) == len(number):
        wrong = [at for at, (a, b) in enumerate(zip(written, number, strict=True)) if a != b]
        swapped = (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and (written[wrong[0]] + written[wrong[1]] == number[wrong[1]] + number[wrong[0]])
        )
        return len(wrong) == 1 or swapped
    longer, shorter = (written, number) if len(written) > len(number) else (number, written)
    return len(longer) == len(shorter) + 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))
    )
