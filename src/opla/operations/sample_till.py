"""A till of the sandbox, with change in it and a card machine beside it that its clerk reads, so that paying there can
be tried: it stands at an invented place."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from opla.core.actor import Actor, Role
from opla.core.ledger import TERMINAL
from opla.db.queries import cash, terminals
from opla.db.queries.terminals import Terminal
from opla.operations import places
from opla.operations.cash import reachable
from opla.operations.drawers import keep_drawer, put_in

NAME: Final = "sample-till"
MACHINE: Final = "sample-machine"
_BY: Final = Actor(Role.OWNER, "sandbox")
_CHANGE: Final = "100"


def fill(*, at: datetime) -> None:
    """Safe to call at every start, by several processes at once."""
    if cash.drawers():
        return
    found = [id_ for id_, place in places.known_by_id(sandbox=True) if place.sample and reachable(place)]
    if found and keep_drawer(_BY, NAME, min(found), is_open=True, sandbox=True, at=at) is None:
        put_in(_BY, uuid5(NAMESPACE_URL, NAME), NAME, _CHANGE, why="change", at=at)
        terminals.keep(Terminal(MACHINE, TERMINAL, "", NAME, "", open=True), actor=_BY, at=at)
