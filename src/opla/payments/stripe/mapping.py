"""Their words and ours, as tables. A word that is not here is never guessed at: it is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of a session and of its payment → our answer and our word for why.
SESSION: dict[str, tuple[Answer, str]] = {
    "open-unpaid": (Answer.PENDING, ""),
    "complete-paid": (Answer.SUCCEEDED, ""),
    "expired-unpaid": (Answer.DECLINED, "expired"),
}

#: Status of the payment intent of a session that is complete and unpaid: some methods take their time, and may fail.
INTENT: dict[str, tuple[Answer, str]] = {
    "processing": (Answer.PENDING, ""),
    "requires_action": (Answer.PENDING, ""),
    "requires_payment_method": (Answer.DECLINED, "refused"),
    "canceled": (Answer.DECLINED, "abandoned"),
}

#: Status of a payment intent of a charge by a mandate. Nobody is there who could act: `requires_action` is unknown.
AGAIN: dict[str, tuple[Answer, str]] = {
    "succeeded": (Answer.SUCCEEDED, ""),
    "processing": (Answer.PENDING, ""),
    "requires_payment_method": (Answer.DECLINED, "refused"),
    "canceled": (Answer.DECLINED, "refused"),
}

#: Status of a payment intent that no page of ours is of, in a list → our answer. What waits for a customer waits for
#: nobody whom we sent there.
ALONE: dict[str, Answer] = {
    "succeeded": Answer.SUCCEEDED,
    "processing": Answer.PENDING,
    "requires_capture": Answer.PENDING,
    "requires_payment_method": Answer.DECLINED,
    "requires_confirmation": Answer.DECLINED,
    "requires_action": Answer.DECLINED,
    "canceled": Answer.DECLINED,
}

#: Mode of a session that only other programs ask for → what is paid by it.
OTHERS: dict[str, str] = {
    "setup": "nothing",
    "subscription": "invoices, by payment intents of their own",
}

#: Code, or decline code, of what went wrong with a charge by a mandate → our word for why; any other: `refused`.
FAILURE: dict[str, str] = {
    "authentication_required": "authentication",
    "payment_intent_authentication_failure": "authentication",
    "expired_card": "card_expired",
    "insufficient_funds": "no_funds",
}

#: Which field an `invalid_request_error` to a charge by a mandate names, where consent is gone → our word for why.
ENDED: dict[str, str] = {
    "customer": "mandate_ended",
    "payment_method": "mandate_ended",
}

#: Status of a refund → our answer. One that a bank sends back later is `failed` after it had been `succeeded`.
REFUND: dict[str, Answer] = {
    "pending": Answer.PENDING,
    "requires_action": Answer.PENDING,
    "succeeded": Answer.SUCCEEDED,
    "failed": Answer.DECLINED,
    "canceled": Answer.DECLINED,
}

#: HTTP status of an error → our answer and our word for why, where something was to be done. A look-up that fails for
#: one of the reasons that decline here says nothing of a payment.
ERROR: dict[int, tuple[Answer, str]] = {
    400: (Answer.DECLINED, "rejected"),
    401: (Answer.NOT_SENT, "key_wrong"),
    402: (Answer.DECLINED, "rejected"),
    403: (Answer.NOT_SENT, "key_wrong"),
    404: (Answer.DECLINED, "payment_unknown"),
    409: (Answer.UNKNOWN, "repeated"),
    429: (Answer.NOT_SENT, "too_many"),
}

#: Type of an error → what it means whatever its status: the first of two with one reference was another one.
TYPE: dict[str, tuple[Answer, str]] = {
    "idempotency_error": (Answer.UNKNOWN, "other_amount"),
}

#: Our name of a way of paying → what is offered on their page. Cards bring Apple Pay and Google Pay with them there.
METHOD: dict[str, str] = {
    "card": "card",
    "bancontact": "bancontact",
    "paypal": "paypal",
    "alipay": "alipay",
    "wechat_pay": "wechat_pay",
}

#: Status of a payout → our word. What is on its way to the bank may still change.
PAYOUT: dict[str, str] = {
    "pending": "not_yet",
    "in_transit": "not_yet",
    "paid": "sent",
    "failed": "failed",
    "canceled": "failed",
}

#: Type of a movement of their balance → what it is of; others are of no kind that is known here. An adjustment is a
#: charge-back where its object is a dispute.
MOVE: dict[str, str] = {
    "charge": "payment",
    "payment": "payment",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund",
    "payment_failure_refund": "refund",
    "adjustment": "charge_back",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "tax_fee": "fee",
    "payout_failure": "returned",
    "payout_cancel": "returned",
}

#: What a first payment is paid with → what is charged later. What is not here keeps no consent.
KEEPS: dict[str, str] = {
    "card": "card",
    "bancontact": "sepa_debit",
}

#: What is charged later → in how many days, at most, the money of a charge by it is sure.
DAYS: dict[str, int] = {
    "card": 0,
    "sepa_debit": 20,
}

#: The language of an order → the one of their page.
LOCALE: dict[str, str] = {
    "zh-Hans": "zh",
    "en": "en",
    "fr": "fr",
    "nl": "nl",
    "de": "de",
}
