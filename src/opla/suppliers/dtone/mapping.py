"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer, Kind

#: Class of a transaction's status → our answer. They ask to decide by the class, and by nothing finer.
CLASS: dict[str, Answer] = {
    "CREATED": Answer.PENDING,
    "CONFIRMED": Answer.PENDING,
    "SUBMITTED": Answer.PENDING,
    "COMPLETED": Answer.SUCCEEDED,
    "REVERSED": Answer.SUCCEEDED,
    "REJECTED": Answer.DECLINED,
    "CANCELLED": Answer.DECLINED,
    "DECLINED": Answer.DECLINED,
}
REVERSED = "REVERSED"

#: The number of each class, as they send it beside the word; a class whose number is another's is not believed.
CLASS_ID: dict[int, str] = {
    1: "CREATED",
    2: "CONFIRMED",
    3: "REJECTED",
    4: "CANCELLED",
    5: "SUBMITTED",
    7: "COMPLETED",
    8: "REVERSED",
    9: "DECLINED",
}

#: What follows the class in the status of a refusal → our word for why; any other is kept as `declined`.
WHY: dict[str, str] = {
    "INVALID-CREDIT-PARTY": "number_refused",
    "BARRED-CREDIT-PARTY": "number_refused",
    "INELIGIBLE-CREDIT-PARTY": "number_refused",
    "INVALID-DEBIT-PARTY": "rejected",
    "BARRED-DEBIT-PARTY": "rejected",
    "LIMITATIONS-ON-OPERATOR-AMOUNT": "limit_reached",
    "LIMITATIONS-ON-OPERATOR-QUANTITY": "limit_reached",
    "LIMITATIONS-ON-CREDIT-PARTY-AMOUNT": "limit_reached",
    "LIMITATIONS-ON-CREDIT-PARTY-QUANTITY": "limit_reached",
    "LIMITATIONS-ON-CUSTOMER-AMOUNT": "limit_reached",
    "LIMITATIONS-ON-CUSTOMER-QUANTITY": "limit_reached",
    "DUPLICATED-TRANSACTION": "repeated_too_soon",
    "OPERATOR-CURRENTLY-UNAVAILABLE": "operator_unavailable",
    "INSUFFICIENT-BALANCE": "insufficient_float",
    "EXCEPTION": "operator_declined",
}

#: Code of an error → our answer and our word for why, when a transaction was asked for. `USED` is asked about.
ERROR: dict[int, tuple[Answer, str]] = {
    1000400: (Answer.DECLINED, "rejected"),
    1000401: (Answer.NOT_SENT, "key_wrong"),
    1000429: (Answer.NOT_SENT, "too_many"),
    1003001: (Answer.DECLINED, "product_unknown"),
    1003002: (Answer.DECLINED, "amount_out_of_range"),
    1003003: (Answer.DECLINED, "rejected"),
    1005003: (Answer.DECLINED, "number_refused"),
    1006001: (Answer.DECLINED, "insufficient_float"),
    1007001: (Answer.UNKNOWN, "reference_used"),
    1007500: (Answer.DECLINED, "kind_not_sold"),
}
USED = 1007001

#: Code of an error → our answer to a question: nothing that was asked for ends by it.
QUESTION: dict[int, tuple[Answer, str]] = {
    1000401: (Answer.NOT_SENT, "key_wrong"),
    1000429: (Answer.NOT_SENT, "too_many"),
}
NOT_FOUND = 1008004

#: Type of a product → how it reaches people, and whether its amount is chosen.
TYPE: dict[str, tuple[Kind, str]] = {
    "FIXED_VALUE_RECHARGE": (Kind.DIRECT, "fixed"),
    "RANGED_VALUE_RECHARGE": (Kind.DIRECT, "ranged"),
    "FIXED_VALUE_PIN_PURCHASE": (Kind.CODE, "fixed"),
    "RANGED_VALUE_PIN_PURCHASE": (Kind.CODE, "ranged"),
}

#: Number of the service that a product belongs to → how its place is asked for. The others are no SIMs.
SERVICE: dict[int, str] = {
    1: "country_iso_code",
    13: "region",
}
ESIM = 13

#: Unit of how long a PIN is valid → hours; a month is of the calendar.
VALID: dict[str, int] = {
    "HOUR": 1,
    "DAY": 24,
    "WEEK": 168,
}
