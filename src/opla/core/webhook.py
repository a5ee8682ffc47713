"""What resellers' programs are told: which events there are, what each carries, and when it is tried again.

    a fact ──▶ message, one row in the commit that makes it true ──▶ posted to every endpoint that wants it
                 2xx: delivered · anything else: again, later and later, for three days · then given up
    endpoint:    410 Gone, or nothing but failures for three days ──▶ ended, and its people told by e-mail

No payload carries a code, a number or an address: who wants more asks the API with the order's id. Messages may come in
any order, and more than once: `webhook-id` is the same every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opla.core.refusal import Code, Refusal


class Event(StrEnum):
    """What is told. Published: never renamed, never given another meaning."""

    ORDER_PLACED = "order.placed"
    ORDER_DELIVERED = "order.delivered"
    ORDER_FAILED = "order.failed"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_CREDITED = "order.credited"
    ORDER_REFUNDED = "order.refunded"
    FLOAT_PAID_IN = "float.paid_in"
    FLOAT_LOW = "float.low"
    TEST = "endpoint.test"


_ORDER: Final = ("order", "ticket", "key", "state", "sku", "operator", "face", "price")
_BACK: Final = (*_ORDER, "given_back")

#: When each is said, and what stands in its `data`.
EVENTS: Final[dict[Event, tuple[str, tuple[str, ...]]]] = {
    Event.ORDER_PLACED: ("it stands, and its price is held on the float", _ORDER),
    Event.ORDER_DELIVERED: ("its value was given; a code is fetched, never posted", _ORDER),
    Event.ORDER_FAILED: ("nobody could deliver it; its price is free on the float again", _ORDER),
    Event.ORDER_CANCELLED: ("no worker took it up for a day; its price is free on the float again", _ORDER),
    Event.ORDER_CREDITED: ("a part of its price was given back, and is on the float", _BACK),
    Event.ORDER_REFUNDED: ("it was delivered, and what was left of its price is on the float again", _BACK),
    Event.FLOAT_PAID_IN: ("money came in", ("key", "amount", "free")),
    Event.FLOAT_LOW: ("less is free than you want to be told of; once, until more was again", ("free", "below")),
    Event.TEST: ("somebody asked for it; to one endpoint alone, whatever it wants", ("note",)),
}

#: Every field of a payload's `data`: its type, and what it says.
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "order": ("UUID", "the order's id, as the API names it"),
    "ticket": ("text", "its order number, as people read it out"),
    "key": ("text", "what you called it: its idempotency key"),
    "state": ("text", "`placed`, `paid`, `delivered`, `refunded` or `cancelled`, at that moment"),
    "sku": ("text", "the product"),
    "operator": ("text", "the operator"),
    "face": ("money", "what the operator credits"),
    "price": ("money", "what it costs your float"),
    "given_back": ("money", "what of its price was given back by choice, in all"),
    "amount": ("money", "what came in"),
    "free": ("money", "what is free on the float now"),
    "below": ("money", "below how much you want to be told"),
    "note": ("text", "that this is a test"),
}

#: Seconds from one try to the next, before what chance adds: three days in all.
AGAIN_AFTER_S: Final = (
    *(5, 30, 120, 600, 1800),
    *(3600, 2 * 3600, 4 * 3600, 8 * 3600, 12 * 3600, 20 * 3600, 24 * 3600 + 1800),
)
#: Nothing but failures for so long, and it is ended. No longer than the tries of one message.
DEAD_AFTER: Final = timedelta(seconds=sum(AGAIN_AFTER_S))
#: What an endpoint that asks us to wait (`Retry-After`) is believed.
_WAITS_AT_MOST_S: Final = 24 * 3600
#: For how long what was posted is kept, and can be posted again.
KEPT: Final = timedelta(days=30)
#: How long both secrets sign after a new one was made.
BOTH_SIGN: Final = timedelta(days=1)
#: Endpoints of one reseller.
MOST: Final = 5
#: Signs of an answer that are kept and shown to whoever the endpoint is of.
SAID: Final = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one try. `status` 0: nobody answered, `why` says what happened. `wait_s`: they asked us to."""

    status: int = 0
    why: str = ""
    said: str = ""
    wait_s: int = 0

    @property
    def took(self) -> bool:
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """They want nothing more, ever."""
        return self.status == 410


def again_at(tries: int, outcome: Outcome, jitter: int, at: datetime) -> datetime | None:
    """When it is tried again after `tries` tries before this one; None: not any more.

    `jitter`: a random byte. It adds up to a fifth, so that whoever was down is not met by everything at once.
    """
    if outcome.took or outcome.gone or tries >= len(AGAIN_AFTER_S):
        return None
    delay_s = AGAIN_AFTER_S[tries]
    delay_s += delay_s * (jitter % 256) // (256 * 5)
    return at + timedelta(seconds=max(delay_s, min(outcome.wait_s, _WAITS_AT_MOST_S)))


def order_event(topic: str, state: str, *, delivered: bool) -> Event | None:
    """What a message about a reseller's order is called; None: its program is not told of that.

    `delivered`: value was given for it, whatever became of that. `db/sql/webhooks.sql` says the same.
    """
    match topic:
        case "delivered":
            return Event.ORDER_DELIVERED
        case "credited":
            return Event.ORDER_CREDITED
        case "refunded" if state == "cancelled":
            return Event.ORDER_CANCELLED
        case "refunded":
            return Event.ORDER_REFUNDED if delivered else Event.ORDER_FAILED
    return None


def read_events(words: Iterable[str]) -> tuple[Event, ...] | Refusal:
    """The events an endpoint wants, each once; none: all of them, and those to come."""
    named = list(dict.fromkeys(words))
    known = {str(event) for event in Event} - {str(Event.TEST)}
    strange = next((word for word in named if word not in known), None)
    if strange is not None:
        return Refusal(Code.WEBHOOK_EVENT_UNKNOWN, "events", {"event": strange[:60]})
    return tuple(Event(word) for word in named)
