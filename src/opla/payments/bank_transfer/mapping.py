"""What our own account can show, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What our account shows of a charge → our answer and our word for why.
CHARGE: dict[str, tuple[Answer, str]] = {
    "nothing_yet": (Answer.PENDING, ""),  # an order waits for it
    "came_in": (Answer.SUCCEEDED, ""),
    "over": (Answer.DECLINED, "expired"),  # nothing came while an order waited; what comes later is still noticed
    "lost": (Answer.UNKNOWN, "account_silent"),
}

#: What it shows of a refund, which a person transfers → the same.
REFUND: dict[str, tuple[Answer, str]] = {
    "asked": (Answer.PENDING, ""),  # of a person
    "booked": (Answer.SUCCEEDED, ""),
    "lost": (Answer.UNKNOWN, "account_silent"),
}
