"""A code nobody has looked at goes back by itself: its buyer may have the whole price back, and asks nobody.

A refund by rule, so within the day's cap. What becomes of the code is what `choice` says: one of our own shelf is sold
again, a supplier's is blocked and its cost is our loss. The look and the taking back exclude each other: the database
writes the one that came first. So may a reseller, whose float has the price again at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import choice, order
from opla.core.chance import Chance
from opla.core.change import Change
from opla.core.choice import Case, Wish
from opla.core.refund import UNSEEN
from opla.core.refusal import Code, Refusal, first

#: Days before a code's last day from which it no longer goes back: it must be sold again, and entered, in time.
MARGIN: Final = timedelta(days=7)


@dataclass(frozen=True)
class Back:
    """An order whose code is to go back. `valid_until` is the code's last day, where it has one."""

    case: Case
    valid_until: date | None

    @property
    def last_day(self) -> date | None:
        """The last day on which it goes back; None: no end is known."""
        return None if self.valid_until is None else self.valid_until - MARGIN


def refused(back: Back, today: date) -> Refusal | None:
    """Why not, or None. `today` in the shop's time zone."""
    case, code = back.case, back.case.code
    early = case.order.state in (order.State.PLACED, order.State.PAID)
    over = back.last_day is not None and today > back.last_day
    left_minor = min(case.open_minor, case.kept_minor)
    paid = case.payment_id is not None or case.order.reseller
    gone = case.order.state is not order.State.DELIVERED or code is None or not paid
    return first(
        [
            Refusal(Code.NOT_DELIVERED_YET) if early else None,
            Refusal(Code.NOTHING_TO_REFUND) if not early and (gone or left_minor <= 0) else None,
            Refusal(Code.CODE_SEEN) if code is not None and code.revealed else None,
            Refusal(Code.TAKE_BACK_OVER) if over else None,
            Refusal(Code.REFUND_TOO_MUCH) if 0 < left_minor < case.open_minor else None,
        ]
    )


def start(back: Back, refund_id: UUID, *, at: datetime, chance: Chance) -> Change:
    """The refund begins, and the code is its buyer's no more."""
    return choice.start(back.case, Wish(refund_id, None, ""), asked=False, at=at, chance=chance, reason=UNSEEN)
