"""DT One's stand-in with an address, and a judge: its own document, where that is on this machine (`OPLA_SPECS`)."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from adapters.worlds import PATIENCE_S
from opla.core.money import Money
from opla.core.ports import Kind, SendReport, SendRequest
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins.dtone import ERRORS, DTOne
from opla.counterparts.web import Request, Response
from opla.suppliers.dtone.config import Config
from opla.suppliers.dtone.provider import DTOne as Adapter

KEY, SECRET = "5f0c-key", "9a1d-secret"
T0 = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
#: What the shop calls the thing, and what they do.
SKUS = {"proximus-15": "101", "PX-15": "101", "MV-15": "103-ranged", "PX-ESIM": "105"}
Json = dict[str, Any]


class Ends(Protocol):
    """Whoever says when it is over."""

    def on_exit(self, end: Callable[[], None]) -> None: ...


class Routed(Adapter):
    """The adapter with the shop's names of things: whoever routes an order says which product of theirs it is."""

    def send(self, request: SendRequest) -> SendReport:
        return super().send(replace(request, sku=SKUS.get(request.sku, request.sku)))


class DTOneSupplier:
    """The world of `suppliers/dtone`."""

    http = True
    kinds = (Kind.CODE, Kind.DIRECT, Kind.ESIM)
    cost = (1440, "EUR")
    #: What of `told` may not be otherwise, in their own words.
    misfits: Sequence[Mapping[str, object]] = (
        {"external_id": "0b" * 16},
        {"external_id": None},
        {"id": "7"},
        {"status": None},
        {"status": {"id": 1, "message": "COMPLETED", "class": {"id": 9, "message": "COMPLETED"}}},
        {"status": {"id": 1, "message": "PERHAPS", "class": {"id": 7, "message": "PERHAPS"}}},
        {"product": {"id": 102, "type": "FIXED_VALUE_PIN_PURCHASE", "service": {"id": 1}}},
        {"product": {"id": 101, "type": "FIXED_VALUE_RECHARGE", "service": {"id": 1}}},
        {"requested_values": {"destination": {"unit_type": "CURRENCY", "unit": "EUR", "amount": 5}}},
        {"prices": None},
        {"pin": None},
        {"pin": {"code": 123456789, "serial": "S1"}},
        {"pin": {"code": "<script>", "serial": "S1"}},
    )

    def __init__(self, other: Ends) -> None:
        self.now = T0
        self.theirs = DTOne(lambda: self.now, KEY, SECRET)
        self.alone = Alone(self.theirs, float(PATIENCE_S))
        other.on_exit(self.stop)
        self.adapter = self.at(self.alone.url)

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        sku = {Kind.CODE: "101", Kind.DIRECT: "103-ranged"}.get(kind, "105")
        number = "+32470123456" if kind is Kind.DIRECT else ""
        return SendRequest(reference, sku, "proximus", kind, Money(1500, "EUR"), number)

    def told(self, reference: str, /, **change: object) -> Mapping[str, object]:
        """A PIN of theirs, sold, as the stand-in tells it."""
        theirs = DTOne(lambda: self.now)
        body = {"external_id": reference, "product_id": 101, "auto_confirm": True}
        pair = base64.b64encode(b"key:secret").decode()
        made = theirs.handle(
            Request("POST", "/v1/async/transactions", {}, {"authorization": f"Basic {pair}"}, json.dumps(body).encode())
        )
        return {**json.loads(made.body), "pin": {"code": "0000123456789", "serial": "S1"}, **change}

    def stop(self) -> None:
        self.alone.stop()
        wrong = [line for request, response in self.alone.calls for line in judge(request, response)]
        assert not wrong, "\n".join(wrong)

    def config(self, url: str = "", secret: str = SECRET) -> Config:
        given = {"base_url": url or self.alone.url, "key": KEY, "secret": secret, "timeout_s": PATIENCE_S}
        return Config.from_mapping(given)

    def bare(self, url: str = "", secret: str = SECRET) -> Adapter:
        return Adapter(self.config(url, secret))

    def at(self, url: str) -> Adapter:
        return Routed(self.config(url))

    everything_at = at

    def wrong_key(self) -> Adapter:
        return self.bare(secret="wrong")

    def settle(self) -> None:
        self.theirs.settle()

    def reverse(self, reference: str) -> None:
        self.theirs.reverse(reference)

    def break_send(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/v1/async/transactions", fault)

    def given(self, reference: str) -> int:
        return self.theirs.given.get(reference, 0)

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def asked(self) -> list[Json]:
        """What transactions were asked for, in order."""
        return [json.loads(request.body) for request, _ in self.alone.calls if request.path == "/v1/async/transactions"]


# ── their document as a judge ──

_SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "dtone" / "dvs-1.23.0-summary.json"


def judge(request: Request, response: Response) -> list[str]:
    """What does not fit; nothing without the document, and nothing of what an ordered fault answered."""
    if not _SPEC.exists() or response.status == 500:
        return []
    document = json.loads(_SPEC.read_text(encoding="utf-8"))
    told, path = json.loads(response.body), request.path.removeprefix("/v1")
    wrong = [] if any(re.split(r"[ ?]", name)[:2] == [request.method, path] for name in document["paths"]) else [path]
    if request.method == "POST" and path == "/async/transactions" and response.status == 201:
        wrong += _request(document, json.loads(request.body))
    if response.status >= 400:
        return wrong + [str(one) for one in told["errors"] if str(one["code"]) not in document["errors"]]
    for one in [told] if path == "/async/transactions" else told if path == "/transactions" else []:
        wrong += _transaction(document, one)
    if path == "/products":
        wrong += [one["type"] for one in told if one["type"] not in document["product_types"]]
    return wrong


def _request(document: Json, body: Json) -> Iterator[str]:
    import jsonschema

    schema = json.loads(json.dumps(document["transaction_request"]).replace('"#/value"', '"#/$defs/value"'))
    judge = jsonschema.Draft202012Validator({**schema, "$defs": {"value": document["value"]}})
    for one in judge.iter_errors(body):
        yield f"request {one.message[:200]}"
    yield from (f"request has {name}" for name in body if name not in schema["properties"])


def _transaction(document: Json, told: Json) -> Iterator[str]:
    known = {re.split(r"[{|( ]", name)[0] for name in document["transaction_response_fields"]}
    yield from (f"answer has {name}" for name in told if name not in known)
    yield from (f"answer lacks {name}" for name in known - {"callback_url", "metadata"} if name not in told)
    class_ = told["status"]["class"]
    named = document["status_class"].get(str(class_["id"]), "")
    if named.partition(" ")[0] != class_["message"]:
        yield f"class {class_}"


def documented_errors() -> dict[str, str] | None:
    return json.loads(_SPEC.read_text())["errors"] if _SPEC.exists() else None


__all__ = ["ERRORS", "KEY", "SECRET", "T0", "DTOneSupplier", "documented_errors", "judge"]
