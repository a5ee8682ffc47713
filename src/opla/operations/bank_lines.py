"""What a person says of a line of our bank account that shows no reference of ours, or not as it was expected."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from opla.core.actor import Actor
from opla.core.item import Kind, Resolution, Said, Step
from opla.core.statement.matching import State
from opla.db.queries import bank
from opla.db.queries.items import Item
from opla.operations.shop import Shop

#: Items that are about a line.
OF_THE_BANK: Final = frozenset({Kind.BANK_LINE, Kind.BANK_OUT})
#: For so long whose money it was is kept: a customer's bank asks a transfer back within thirteen months at most
#: (Directive (EU) 2015/2366, article 71).
PARTY_KEPT: Final = timedelta(days=400)

_BECOMES: Final = {
    Resolution.MATCHED: State.MATCHED,
    Resolution.ON_FLOAT: State.MATCHED,
    Resolution.SEND_BACK: State.SENT_BACK,
    Resolution.NOT_OURS: State.NOT_OURS,
}


def decide_line(found: Item, said: Said, *, actor: Actor, shop: Shop, at: datetime) -> None:
    """The line becomes what was said of it, in the transaction that keeps who said it. A proposal changes nothing.

    Raises `bank.FloatTooLow`.
    """
    if said.step is not Step.RESOLVED:
        return
    number = ""
    if said.resolution is Resolution.MATCHED:
        number = bank.asked_of(said.facts["ticket"])
    elif said.resolution is Resolution.ON_FLOAT:
        number = bank.float_number(said.facts["reseller"], shop.chance, at=at)
    elif said.resolution is Resolution.SEND_BACK:
        number = bank.draw(shop.chance)
    if not bank.decide(found.subject, _BECOMES[said.resolution], number, actor=actor, at=at):
        raise LookupError(f"item {found.id} is about a line that is not open")
