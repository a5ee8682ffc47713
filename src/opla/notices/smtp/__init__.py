"""E-mail by SMTP: any mail server that takes a user and a password."""

from __future__ import annotations

from collections.abc import Mapping

from opla.notices.smtp.config import Config
from opla.notices.smtp.provider import Smtp

NAME = "smtp"
LIVE = True


def build(config: Mapping[str, str]) -> Smtp:
    return Smtp(Config.from_mapping(config))
