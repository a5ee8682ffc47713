"""Web push: a short message to a browser that asked for it, through that browser's own push service."""

from __future__ import annotations

from collections.abc import Mapping

from opla.notices.web_push.config import Config
from opla.notices.web_push.provider import WebPush

NAME = "web_push"
LIVE = True


def build(config: Mapping[str, str]) -> WebPush:
    return WebPush(Config.from_mapping(config))
