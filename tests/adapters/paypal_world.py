"""The world of `payments/paypal`: its stand-in with an address, and PayPal's own documents as judges of every call.

Where the specifications of Orders v2 and Payments v2 are on this machine (`OPLA_SPECS`), everything we send and every
answer of the stand-in is judged by them. There is none of disputes, lists and tokens here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from adapters.worlds import PATIENCE_S, Counterparts
from opla.core.ports import Charges, Refunds
from opla.counterparts import web
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins.paypal import PayPal as Theirs
from opla.payments.paypal.config import Config
from opla.payments.paypal.provider import PayPal

CLIENT, SECRET = "A" + "b1C2" * 10, "E" + "d3F4" * 10
Json = dict[str, Any]


def money(value: str, currency: str = "EUR") -> Json:
    return {"currency_code": currency, "value": value}


def unit(reference: str, **change: object) -> Json:
    """A purchase unit of 15 euros that was captured."""
    captured = {"id": "3C000000000000001", "status": "COMPLETED", "amount": money("15.00"), **change}
    return {"amount": money("15.00"), "custom_id": reference, "payments": {"captures": [captured]}}


class PayPalPayments:
    """Its clock is that of the counterparts, which tests move."""

    pays_twice = False
    finds_by_reference = False
    misfits: Sequence[Mapping[str, object]] = (
        {"purchase_units": [unit("0b" * 16)]},
        {"purchase_units": [unit("0a" * 16), unit("0a" * 16)]},
        {"purchase_units": []},
        {"purchase_units": [unit("0a" * 16, status="SETTLED")]},
        {"purchase_units": [unit("0a" * 16, amount=money("-15.00"))]},
        {"purchase_units": [unit("0a" * 16, amount=money("15.001"))]},
        {"purchase_units": [unit("0a" * 16, amount=money("15.00", "USD"))]},
        {"purchase_units": [unit("0a" * 16, amount={"currency_code": "EUR", "value": 15})]},
        {"purchase_units": [unit("0a" * 16, id="../x")]},
        {"status": "PAID"},
        {"status": None},
        {"id": ""},
        {"id": "sp_1"},
        {"id": "5O\ud800"},
        {"id": "5" * 5000},
    )

    def __init__(self, other: Counterparts) -> None:
        self.other = other
        self.theirs = Theirs(CLIENT, SECRET, self.now)
        self.alone = Alone(self.theirs, float(PATIENCE_S))
        other.on_exit(self._end)
        self.adapter = PayPal(self.config())

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.other.now_ms / 1000, UTC)

    def _end(self) -> None:
        self.alone.stop()
        wrong = [found for call in self.alone.calls for found in judge(*call)]
        assert not wrong, "\n".join(wrong)

    def config(self, url: str = "", secret: str = SECRET) -> Config:
        base_url = url or self.alone.url
        return Config.from_mapping(
            {"client": CLIENT, "secret": secret, "mode": "sandbox", "base_url": base_url, "timeout_s": PATIENCE_S}
        )

    def at(self, url: str) -> Charges:
        """With a token: what becomes of asking for one is judged apart."""
        adapter = PayPal(self.config(url))
        adapter._client.token = "token", float("inf")
        return adapter

    def wrong_key(self) -> Charges:
        return PayPal(self.config(secret="x" * 40))

    def refunds(self) -> Refunds:
        return self.adapter

    def break_charge(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/v2/checkout/orders", fault)

    def pay(self, provider_id: str, times: int = 1) -> None:
        """Approved, and captured by us."""
        assert times == 1
        self.theirs.pay(provider_id)
        self.adapter.fetch(self.theirs.taken[provider_id].reference, provider_id)

    def named_in_list(self, provider_id: str) -> str:
        """By its capture: an order that took nothing is not there."""
        payments = self.theirs.orders[provider_id]["purchase_units"][0].get("payments")
        return str(payments["captures"][0]["id"]) if payments else ""

    def settle_refunds(self) -> None:
        self.theirs.settle()

    def webhook(self, provider_id: str) -> tuple[Mapping[str, str], bytes]:
        order = self.theirs.orders[provider_id]
        return {}, self.theirs.webhook("CHECKOUT.ORDER.APPROVED", "checkout-order", order)

    def forged(self, provider_id: str) -> Sequence[tuple[Mapping[str, str], bytes]]:
        bodies: Sequence[object] = (
            {"resource_type": "checkout-order", "resource": {"id": "../x"}},
            {"resource_type": "checkout-order", "resource": {"id": [provider_id, provider_id]}},
            {"resource_type": "capture", "resource": {"custom_id": "x"}},
            {"resource_type": "dispute", "resource": {"disputed_transactions": ["x"]}},
            {"resource_type": "checkout-order", "resource": provider_id},
            {"id": provider_id},
            [provider_id],
        )
        return [({}, json.dumps(body).encode()) for body in bodies]

    def created(self, reference: str) -> int:
        return sum(one.reference == reference for one in self.theirs.taken.values())

    def refunded_minor(self, reference: str) -> int:
        made = (one for one in self.theirs.refunds.values() if one.get("custom_id") == reference)
        return sum(round(float(one["amount"]["value"]) * 100) for one in made)

    def told(self, reference: str, /, **change: object) -> Json:
        theirs: Json = {"id": "5O000000000000001", "status": "COMPLETED", "purchase_units": [unit(reference)]}
        return {**theirs, "items": [], **change}  # and a list of no disputes, for whoever asks that


# ── their own documents as judges ──

_SPECS = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "paypal"
_FILES = {"/v2/checkout": "checkout_orders_v2.json", "/v2/payments": "payments_payment_v2.json"}


def judge(request: web.Request, response: web.Response) -> list[str]:
    """What does not fit; nothing without the specification."""
    file = next((name for begin, name in _FILES.items() if request.path.startswith(begin)), "")
    if not file or not (_SPECS / file).exists() or response.status == 500:
        return []
    spec, what = _spec(file), f"{request.method} {request.path}"
    path = next((p for p in spec["paths"] if _fits(p, request.path)), "")
    operation = spec["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        return [f"{what} is not in the specification"]
    wrong = []
    if request.method == "POST":
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        wrong += _check(spec, schema, json.loads(request.body), f"{what} request")
        wrong += _strangers(spec, schema, json.loads(request.body), f"{what} request")
    answers, status = operation["responses"], str(response.status)
    if "content" in answers.get(status, {}):
        schema = answers[status]["content"]["application/json"]["schema"]
        wrong += _check(spec, schema, json.loads(response.body), f"{what} {status}")
    elif status not in answers and status != "200":  # a repeat is answered with 200, which one document forgets
        wrong.append(f"{what}: no answer {status}")
    return wrong


def _fits(template: str, path: str) -> bool:
    ours, theirs = path.split("/"), template.split("/")
    return len(ours) == len(theirs) and all(t.startswith("{") or t == o for o, t in zip(ours, theirs, strict=True))


@cache
def _spec(file: str) -> Any:
    return json.loads((_SPECS / file).read_text(encoding="utf-8"))


def _check(spec: Any, schema: Json, told: Any, what: str) -> list[str]:
    import jsonschema

    whole = {"$ref": "#/schema", "schema": schema, "components": spec["components"]}
    found = jsonschema.Draft202012Validator(whole).iter_errors(told)
    return [f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]


def _strangers(spec: Any, schema: Json, sent: Any, what: str) -> list[str]:
    """Names that their document does not have: it forbids none, and theirs would be ignored or refused."""
    if isinstance(sent, list):
        return [
            wrong for one in sent for wrong in _strangers(spec, _resolved(spec, schema).get("items", {}), one, what)
        ]
    if not isinstance(sent, dict):
        return []
    known = _properties(spec, schema)
    wrong = [f"{what}: they know no {name}" for name in sent if name not in known]
    return wrong + [
        found for name in sent if name in known for found in _strangers(spec, known[name], sent[name], what)
    ]


def _properties(spec: Any, schema: Json) -> Json:
    schema = _resolved(spec, schema)
    inner = [_properties(spec, part) for part in schema.get("allOf", [])]
    return {name: part for one in [*inner, schema.get("properties", {})] for name, part in one.items()}


def _resolved(spec: Any, schema: Json) -> Json:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
