"""Cash over a counter: the codes that are shown there, what is due in coins, the change, and what moves a drawer.

| line       | the drawer | beside it                                          | settles                          |
|------------|------------|----------------------------------------------------|----------------------------------|
| `taken`    | more       | what is owed to payments by cash; the rounding     | a charge, once                   |
| `voided`   | less       | the same, back                                     | a taking, once, nothing captured |
| `paid_out` | less       | the same                                           | a refund, once                   |
| `paid_in`  | more       | a reseller's float                                 | a deposit, once                  |
| `put_in`   | more       | cash outside the drawers                           |                                  |
| `dropped`  | less       | the same                                           |                                  |
| `counted`  | either     | differences                                        | what was counted is there now    |
| `voucher_sold` | more   | what is owed for vouchers; the rounding            | a voucher, once                  |
| `voucher_back` | less   | the same, back                                     | a voucher that is active, once   |

A taking is money before it is anybody's payment: it stands with `psp_clearing:cash` until the charge is captured, as
money stands with a provider. So every other rule (late, twice, refunds) is the one that all payments have.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core import ledger
from opla.core.ledger import CASH, VOUCHER, Parties, Posting, Reason, Transfer
from opla.core.money import Money
from opla.core.refusal import Code, Refusal

# ── codes ─────────────────────────────────────────────────────────────────


class Purpose(StrEnum):
    """What a code was given out for. Published."""

    CHARGE = "charge"
    REFUND = "refund"
    QUOTE = "quote"  # a price that was prepared elsewhere: it finds it at a till, and pays nothing


#: Digits that are drawn; two more check them. A refund's code is money, so nobody may find one by trying.
DRAWN: Final = {Purpose.CHARGE: 7, Purpose.REFUND: 10, Purpose.QUOTE: 9}
_LENGTH: Final = {drawn + 2: purpose for purpose, drawn in DRAWN.items()}


def code(purpose: Purpose, of: int) -> str:
    """The digits of a number, with two that check (ISO 7064, MOD 97-10): none wrong, no two of them swapped."""
    drawn = DRAWN[purpose]
    if not 0 <= of < 10**drawn:
        raise ValueError(f"{of} has no place in {drawn} digits")
    return f"{of:0{drawn}d}{98 - of * 100 % 97:02d}"


def quote_code(drawn: int) -> str:
    """The digits of a price. They begin with 9, as no number of this country does, with its code (32) or without."""
    return code(Purpose.QUOTE, 9 * 10**8 + drawn % 10**8)


def purpose_of(digits: str) -> Purpose | None:
    """What these digits are a code of; None where they do not check."""
    plain = digits.isascii() and digits.isdigit()
    return _LENGTH.get(len(digits)) if plain and int(digits) % 97 == 1 else None


def grouped(digits: str) -> str:
    """As it is shown and read out: in threes, or in fours."""
    size = 3 if len(digits) % 4 else 4
    return " ".join(digits[at : at + size] for at in range(0, len(digits), size))


def read(typed: str) -> str:
    """The digits of a code as somebody typed or scanned it, in any width; empty where it is none."""
    found = "".join(c for c in unicodedata.normalize("NFKC", typed) if not c.isspace() and c not in "-./")
    return found if purpose_of(found) else ""


# ── coins ─────────────────────────────────────────────────────────────────

#: Country → the multiple of minor units that the total of a payment in cash is rounded to. Belgium: to five cents since
#: 2019-12-01, for consumers who are there in person (economie.fgov.be, "Mandatory rounding", on article VI.7/1 of its
#: Code of Economic Law). Of other countries nothing is known here: their totals are left as they are.
ROUNDED_TO: Final = {"BE": 5}
#: Banknotes and coins in euros (euro area; Regulation (EC) No 974/98), in cents.
PIECES: Final = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)

#: The notes that people pay small sums with.
_NOTES: Final = (500, 1_000, 2_000, 5_000, 10_000)


def step_minor(country: str) -> int:
    return ROUNDED_TO.get(country, 1)


def rounded(amount: Money, step: int) -> Money:
    """The nearest multiple; of one that lies between two, the higher. What is no more than one step stays as it is."""
    minor = amount.amount_minor
    return amount if minor <= step else Money((2 * minor + step) // (2 * step) * step, amount.currency)


def change(due: Money, given: Money, step: int) -> Money | Refusal:
    """What goes back to whoever gave `given`; or why it cannot be what they gave.

    Somebody who pays with notes and coins gives at least one that is worth more than the change: without it, what is
    left would still be enough. Where no such piece exists, a figure was typed wrong.
    """
    back = given.amount_minor - due.amount_minor
    figures = {"due": str(due.amount_minor), "currency": due.currency}
    if back < 0:
        return Refusal(Code.CASH_TOO_LITTLE, "given", figures)
    if back % step or not any(back < piece <= given.amount_minor for piece in PIECES):
        return Refusal(Code.CASH_CANNOT_BE, "given", figures)
    return Money(back, due.currency)


def handed(due: Money, step: int) -> tuple[Money, ...]:
    """What people usually hand over for it, beside just that: the next sums that one kind of note makes."""
    sums = {-(-due.amount_minor // note) * note for note in _NOTES}
    given = [Money(minor, due.currency) for minor in sorted(sums) if minor > due.amount_minor]
    return tuple(one for one in given if isinstance(change(due, one, step), Money))


# ── drawers ───────────────────────────────────────────────────────────────


class Kind(StrEnum):
    """A line of a drawer: why its money is more or less. Published."""

    TAKEN = "taken"
    VOIDED = "voided"
    PAID_OUT = "paid_out"
    PAID_IN = "paid_in"
    PUT_IN = "put_in"
    DROPPED = "dropped"
    COUNTED = "counted"
    VOUCHER_SOLD = "voucher_sold"
    VOUCHER_BACK = "voucher_back"


#: What a line posts, where it adds to the drawer and where it takes from it. The rounding stands beside.
POSTINGS: Final[dict[Kind, tuple[Posting | None, Posting | None]]] = {
    Kind.TAKEN: (ledger.CASH_TAKEN, None),
    Kind.VOIDED: (None, ledger.CASH_GIVEN),
    Kind.PAID_OUT: (None, ledger.CASH_GIVEN),
    Kind.PAID_IN: (ledger.CASH_FLOAT, None),
    Kind.PUT_IN: (ledger.CASH_PUT_IN, None),
    Kind.DROPPED: (None, ledger.CASH_DROPPED),
    Kind.COUNTED: (ledger.CASH_OVER, ledger.CASH_SHORT),
    Kind.VOUCHER_SOLD: (ledger.CASH_TAKEN, None),
    Kind.VOUCHER_BACK: (None, ledger.CASH_GIVEN),
}
#: Those that pay for a voucher, or give that money back: what is owed for it then, or met.
_OF_VOUCHERS: Final = {Kind.VOUCHER_SOLD: ledger.VOUCHER_OWED, Kind.VOUCHER_BACK: ledger.VOUCHER_MET}
#: Lines that settle something to the cent, of which coins may leave a little.
_SETTLES: Final = frozenset({Kind.TAKEN, Kind.VOIDED, Kind.PAID_OUT, *_OF_VOUCHERS})


@dataclass(frozen=True)
class Line:
    """`minor` is what it does to the drawer, `settled_minor` what it settles, both signed alike; 0: nothing."""

    kind: Kind
    drawer: str
    currency: str
    minor: int
    settled_minor: int = 0
    reseller: str = ""

    def transfers(self) -> tuple[Transfer, ...]:
        """The journal of it. Raises ValueError for a line that cannot be."""
        more, less = POSTINGS[self.kind]
        posting = more if self.minor > 0 else less
        if (posting is None and self.minor) or (self.kind not in _SETTLES and self.settled_minor):
            raise ValueError(f"no line of {self.kind} moves {self.minor} for {self.settled_minor}")
        of_voucher = _OF_VOUCHERS.get(self.kind)
        provider = VOUCHER if of_voucher else CASH
        parties = Parties(self.currency, provider=provider, reseller=self.reseller, drawer=self.drawer)
        amounts = {posting.reason: abs(self.minor)} if posting and self.minor else {}
        postings: tuple[Posting, ...] = (posting,) if posting and self.minor else ()
        if self.kind in _SETTLES and (kept := self.settled_minor - self.minor):
            postings += (ledger.CASH_ROUNDED_OFF if kept > 0 else ledger.CASH_ROUNDED_UP,)
            amounts[Reason.CASH_ROUNDED] = abs(kept)
        if of_voucher:
            postings += (of_voucher,)
            amounts[of_voucher.reason] = abs(self.settled_minor)
        return ledger.transfers(postings, amounts, parties, order_id=None)
