"""Their words and ours. A word that is not here is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Their error word → our answer. `secret_wrong` is no "no": nobody looked at the message.
ERROR: dict[str, Answer] = {
    "secret_wrong": Answer.NOT_SENT,
    "too_long": Answer.DECLINED,
    "to_missing": Answer.DECLINED,
    "text_invalid": Answer.DECLINED,
    "gone": Answer.DECLINED,
    "endpoint_invalid": Answer.DECLINED,
}
