"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer, Unlisted

#: Status of an order → our answer and our word for why. One that is approved is captured by us at once; whether that
#: took the money is said of its capture.
ORDER: dict[str, tuple[Answer, str]] = {
    "CREATED": (Answer.PENDING, ""),
    "SAVED": (Answer.PENDING, ""),
    "PAYER_ACTION_REQUIRED": (Answer.PENDING, ""),
    "APPROVED": (Answer.PENDING, ""),
    "VOIDED": (Answer.DECLINED, "abandoned"),
}

#: Status of the capture of a completed order → our answer and our word for why.
CAPTURE: dict[str, tuple[Answer, str]] = {
    "COMPLETED": (Answer.SUCCEEDED, ""),
    "PARTIALLY_REFUNDED": (Answer.SUCCEEDED, ""),
    "REFUNDED": (Answer.SUCCEEDED, ""),
    "PENDING": (Answer.PENDING, ""),
    "DECLINED": (Answer.DECLINED, "refused"),
    "FAILED": (Answer.DECLINED, "refused"),
}

#: Why an approved order was not captured (`issue`) → our answer and our word for why.
ISSUE: dict[str, tuple[Answer, str]] = {
    "ORDER_NOT_APPROVED": (Answer.PENDING, ""),
    "PAYER_ACTION_REQUIRED": (Answer.PENDING, ""),
    "ORDER_ALREADY_CAPTURED": (Answer.PENDING, ""),
    "INSTRUMENT_DECLINED": (Answer.DECLINED, "refused"),
    "PAYER_CANNOT_PAY": (Answer.DECLINED, "refused"),
    "TRANSACTION_REFUSED": (Answer.DECLINED, "refused"),
    "COMPLIANCE_VIOLATION": (Answer.DECLINED, "refused"),
}

#: Status of a refund → our answer.
REFUND: dict[str, Answer] = {
    "PENDING": Answer.PENDING,
    "COMPLETED": Answer.SUCCEEDED,
    "FAILED": Answer.DECLINED,
    "CANCELLED": Answer.DECLINED,
}

#: HTTP status of an error → our answer and our word for why, where an order or a refund was to be made.
ERROR: dict[int, tuple[Answer, str]] = {
    400: (Answer.DECLINED, "rejected"),
    401: (Answer.NOT_SENT, "key_wrong"),
    403: (Answer.NOT_SENT, "not_allowed"),
    404: (Answer.DECLINED, "payment_unknown"),
    409: (Answer.UNKNOWN, "repeated"),
    422: (Answer.DECLINED, "rejected"),
    429: (Answer.NOT_SENT, "too_many"),
}

#: Status of a transaction in their list → our answer.
TRANSACTION: dict[str, Answer] = {
    "S": Answer.SUCCEEDED,
    "P": Answer.PENDING,
    "D": Answer.DECLINED,
    "V": Answer.DECLINED,
}

#: Event code of a transaction by which money of a payment went back → our word.
WENT_BACK: dict[str, str] = {
    "T1106": "charge_back",
    "T1107": "refund",
    "T1201": "charge_back",
}

#: Name of an error of their list → why it is not shown.
UNLISTED: dict[str, Unlisted] = {
    "INVALID_REQUEST": Unlisted.NOT_YET,
    "NOT_AUTHORIZED": Unlisted.NOT_ALLOWED,
}

#: The language of an order → the one of their page.
LOCALE: dict[str, str] = {
    "zh-Hans": "zh-CN",
    "en": "en-US",
    "fr": "fr-FR",
    "nl": "nl-NL",
    "de": "de-DE",
}
