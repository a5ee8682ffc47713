"""What a push service's status means to us (RFC 8030 §5 and §7). One that is not here is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

STATUS: dict[str, Answer] = {
    "200": Answer.SUCCEEDED,
    "201": Answer.SUCCEEDED,
    "202": Answer.SUCCEEDED,
    "400": Answer.DECLINED,
    "401": Answer.DECLINED,
    "403": Answer.DECLINED,
    "404": Answer.DECLINED,
    "410": Answer.DECLINED,
    "413": Answer.DECLINED,
    "429": Answer.NOT_SENT,
}

#: The browser has gone, or never was: nothing will ever arrive there.
GONE = frozenset({404, 410})
