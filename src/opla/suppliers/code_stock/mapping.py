"""What our stock can say, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What came of a claim → our answer and our word for why.
CLAIM: dict[str, tuple[Answer, str]] = {
    "claimed": (Answer.SUCCEEDED, ""),
    "out_of_stock": (Answer.DECLINED, "out_of_stock"),
    "kind_not_sold": (Answer.DECLINED, "kind_not_sold"),
    "lost": (Answer.UNKNOWN, "stock_silent"),
}
