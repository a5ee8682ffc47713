"""Answering a text message: the state of an order whose number its writer knows, where to see a balance, and silence.

Nothing else is learned by text: no product, no amount, no name, no code, and not whether a number bought anything.
What is no word of ours gets no answer, so that two machines never talk to each other; nor does who has said STOP, ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from opla.core import order, texted
from opla.core.guide import dials_of
from opla.core.ports import Text
from opla.db.queries import texts
from opla.operations import catalogue, limits
from opla.operations.shop import Shop

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_OTHERS: Final = "en"  # who asks about an order that is none may speak anything


@dataclass(frozen=True)
class OrderState:
    """`state` is None where there is no such order. `language`: of the answer."""

    language: str
    ticket: str = ""
    state: order.State | None = None


@dataclass(frozen=True)
class Dials:
    """What to dial to see what is left, by operator."""

    language: str
    by_operator: tuple[tuple[str, str], ...]


def answer(came: Text, *, shop: Shop, at: datetime) -> OrderState | Dials | None:
    """What is answered to it; None: nothing. STOP is remembered before anything else is looked at."""
    asked = texted.read(came.text) if came.part[1] == 1 else None
    if asked is None or not _NUMBER.fullmatch(came.number):
        return None
    who = limits.digest_of(f"text {came.number}", shop)
    if isinstance(asked, texted.Stop):
        texts.stop(who, at=at)
        return None
    if texts.stopped(who) or _too_many(came.number, shop, at):
        return None
    if isinstance(asked, texted.Balance):
        return Dials(asked.language, _dials())
    found = texts.state_of(asked.ticket) if asked.ticket else None
    return OrderState(found[1], asked.ticket, found[0]) if found else OrderState(_OTHERS)


def _too_many(number: str, shop: Shop, at: datetime) -> bool:
    """Each answer costs us, and a sender's number can be forged: nobody is to be texted by us at somebody's wish."""
    own = limits.by_name(limits.TEXTS, number, shop=shop, at=at)
    return own is not None or limits.by_name(limits.TEXTS_OF_ALL, "all", shop=shop, at=at) is not None


def _dials() -> tuple[tuple[str, str], ...]:
    """Of operators that something is sold for, the first way each has."""
    _, catalog = catalogue.active()
    sold = [one for one in catalog.operators if any(product.on_sale for product in catalog.products_of(one.id))]
    return tuple((one.name, dials[0]) for one in sold if (dials := dials_of(one)))
