"""DT One's Digital Value Services: credit on a number, PINs and eSIMs, in one interface."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CodeStock
from opla.suppliers.dtone.config import Config
from opla.suppliers.dtone.provider import DTOne

NAME = "dtone"
LIVE = True


def build(config: Mapping[str, str], _stock: CodeStock, /) -> DTOne:
    return DTOne(Config.from_mapping(config))


def moves_money(config: Mapping[str, str]) -> bool:
    """Not at their pre-production: everything is as in production, except that nothing is delivered or paid."""
    return not Config.from_mapping(config).sandbox
