"""Our own stock of codes as a supplier: bought before, sealed in our database, sold one by one."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CodeStock
from opla.suppliers.code_stock.config import Config
from opla.suppliers.code_stock.provider import OwnStock

NAME = "code_stock"
#: Its codes are what the owner put there, real or sample: it runs beside either.
LIVE = False


def build(config: Mapping[str, str], stock: CodeStock, /) -> OwnStock:
    Config.from_mapping(config)
    return OwnStock(stock)
