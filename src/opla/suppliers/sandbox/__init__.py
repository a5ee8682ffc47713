"""The sandbox supplier: the counterparts' operators, over HTTP like any other."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import CodeStock
from opla.suppliers.sandbox.config import Config
from opla.suppliers.sandbox.provider import Sandbox

NAME = "sandbox"
LIVE = False


def build(config: Mapping[str, str], _stock: CodeStock, /) -> Sandbox:
    return Sandbox(Config.from_mapping(config))
