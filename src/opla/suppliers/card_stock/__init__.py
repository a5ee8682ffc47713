"""Our own SIM cards as a supplier: bought before, packed and handed over by a clerk."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CardStock, CodeStock
from opla.suppliers.card_stock.config import Config
from opla.suppliers.card_stock.provider import OwnCards

NAME = "card_stock"
#: Its cards are what the owner put there, real or sample: it runs beside either.
LIVE = False


def build(config: Mapping[str, str], stock: CodeStock, /) -> OwnCards:
    """Raises LookupError where the stock that is handed in keeps no cards."""
    Config.from_mapping(config)
    if not isinstance(stock, CardStock):
        raise LookupError("this stock keeps no SIM cards")  # noqa: TRY004 - an ability, not a type
    return OwnCards(stock)
