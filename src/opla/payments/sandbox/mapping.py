"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of a payment → our answer and our word for why.
PAYMENT: dict[str, tuple[Answer, str]] = {
    "open": (Answer.PENDING, ""),
    "paid": (Answer.SUCCEEDED, ""),
    "failed": (Answer.DECLINED, "refused"),
    "expired": (Answer.DECLINED, "expired"),
}

#: Why a charge by a mandate failed → our word for why.
FAILURE: dict[str, str] = {
    "authentication": "authentication",
    "refused": "refused",
}

#: Status of a refund → our answer.
REFUND: dict[str, Answer] = {
    "refunded": Answer.SUCCEEDED,
    "failed": Answer.DECLINED,
}

#: Their error word → our answer and our word for why. `secret_wrong` is no "no": nobody looked at the request.
ERROR: dict[str, tuple[Answer, str]] = {
    "secret_wrong": (Answer.NOT_SENT, "secret_wrong"),
    "too_long": (Answer.DECLINED, "rejected"),
    "amount_invalid": (Answer.DECLINED, "rejected"),
    "currency_invalid": (Answer.DECLINED, "rejected"),
    "return_url_invalid": (Answer.DECLINED, "rejected"),
    "webhook_url_invalid": (Answer.DECLINED, "rejected"),
    "payment_unknown": (Answer.DECLINED, "payment_unknown"),
    "mandate_ended": (Answer.DECLINED, "mandate_ended"),
    "reference_used": (Answer.UNKNOWN, "reference_used"),
}

#: Their error word for "we do not know it".
NOT_FOUND = "not_found"
