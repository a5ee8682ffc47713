"""Unpaid orders end when their time is over. Money that arrives later goes back by rule."""

from __future__ import annotations

from datetime import datetime

from opla.core import order
from opla.core.actor import SYSTEM
from opla.core.change import Change, Move, Subject
from opla.db.queries import orders
from opla.db.queries.apply import apply
from opla.operations.shop import Shop

_BATCH = 500


def expire(*, shop: Shop, at: datetime) -> int:
    """Cancel what is overdue; how many were. One that is paid in the same moment is simply lost to the payment."""
    changes = []
    for overdue in orders.expired(at, _BATCH):
        arrow = order.arrow(overdue.state, order.Event.EXPIRED)
        move = Move(Subject.ORDER, overdue.id, overdue.state, arrow.target, order.Event.EXPIRED)
        changes.append(Change(moves=(move,)))
    results = apply(changes, actor=SYSTEM, at=at, keyring=shop.keyring, chance=shop.chance)
    return sum(result == "won" for result in results)
