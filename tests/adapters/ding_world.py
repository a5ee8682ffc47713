"""DingConnect's stand-in at an address, and its own document as the judge of every request and every answer.

The document (Swagger 2.0, V1) is read where it is on this machine (`OPLA_SPECS`). Its schemas are strict: what is
required is named, and nothing else may be there. Nothing is excluded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from adapters.worlds import EUR15, NUMBER, PATIENCE_S, Counterparts, Split
from opla.core.ports import Kind, SendRequest, Sends
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins.ding import Ding as Machine
from opla.counterparts.web import Request, Response
from opla.suppliers.ding.config import Config
from opla.suppliers.ding.provider import Ding

Json = dict[str, Any]
KEY = "dingKEY" + "a1B2" * 5
_PIN = {"pin": "0000123456789", "providerRef": "P1"}
_PRICE = {"SendValue": 15.0, "SendCurrencyIso": "EUR", "ReceiveValue": 15.0, "ReceiveCurrencyIso": "EUR"}


class DingSupplier:
    """The world of `suppliers/ding`."""

    kinds = (Kind.CODE, Kind.DIRECT)
    cost = (1440, "EUR")
    misfits: Sequence[Mapping[str, object]] = (
        {"ResultCode": None},
        {"ResultCode": 2, "ErrorCodes": [{"Code": "NearestMatch"}]},
        {"ResultCode": 5, "ErrorCodes": [{"Code": "InsufficientBalance"}]},  # and yet complete
        {"TransferRecord": None},
        {"TransferRecord": []},
        {"ProcessingState": "Done"},
        {"ProcessingState": None},
        {"TransferId": {"TransferRef": "1", "DistributorRef": "0b" * 16}},
        {"TransferId": {"TransferRef": "", "DistributorRef": "0a" * 16}},
        {"TransferId": None},
        {"Price": None},
        {"Price": {**_PRICE, "ReceiveCurrencyIso": "XXX", "DistributorFee": 0}},
        {"Price": {**_PRICE, "SendValue": "fifteen", "DistributorFee": 0}},
        {"CommissionApplied": None},
        {"CommissionApplied": 15.01},
        {"ReceiptParams": {}},
        {"ReceiptParams": None, "ReceiptText": "Your code is 0000123456789"},
        {"ReceiptParams": {"pin": "<script>0000123456789"}},
        {"ReceiptParams": {"pin": 123456789}},
        {"ReceiptParams": "0000123456789"},
    )

    def __init__(self, other: Counterparts, currency: str = "EUR") -> None:
        self.machine = Machine(KEY, currency=currency)
        self.alone = Alone(self.machine, float(PATIENCE_S))
        other.on_exit(self.stop)
        self.adapter = self.built()

    def stop(self) -> None:
        self.alone.stop()
        wrong = [said for call in self.alone.calls for said in judge(*call)]
        assert not wrong, "\n".join(wrong)

    def built(self, **config: str) -> Ding:
        return Ding(self.config(**config), clock=self.machine.clock)

    def config(self, **config: str) -> Config:
        given = {"key": KEY, "number": NUMBER, "base_url": self.alone.url, "timeout_s": PATIENCE_S}
        return Config.from_mapping({**given, **config})

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        if kind is Kind.CODE:
            return SendRequest(reference, "PXBE15", "proximus", kind, EUR15)
        return SendRequest(reference, "ORBETopUp", "orange", kind, EUR15, NUMBER)

    def at(self, url: str) -> Sends:
        split = Split(url, "/api/V1/SendTransfer", "/api/V1/ListTransferRecords")
        return Ding(self.config(), split, self.machine.clock)

    def everything_at(self, url: str) -> Sends:
        return self.built(base_url=url)

    def wrong_key(self) -> Sends:
        return self.built(key="wrong" * 4)

    def break_send(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/api/V1/SendTransfer", fault)

    def settle(self) -> None:
        self.machine.settle()

    def given(self, reference: str) -> int:
        return self.machine.given[reference]

    def reverse(self, reference: str) -> None:
        self.machine.reverse(reference)

    def told(self, reference: str, /, **change: object) -> Mapping[str, object]:
        record: Json = {"TransferId": {"TransferRef": "1", "DistributorRef": reference}, "ProcessingState": "Complete"}
        record |= {"Price": {**_PRICE, "DistributorFee": 0}, "CommissionApplied": 0.6, "ReceiptParams": _PIN}
        whole: Json = {"ResultCode": 1, "ErrorCodes": [], "TransferRecord": record}
        inside = {name: value for name, value in change.items() if name not in whole}
        return whole | {"TransferRecord": record | inside} | {k: v for k, v in change.items() if k in whole}

    def posted(self) -> list[Json]:
        """The transfers that came in, oldest first."""
        came = (call for call, _ in self.alone.calls if call.path.endswith("/SendTransfer"))
        return [json.loads(call.body) for call in came]


# ── their own document as a judge ──

SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "ding" / "dingconnect-v1-swagger-2.0.json"


@cache
def document() -> Json:
    found: Json = json.loads(SPEC.read_text(encoding="utf-8"))
    return found


def judge(request: Request, response: Response) -> list[str]:
    """What does not fit; nothing without the document, and nothing of a call that was made to break."""
    if not SPEC.exists() or (response.status == 500 and not response.body):
        return []
    what = f"{request.method} {request.path}"
    operation = document()["paths"].get(request.path, {}).get(request.method.lower())
    if operation is None:
        return [f"{what}: no such call"]
    wrong = [
        said
        for one in operation["parameters"]
        if one["in"] == "body"
        for said in complaints(one["schema"], json.loads(request.body), f"{what} request")
    ]
    known = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
    wrong += [f"{what}: no such query {field}" for field in set(request.query) - known]
    told = operation["responses"].get(str(response.status))
    if told is None:
        return [*wrong, f"{what}: no such status {response.status}"]
    return wrong + complaints(told["schema"], json.loads(response.body), f"{what} {response.status}")


def complaints(schema: Json, told: Any, what: str) -> list[str]:
    import jsonschema

    whole = {"allOf": [schema], "definitions": document()["definitions"]}
    found = jsonschema.Draft4Validator(whole).iter_errors(told)
    return [f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]
