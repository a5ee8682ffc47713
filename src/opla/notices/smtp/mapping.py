"""What a mail server's reply means to us, by what was said and its first digit (RFC 5321 §4.2.1). Else: UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Before the message itself nothing has been taken. A "no" to the recipient is final; any other is about us or about
#: now, and a person mends it (a password, a sender that is not allowed) while the message waits.
REPLY: dict[str, Answer] = {
    "greeting-4": Answer.NOT_SENT,
    "greeting-5": Answer.NOT_SENT,
    "hello-4": Answer.NOT_SENT,
    "hello-5": Answer.NOT_SENT,
    "tls-4": Answer.NOT_SENT,
    "tls-5": Answer.NOT_SENT,
    "login-4": Answer.NOT_SENT,
    "login-5": Answer.NOT_SENT,
    "sender-4": Answer.NOT_SENT,
    "sender-5": Answer.NOT_SENT,
    "recipient-4": Answer.NOT_SENT,
    "recipient-5": Answer.DECLINED,
    "data-4": Answer.NOT_SENT,
    "data-5": Answer.NOT_SENT,
    "message-2": Answer.SUCCEEDED,
    "message-4": Answer.NOT_SENT,
    "message-5": Answer.DECLINED,
}
