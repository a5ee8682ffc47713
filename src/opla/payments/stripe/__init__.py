"""Stripe: cards with their wallets, Bancontact, PayPal, Alipay, WeChat Pay, on its own page (Checkout).

One registered way of paying is one method of it, `stripe_alipay` for example, all with the same key; plain `stripe`
lets people choose on Stripe's page among those that are switched on there.
"""

from __future__ import annotations

from collections.abc import Mapping

from opla.payments.stripe.config import Config
from opla.payments.stripe.consent import StripeAgain
from opla.payments.stripe.mapping import KEEPS, METHOD
from opla.payments.stripe.provider import Stripe

NAME = "stripe"
LIVE = True
METHODS = tuple(METHOD)


def build(config: Mapping[str, str], method: str = "") -> Stripe:
    theirs = METHOD[method] if method else ""
    kind = StripeAgain if not theirs or theirs in KEEPS else Stripe
    return kind(Config.from_mapping(config), theirs)


def moves_money(config: Mapping[str, str]) -> bool:
    """Not with a test key: everything is as with a live one, except that nobody pays."""
    return not Config.from_mapping(config).test
