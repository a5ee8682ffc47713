"""What a payment provider paid out, held against what we know: to the cent, line by line.

| line                    | and of ours                            | verdict      | its net moves into transit from |
|-------------------------|----------------------------------------|--------------|---------------------------------|
| of a payment            | captured as much, in that currency     | agrees       | the provider's account of it    |
| of a refund             | that refund, or no more than went back | agrees       | the same                        |
| of a charge-back        | no more than was charged back          | agrees       | the same                        |
| any of these            | other sums                             | other_amount | the same: the rest stays there  |
| any of these            | another fee for the same               | other_fee    | the same                        |
| of a refund             | a fee, and the refund is not by us     | other_fee    | the same                        |
| any of these            | another currency, or no payment        | unknown      | suspense: a person explains it  |
| a fee of no payment     |                                        | agrees       | the provider's own fees         |
| a payout that came back |                                        | agrees       | nowhere: it is in transit       |
| of no kind that we know |                                        | unknown      | suspense                        |

Sums are cumulative over all payouts. What does not agree is judged again at every look, since news may be on its way:
a verdict never moves money, so what agrees later posts nothing later. A line of our bank account that shows a payout
brings its sum from transit to the bank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from opla.core.ledger import Account, Phase, Reason, Transfer, account_code
from opla.core.money import Money
from opla.core.ports import Movement, Payout, PayoutLine
from opla.core.statement.model import Line

#: A bank needs this long at most, holidays with it; then somebody asks where a payout is.
ARRIVES_WITHIN: Final = timedelta(days=10)
#: A payment this much older than the newest one that was paid out should have been paid out too.
MISSING_AFTER: Final = timedelta(days=14)
#: A reference shorter than this may stand in any text.
_LEAST_REFERENCE: Final = 6


class State(StrEnum):
    """Where a payout stands. Published."""

    SENT = "sent"
    ARRIVED = "arrived"  # our bank's statement shows it
    FAILED = "failed"  # they have it again


class Verdict(StrEnum):
    """What a line is beside what we know. Published."""

    AGREES = "agrees"
    UNKNOWN = "unknown"
    OTHER_AMOUNT = "other_amount"
    OTHER_FEE = "other_fee"


@dataclass(frozen=True)
class Ours:
    """A payment as our books have it, beside what payouts told of it so far (positive as they count it).

    `back_minor` went back at the provider, by us or not. `refund_minor` is of the line's own refund; None: not by us.
    `fee_on` is what the fee was told for (`core.fee`).
    """

    payment_id: UUID
    provider: str
    currency: str
    captured_minor: int
    back_minor: int
    charged_back_minor: int
    fee_minor: int | None
    fee_on: str
    refund_minor: int | None = None
    told_paid_minor: int = 0
    told_back_minor: int = 0
    told_charged_back_minor: int = 0
    told_fee_minor: int = 0


@dataclass(frozen=True)
class Judged:
    """A line with what it is, and whose payment it belongs to. `account`: the code its net is taken from, or empty."""

    line: PayoutLine
    verdict: Verdict
    account: str
    payment_id: UUID | None = None


def judge(adapter: str, payout: Payout, lines: Sequence[PayoutLine], ours: Mapping[str, Ours]) -> list[Judged]:
    """Each line of one payout, in its order. `ours` is by the line's id, without this payout's own sums."""
    told: dict[UUID, Ours] = {}
    found = []
    for line in lines:
        known = ours.get(line.id)
        if known is not None and known.payment_id in told:
            known = replace(told[known.payment_id], refund_minor=known.refund_minor)
        if known is not None:
            known = _with(known, line)
            told[known.payment_id] = known
        verdict = judge_line(payout.amount.currency, line, known)
        account = _account(adapter, payout.amount.currency, line, known)
        found.append(Judged(line, verdict, account, known.payment_id if known else None))
    return found


def judge_line(currency: str, line: PayoutLine, ours: Ours | None) -> Verdict:
    """`ours` with this line's own sums in it; None where no payment of ours is meant."""
    if line.kind in (Movement.FEE, Movement.RETURNED):
        return Verdict.AGREES
    if ours is None or ours.currency != currency:
        return Verdict.UNKNOWN
    match line.kind:
        case Movement.PAYMENT:
            same = ours.told_paid_minor == ours.captured_minor
        case Movement.REFUND if ours.refund_minor is not None and line.gross_minor < 0:
            same = -line.gross_minor == ours.refund_minor
        case Movement.REFUND:
            same = 0 <= ours.told_back_minor <= ours.back_minor
        case Movement.CHARGE_BACK:
            same = 0 <= ours.told_charged_back_minor <= ours.charged_back_minor
        case _:
            return Verdict.UNKNOWN
    if not same:
        return Verdict.OTHER_AMOUNT
    return Verdict.OTHER_FEE if _other_fee(line, ours) else Verdict.AGREES


def fee_due(ours: Ours) -> bool:
    """Whether payouts told of a fee that our books can take: the first, or one for more than was known."""
    if not _complete(ours):
        return False
    if ours.fee_minor is None:  # a payout that names none may simply not say
        return ours.told_fee_minor > 0
    return ours.told_fee_minor != ours.fee_minor and ours.fee_on != _on(ours)


def _other_fee(line: PayoutLine, ours: Ours) -> bool:
    """What they kept of all of it is not what they said of all of it; or, of a refund, no attempt of ours bears it."""
    if line.kind is Movement.REFUND:
        ours_of_it = ours.refund_minor is not None and line.gross_minor < 0 < line.fee_minor
        return bool(line.fee_minor) and not ours_of_it
    if ours.fee_minor is None or not _complete(ours):
        return False
    return ours.told_fee_minor != ours.fee_minor and ours.fee_on == _on(ours)


def _complete(ours: Ours) -> bool:
    """Payouts have brought all that is known of it. Until then a part of its fee is still to come."""
    told = ours.told_paid_minor, ours.told_charged_back_minor
    return ours.captured_minor > 0 and told == (ours.captured_minor, ours.charged_back_minor)


def _on(ours: Ours) -> str:
    return f"{ours.captured_minor}/{ours.charged_back_minor}"


def _with(ours: Ours, line: PayoutLine) -> Ours:
    match line.kind:
        case Movement.PAYMENT:
            told = replace(ours, told_paid_minor=ours.told_paid_minor + line.gross_minor)
        case Movement.REFUND:
            return replace(ours, told_back_minor=ours.told_back_minor - line.gross_minor)
        case Movement.CHARGE_BACK:
            told = replace(ours, told_charged_back_minor=ours.told_charged_back_minor - line.gross_minor)
        case _:
            return ours
    return replace(told, told_fee_minor=ours.told_fee_minor + line.fee_minor)


def _account(adapter: str, currency: str, line: PayoutLine, ours: Ours | None) -> str:
    if line.kind is Movement.RETURNED:
        return ""
    if line.kind is Movement.FEE:
        return account_code(Account.PAYOUT_FEES, currency, adapter)
    if ours is None or ours.currency != currency or line.kind is Movement.OTHER:
        return account_code(Account.SUSPENSE, currency)
    return account_code(Account.PSP_CLEARING, currency, ours.provider)


# ── what it posts ──

_REASONS: Final = {
    Account.PSP_CLEARING: Reason.PAID_OUT,
    Account.PAYOUT_FEES: Reason.PAYOUT_FEE,
    Account.SUSPENSE: Reason.PAYOUT_UNKNOWN,
}


def journal(adapter: str, currency: str, judged: Iterable[Judged]) -> tuple[Transfer, ...]:
    """What a payout moves into transit, one transfer for each account that it comes from."""
    sums: dict[str, int] = {}
    for one in judged:
        if one.account:
            sums[one.account] = sums.get(one.account, 0) + one.line.net_minor
    transit = account_code(Account.IN_TRANSIT, currency, adapter)
    return tuple(
        _moved(transit, code, minor, currency, _REASONS[Account(code.partition(":")[0])])
        for code, minor in sorted(sums.items())
        if minor
    )


def arrival(adapter: str, amount: Money) -> Transfer:
    """What a line of our bank account that shows a payout moves."""
    transit = account_code(Account.IN_TRANSIT, amount.currency, adapter)
    bank = account_code(Account.BANK, amount.currency)
    return _moved(bank, transit, amount.amount_minor, amount.currency, Reason.PAYOUT_ARRIVED)


def _moved(to: str, source: str, minor: int, currency: str, reason: Reason) -> Transfer:
    debit, credit = (to, source) if minor > 0 else (source, to)
    return Transfer(debit, credit, abs(minor), currency, reason, Phase.POSTED)


def adds_up(payout: Payout, lines: Iterable[PayoutLine]) -> bool:
    return sum(line.net_minor for line in lines) == payout.amount.amount_minor


# ── the bank's statement ──


@dataclass(frozen=True)
class Waiting:
    """A payout that no statement has shown yet."""

    id: UUID
    adapter: str
    amount: Money
    paid_on: date
    reference: str


def shown(line: Line, currency: str, waiting: Sequence[Waiting]) -> UUID | None:
    """The payout that a line of our bank account shows: the same sum, with its reference, or else with the provider's
    name where one payout alone can be meant. Nothing else is guessed."""
    same = [w for w in waiting if w.amount == Money(line.amount_minor, currency)]
    text = _letters(f"{line.text} {line.name}")
    named = [w for w in same if len(_letters(w.reference)) >= _LEAST_REFERENCE and _letters(w.reference) in text]
    if not named:
        named = [w for w in same if _letters(w.adapter) in text and _soon(line.booked_on, w.paid_on)]
    return named[0].id if len(named) == 1 else None


def named(line: Line, adapters: Iterable[str]) -> bool:
    """Whether a line shows the name of one of these providers: one that went out may be a payout below nothing."""
    text = _letters(f"{line.text} {line.name}")
    return any(_letters(adapter) in text for adapter in adapters)


def _soon(booked_on: date, paid_on: date) -> bool:
    return -timedelta(days=3) <= booked_on - paid_on <= ARRIVES_WITHIN


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())
