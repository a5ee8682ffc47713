"""What a line of our account is, from the reference it shows. What is not certain is a person's; nothing is guessed.

| line                    | reference of ours            | becomes                                                    |
|-------------------------|------------------------------|------------------------------------------------------------|
| came in                 | one, of a charge             | money of exactly that payment                              |
| came in                 | one, of a float              | that reseller's, on its float                              |
| came in                 | one, of an order slip alone  | open: `slip_without_order`, until the slip comes           |
| came in, a return       | any                          | open: `transfer_returned`                                  |
| came in                 | one, of what we sent back    | open: `transfer_returned`                                  |
| came in                 | two or more                  | open: `two_references`                                     |
| came in                 | none of ours, though it checks | open: `reference_unknown`                                |
| came in                 | none                         | open: `no_reference`                                       |
| went out, a return      | one, of a charge             | taken back from that payment                               |
| went out                | one, of a charge             | sent back of that payment, without us                      |
| went out                | one, of what we send back    | proves it, where the amount is right and it was not proved |
| went out                | the same, else               | open: `other_amount`                                       |
| went out, a return      | none, or one of a slip       | open: `reversal_unknown`                                   |
| went out                | one, of a float              | off that float as far as it holds; the rest: `float_owes`  |
| went out                | one, of a slip               | open: `other_amount`, as nothing is sent back by itself    |
| went out                | two or more                  | open: `two_references`                                     |
| went out                | none                         | `ignored`: the owner's own, of which nothing is kept; one  |
|                         |                              | with the name of a provider that pays out stays open       |
| nothing moved           | any                          | `ignored`                                                  |

What shows no reference of ours is held against payouts first (`operations.statements`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opla.core.item import Why
from opla.core.statement.model import Line


class State(StrEnum):
    """Where a line stands. Published."""

    MATCHED = "matched"
    OPEN = "open"  # on a person's list
    IGNORED = "ignored"
    SENT_BACK = "sent_back"  # a person said so: it goes back, or has gone
    NOT_OURS = "not_ours"  # a person said so
    PAYOUT = "payout"  # a payment provider's (core.payout)


class Purpose(StrEnum):
    """What a reference was given out for."""

    CHARGE = "charge"
    REFUND = "refund"
    LINE = "line"  # money of nobody's order, sent back
    FLOAT = "float"  # a reseller pays in under it, as often as it wants
    SLIP = "slip"  # it stands on an order slip, and there is no order (core.slip)


@dataclass(frozen=True)
class Known:
    """A reference we gave out. `owed_minor`: what is to be sent under it; 0 of a charge, and of what was proved."""

    number: str
    purpose: Purpose
    owed_minor: int = 0


@dataclass(frozen=True)
class Place:
    """Where a line belongs. `asked_minor` is what was expected, where another amount came; `slip` is the number of the
    order slip that it was paid for."""

    state: State
    number: str = ""
    why: Why | None = None
    asked_minor: int | None = None
    slip: str = ""


def place(line: Line, known: Mapping[str, Known]) -> Place:
    """What becomes of a new line. `known` holds those of its references that are ours."""
    if not line.amount_minor:
        return Place(State.IGNORED)  # the bank says something, and nothing moved
    ours = [known[reference] for reference in sorted(line.references) if reference in known]
    if len(ours) > 1:
        return Place(State.OPEN, why=Why.TWO_REFERENCES)
    if line.amount_minor >= 0:
        return _came_in(line, ours)
    return _went_out(line, ours)


def _came_in(line: Line, ours: list[Known]) -> Place:
    if line.reversal or (ours and ours[0].purpose in (Purpose.REFUND, Purpose.LINE)):
        return Place(State.OPEN, why=Why.TRANSFER_RETURNED)
    if ours and ours[0].purpose is Purpose.SLIP:
        return Place(State.OPEN, why=Why.SLIP_WITHOUT_ORDER, slip=ours[0].number)
    if ours:
        return Place(State.MATCHED, ours[0].number)
    return Place(State.OPEN, why=Why.REFERENCE_UNKNOWN if line.references else Why.NO_REFERENCE)


def _went_out(line: Line, ours: list[Known]) -> Place:
    if not ours:
        return Place(State.OPEN, why=Why.REVERSAL_UNKNOWN) if line.reversal else Place(State.IGNORED)
    [one] = ours
    if one.purpose is Purpose.SLIP and line.reversal:
        return Place(State.OPEN, why=Why.REVERSAL_UNKNOWN)
    if one.purpose in (Purpose.CHARGE, Purpose.FLOAT) or one.owed_minor == -line.amount_minor:
        return Place(State.MATCHED, one.number)
    return Place(State.OPEN, why=Why.OTHER_AMOUNT, asked_minor=one.owed_minor)
