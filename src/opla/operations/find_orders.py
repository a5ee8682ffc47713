"""Finding an order for a customer who asks about it, by whatever they have in hand."""

from __future__ import annotations

from typing import Final

from opla.core import phone, structured, texted
from opla.core.actor import Act, Actor
from opla.core.refusal import Refusal
from opla.db.queries import find
from opla.db.queries.find import Hit, Sought

#: More than this is told apart by nobody: a better word is asked for.
MOST: Final = 50
_LONGEST: Final = 200


def find_orders(actor: Actor, typed: str) -> list[Hit] | Refusal:
    """Orders that are known by it, newest first, at most `MOST`. What is typed is read in every way it can be."""
    if refused := actor.refused(Act.FIND_ORDERS):
        return refused
    text = typed.strip()
    return find.orders(sought(text), limit=MOST) if text and len(text) <= _LONGEST and "\0" not in text else []


def sought(text: str) -> Sought:
    """It as an order's number, an address, a mobile number, a reference; or sign by sign as what others call it."""
    number = phone.read(text)
    numbers = structured.found_in(text)
    return Sought(
        text=text,
        ticket=texted.read_ticket(text),
        email=text.lower() if "@" in text else "",
        number="" if isinstance(number, Refusal) else number.e164,
        structured=next(iter(numbers)) if len(numbers) == 1 else "",
    )
