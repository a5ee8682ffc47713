"""Lines of our bank account that show what a payment provider paid out, whichever of the two was known first; of what
a provider took, the line may come first where it shows the provider's name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opla.core import payout
from opla.core.actor import Actor
from opla.core.payout import Waiting
from opla.core.statement import Line
from opla.db.queries import bank
from opla.db.queries import payouts as queries
from opla.operations.shop import Shop


def shown_by(lines: Sequence[Line], currency: str, waiting: Sequence[Waiting]) -> dict[int, Waiting]:
    """By position in `lines` the payout that each shows, no payout twice."""
    found: dict[int, Waiting] = {}
    for n, line in enumerate(lines):
        left = [one for one in waiting if one not in found.values()]
        id_ = payout.shown(line, currency, left)
        if id_ is not None:
            found[n] = next(one for one in left if one.id == id_)
    return found


def show_open(actor: Actor, currency: str, *, shop: Shop, at: datetime) -> None:
    """A line that came before its payout was known lies open: what it shows is clear now."""
    waiting = queries.waiting()
    kept = bank.open_lines(shop.account.iban, shop.keyring) if shop.account and waiting else []
    lines = [Line(one.booked_on, one.amount.amount_minor, text=one.party.text, name=one.party.name) for one in kept]
    pairs = [(one, kept[n].id) for n, one in shown_by(lines, currency, waiting).items()]
    queries.arrived(pairs, actor=actor, at=at)
