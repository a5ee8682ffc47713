"""What our drawers can show, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What the drawers show of a charge → our answer and our word for why.
CHARGE: dict[str, tuple[Answer, str]] = {
    "nothing_yet": (Answer.PENDING, ""),  # an order waits for it
    "taken": (Answer.SUCCEEDED, ""),
    "over": (Answer.DECLINED, "expired"),  # nobody came while an order waited; no more is taken for it
    "lost": (Answer.UNKNOWN, "drawers_silent"),
}

#: What they show of a refund, which a person pays out → the same.
REFUND: dict[str, tuple[Answer, str]] = {
    "waiting": (Answer.PENDING, ""),  # for whom it is owed to
    "paid_out": (Answer.SUCCEEDED, ""),
    "withdrawn": (Answer.DECLINED, "by_bank_instead"),  # the code pays nothing any more
    "lost": (Answer.UNKNOWN, "drawers_silent"),
}
