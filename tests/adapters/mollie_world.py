"""The world of `payments/mollie`: its stand-in behind an address, judged by Mollie's own specification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.official import Official
from adapters.worlds import PATIENCE_S, Counterparts, NamesItsPayment
from opla import payments
from opla.core.ports import Charges, Refunds
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins import amount_text
from opla.counterparts.standins.mollie import Mollie
from opla.counterparts.web import Request, Response

KEY = "test_" + "a1B2" * 8
LIVE_KEY = "live_" + "a1B2" * 8
TOKEN = "access_" + "a1B2" * 8
JUDGE = Official(
    "mollie/specs.yaml",
    {
        "/v2/customers": "/v2/customers",
        "/v2/customers/[^/]+/mandates/[^/]+": "/v2/customers/{customerId}/mandates/{mandateId}",
        "/v2/payments": "/v2/payments",
        "/v2/payments/[^/]+": "/v2/payments/{paymentId}",
        "/v2/payments/[^/]+/refunds": "/v2/payments/{paymentId}/refunds",
        "/v2/terminals": "/v2/terminals",
        "/v2/settlements": "/v2/settlements",
        "/v2/settlements/[^/]+/payments": "/v2/settlements/{settlementId}/payments",
        "/v2/settlements/[^/]+/refunds": "/v2/settlements/{settlementId}/refunds",
        "/v2/settlements/[^/]+/chargebacks": "/v2/settlements/{settlementId}/chargebacks",
        "/v2/balances/[^/]+/transactions": "/v2/balances/{balanceId}/transactions",
    },
)
Json = dict[str, Any]


def _may_lack(request: Request, _: Response, line: str) -> bool:
    """Their text lets a recurring payment do without what their schema asks of every payment."""
    return "'redirectUrl' is a required" in line and json.loads(request.body).get("sequenceType") == "recurring"


class MolliePayments(NamesItsPayment):
    pays_twice = False
    finds_by_reference = True
    misfits: Sequence[Mapping[str, object]] = (
        {"metadata": {"reference": "0b" * 16}},
        {"metadata": None},
        {"status": "settled"},
        {"status": None},
        {"mode": "live"},
        {"amount": {"currency": "EUR", "value": "-15.00"}},
        {"amount": {"currency": "EUR", "value": 15}},
        {"amount": "15.00"},
        {"amountRefunded": {"currency": "USD", "value": "0.00"}},
        {"amountChargedBack": {"currency": "EUR", "value": "x"}},
        {"id": ""},
        {"id": "tr_\ud800"},
        {"id": "sp_1"},
        {"id": "tr_" + "s" * 5000},
    )

    ends_with_nothing = True
    mandate = "cst_0000000001/mdt_0000000001"
    misfits_again: Sequence[Mapping[str, object]] = (
        {"mandateId": "mdt_0000000002"},
        {"mandateId": None},
        {"customerId": "cst_0000000002"},
        {"sequenceType": "oneoff"},
        {"metadata": {"reference": "0a" * 16}},
    )

    def __init__(self, other: Counterparts, method: str = "", key: str = KEY) -> None:
        self.other, self.key, self.name = other, key, f"mollie_{method}" if method else "mollie"
        self.now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
        self.theirs = Mollie(key, lambda: self.now, TOKEN)
        self.alone = Alone(self.theirs, float(PATIENCE_S))
        other.on_exit(self.stop)
        self.adapter = self.at(self.alone.url)

    def stop(self) -> None:
        self.alone.stop()
        wrong = [line for call in self.alone.calls for line in JUDGE.judge(*call) if not _may_lack(*call, line)]
        assert not wrong, "\n".join(wrong)

    def at(self, url: str, key: str = "") -> Charges:
        settings = {"base_url": url, "key": key or self.key, "timeout_s": PATIENCE_S, "access_token": TOKEN}
        return payments.build(self.name, settings)

    def refunds(self) -> Refunds:
        assert isinstance(self.adapter, Refunds)
        return self.adapter

    def asked(self) -> list[Json]:
        """The bodies of what was posted."""
        return [json.loads(request.body) for request, _ in self.alone.calls if request.method == "POST"]

    def break_charge(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/v2/payments", fault)

    def pay(self, provider_id: str, times: int = 1) -> None:
        assert times == 1
        self.theirs.pay(provider_id)

    def settle_refunds(self) -> None:
        self.theirs.settle()

    def pay_then(self, provider_id: str, why: str = "") -> None:
        self.theirs.pay(provider_id)
        theirs = {"": "", "authentication": "authentication_required", "refused": "card_declined"}[why]
        self.theirs.failing[str(self.theirs.payments[provider_id]["mandateId"])] = theirs

    def break_again(self, fault: Fault) -> None:
        self.break_charge(fault)

    def settle_charges(self) -> None:
        self.theirs.debit()

    def captured_minor(self, reference: str) -> int:
        return sum(found.captured_minor for found in self.theirs.taken.values() if found.reference == reference)

    def told_again(self, reference: str, mandate: str, /, **change: object) -> Json:
        customer_id, _, mandate_id = mandate.partition("/")
        by = {"sequenceType": "recurring", "customerId": customer_id, "mandateId": mandate_id}
        return self.told(reference, **{**by, "_links": {}, **change})

    def created(self, reference: str) -> int:
        return sum(found.reference == reference for found in self.theirs.taken.values())

    def refunded_minor(self, reference: str) -> int:
        return self.theirs.given_back.get(reference, 0)

    def wrong_key(self) -> Charges:
        return self.at(self.alone.url, "test_" + "x" * 32)

    def told(self, reference: str, /, **change: object) -> Json:
        theirs: Json = {
            "id": "tr_0000000001",
            "mode": "test",
            "status": "paid",
            "amount": amount_text(1500, "EUR"),
            "metadata": {"reference": reference},
            "_links": {"checkout": {"href": "https://www.mollie.com/checkout/1", "type": "text/html"}},
        }
        return theirs | change
