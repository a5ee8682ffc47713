"""Text messages, by SMPP 3.4: what the message centres of operators and of aggregators speak."""

from __future__ import annotations

from collections.abc import Mapping

from opla.notices.smpp.config import Config
from opla.notices.smpp.provider import SMPP

NAME = "smpp"
LIVE = True


def build(config: Mapping[str, str]) -> SMPP:
    return SMPP(Config.from_mapping(config))
