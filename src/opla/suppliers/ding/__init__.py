"""DingConnect: credit on a number and PINs, of operators in many countries."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CodeStock
from opla.suppliers.ding.config import Config
from opla.suppliers.ding.provider import Ding

NAME = "ding"
LIVE = True


def build(config: Mapping[str, str], _stock: CodeStock, /) -> Ding:
    return Ding(Config.from_mapping(config))


def moves_money(config: Mapping[str, str]) -> bool:
    """Not while everything goes to the numbers they keep for trying, whoever it is for."""
    return not Config.from_mapping(config).uat
