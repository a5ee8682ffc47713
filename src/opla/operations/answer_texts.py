"""Answering a text message: the state of an order whose number its writer knows, where to see a balance, what a top-up
of the very SIM would cost (`rescue`), what becomes of a voucher (`vouchers`), and silence.

Nothing is learned of an order but its state: no product, no amount, no name, no code, and not whether a number bought
anything. A long text comes in parts, which are joined before it is read.
What is no word of ours gets no answer, so that two machines never talk to each other; nor does who has said STOP,
unless the shop takes that back, because a sender can be forged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opla.core import order, texted
from opla.core.actor import Act, Actor
from opla.core.guide import dials_of
from opla.core.ports import Text
from opla.core.refusal import Code, Refusal
from opla.db.queries import rescue as pieces
from opla.db.queries import texts
from opla.db.queries.rescue import Piece
from opla.operations import catalogue, limits, order_texts, rescue, text_pay, vouchers
from opla.operations.rescue import Answered
from opla.operations.shop import Shop
from opla.operations.text_pay import NoWord, Paying
from opla.operations.vouchers import ByText

#: Unfinished texts of one number, parts of all together, parts of one text, and how long they wait for the others.
_OPEN_OF_ONE, _PARTS_OF_ALL, _MOST_PARTS, _WAITS = 3, 2_000, 10, timedelta(hours=1)
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


def answer(came: Text, *, shop: Shop, at: datetime) -> OrderState | Dials | Answered | Paying | NoWord | ByText | None:
    """What is answered to it; None: nothing. STOP is remembered before anything else is looked at."""
    if not _NUMBER.fullmatch(came.number):
        return None
    who = order_texts.who_of(came.number, shop)
    if came.part[1] == 1 and isinstance(texted.read(came.text), texted.Stop):
        texts.stop(who, at=at)
        return None
    if texts.stopped(who):
        return None
    asked = texted.read(_whole(came, who, shop, at))
    if asked is None or isinstance(asked, texted.Stop) or _too_many(came.number, shop, at):
        return None
    number = order_texts.read_number(came.number)
    if isinstance(asked, texted.Status):
        found = texts.state_of(asked.ticket) if asked.ticket else None
        if found:
            return OrderState(found[1], asked.ticket, found[0])
        return None if isinstance(number, Refusal) else OrderState(_OTHERS)
    if isinstance(number, Refusal):
        return None  # nothing is sold for it, its ranges may be dear, and nobody abroad is texted for that
    if isinstance(asked, texted.Balance):
        return Dials(asked.language, _dials())
    if isinstance(asked, texted.Yes):
        return rescue.agreed(asked, number, shop=shop, at=at)
    if isinstance(asked, texted.Pay):
        return text_pay.pay(asked, number, shop=shop, at=at)
    if isinstance(asked, texted.Redeem):
        return vouchers.redeem_by_text(asked.code, number, asked.language or _OTHERS, shop=shop, at=at)
    offer = rescue.offer(asked, number, shop=shop, at=at)
    return text_pay.offered(offer, number, shop=shop, at=at) if isinstance(offer, rescue.Offer) else offer


def start(actor: Actor, typed: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """Text this number again, for whoever has it and never said STOP, or wants to hear from us again."""
    if refused := actor.refused(Act.START_TEXTS):
        return refused
    number = "".join(sign for sign in typed if sign not in " ./-")
    if not _NUMBER.fullmatch(number):
        return Refusal(Code.NUMBER_UNREADABLE, "number")
    done = texts.start(order_texts.who_of(number, shop), shop.chance.uuid(at), actor=actor, at=at)
    return None if done else Refusal(Code.NOT_FOUND, "number")


def _whole(came: Text, who: bytes, shop: Shop, at: datetime) -> str:
    """The whole text, once its last part is here; empty before."""
    reference, part, of = came.part
    if of <= 1:
        return came.text
    if not 1 <= part <= of <= _MOST_PARTS:
        return ""
    piece = Piece(who, reference, of, part, shop.keyring.seal(came.text.encode(), who))
    parts = pieces.join(piece, at=at, since=at - _WAITS, most_one=_OPEN_OF_ONE, most_all=_PARTS_OF_ALL)
    return "".join(shop.keyring.open(sealed, who).decode() for sealed in parts)


def _too_many(number: str, shop: Shop, at: datetime) -> bool:
    """Each answer costs us, and a sender's number can be forged: nobody is to be texted by us at somebody's wish."""
    own = limits.by_name(limits.TEXTS, number, shop=shop, at=at)
    return own is not None or limits.by_name(limits.TEXTS_OF_ALL, "all", shop=shop, at=at) is not None


def _dials() -> tuple[tuple[str, str], ...]:
    """Of operators that something is sold for, the first way each has."""
    _, catalog = catalogue.active()
    sold = [one for one in catalog.operators if any(product.on_sale for product in catalog.products_of(one.id))]
    return tuple((one.name, dials[0]) for one in sold if (dials := dials_of(one)))
