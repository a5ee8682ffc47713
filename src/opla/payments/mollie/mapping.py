"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of a payment → our answer and our word for why. `authorized` is of pay-later methods, which we never ask for.
PAYMENT: dict[str, tuple[Answer, str]] = {
    "open": (Answer.PENDING, ""),
    "pending": (Answer.PENDING, ""),
    "paid": (Answer.SUCCEEDED, ""),
    "canceled": (Answer.DECLINED, "abandoned"),
    "expired": (Answer.DECLINED, "expired"),
    "failed": (Answer.DECLINED, "refused"),
}

#: Why a card failed (`details.failureReason`) → our word for why.
FAILURE: dict[str, str] = {
    "authentication_abandoned": "abandoned",
    "authentication_failed": "not_confirmed",
    "authentication_required": "not_confirmed",
    "authentication_unavailable_acs": "not_confirmed",
    "card_declined": "refused",
    "card_expired": "card_expired",
    "inactive_card": "refused",
    "insufficient_funds": "no_funds",
    "invalid_cvv": "card_details",
    "invalid_card_holder_name": "card_details",
    "invalid_card_number": "card_details",
    "invalid_card_type": "card_kind",
    "possible_fraud": "refused",
    "refused_by_issuer": "refused",
    "unknown_reason": "refused",
}

#: The same of a charge by a mandate, where nobody is there: the bank wants the person.
FAILURE_AGAIN: dict[str, str] = {
    "authentication_abandoned": "authentication",
    "authentication_failed": "authentication",
    "authentication_required": "authentication",
    "authentication_unavailable_acs": "authentication",
}

#: HTTP status of an error to a charge by a mandate, and the field a 422 names: the consent is gone.
ENDED: dict[str, str] = {
    "404": "mandate_ended",
    "410": "mandate_ended",
    "422-customerId": "mandate_ended",
    "422-mandateId": "mandate_ended",
}

#: Status of a refund → our answer. Until it is with the bank it can still fail: the balance may be too low for days.
REFUND: dict[str, Answer] = {
    "queued": Answer.PENDING,
    "pending": Answer.PENDING,
    "processing": Answer.PENDING,
    "refunded": Answer.SUCCEEDED,
    "failed": Answer.DECLINED,
    "canceled": Answer.DECLINED,
}

#: HTTP status of an error → our answer and our word for why. 409 is of refunds: an equal one was made a moment ago,
#: which may be ours.
ERROR: dict[int, tuple[Answer, str]] = {
    400: (Answer.DECLINED, "rejected"),
    401: (Answer.NOT_SENT, "key_wrong"),
    403: (Answer.NOT_SENT, "key_wrong"),
    404: (Answer.DECLINED, "payment_unknown"),
    409: (Answer.UNKNOWN, "repeated"),
    422: (Answer.DECLINED, "rejected"),
    429: (Answer.NOT_SENT, "too_many"),
}

#: Our name of a way of paying → what their page asks for; with one named it shows no choice. Cards bring Apple Pay and
#: Google Pay with them there.
METHOD: dict[str, str] = {
    "card": "creditcard",
    "applepay": "applepay",
    "bancontact": "bancontact",
    "paypal": "paypal",
    "kbc": "kbc",
    "belfius": "belfius",
    "bank_transfer": "banktransfer",
    "terminal": "pointofsale",
}

#: Why a payment on a card machine was not made (`statusReason.code`, else its status) → our word for why. They have
#: some hundred words, most of which are a bank's and mean no more to a person than that it refused.
AT_TERMINAL: dict[str, str] = {
    "canceled": "terminal_cancelled",
    "terminal_busy": "terminal_busy",
    "terminal_unreachable": "terminal_silent",
    "terminal_closed": "terminal_silent",
    "terminal_id_not_found": "terminal_unknown",
    "insufficient_funds": "no_funds",
    "expired_card": "card_expired",
}

#: Status of a card machine → whether it takes payments.
TERMINAL: dict[str, str] = {
    "active": "ready",
    "pending": "not_ready",
    "inactive": "not_ready",
}

#: Status of a settlement → our word. What is on its way to the bank may still change.
SETTLEMENT: dict[str, str] = {
    "open": "not_yet",
    "pending": "not_yet",
    "processing-at-bank": "not_yet",
    "paidout": "sent",
    "failed": "failed",
}

#: What their page asks for → the method of the mandate that a first payment leaves. What is not here keeps no consent.
KEEPS: dict[str, str] = {
    "creditcard": "creditcard",
    "bancontact": "directdebit",
    "belfius": "directdebit",
    "kbc": "directdebit",
    "paypal": "paypal",
}

#: Method of a mandate → in how many days, at most, the money of a charge by it is sure.
DAYS: dict[str, int] = {
    "creditcard": 0,
    "paypal": 0,
    "directdebit": 10,
}

#: The language of an order → the one of their page. They have no Chinese.
LOCALE: dict[str, str] = {
    "zh-Hans": "en_US",
    "en": "en_US",
    "fr": "fr_BE",
    "nl": "nl_BE",
    "de": "de_DE",
}
