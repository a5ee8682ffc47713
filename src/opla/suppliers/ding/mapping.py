"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer, Kind

#: `ProcessingState` of a transfer → our answer. They write the good end in two ways.
STATE: dict[str, Answer] = {
    "Submitted": Answer.PENDING,
    "Processing": Answer.PENDING,
    "Cancelling": Answer.PENDING,
    "Complete": Answer.SUCCEEDED,
    "Completed": Answer.SUCCEEDED,
    "Failed": Answer.DECLINED,
    "Cancelled": Answer.DECLINED,
}

#: The first of `ErrorCodes` → our answer and our word for why. What they turn away before looking at it is NOT_SENT.
ERROR: dict[str, tuple[Answer, str]] = {
    "AuthenticationFailed": (Answer.NOT_SENT, "key_wrong"),
    "RateLimited": (Answer.NOT_SENT, "too_many"),
    "InsufficientBalance": (Answer.DECLINED, "insufficient_float"),
    "AccountNumberInvalid": (Answer.DECLINED, "number_refused"),
    "RechargeNotAllowed": (Answer.DECLINED, "operator_declined"),
    "ProviderError": (Answer.DECLINED, "operator_declined"),
    "TransientProviderError": (Answer.DECLINED, "operator_unavailable"),
    "ParameterInvalid": (Answer.DECLINED, "rejected"),
    "ParameterMissing": (Answer.DECLINED, "rejected"),
    "ParameterOutOfRange": (Answer.DECLINED, "rejected"),
    "ParameterCombinationInvalid": (Answer.DECLINED, "rejected"),
    "TooManyParameters": (Answer.DECLINED, "rejected"),
    "RequestInvalid": (Answer.DECLINED, "rejected"),
    "DuplicateTransactionPrevented": (Answer.UNKNOWN, "reference_used"),
}

#: `RedemptionMechanism` of a product → what it is to us. `ReadAdditionalInformation` needs steps nobody here takes.
REDEMPTION: dict[str, Kind] = {
    "Immediate": Kind.DIRECT,
    "ReadReceipt": Kind.CODE,
}

#: `Benefits` that a SIM can have. The rest of what they sell is electricity, television and the like.
OF_A_SIM = frozenset({"Mobile", "Minutes", "Data"})
