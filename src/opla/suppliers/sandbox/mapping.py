"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of a send → our answer. `reversed` was a success: `REVERSED` says so beside it.
SEND: dict[str, Answer] = {
    "submitted": Answer.PENDING,
    "completed": Answer.SUCCEEDED,
    "declined": Answer.DECLINED,
    "reversed": Answer.SUCCEEDED,
}
REVERSED = frozenset({"reversed"})

#: Why they declined → our word; any other is kept as `declined`.
WHY: dict[str, str] = {
    "number_refused": "number_refused",
    "operator_unavailable": "operator_unavailable",
    "operator_declined": "operator_declined",
    "insufficient_float": "insufficient_float",
}

#: Their error word → our answer and our word for why. `secret_wrong` is no "no": nobody looked at the request.
ERROR: dict[str, tuple[Answer, str]] = {
    "secret_wrong": (Answer.NOT_SENT, "secret_wrong"),
    "too_long": (Answer.DECLINED, "rejected"),
    "amount_invalid": (Answer.DECLINED, "rejected"),
    "currency_invalid": (Answer.DECLINED, "rejected"),
    "number_invalid": (Answer.DECLINED, "number_refused"),
    "kind_not_sold": (Answer.DECLINED, "kind_not_sold"),
    "sku_missing": (Answer.DECLINED, "rejected"),
    "operator_missing": (Answer.DECLINED, "rejected"),
    "reference_used": (Answer.UNKNOWN, "reference_used"),
}

#: Their error word for "we do not know it".
NOT_FOUND = "not_found"
