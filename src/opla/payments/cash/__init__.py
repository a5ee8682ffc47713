"""Cash over a counter of ours: nobody is called, what was taken is read from our drawers."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ledger import CASH
from opla.core.ports import CashBook
from opla.payments.cash.config import Config
from opla.payments.cash.provider import OverTheCounter

NAME = CASH
#: What is in a drawer is there, wherever the shop stands: it runs beside either.
LIVE = True
AT_OUR_COUNTER = True


def build(config: Mapping[str, str], drawers: CashBook | None = None) -> OverTheCounter:
    """Raises LookupError where no book of the drawers is handed in."""
    Config.from_mapping(config)
    if drawers is None:
        raise LookupError("nobody keeps the drawers here")
    return OverTheCounter(drawers)
