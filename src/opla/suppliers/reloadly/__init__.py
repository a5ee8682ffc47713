"""Reloadly: credit on a number and PINs, of operators in many countries."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CodeStock
from opla.suppliers.reloadly.config import Config
from opla.suppliers.reloadly.provider import Reloadly

NAME = "reloadly"
LIVE = True


def build(config: Mapping[str, str], _stock: CodeStock, /) -> Reloadly:
    return Reloadly(Config.from_mapping(config))


def moves_money(config: Mapping[str, str]) -> bool:
    """Not in their sandbox, which has keys and a float of its own."""
    return not Config.from_mapping(config).sandbox
