"""What our stock of cards can say, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What came of a reservation, or of asking for it → our answer and our word for why.
CARD: dict[str, tuple[Answer, str]] = {
    "reserved": (Answer.PENDING, ""),  # until a clerk has sent it, or somebody collected it
    "given": (Answer.SUCCEEDED, ""),
    "out_of_stock": (Answer.DECLINED, "out_of_stock"),
    "kind_not_sold": (Answer.DECLINED, "kind_not_sold"),
    "lost": (Answer.UNKNOWN, "stock_silent"),
}
