"""A voucher: a paper right to one named product, from the printer to the person who redeems it.

    printed ──sent──▶ in_transit ──arrived──▶ in_stock ──activated──▶ active ──redeemed──▶ redeemed
       │                │  ▲  └────returned──┐  │  │ └────sent───┐     │ ▲ │ ▲──given_back────┘
       │                │  └────sent─────────┼──┼──┼─────────────┘     │ │ └──refunded──▶ refunded
       └─────lost───────┴──▶ lost ──returned─▶ returned ◀─returned     │ └──released──┐
                             ▲──────lost────────┘  (sent again)        └──blocked──▶ blocked

Until it is activated a voucher is paper: nobody has paid for it, nothing is owed for it, and its code opens nothing.
While it is `active` or `blocked` its price stands in the account `vouchers`: that is all we owe for vouchers, at every
commit. What redeems it is the payment of an ordinary order; where that money goes back, the voucher is good again.

That its last day is over is no state: it is read off the day, so nothing can be late in saying so. What was paid for
one that is over is owed still, and is given back over a counter.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from stdnum.iso7064 import mod_97_10

from opla.core import ledger
from opla.core.chance import ALPHABET
from opla.core.ledger import VOUCHER, Parties, Posting, Transfer
from opla.core.money import Money

#: One that was given back is good for so long at least: whoever has it could not use it meanwhile.
GOOD_AGAIN: Final = timedelta(days=30)
#: Of one batch: as many as one file of paper is made for at once.
MOST: Final = 1_000
#: Serials that move by one word of a person's.
MOST_AT_ONCE: Final = 10_000


class State(StrEnum):
    PRINTED = "printed"
    IN_TRANSIT = "in_transit"  # on its way to the place that will sell it
    IN_STOCK = "in_stock"  # lies there
    LOST = "lost"
    RETURNED = "returned"  # lies with us again, unsold
    ACTIVE = "active"  # paid for
    BLOCKED = "blocked"  # paid for, and not redeemed while somebody looks into it
    REDEEMED = "redeemed"
    REFUNDED = "refunded"  # its price was given back over a counter


class Event(StrEnum):
    SENT = "sent"
    ARRIVED = "arrived"
    LOST = "lost"
    RETURNED = "returned"
    ACTIVATED = "activated"
    REDEEMED = "redeemed"
    GIVEN_BACK = "given_back"  # what it had paid for was refunded
    REFUNDED = "refunded"
    BLOCKED = "blocked"
    RELEASED = "released"


class Arrow(NamedTuple):
    target: State
    postings: tuple[Posting, ...] = ()


_S, _E = State, Event
_OWED, _MET = (ledger.VOUCHER_OWED,), (ledger.VOUCHER_MET,)

#: (state, event) → the state it leads to, and what it posts. Those of a counter stand with the line of its drawer.
ARROWS: Final[dict[tuple[State, Event], Arrow]] = {
    (_S.PRINTED, _E.SENT): Arrow(_S.IN_TRANSIT),
    (_S.PRINTED, _E.LOST): Arrow(_S.LOST),
    (_S.IN_TRANSIT, _E.ARRIVED): Arrow(_S.IN_STOCK),
    (_S.IN_TRANSIT, _E.LOST): Arrow(_S.LOST),
    (_S.IN_TRANSIT, _E.RETURNED): Arrow(_S.RETURNED),
    (_S.IN_STOCK, _E.SENT): Arrow(_S.IN_TRANSIT),
    (_S.IN_STOCK, _E.LOST): Arrow(_S.LOST),
    (_S.IN_STOCK, _E.RETURNED): Arrow(_S.RETURNED),
    (_S.IN_STOCK, _E.ACTIVATED): Arrow(_S.ACTIVE, _OWED),
    (_S.LOST, _E.RETURNED): Arrow(_S.RETURNED),
    (_S.RETURNED, _E.SENT): Arrow(_S.IN_TRANSIT),
    (_S.RETURNED, _E.LOST): Arrow(_S.LOST),
    (_S.ACTIVE, _E.REDEEMED): Arrow(_S.REDEEMED, _MET),
    (_S.ACTIVE, _E.REFUNDED): Arrow(_S.REFUNDED, _MET),
    (_S.ACTIVE, _E.BLOCKED): Arrow(_S.BLOCKED),
    (_S.BLOCKED, _E.RELEASED): Arrow(_S.ACTIVE),
    (_S.REDEEMED, _E.GIVEN_BACK): Arrow(_S.ACTIVE, _OWED),
}

#: What moves paper and no money: a person says it of many at once.
MOVES: Final = (_E.SENT, _E.ARRIVED, _E.LOST, _E.RETURNED, _E.BLOCKED, _E.RELEASED)


def ways(event: Event) -> dict[State, State]:
    """From which states `event` leads where."""
    return {source: arrow.target for (source, of), arrow in ARROWS.items() if of is event}


def transfers(event: Event, price: Money) -> tuple[Transfer, ...]:
    """The journal of an event that is no counter's."""
    (arrow,) = {arrow for (_, of), arrow in ARROWS.items() if of is event}
    amounts = {posting.reason: price.amount_minor for posting in arrow.postings}
    return ledger.transfers(arrow.postings, amounts, Parties(price.currency, provider=VOUCHER), order_id=None)


@dataclass(frozen=True)
class Voucher:
    """One voucher as the rules see it."""

    state: State
    expires_at: datetime
    price: Money

    def redeemable(self, at: datetime) -> bool:
        return self.state is State.ACTIVE and at < self.expires_at


# ── codes: money, known by their keyed digest alone ──

#: Letters that are drawn; two digits more check them. 30¹² of them: with a million sold ones about, a try in
#: half a billion billion divided by a million meets one.
DRAWN: Final = 12
#: No letter of a code looks like a digit of its check.
_LOOKS_LIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code(drawn: str) -> str:
    """The letters of a code, with two digits that check (ISO 7064, MOD 97-10 over the place of each in the alphabet,
    two digits long: a letter and a figure are as wide, unlike in an IBAN): none wrong, no two of them swapped."""
    if len(drawn) != DRAWN or not set(drawn) <= set(ALPHABET):
        raise ValueError("these are not the letters of a code")
    return drawn + str(mod_97_10.calc_check_digits(_places(drawn)))


def read_code(typed: str) -> str:
    """A code as somebody typed, scanned or texted it, in any case, width and grouping; empty where it is none."""
    plain = unicodedata.normalize("NFKC", typed[: 8 * DRAWN]).upper().translate(_LOOKS_LIKE)
    found = "".join(sign for sign in plain if sign.isalnum())
    drawn = found[:DRAWN]
    sound = len(found) == DRAWN + 2 and set(drawn) <= set(ALPHABET) and found[DRAWN:].isascii()
    checks = sound and found[DRAWN:].isdigit() and mod_97_10.is_valid(_places(drawn) + found[DRAWN:])
    return found if checks else ""


def _places(drawn: str) -> str:
    return "".join(str(10 + ALPHABET.index(sign)) for sign in drawn)


def grouped(text: str) -> str:
    """As it is printed and read out: in fours, the check by itself."""
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


# ── serials: no secret, in print and as a barcode ──

_BATCH_DIGITS, _NUMBER_DIGITS = 5, 7
SERIAL_DIGITS: Final = _BATCH_DIGITS + _NUMBER_DIGITS + 2


def serial(batch: int, number: int) -> str:
    """Its batch, which one it is of it, and two digits that check. Longer than any code of a counter (`core.cash`)."""
    if not 0 < batch < 10**_BATCH_DIGITS or not 0 < number < 10**_NUMBER_DIGITS:
        raise ValueError(f"no serial has batch {batch} and number {number}")
    plain = f"{batch:0{_BATCH_DIGITS}d}{number:0{_NUMBER_DIGITS}d}"
    return plain + str(mod_97_10.calc_check_digits(plain))


def read_serial(typed: str) -> str:
    """The digits of a serial as somebody typed or scanned it; empty where it is none."""
    found = "".join(c for c in unicodedata.normalize("NFKC", typed[:80]) if not c.isspace() and c not in "-./")
    digits = len(found) == SERIAL_DIGITS and found.isascii() and found.isdigit()
    return found if digits and mod_97_10.is_valid(found) else ""


def read_serials(typed: str) -> list[str] | str:
    """Serials with spaces, commas or lines between them, each once, `FIRST..LAST` for all between; or the word that is
    neither. More than `MOST_AT_ONCE` are too many, and `typed` itself is said then."""
    found: dict[str, None] = {}
    for word in typed.replace(",", " ").split():
        first, dots, last = word.partition("..")
        begin, end = read_serial(first), read_serial(last) if dots else read_serial(first)
        if not begin or not end or begin[:_BATCH_DIGITS] != end[:_BATCH_DIGITS] or begin > end:
            return word
        batch, low, high = (
            int(part) for part in (begin[:_BATCH_DIGITS], begin[_BATCH_DIGITS:-2], end[_BATCH_DIGITS:-2])
        )
        if high - low >= MOST_AT_ONCE or len(found) + high - low >= MOST_AT_ONCE:
            return typed
        found |= dict.fromkeys(serial(batch, number) for number in range(low, high + 1))
    return list(found)
