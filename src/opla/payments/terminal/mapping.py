"""What our slips can show, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What the slips show of a charge → our answer and our word for why.
CHARGE: dict[str, tuple[Answer, str]] = {
    "nothing_yet": (Answer.PENDING, ""),  # an order waits for it
    "approved": (Answer.SUCCEEDED, ""),
    "declined": (Answer.DECLINED, "refused"),  # or approved, and voided at once
    "over": (Answer.DECLINED, "expired"),  # nobody told of any while an order waited
    "lost": (Answer.UNKNOWN, "slips_silent"),
}

#: What they show of a refund, which a person gives back on the machine → the same.
REFUND: dict[str, tuple[Answer, str]] = {
    "waiting": (Answer.PENDING, ""),  # for the card
    "given_back": (Answer.SUCCEEDED, ""),
    "withdrawn": (Answer.DECLINED, "by_bank_instead"),
    "lost": (Answer.UNKNOWN, "slips_silent"),
}
