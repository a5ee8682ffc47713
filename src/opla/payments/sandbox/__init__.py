"""The sandbox payment provider: the counterparts' checkout, over HTTP like any other."""

from __future__ import annotations

from collections.abc import Mapping

from opla.payments.sandbox.config import Config
from opla.payments.sandbox.provider import Sandbox

NAME = "sandbox"
LIVE = False
KEEPS = (NAME,)


def build(config: Mapping[str, str]) -> Sandbox:
    return Sandbox(Config.from_mapping(config))
