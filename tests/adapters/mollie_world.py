"""A Mollie of our own: as much of its API v2 as the adapter uses, with its state, its idempotency keys, its refusals.

Where Mollie's own specification is on this machine (`OPLA_SPECS`), every request and every answer is judged by it.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.worlds import PATIENCE_S, Counterparts, NamesItsPayment
from opla import payments
from opla.core.ports import Charges, Refunds
from opla.counterparts.endings import Fault

KEY = "test_" + "a1B2" * 8
Json = dict[str, Any]


class Theirs:
    """What Mollie knows. `answer` is the status and the body of one request."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.payments: dict[str, Json] = {}
        self.refunds: dict[str, list[Json]] = {}
        self.kept: dict[str, tuple[str, tuple[int, Json]]] = {}

    def answer(self, method: str, path: str, body: Json, key: str) -> tuple[int, Json]:
        if method == "POST" and key:
            UUID(key)
            if key in self.kept:
                return self.kept[key][1]
        found = self._answer(method, path.partition("?")[0].strip("/").split("/")[1:], body)
        if method == "POST" and key and found[0] == 201:
            self.kept[key] = (path, found)
        return found

    def _answer(self, method: str, parts: list[str], body: Json) -> tuple[int, Json]:
        match method, parts:
            case "POST", ["payments"]:
                return self._create(body)
            case "GET", ["payments"]:
                return 200, self._list("payments", list(reversed(self.payments.values())))
            case "GET", ["payments", id_] if id_ in self.payments:
                return 200, self.payments[id_]
            case "POST", ["payments", id_, "refunds"] if id_ in self.payments:
                return self._refund(self.payments[id_], body)
            case "GET", ["payments", id_, "refunds"] if id_ in self.payments:
                return 200, self._list("refunds", self.refunds.get(id_, []))
        return error(404, "No payment exists with this token.")

    def _create(self, body: Json) -> tuple[int, Json]:
        if body["redirectUrl"].startswith("javascript"):
            return error(422, "The redirect location is invalid", "redirectUrl")
        if "webhookUrl" in body and "127.0.0.1" in body["webhookUrl"]:
            return error(422, "The webhook URL is unreachable", "webhookUrl")
        id_ = f"tr_{len(self.payments):010d}"
        self.payments[id_] = {
            "resource": "payment",
            "id": id_,
            "mode": self.mode,
            "createdAt": "2026-11-22T10:00:00+00:00",
            "amount": body["amount"],
            "description": body["description"],
            "metadata": body["metadata"],
            "status": "open",
            "profileId": "pfl_QkEhN94Ba",
            "sequenceType": "oneoff",
            "redirectUrl": body["redirectUrl"],
            "_links": {
                "self": link(f"https://api.mollie.com/v2/payments/{id_}"),
                "checkout": link(f"https://www.mollie.com/checkout/select-method/{id_}"),
                "dashboard": link(f"https://www.mollie.com/dashboard/org_1/payments/{id_}"),
            },
        }
        return 201, self.payments[id_]

    def _refund(self, payment: Json, body: Json) -> tuple[int, Json]:
        already = cents(payment.get("amountRefunded"))
        wanted, whole = cents(body["amount"]), cents(payment["amount"])
        if payment["status"] != "paid":
            return error(422, "The payment is not paid")
        if already + wanted > whole:
            return error(422, "The specified amount cannot be refunded", "amount")
        refund = {
            "resource": "refund",
            "id": f"re_{sum(map(len, self.refunds.values())):010d}",
            "mode": self.mode,
            "amount": body["amount"],
            "description": body["description"],
            "metadata": body["metadata"],
            "status": "pending",
            "paymentId": payment["id"],
            "createdAt": "2026-11-22T10:00:00+00:00",
            "_links": {name: link("https://api.mollie.com/v2") for name in ("self", "payment", "documentation")},
        }
        self.refunds.setdefault(payment["id"], []).append(refund)
        payment["amountRefunded"] = money(already + wanted)
        payment["amountRemaining"] = money(whole - already - wanted)
        return 201, refund

    def _list(self, name: str, found: list[Json]) -> Json:
        links = {name: link("https://api.mollie.com/v2") for name in ("self", "documentation")}
        return {"count": len(found), "_embedded": {name: found}, "_links": {**links, "previous": None, "next": None}}


def link(href: str) -> dict[str, str]:
    return {"href": href, "type": "application/hal+json"}


def money(minor: int) -> dict[str, str]:
    return {"currency": "EUR", "value": f"{minor // 100}.{minor % 100:02d}"}


def cents(amount: Json | None) -> int:
    return round(float(amount["value"]) * 100) if amount else 0


def error(status: int, detail: str, field: str = "") -> tuple[int, Json]:
    told = {
        "status": status,
        "title": "No",
        "detail": detail,
        "_links": {"documentation": link("https://docs.mollie.com")},
    }
    return status, told | ({"field": field} if field else {})


class MolliePayments(NamesItsPayment):
    """The world of `payments/mollie`."""

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

    def __init__(self, other: Counterparts) -> None:
        self.other = other
        self.theirs = Theirs("test")
        if _SPEC.exists():
            _specification()  # takes longer than anybody waits for an answer
        self.fault = Fault.NONE
        self.wrong: list[str] = []
        self.seen: list[tuple[str, str, Json, dict[str, str]]] = []
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                world.serve(self)

            def do_POST(self) -> None:
                world.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        other.on_exit(self.stop)
        self.adapter = self.at(f"http://127.0.0.1:{self._server.server_address[1]}")

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(3)
        assert not self.wrong, "\n".join(self.wrong)

    def serve(self, call: BaseHTTPRequestHandler) -> None:
        body = json.loads(call.rfile.read(int(call.headers.get("Content-Length") or 0)) or "{}")
        fault, self.fault = (self.fault, Fault.NONE) if call.command == "POST" else (Fault.NONE, self.fault)
        status, told = 500, {}
        if fault.acts:
            if call.headers["Authorization"] == f"Bearer {KEY}":
                key = call.headers.get("Idempotency-Key", "")
                status, told = self.theirs.answer(call.command, call.path, body, key)
            else:
                status, told = error(401, "Missing authentication, or failed to authenticate")
        self.seen.append((call.command, call.path, body, dict(call.headers)))
        self.wrong += judge(call.command, call.path, body, status, told)
        if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
            self._stopped.wait(float(PATIENCE_S) * 2)
        if fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER, Fault.DROP_BEFORE, Fault.DROP_AFTER):
            call.close_connection = True
            return
        raw = {Fault.GARBAGE: b"<html>", Fault.HUGE: b"9" * 3_000_000}.get(fault, json.dumps(told).encode())
        call.send_response(500 if fault in (Fault.ERROR_BEFORE, Fault.ERROR_AFTER) else status)
        call.send_header("Content-Type", "application/hal+json")
        call.send_header("Content-Length", str(len(raw)))
        call.end_headers()
        call.wfile.write(raw)

    def at(self, url: str, key: str = KEY) -> Charges:
        return payments.build("mollie", {"base_url": url, "key": key, "timeout_s": PATIENCE_S})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def refunds(self) -> Refunds:
        assert isinstance(self.adapter, Refunds)
        return self.adapter

    def break_charge(self, fault: Fault) -> None:
        self.fault = fault

    def pay(self, provider_id: str, times: int = 1) -> None:
        assert times == 1
        self.theirs.payments[provider_id]["status"] = "paid"

    def charge_back(self, provider_id: str) -> None:
        self.theirs.payments[provider_id]["amountChargedBack"] = money(1500)

    def settle_refunds(self) -> None:
        for refund in (one for some in self.theirs.refunds.values() for one in some):
            refund["status"] = "refunded"

    def created(self, reference: str) -> int:
        return sum(found["metadata"]["reference"] == reference for found in self.theirs.payments.values())

    def refunded_minor(self, reference: str) -> int:
        some = (one for some in self.theirs.refunds.values() for one in some)
        return sum(cents(one["amount"]) for one in some if one["metadata"]["reference"] == reference)

    def wrong_key(self) -> Charges:
        return self.at(self.url, "test_" + "x" * 32)

    def told(self, reference: str, /, **change: object) -> Json:
        theirs: Json = {
            "id": "tr_0000000001",
            "mode": "test",
            "status": "paid",
            "amount": money(1500),
            "metadata": {"reference": reference},
            "_links": {"checkout": {"href": "https://www.mollie.com/checkout/1", "type": "text/html"}},
        }
        return theirs | change


# ── their own specification as a judge ──

_SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "mollie" / "specs.yaml"
_JUDGES: dict[str, Any] = {}


def judge(method: str, path: str, body: Json, status: int, told: Json) -> list[str]:
    """What does not fit; nothing without the specification."""
    if not _SPEC.exists() or status == 500:
        return []
    wrong: list[str] = []
    name = re.sub(r"/payments/[^/?]+", "/payments/{paymentId}", path.partition("?")[0])
    operation = _specification()["paths"][name][method.lower()]
    if method == "POST" and status == 201:
        wrong += _check(operation["requestBody"]["content"], body, f"{method} {name} request")
    answers = operation["responses"]
    if str(status) in answers and "content" in _resolved(answers[str(status)]):
        wrong += _check(_resolved(answers[str(status)])["content"], told, f"{method} {name} {status}")
    return wrong


def _specification() -> Any:
    if "spec" not in _JUDGES:
        import yaml

        class Loader(yaml.CSafeLoader):
            """Dates stay texts: some of their examples are none."""

        Loader.yaml_implicit_resolvers = {
            sign: [(tag, expression) for tag, expression in some if tag != "tag:yaml.org,2002:timestamp"]
            for sign, some in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        }
        _JUDGES["spec"] = yaml.load(_SPEC.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe loader
    return _JUDGES["spec"]


def _resolved(part: Any) -> Any:
    while "$ref" in part:
        found = _specification()
        for word in part["$ref"].removeprefix("#/").split("/"):
            found = found[word.replace("~1", "/")]
        part = found
    return part


def _check(content: Json, told: Json, what: str) -> list[str]:
    import jsonschema

    [media] = content.values()
    schema = {"$ref": "#/schema", "schema": media["schema"], "components": _specification()["components"]}
    judge = jsonschema.Draft202012Validator(schema)
    return [
        f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
        for one in judge.iter_errors(told)
        if not (what.endswith("request") and _theirs_to_fill(one))
    ]


def _theirs_to_fill(one: Any) -> bool:
    """What a request need not have: OpenAPI 3.1, "readOnly" properties are required of answers alone."""
    if one.validator != "required":
        return False
    missing = set(one.validator_value) - set(one.instance)
    return all(_resolved(one.schema["properties"][name]).get("readOnly") for name in missing)
