"""The sandbox mailbox: every message is kept by the counterparts and reaches nobody."""

from __future__ import annotations

from collections.abc import Mapping

from opla.notices.sandbox.config import Config
from opla.notices.sandbox.provider import Sandbox

NAME = "sandbox"
LIVE = False


def build(config: Mapping[str, str]) -> Sandbox:
    return Sandbox(Config.from_mapping(config))
