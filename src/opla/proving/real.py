"""The real adapters in a simulation. Nothing leaves the process: on the other end of each wire is a stand-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from opla.counterparts.standins import StandIn, TakesMoney, mollie, paypal, stripe
from opla.payments.mollie.config import Config as MollieConfig
from opla.payments.mollie.provider import Mollie
from opla.payments.paypal.config import Config as PayPalConfig
from opla.payments.paypal.provider import PayPal
from opla.payments.stripe.config import Config as StripeConfig
from opla.payments.stripe.provider import Stripe
from opla.proving.wire import Wire

RealPayments = Mollie | Stripe | PayPal
#: A wire of this name to that machine.
Wires = Callable[[str, StandIn], Wire]

_MOLLIE = MollieConfig(key="test_" + "a1B2" * 8, base_url="https://mollie.test")
_STRIPE = StripeConfig(key="sk_test_" + "a1B2" * 8, base_url="https://stripe.test")
_PAYPAL = PayPalConfig(client="A" * 40, secret="E" * 40, mode="sandbox", base_url="https://paypal.test")


def real_payments(now: Callable[[], datetime], wire: Wires) -> dict[str, tuple[TakesMoney, RealPayments]]:
    """Each by its name: who takes the money, and our adapter for them."""
    at_mollie = mollie.Mollie(_MOLLIE.key, now)
    at_stripe = stripe.Stripe(_STRIPE.key, now)
    at_paypal = paypal.PayPal(_PAYPAL.client, _PAYPAL.secret, now)
    return {
        "mollie": (at_mollie, Mollie(_MOLLIE, transport=wire("mollie", at_mollie))),
        "stripe": (at_stripe, Stripe(_STRIPE, transport=wire("stripe", at_stripe))),
        "paypal": (at_paypal, PayPal(_PAYPAL, transport=wire("paypal", at_paypal))),
    }
