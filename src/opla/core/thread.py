"""A thread: what somebody and the shop write to each other, about one order or before buying.

    unconfirmed ──confirmed──▶ waiting ──answered──▶ answered
     (a question)                ▲  ▲ └──closed──▶ closed ◀──closed──┘
                                 └──┴───────said────┴─────────────┘

Waiting means that the shop's word is next. Only a question asked before buying begins unconfirmed: an order's thread
begins on the ordering device, or after the proof of its e-mail.

No code is ever accepted in a message, from either side: a code is money, and a message is read by many.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from enum import StrEnum
from typing import Final

from opla.core.refusal import Code, Refusal


class State(StrEnum):
    UNCONFIRMED = "unconfirmed"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class Event(StrEnum):
    CONFIRMED = "confirmed"
    SAID = "said"
    ANSWERED = "answered"
    CLOSED = "closed"


class Side(StrEnum):
    CUSTOMER = "customer"
    SHOP = "shop"


#: What leads where; `db/sql/threads.sql` compares and sets. What is not here is refused.
ARROWS: Final[dict[tuple[State, Event], State]] = {
    (State.UNCONFIRMED, Event.CONFIRMED): State.WAITING,
    **{(state, Event.SAID): State.WAITING for state in (State.WAITING, State.ANSWERED, State.CLOSED)},
    **{(state, Event.ANSWERED): State.ANSWERED for state in (State.WAITING, State.ANSWERED, State.CLOSED)},
    **{(state, Event.CLOSED): State.CLOSED for state in (State.WAITING, State.ANSWERED)},
}

#: One that waits longer than this stands on the owner's list.
OVERDUE: Final = timedelta(hours=24)
#: A question that nobody confirms is deleted.
CONFIRM_WITHIN: Final = timedelta(days=2)
#: Signs of one message.
MAX_MESSAGE: Final = 2_000

_DATE: Final = re.compile(r"\b(?:[0-3]?\d[./-][01]?\d[./-](?:20)?\d\d|20\d\d[./-][01]?\d[./-][0-3]?\d)\b")
#: Nine digits and more, however they are grouped. A phone number is one too: the last four digits say which is meant.
_LONG: Final = re.compile(r"\d(?:[\s.\-‐-―_/*#·•|]{0,3}\d){8,}")


def read_message(text: str) -> str | Refusal:
    """A message as it is kept: plain text with its line breaks; or why it is not kept at all."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    plain = "".join(c for c in plain if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    plain = re.sub(r"\n{3,}", "\n\n", plain).strip()
    if not plain:
        return Refusal(Code.MESSAGE_MISSING, "message")
    if len(plain) > MAX_MESSAGE:
        return Refusal(Code.MESSAGE_TOO_LONG, "message", {"most": str(MAX_MESSAGE)})
    if holds_code(plain):
        return Refusal(Code.MESSAGE_HOLDS_CODE, "message")
    return plain


def holds_code(text: str) -> bool:
    """Whether digits in it could be a code, whatever script, width and grouping they are written in."""
    folded = unicodedata.normalize("NFKC", text)
    folded = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in folded)
    return _LONG.search(_DATE.sub("~", folded)) is not None
