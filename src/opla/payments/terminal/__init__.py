"""A card machine of somebody else's on our counter: nobody is called, a clerk says what it said."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ledger import TERMINAL
from opla.core.ports import SlipBook
from opla.payments.terminal.config import Config
from opla.payments.terminal.provider import ReadByClerks

NAME = TERMINAL
#: What the machine took is taken, wherever the shop stands: it runs beside either.
LIVE = True
READ_BY_CLERKS = True


def build(config: Mapping[str, str], slips: SlipBook | None = None) -> ReadByClerks:
    """Raises LookupError where no book of the slips is handed in."""
    Config.from_mapping(config)
    if slips is None:
        raise LookupError("nobody keeps the slips here")
    return ReadByClerks(slips)
