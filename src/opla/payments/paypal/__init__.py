"""PayPal itself, without anybody between: an order that people approve there, and that is captured by us."""

from __future__ import annotations

from collections.abc import Mapping

from opla.payments.paypal.config import Config
from opla.payments.paypal.provider import PayPal

NAME = "paypal"
LIVE = True
METHODS: tuple[str, ...] = ()


def build(config: Mapping[str, str], method: str = "") -> PayPal:  # noqa: ARG001 - there is one way only
    return PayPal(Config.from_mapping(config))


def moves_money(config: Mapping[str, str]) -> bool:
    """Not at their sandbox, whose keys look like the real ones."""
    return not Config.from_mapping(config).test
