"""The world of `payments/stripe`: its stand-in with an address, and Stripe's own documents as judges of every call.

Where Stripe's specification is on this machine (`OPLA_SPECS`), every form we send and every answer of the stand-in is
judged by it. It is of 2023; names that are younger are judged by the types of Stripe's own library.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import stripe
from stripe.params import (
    BalanceTransactionListParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PayoutListParams,
    RefundCreateParams,
)
from stripe.params.checkout import SessionCreateParams, SessionListParams

from adapters.worlds import PATIENCE_S, Counterparts
from opla import payments
from opla.core.ports import Charges, Refunds
from opla.counterparts import web
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.forms import nested
from opla.counterparts.standins.stripe import Stripe as Theirs
from opla.payments.stripe.config import Config
from opla.payments.stripe.consent import StripeAgain

KEY = "sk_test_" + "a1B2" * 8
WEBHOOK_SECRET = "whsec_" + "c3D4" * 8
Json = dict[str, Any]


class StripePayments:
    """Its clock is that of the counterparts, which tests move."""

    pays_twice = False
    finds_by_reference = True
    misfits: Sequence[Mapping[str, object]] = (
        {"client_reference_id": "0b" * 16},
        {"client_reference_id": None},
        {"object": "payment_intent"},
        {"status": "settled"},
        {"status": None},
        {"payment_status": "no_payment_required"},
        {"livemode": True},
        {"livemode": None},
        {"amount_total": -1500},
        {"amount_total": "1500"},
        {"amount_total": 15.0},
        {"amount_total": True},
        {"currency": "eu"},
        {"currency": 978},
        {"payment_intent": "pi_000000000001"},
        {"payment_intent": {"id": "pi_000000000001", "latest_charge": None}},
        {"payment_intent": {"id": "pi_000000000001", "latest_charge": {"amount_captured": 1500}}},
        {"id": ""},
        {"id": "cs_\ud800"},
        {"id": "sp_1"},
        {"id": "cs_" + "s" * 5000},
    )

    ends_with_nothing = False
    mandate = "cus_00000000000001/pm_000000000000000000000001/card"
    misfits_again: Sequence[Mapping[str, object]] = (
        {"customer": "cus_00000000000002"},
        {"customer": None},
        {"payment_method": "pm_000000000000000000000002"},
        {"payment_method": None},
        {"metadata": {"reference": "0a" * 16}},
        {"metadata": None},
        {"object": "checkout.session"},
        {"livemode": True},
        {"amount": 999},
        {"status": "requires_action"},
        {"latest_charge": None},
        {"latest_charge": "ch_1"},
        {"id": "cs_test_00000001"},
    )

    def __init__(self, other: Counterparts, method: str = "card") -> None:
        self.other, self.method = other, method
        self.theirs = Theirs(KEY, self.now, WEBHOOK_SECRET)
        self.alone = Alone(self.theirs, float(PATIENCE_S))
        other.on_exit(self._end)
        self.adapter = self.at(self.alone.url)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.other.now_ms / 1000, UTC)

    def _end(self) -> None:
        self.alone.stop()
        wrong = [found for call in self.alone.calls for found in judge(*call)]
        assert not wrong, "\n".join(wrong)

    def config(self, url: str = "", key: str = KEY) -> dict[str, str]:
        base_url = url or self.alone.url
        return {"base_url": base_url, "key": key, "webhook_secret": WEBHOOK_SECRET, "timeout_s": PATIENCE_S}

    def at(self, url: str, key: str = KEY) -> Charges:
        config = Config.from_mapping(self.config(url, key))
        return StripeAgain(config, self.method, clock=lambda: self.now().timestamp())

    def wrong_key(self) -> Charges:
        return self.at(self.alone.url, "sk_test_" + "x" * 32)

    def refunds(self) -> Refunds:
        assert isinstance(self.adapter, Refunds)
        return self.adapter

    def break_charge(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/v1/checkout/sessions", fault)

    def pay(self, provider_id: str, times: int = 1) -> None:
        assert times == 1
        self.theirs.pay(provider_id)

    def named_in_list(self, provider_id: str) -> str:
        return provider_id

    def settle_refunds(self) -> None:
        self.theirs.settle()

    def pay_then(self, provider_id: str, why: str = "") -> None:
        self.theirs.pay(provider_id)
        theirs = {"": "", "authentication": "authentication_required", "refused": "do_not_honor"}[why]
        self.theirs.failing[next(reversed(self.theirs.methods))] = theirs

    def break_again(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/v1/payment_intents", fault)

    def settle_charges(self) -> None:
        self.theirs.debit()

    def captured_minor(self, reference: str) -> int:
        return sum(found.captured_minor for found in self.theirs.taken.values() if found.reference == reference)

    def told_again(self, reference: str, mandate: str, /, **change: object) -> Json:
        customer_id, method_id, _ = mandate.split("/")
        charge = {"amount_captured": 1500, "amount_refunded": 0, "currency": "eur", "disputed": False}
        theirs: Json = {
            "id": "pi_000000000001",
            "object": "payment_intent",
            "livemode": False,
            "status": "succeeded",
            "amount": 1500,
            "currency": "eur",
            "customer": customer_id,
            "payment_method": method_id,
            "metadata": {"reference": reference},
            "latest_charge": charge,
        }
        return theirs | change

    def webhook(self, provider_id: str) -> tuple[Mapping[str, str], bytes]:
        if provider_id in self.theirs.intents:
            return self.theirs.webhook("payment_intent.succeeded", self.theirs.intents[provider_id])
        return self.theirs.webhook("checkout.session.completed", self.theirs.sessions[provider_id])

    def forged(self, provider_id: str) -> Sequence[tuple[Mapping[str, str], bytes]]:
        headers, body = self.webhook(provider_id)
        signature = headers["Stripe-Signature"]
        return (
            ({}, body),
            ({"Stripe-Signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")}, body),
            ({"Stripe-Signature": signature.replace("v1=", "v0=")}, body),
            (headers, body + b" "),
            ({"Stripe-Signature": f"t=1,{signature}"}, body),
            (headers, f"id={provider_id}".encode()),
        )

    def created(self, reference: str) -> int:
        return sum(found["client_reference_id"] == reference for found in self.theirs.sessions.values())

    def refunded_minor(self, reference: str) -> int:
        return sum(r["amount"] for r in self.theirs.refunds.values() if r["metadata"].get("reference") == reference)

    def told(self, reference: str, /, **change: object) -> Json:
        charge = {"amount_captured": 1500, "amount_refunded": 0, "currency": "eur", "disputed": False}
        theirs: Json = {
            "id": "cs_test_00000001",
            "object": "checkout.session",
            "livemode": False,
            "status": "complete",
            "payment_status": "paid",
            "amount_total": 1500,
            "currency": "eur",
            "client_reference_id": reference,
            "payment_intent": {"id": "pi_000000000001", "status": "succeeded", "latest_charge": charge},
            "url": None,
        }
        return theirs | change


def built(world: StripePayments, name: str) -> Charges:
    """As the shop builds it, by the name of a way of paying."""
    return payments.build(name, world.config())


# ── their own documents as judges ──

_SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "stripe" / "spec3-2023-09-12.yaml"
_LOADED: dict[str, Any] = {}
_FORM = "application/x-www-form-urlencoded"
#: Names of a call by the library's own types, whose version of the API is the one we speak.
_TYPES: Mapping[tuple[str, str], set[str]] = {
    ("POST", "/v1/checkout/sessions"): set(SessionCreateParams.__annotations__),
    ("GET", "/v1/checkout/sessions"): set(SessionListParams.__annotations__),
    ("GET", "/v1/payment_intents"): set(PaymentIntentListParams.__annotations__),
    ("POST", "/v1/payment_intents"): set(PaymentIntentCreateParams.__annotations__),
    ("POST", "/v1/refunds"): set(RefundCreateParams.__annotations__),
    ("GET", "/v1/payouts"): set(PayoutListParams.__annotations__),
    ("GET", "/v1/balance_transactions"): set(BalanceTransactionListParams.__annotations__),
}
#: What their objects are called → what the library knows of them today: what is gone there is gone from the API.
_OBJECTS: Mapping[str, type] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "dispute": stripe.Dispute,
    "payment_intent": stripe.PaymentIntent,
    "payout": stripe.Payout,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
}


def _gone(told: Any) -> list[str]:
    """Names of the stand-in's objects that their library does not know."""
    if isinstance(told, list):
        return [wrong for one in told for wrong in _gone(one)]
    if not isinstance(told, dict):
        return []
    kind = _OBJECTS.get(str(told.get("object")))
    wrong = [f"{told['object']}: the library knows no {name}" for name in told if kind and name not in _known(kind)]
    return wrong + [found for one in told.values() for found in _gone(one)]


def _known(kind: type) -> set[str]:
    return {"id", *(name for one in kind.__mro__ for name in getattr(one, "__annotations__", {}))}


def judge(request: web.Request, response: web.Response) -> list[str]:
    """What does not fit; the specification's part only where it is."""
    told, what = json.loads(response.body or b"{}"), f"{request.method} {request.path}"
    body = nested(parse_qsl(request.body.decode(), keep_blank_values=True))
    sent = body if request.method == "POST" else nested(request.query.items())
    known = _TYPES.get((request.method, request.path))
    wrong = [f"{what}: the library knows no {name}" for name in sent if known and name not in known] + _gone(told)
    if not _SPEC.exists() or response.status == 500:
        return wrong
    path = next((p for p in _spec()["paths"] if _fits(p, request.path)), "")
    operation = _spec()["paths"].get(path, {}).get(request.method.lower())
    if operation is None:  # somebody's id led nowhere
        return wrong + ([] if response.status == 404 else [f"{what} is not in the specification"])
    if request.method == "POST":
        schema = operation["requestBody"]["content"][_FORM]["schema"]
        old = {name: value for name, value in sent.items() if name in schema["properties"]}
        wrong += _check(schema, _typed(old, schema), f"{what} request")
    else:
        names = {parameter["name"] for parameter in operation["parameters"]}
        wrong += [f"{what}: no parameter {name}" for name in sent if name not in names | (known or set())]
    status = str(response.status) if str(response.status) in operation["responses"] else "default"
    return wrong + _check(operation["responses"][status]["content"]["application/json"]["schema"], told, what)


def _fits(template: str, path: str) -> bool:
    ours, theirs = path.split("/"), template.split("/")
    return len(ours) == len(theirs) and all(t.startswith("{") or t == o for o, t in zip(ours, theirs, strict=True))


def _spec() -> Any:
    if not _LOADED:
        import yaml

        _LOADED.update(yaml.load(_SPEC.read_text(encoding="utf-8"), yaml.CSafeLoader))
    return _LOADED


def _typed(value: Any, schema: Json) -> Any:
    """What a form's texts mean: whole numbers and truths where the schema wants them."""
    branches = [schema, *schema.get("anyOf", [])]
    if isinstance(value, dict):
        inner = {name: part for branch in branches for name, part in branch.get("properties", {}).items()}
        return {name: _typed(one, inner.get(name, {"type": "string"})) for name, one in value.items()}
    if isinstance(value, list):
        items = next((branch["items"] for branch in branches if "items" in branch), {})
        return [_typed(one, items) for one in value]
    types = {branch.get("type") for branch in branches}
    if "integer" in types and value.isdigit():
        return int(value)
    return {"true": True, "false": False}.get(value, value) if "boolean" in types else value


def _check(schema: Json, told: Any, what: str) -> list[str]:
    import jsonschema
    from jsonschema.validators import extend

    plain = jsonschema.Draft202012Validator

    def nullable(name: str) -> Callable[..., Any]:
        """In OpenAPI 3.0 nothing is also what the schema allows, where it says "nullable" beside."""
        rule = plain.VALIDATORS[name]

        def check(validator: Any, value: Any, instance: Any, around: Json) -> Any:
            return () if instance is None and around.get("nullable") else rule(validator, value, instance, around)

        return check

    kind = extend(plain, {name: nullable(name) for name in ("type", "enum", "anyOf", "oneOf", "allOf", "$ref")})
    whole = {"$ref": "#/schema", "schema": schema, "components": _spec()["components"]}
    return [
        f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in kind(whole).iter_errors(told)
    ]
