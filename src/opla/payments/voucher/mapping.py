"""What our book of vouchers says, and our answer to it."""

from __future__ import annotations

from opla.core.ports import Answer

#: What the book says of a charge → our answer and our word for why.
CHARGE: dict[str, tuple[Answer, str]] = {
    "paid": (Answer.SUCCEEDED, ""),
    "nothing": (Answer.DECLINED, "no_voucher"),  # its order was never placed with one, and cannot be any more
    "lost": (Answer.UNKNOWN, "vouchers_silent"),
}

#: What it says of a refund → the same.
REFUND: dict[str, tuple[Answer, str]] = {
    "done": (Answer.SUCCEEDED, ""),
    "not_whole": (Answer.DECLINED, "not_whole"),  # a part of a price is no product: a person pays it another way
    "nothing": (Answer.DECLINED, "no_voucher"),
    "lost": (Answer.UNKNOWN, "vouchers_silent"),
}
