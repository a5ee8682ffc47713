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

#: The language of an order → the one of their page.
LOCALE: dict[str, str] = {
    "zh-Hans": "zh",
    "en": "en",
    "fr": "fr",
    "nl": "nl",
    "de": "de",
}
