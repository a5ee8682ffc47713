"""The real adapters in a simulation. Nothing leaves the process: on the other end of each wire is a stand-in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random

from opla.counterparts.standins import GivesValue, StandIn, TakesMoney, ding, dtone, mollie, paypal, reloadly, stripe
from opla.counterparts.web import Request, Response
from opla.payments.mollie import Whole
from opla.payments.mollie.config import Config as MollieConfig
from opla.payments.paypal.config import Config as PayPalConfig
from opla.payments.paypal.provider import PayPal
from opla.payments.stripe.config import Config as StripeConfig
from opla.payments.stripe.consent import StripeAgain
from opla.proving.faults import Fault, Faults
from opla.proving.wire import Wire
from opla.proving.world import Agenda
from opla.suppliers.ding.config import Config as DingConfig
from opla.suppliers.ding.provider import Ding
from opla.suppliers.dtone.config import Config as DTOneConfig
from opla.suppliers.dtone.provider import DTOne
from opla.suppliers.reloadly.config import Config as ReloadlyConfig
from opla.suppliers.reloadly.provider import Reloadly

RealPayments = Whole | StripeAgain | PayPal
RealSuppliers = Reloadly | Ding | DTOne
#: A wire of this name to that machine.
Wires = Callable[[str, StandIn], Wire]

_WORD = "a1B2" * 8
_NUMBER = "+32470123456"  # at DingConnect an end in 001 to 007 is a script
_MOLLIE = MollieConfig(key=f"test_{_WORD}", base_url="https://mollie.test", access_token=f"access_{_WORD}")
_STRIPE = StripeConfig(key=f"sk_test_{_WORD}", base_url="https://stripe.test")
_PAYPAL = PayPalConfig(client="A" * 40, secret="E" * 40, mode="sandbox", base_url="https://paypal.test")
_RELOADLY = ReloadlyConfig(
    _WORD, _WORD[::-1], sandbox=True, number=_NUMBER, base_url="https://reloadly.test", auth_url="https://reloadly.test"
)
_DING = DingConfig(_WORD, number=_NUMBER, base_url="https://ding.test")
_DTONE = DTOneConfig(_WORD, _WORD[::-1], sandbox=True, base_url="https://dtone.test")


def real_payments(now: Callable[[], datetime], wire: Wires) -> dict[str, tuple[TakesMoney, RealPayments]]:
    """Each by its name: who takes the money, and our adapter for them."""
    at_mollie = mollie.Mollie(_MOLLIE.key, now, _MOLLIE.access_token)
    at_stripe = stripe.Stripe(_STRIPE.key, now)
    at_paypal = paypal.PayPal(_PAYPAL.client, _PAYPAL.secret, now)
    return {
        "mollie": (at_mollie, Whole(_MOLLIE, transport=wire("mollie", at_mollie))),
        "stripe": (at_stripe, StripeAgain(_STRIPE, transport=wire("stripe", at_stripe))),
        "paypal": (at_paypal, PayPal(_PAYPAL, transport=wire("paypal", at_paypal))),
    }


class _Moody:
    """A supplier that now and then takes its time, refuses, or takes back what it gave.

    `endings` is where it is told how the next one ends, with its words for the first two.
    """

    def __init__(self, machine: GivesValue, faults: Faults, chance: Random, agenda: Agenda) -> None:
        self._machine, self._faults, self._chance, self._agenda = machine, faults, chance, agenda
        self.endings: tuple[deque[str], str, str] | None = None

    def handle(self, request: Request) -> Response:
        if self.endings is not None and request.method == "POST":
            coming, pending, declined = self.endings
            if self._faults.strikes(Fault.PENDING_FIRST):
                coming.append(pending)
            elif self._faults.strikes(Fault.DECLINES):
                coming.append(declined)
        before = len(self._machine.given)
        response = self._machine.handle(request)
        if request.method == "POST" and len(self._machine.given) > before and self._faults.strikes(Fault.REVERSES):
            *_, newest = self._machine.given
            if newest not in self._machine.pins:
                self._agenda.after(self._chance.randrange(1, 120), lambda: self._machine.reverse(newest))
        return response


def real_suppliers(
    now: Callable[[], datetime], wire: Wires, faults: Faults, chance: Random, agenda: Agenda
) -> dict[str, tuple[GivesValue, RealSuppliers]]:
    """Each by its name: who gives the value, and our adapter for them."""
    at_reloadly = reloadly.Reloadly(_RELOADLY.client_id, _RELOADLY.client_secret, clock=now)
    at_ding = ding.Ding(_DING.key, clock=now)
    at_dtone = dtone.DTOne(now, _DTONE.key, _DTONE.secret)
    moody = {
        name: _Moody(machine, faults, chance, agenda)
        for name, machine in (("reloadly", at_reloadly), ("ding", at_ding), ("dtone", at_dtone))
    }
    # At DT One the numbers say it by themselves.
    moody["reloadly"].endings = at_reloadly.endings, "PROCESSING", "FAILED"
    moody["ding"].endings = at_ding.endings, "Processing", "Failed"
    return {
        "reloadly": (at_reloadly, Reloadly(_RELOADLY, wire("reloadly", moody["reloadly"]))),
        "ding": (at_ding, Ding(_DING, wire("ding", moody["ding"]))),
        "dtone": (at_dtone, DTOne(_DTONE, wire("dtone", moody["dtone"]))),
    }
