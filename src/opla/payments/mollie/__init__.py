"""Mollie: cards with their wallets, Bancontact, PayPal, KBC, Belfius, on its own payment page.

One registered way of paying is one method of it, `mollie_bancontact` for example, all with the same key; plain `mollie`
lets people choose on Mollie's page among those that are switched on there.
"""

from __future__ import annotations

from collections.abc import Mapping

from opla.payments.mollie.config import Config
from opla.payments.mollie.mapping import METHOD
from opla.payments.mollie.provider import Mollie

NAME = "mollie"
LIVE = True
METHODS = tuple(METHOD)


def build(config: Mapping[str, str], method: str = "") -> Mollie:
    return Mollie(Config.from_mapping(config), METHOD[method] if method else "")


def moves_money(config: Mapping[str, str]) -> bool:
    """Not with a test key: everything is as with a live one, except that nobody pays."""
    return not Config.from_mapping(config).test
