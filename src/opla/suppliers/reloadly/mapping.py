"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of a top-up → our answer. `REFUNDED` was given and taken back: `REVERSED` says so beside it.
STATUS: dict[str, Answer] = {
    "PROCESSING": Answer.PENDING,
    "SUCCESSFUL": Answer.SUCCEEDED,
    "FAILED": Answer.DECLINED,
    "REFUNDED": Answer.SUCCEEDED,
}
REVERSED = frozenset({"REFUNDED"})

#: Their error code → our answer and our word for why. What they turn away before looking at it is NOT_SENT.
ERROR: dict[str, tuple[Answer, str]] = {
    "INVALID_CREDENTIALS": (Answer.NOT_SENT, "key_wrong"),
    "INVALID_TOKEN": (Answer.NOT_SENT, "token_refused"),
    "TOKEN_EXPIRED": (Answer.NOT_SENT, "token_refused"),
    "INACTIVE_ACCOUNT": (Answer.NOT_SENT, "account_closed"),
    "ACCOUNT_NOT_FOUND": (Answer.NOT_SENT, "account_closed"),
    "PHONE_RECENTLY_RECHARGED": (Answer.NOT_SENT, "too_soon"),
    "INVALID_RECIPIENT_PHONE": (Answer.DECLINED, "number_refused"),
    "INVALID_PHONE_NUMBER": (Answer.DECLINED, "number_refused"),
    "COULD_NOT_AUTO_DETECT_OPERATOR": (Answer.DECLINED, "number_refused"),
    "OPERATOR_UNAVAILABLE_OR_CURRENTLY_INACTIVE": (Answer.DECLINED, "operator_unavailable"),
    "OPERATOR_NOT_IN_SERVICE": (Answer.DECLINED, "operator_unavailable"),
    "TOPUP_TRANSACTION_FAILED": (Answer.DECLINED, "operator_declined"),
    "TRANSACTION_CANNOT_BE_PROCESSED_AT_THE_MOMENT": (Answer.DECLINED, "operator_declined"),
    "INVALID_SENDER_PHONE": (Answer.DECLINED, "rejected"),
    "INVALID_AMOUNT": (Answer.DECLINED, "rejected"),
    "INVALID_AMOUNT_FOR_OPERATOR": (Answer.DECLINED, "rejected"),
    "COUNTRY_NOT_SUPPORTED": (Answer.DECLINED, "rejected"),
    "INSUFFICIENT_BALANCE": (Answer.DECLINED, "insufficient_float"),
    "MAX_DAILY_TRANSACTION_COUNT_REACHED": (Answer.DECLINED, "limit_reached"),
    "MAX_DAILY_TRANSACTION_AMOUNT_REACHED": (Answer.DECLINED, "limit_reached"),
    "CUSTOM_IDENTIFIER_ALREADY_USED": (Answer.UNKNOWN, "reference_used"),
}

#: How an operator of theirs is paid for → whether its amounts are a list, or everything between two.
DENOMINATION: dict[str, str] = {
    "FIXED": "list",
    "RANGE": "range",
}
