"""DingConnect's API V1 as a machine: products with two prices, transfers, what became of them, a balance.

Its products are invented, as is what it earns. The last three digits of an account number script how a transfer ends,
in the way of their numbers for trying (`SCRIPTED`; which of those digits are truly theirs is in MAPPING.md of the
adapter); any other ends well at once. Nothing they publish says that a reference is refused the second time, so here it
gives twice.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from opla.counterparts.web import Request, Response, answer

Json = dict[str, Any]
_CENT = Decimal("0.01")

#: Last three digits → HTTP status, error code and its context. Of those with a context the transfer is on record.
SCRIPTED: dict[str, tuple[int, str, str]] = {
    "001": (400, "RateLimited", ""),
    "002": (200, "TransientProviderError", "ProviderTimedOut"),
    "003": (200, "TransientProviderError", "ProviderRefusedRequest"),
    "004": (200, "ProviderError", "ProductUnavailable"),
    "005": (200, "ProviderError", "RechargeNotAllowed"),
    "006": (400, "AccountNumberInvalid", ""),
    "007": (500, "InsufficientBalance", "Balance"),
}


@dataclass(frozen=True)
class _Product:
    """`arrives` is the least and the most that arrives, in the currency of the provider's country."""

    sku: str
    provider: str
    name: str
    pin: bool
    arrives: tuple[str, str]
    uat_number: str = "32470000000"
    benefit: str = "Mobile"
    batch: bool = False


PROVIDERS = {
    "PXBE": ("BE", "Proximus Belgium", "EUR", r"^32\d{8,9}$"),
    "ORBE": ("BE", "Orange Belgium", "EUR", r"^324[5-9]\d{7}$"),
    "ENBE": ("BE", "Some Electricity Belgium", "EUR", r"^\d+$"),
}
PRODUCTS = (
    _Product("PXBE15", "PXBE", "Proximus PIN EUR 15", pin=True, arrives=("15.00", "15.00")),
    _Product("PXBE25", "PXBE", "Proximus PIN EUR 25", pin=True, arrives=("25.00", "25.00")),
    _Product("ORBETopUp", "ORBE", "Orange 5.00-100.00", pin=False, arrives=("5.00", "100.00")),
    _Product("ORBEBatch", "ORBE", "Orange later EUR 15", pin=False, arrives=("15.00", "15.00"), batch=True),
    _Product("ENBEMeter", "ENBE", "Electricity", pin=True, arrives=("5.00", "50.00"), benefit="Electricity"),
)
#: How much of each currency one dollar is; invented.
_PER_DOLLAR = {"USD": Decimal(1), "EUR": Decimal("0.92")}
_COMMISSION = Decimal(4)  # per cent of what is sent


def _epoch() -> datetime:
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Ding:
    """`currency` is that of our account there. What truly happened is in `given` and `pins`; nothing is taken back.

    `endings` holds the `ProcessingState` of the next transfers, one each.
    """

    key: str
    currency: str = "EUR"
    balance: Decimal = Decimal("100000.00")
    clock: Callable[[], datetime] = _epoch
    endings: deque[str] = field(default_factory=deque)
    given: Counter[str] = field(default_factory=Counter)
    taken_back: Counter[str] = field(default_factory=Counter)
    pins: dict[str, str] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)

    # ── as it is called ──

    def handle(self, request: Request) -> Response:
        if request.headers.get("api_key") != self.key:
            return answer(401, _result(4, "AuthenticationFailed"))
        match request.method, request.path.removeprefix("/api/V1/"):
            case "POST", "SendTransfer":
                return self._transfer(_json(request))
            case "POST", "ListTransferRecords":
                asked = _json(request)
                wanted, skip, take = asked.get("DistributorRef", ""), asked.get("Skip", 0), asked["Take"]
                found = [one for one in self.records if not wanted or _id(one)["DistributorRef"] == wanted][skip:]
                more = {"ThereAreMoreItems": len(found) > take}
                return answer(200, {"Items": found[:take], **more, **_result()})
            case "POST", "EstimatePrices":
                return answer(200, {"Items": [self._estimate(one) for one in json.loads(request.body)], **_result()})
            case "GET", "GetProducts":
                found = [self._product(one) for one in self._asked_for(request)]
                return answer(200, {"Items": found, **_result()})
            case "GET", "GetProviders":
                codes = dict.fromkeys(one.provider for one in self._asked_for(request))
                return answer(200, {"Items": [_provider(code) for code in codes], **_result()})
            case "GET", "GetBalance":
                return answer(200, {"Balance": float(self.balance), "CurrencyIso": self.currency, **_result()})
            case "GET", "GetAccountLookup":
                return self._look_up(request.query.get("accountNumber", ""))
        return Response(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"})

    def _asked_for(self, request: Request) -> list[_Product]:
        wanted = request.query
        return [
            one
            for one in PRODUCTS
            if wanted.get("countryIsos", PROVIDERS[one.provider][0]) == PROVIDERS[one.provider][0]
            and wanted.get("skuCodes", one.sku) == one.sku
            and wanted.get("providerCodes", one.provider) == one.provider
        ]

    def _transfer(self, asked: Json) -> Response:
        product = next((one for one in PRODUCTS if one.sku == asked.get("SkuCode")), None)
        missing = [
            name for name in ("AccountNumber", "DistributorRef", "SendValue", "ValidateOnly") if name not in asked
        ]
        if product is None or missing:
            return answer(400, _result(4, "ParameterInvalid", missing[0] if missing else "SkuCode"))
        number, sends = str(asked["AccountNumber"]), Decimal(str(asked["SendValue"]))
        arrives = self._arrives(product, sends)
        if arrives is None or asked.get("SendCurrencyIso", self.currency) != self.currency:
            return answer(400, _result(4, "ParameterOutOfRange", "SendValue"))
        if not re.fullmatch(PROVIDERS[product.provider][3], number):
            return answer(400, _result(4, "AccountNumberInvalid", "AccountNumberFailedRegex"))
        status, code, context = SCRIPTED.get(number[-3:], (200, "", ""))
        if not code and sends > self.balance:
            status, code, context = SCRIPTED["007"]
        if code and not context:
            return answer(status, _result(4, code))
        record = self._record(product, asked, arrives)
        state = "Failed" if code else self._ending(product)
        record |= {"ProcessingState": state}
        told = {"TransferRecord": record, **(_result(5, code, context) if code else _result())}
        self.records.append(told)
        if state in ("Complete", "Completed"):
            self._give(told, product)
        elif state in ("Submitted", "Processing"):
            self.balance -= sends  # "for Batch transfers, the balance is decremented immediately"
        return answer(status, told)

    def _ending(self, product: _Product) -> str:
        if self.endings:
            return self.endings.popleft()
        return "Submitted" if product.batch else "Complete"

    def _record(self, product: _Product, asked: Json, arrives: Decimal) -> Json:
        return {
            "TransferId": {
                "TransferRef": str(863_785_357 + len(self.records)),
                "DistributorRef": asked["DistributorRef"],
            },
            "SkuCode": product.sku,
            "Price": self._price(product, arrives, Decimal(str(asked["SendValue"]))),
            "CommissionApplied": 0.0,
            "StartedUtc": f"{self.clock():%Y-%m-%dT%H:%M:%SZ}",
            "AccountNumber": str(asked["AccountNumber"]),
        }

    def _give(self, told: Json, product: _Product, *, paid: bool = False) -> None:
        record = told["TransferRecord"]
        reference, sends = record["TransferId"]["DistributorRef"], Decimal(str(record["Price"]["SendValue"]))
        self.given[reference] += 1
        earned = (sends * _COMMISSION / 100).quantize(_CENT, ROUND_HALF_UP)
        if not self._for_trying(record["AccountNumber"]):
            self.balance += earned if paid else earned - sends
        record |= {"CommissionApplied": float(earned), "CompletedUtc": record["StartedUtc"]}
        if product.pin:
            code = f"0000{5_510_000_000 + len(self.records):012d}"
            self.pins[reference] = code
            record["ReceiptText"] = f"Dial *121*{code}# within 30 days"
            record["ReceiptParams"] = {"pin": code, "providerRef": f"P{len(self.records)}"}

    def _look_up(self, digits: str) -> Response:
        fits = [
            code
            for code, (_, _, _, expression) in PROVIDERS.items()
            if code == "ORBE" and re.fullmatch(expression, digits)
        ]
        found = [{"ProviderCode": code, "RegionCode": "BE"} for code in fits]
        told = {"CountryIso": "BE", "AccountNumberNormalized": digits} if fits else {}
        return answer(200, {"Items": found, **told, **_result()})

    # ── what happens there ──

    def settle(self) -> None:
        """What is under way arrives."""
        for told in self.records:
            record = told["TransferRecord"]
            if record["ProcessingState"] in ("Submitted", "Processing"):
                record["ProcessingState"] = "Complete"
                self._give(told, next(one for one in PRODUCTS if one.sku == record["SkuCode"]), paid=True)

    def reverse(self, reference: str) -> None:
        """They never do."""

    # ── what it is made of ──

    def _for_trying(self, number: str) -> bool:
        return any(one.uat_number == number for one in PRODUCTS)

    def _product(self, one: _Product) -> Json:
        least, most = (self._price(one, Decimal(amount)) for amount in one.arrives)
        return {
            "ProviderCode": one.provider,
            "SkuCode": one.sku,
            "LocalizationKey": one.sku,
            "SettingDefinitions": [],
            "Maximum": most,
            "Minimum": least,
            "CommissionRate": float(_COMMISSION / 100),
            "ProcessingMode": "Batch" if one.batch else "Instant",
            "RedemptionMechanism": "ReadReceipt" if one.pin else "Immediate",
            "Benefits": [one.benefit],
            "ValidityPeriodIso": "P30D",
            "UatNumber": one.uat_number,
            "DefaultDisplayText": one.name,
            "RegionCode": "BE",
            "PaymentTypes": ["Prepaid"],
            "LookupBillsRequired": False,
        }

    def _price(self, one: _Product, arrives: Decimal, sends: Decimal | None = None) -> Json:
        return {
            "CustomerFee": 0.0,
            "DistributorFee": 0.0,
            "ReceiveValue": float(arrives),
            "ReceiveCurrencyIso": PROVIDERS[one.provider][2],
            "ReceiveValueExcludingTax": float(arrives),
            "TaxRate": 0.0,
            "SendValue": float(self._sends(one, arrives) if sends is None else sends),
            "SendCurrencyIso": self.currency,
        }

    def _rate(self, one: _Product) -> Decimal:
        return _PER_DOLLAR[PROVIDERS[one.provider][2]] / _PER_DOLLAR[self.currency]

    def _sends(self, one: _Product, arrives: Decimal) -> Decimal:
        return (arrives / self._rate(one)).quantize(_CENT, ROUND_HALF_UP)

    def _arrives(self, one: _Product, sends: Decimal) -> Decimal | None:
        """What of the operator's currency arrives for it; None for less than the least, or more than the most."""
        least, most = (Decimal(amount) for amount in one.arrives)
        if not self._sends(one, least) <= sends <= self._sends(one, most):
            return None
        return min(max((sends * self._rate(one)).quantize(_CENT, ROUND_HALF_UP), least), most)

    def _estimate(self, asked: Json) -> Json:
        product = next((one for one in PRODUCTS if one.sku == asked.get("SkuCode")), None)
        same = {"BatchItemRef": asked["BatchItemRef"]}
        if product is None or not asked.get("ReceiveValue"):
            return {**same, **_result(4, "ParameterInvalid", "SkuCode")}
        return {**same, "SkuCode": product.sku, **_result()} | {
            "Price": self._price(product, Decimal(str(asked["ReceiveValue"])))
        }


def _provider(code: str) -> Json:
    country, name, _, expression = PROVIDERS[code]
    regions = {"RegionCodes": ["BE"], "PaymentTypes": ["Prepaid"]}
    return {"ProviderCode": code, "CountryIso": country, "Name": name, "ValidationRegex": expression, **regions}


def _result(code: int = 1, error: str = "", context: str = "") -> Json:
    errors = [{"Code": error, **({"Context": context} if context else {})}] if error else []
    return {"ResultCode": code, "ErrorCodes": errors}


def _id(told: Json) -> Json:
    found: Json = told["TransferRecord"]["TransferId"]
    return found


def _json(request: Request) -> Json:
    found = json.loads(request.body or b"{}")
    return found if isinstance(found, dict) else {}
