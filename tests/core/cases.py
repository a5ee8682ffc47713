"""One order, its payment, and what the tables of the core say about them, to vary in tests."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from uuid import UUID

from opla.core.chance import Chance
from opla.core.change import Change, Move, Subject
from opla.core.money import Money
from opla.core.order import Order, Price, State
from opla.core.ports import Kind

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANCE = Chance(random.Random(5))
PRICE = Price(Money(1500, "EUR"), Money(50, "EUR"), Money(9, "EUR"))
ORDER, PAYMENT, ATTEMPT, REFUND = (UUID(int=n) for n in (1, 2, 3, 4))


def sold(state: State = State.PLACED, kind: Kind = Kind.CODE, order_id: UUID = ORDER) -> Order:
    return Order(order_id, state, "PX-15", "proximus", kind, PRICE, "", "", "en")


def moved(change: Change, subject: Subject) -> list[str]:
    """`event: source → target` of every move of this subject."""
    return [f"{m.event}: {m.source} → {m.target}" for m in change.moves if m.subject is subject]


def attempt_after(change: Change) -> str:
    [move] = [m for m in change.moves if m.subject is Subject.ATTEMPT]
    return move.target


def money(move: Move) -> list[tuple[str, int]]:
    return [(str(t.reason), t.amount_minor) for t in move.transfers]
