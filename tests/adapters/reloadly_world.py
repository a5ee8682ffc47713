"""Reloadly's stand-in at an address, and Reloadly's own document as the judge of every request and every answer.

The document (OpenAPI of 2022-07, MIT) is read where it is on this machine (`OPLA_SPECS`). Its schemas and its examples
contradict each other; `EXCLUDED` names each place where the example is followed, and a test proves each by the example.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from adapters.worlds import EUR15, NUMBER, PATIENCE_S, Counterparts, Split
from opla.core.ports import Kind, SendRequest, Sends
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins.reloadly import Reloadly as Machine
from opla.counterparts.web import Request, Response
from opla.suppliers.reloadly.config import Config
from opla.suppliers.reloadly.provider import Reloadly

Json = dict[str, Any]
CLIENT_ID, CLIENT_SECRET = "qwcLz" + "x1Y2" * 6, "7kscVxQZ32-" + "a9B8" * 8


class ReloadlySupplier:
    """The world of `suppliers/reloadly`."""

    kinds = (Kind.CODE, Kind.DIRECT)
    cost = (1440, "EUR")
    misfits: Sequence[Mapping[str, object]] = (
        {"customIdentifier": "0b" * 16},
        {"customIdentifier": None},
        {"transactionId": None},
        {"transactionId": "4602843"},
        {"status": "DELIVERED"},
        {"status": None},
        {"deliveredAmount": None},
        {"deliveredAmount": "fifteen"},
        {"deliveredAmount": True},
        {"deliveredAmountCurrencyCode": "XXX"},
        {"pinDetail": None},
        {"pinDetail": "0000123456789"},
        {"pinDetail": {"code": None, "serial": "0000123456789"}},
        {"pinDetail": {"code": "<script>0000123456789"}},
        {"pinDetail": {"code": ["0000123456789"]}},
        {"pinDetail": {"code": "0000123456789", "serial": "\ud800"}},
    )

    def __init__(self, other: Counterparts, currency: str = "EUR") -> None:
        if _SPEC.exists():
            document()  # takes longer than anybody waits for an answer
        self.machine = Machine(CLIENT_ID, CLIENT_SECRET, currency=currency)
        self.alone = Alone(self.machine, float(PATIENCE_S))
        other.on_exit(self.stop)
        self.adapter = self.built()

    def stop(self) -> None:
        self.alone.stop()
        wrong = [said for call in self.alone.calls for said in judge(*call)]
        assert not wrong, "\n".join(wrong)

    def built(self, **config: str) -> Reloadly:
        return Reloadly(self.config(**config))

    def config(self, **config: str) -> Config:
        keys = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "sandbox": "1", "number": NUMBER}
        urls = {"base_url": self.alone.url, "auth_url": self.alone.url, "timeout_s": PATIENCE_S}
        return Config.from_mapping({**keys, **urls, **config})

    def ask(self, reference: str, kind: Kind) -> SendRequest:
        if kind is Kind.CODE:
            return SendRequest(reference, "901:15.00", "proximus", kind, EUR15)
        return SendRequest(reference, "902", "orange", kind, EUR15, NUMBER)

    def at(self, url: str) -> Sends:
        return Reloadly(self.config(), Split(url, "/topups"))

    def everything_at(self, url: str) -> Sends:
        return self.built(base_url=url)

    def wrong_key(self) -> Sends:
        return self.built(client_secret="wrong" * 4)

    def break_send(self, fault: Fault) -> None:
        self.alone.order_fault("POST", "/topups", fault)

    def settle(self) -> None:
        self.machine.settle()

    def given(self, reference: str) -> int:
        return self.machine.given[reference]

    def reverse(self, reference: str) -> None:
        self.machine.reverse(reference)

    def told(self, reference: str, /, **change: object) -> Mapping[str, object]:
        pin = {"serial": "558111", "code": "0000123456789", "validity": "30 days"}
        whole: Json = {"transactionId": 4602843, "status": "SUCCESSFUL", "customIdentifier": reference}
        whole |= {"deliveredAmount": 15.0, "deliveredAmountCurrencyCode": "EUR", "pinDetail": pin}
        whole["balanceInfo"] = {"oldBalance": 100.0, "newBalance": 85.6, "currencyCode": "EUR"}
        return whole | change

    def posted(self) -> list[Json]:
        """The top-ups that came in, oldest first."""
        came = (call for call, _ in self.alone.calls if (call.method, call.path) == ("POST", "/topups"))
        return [json.loads(call.body) for call in came]


# ── their own document as a judge ──

_SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "reloadly" / "dist-2022-07.yaml"

_AMOUNT = "called an integer or a text, written as a decimal number"
_NULL = "called a text, a number or an object, written as null where there is none"
_NUMBERS = "called a text, written as a number"
#: Field → why what the schema says of its type is not followed. Every row is what their own examples do.
EXCLUDED: dict[str, str] = {
    "amount": _AMOUNT,
    "discount": _AMOUNT,
    "requestedAmount": _AMOUNT,
    "deliveredAmount": _AMOUNT,
    "oldBalance": _AMOUNT,
    "newBalance": _AMOUNT,
    "commission": _AMOUNT,
    "internationalDiscount": _AMOUNT,
    "rate": _AMOUNT,
    "infoLink": _NULL,
    "errorCode": _NULL,
    "value": _NULL,
    "balanceInfo": _NULL,
    "mostPopularAmount": _NULL,
    "localMinAmount": _NULL,
    "localMaxAmount": _NULL,
    "operatorId": _NUMBERS,
    "recipientPhone": _NUMBERS,
    "senderPhone": _NUMBERS,
    "serial": _NUMBERS,
    "code": _NUMBERS,
    "suggestedAmountsMap": "called a list, written as an object",
}
#: What their examples do not show, and the stand-in does all the same: field → why.
ASSUMED: dict[str, str] = {
    "balance": "an account's balance has cents, as in `balanceInfo`; the example's happens to be whole",
    "localDiscount": "a percentage like `internationalDiscount`, whose example has decimals",
    "minAmount": "an amount has cents, and is null where amounts are a list, as `localMinAmount` is",
    "maxAmount": "as `minAmount`",
    "pinDetail": "null where nothing is sold as a PIN, as `balanceInfo` is",
    "operatorTransactionId": "null where the operator gave none, as `recipientEmail` is",
    "fixedAmountsDescriptions": "an object by amount, as `suggestedAmountsMap` is; the example's list is empty",
    "localFixedAmountsDescriptions": "as `fixedAmountsDescriptions`",
}
#: Fields their examples have and their schemas do not name.
UNNAMED = {"info1", "info2", "info3", "recipientEmail"}


@cache
def document() -> Json:
    import yaml

    class Loader(yaml.CSafeLoader):
        """Dates stay texts."""

    Loader.yaml_implicit_resolvers = {
        sign: [(tag, expression) for tag, expression in some if tag != "tag:yaml.org,2002:timestamp"]
        for sign, some in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    found: Json = yaml.load(_SPEC.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a safe loader
    return found


def judge(request: Request, response: Response) -> list[str]:
    """What does not fit; nothing without the document, and nothing of a call that was made to break."""
    if not _SPEC.exists() or response.status == 500:
        return []
    name = _template(request.path)
    if name is None:
        return [f"{request.method} {request.path}: no such path"]
    operation, wrong = document()["paths"][name].get(request.method.lower()), []
    if operation is None:
        return [f"{request.method} {name}: no such call"]
    what = f"{request.method} {name}"
    if request.body and response.status < 400:
        wrong += complaints(operation["requestBody"]["content"], json.loads(request.body), f"{what} request")
    known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    wrong += [f"{what}: no such query {field}" for field in set(request.query) - known]
    told = operation["responses"].get(str(response.status))
    if told is None:
        return [*wrong, f"{what}: no such status {response.status}"]
    for one in _each(json.loads(response.body), name):
        wrong += complaints(told["content"], one, f"{what} {response.status}")
    return wrong


def _each(body: Any, name: str) -> list[Any]:
    """The schema of a country's operators is that of one; they come as a list (its example has a name too many)."""
    return body if name == "/operators/countries/{countrycode}" and isinstance(body, list) else [body]


def complaints(content: Json, told: Any, what: str, excluded: bool = True) -> list[str]:
    import jsonschema

    [media] = content.values()
    schema = {"$ref": "#/schema", "schema": media["schema"], "components": document()["components"]}
    found = jsonschema.Draft202012Validator(schema).iter_errors(told)
    names = {**EXCLUDED, **ASSUMED} if excluded else {}
    wrong = [
        f"{what} {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}"
        for one in found
        if not (one.validator == "type" and str(one.absolute_path[-1] if one.absolute_path else "") in names)
    ]
    return wrong + [f"{what}: no such field {field}" for field in _strangers(media["schema"], told) if excluded]


def _strangers(schema: Json, told: Any) -> Iterator[str]:
    """Fields that the schema does not name: nothing is required there, so a wrong name would pass."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(told, list):
        for one in told:
            yield from _strangers(schema.get("items", {}), one)
    if isinstance(told, dict) and "properties" in schema:
        yield from (name for name in told if name not in schema["properties"] and name not in UNNAMED)
        for name, value in told.items():
            yield from _strangers(schema["properties"].get(name, {}), value)


def _template(path: str) -> str | None:
    for name in document()["paths"]:
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)), path):
            return str(name)
    return None
