"""Something parked for a person, with its age and the money at risk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from opla.core.money import Money


class Kind(StrEnum):
    UNKNOWN_SEND = "unknown_send"  # nobody can say whether value was given
    UNKNOWN_REFUND = "unknown_refund"
    UNKNOWN_CHARGE = "unknown_charge"
    CONTRADICTION = "contradiction"  # the outside says what cannot be
    REFUND_REFUSED = "refund_refused"  # the provider will not give it back: another way is needed
    REFUND_CAP = "refund_cap"  # refunds by rule reached the day's cap
    WRONG_AMOUNT = "wrong_amount"  # paid too little; it goes back by rule, a person may want to know
    REFUND_APPROVAL = "refund_approval"  # a refund by choice waits for a second person
    OUTSIDE_REFUND = "outside_refund"  # refunded or charged back at the provider, not by us


@dataclass(frozen=True)
class NewItem:
    """One open item per (kind, subject): opening it again changes nothing."""

    kind: Kind
    at_risk: Money
    note: str
    order_id: UUID | None = None
    payment_id: UUID | None = None
    attempt_id: UUID | None = None

    @property
    def subject(self) -> UUID:
        """What it is about, the most precise of the three."""
        found = self.attempt_id or self.order_id or self.payment_id
        if found is None:
            raise ValueError("an item is about something")
        return found
