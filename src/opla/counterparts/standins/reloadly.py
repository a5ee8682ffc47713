"""Reloadly's top-ups (OpenAPI of 2022-07) as a machine: tokens, operators, top-ups with their references, a balance.

Its operators are invented, as is what it pays them. A top-up ends well at once, unless `endings` holds another status
for the next one. Like the true one it answers a reference used before with an error, and keeps nothing of a top-up it
has turned away. Two requests with one reference that are under way together are both done there; here only one is
answered at a time, so that is played by `forgets_references`.
"""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from opla.counterparts.web import Request, Response, answer

Json = dict[str, Any]
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class _Operator:
    """`fixed` or `range` are in the operator's currency; `takes_local` is whether a top-up may be."""

    id: int
    name: str
    pin: bool
    currency: str = "EUR"
    country: str = "BE"
    fixed: tuple[str, ...] = ()
    range: tuple[str, str] | None = None
    takes_local: bool = True


OPERATORS = (
    _Operator(901, "Proximus PIN Belgium", pin=True, fixed=("15.00", "25.00", "50.00")),
    _Operator(902, "Orange Belgium", pin=False, range=("5.00", "100.00")),
    _Operator(903, "Base Belgium", pin=False, fixed=("15.00", "20.00", "30.00"), takes_local=False),
    _Operator(904, "Lyca Mobile Belgium", pin=False, range=("5.00", "50.00"), takes_local=False),
    _Operator(905, "Ooredoo Tunisia", pin=False, currency="TND", country="TN", range=("1.000", "50.000")),
)
#: How much of each currency one dollar is; invented.
_PER_DOLLAR = {"USD": Decimal(1), "EUR": Decimal("0.92"), "TND": Decimal("3.1")}
_DISCOUNT = Decimal(4)  # per cent


def _epoch() -> datetime:
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Reloadly:
    """`currency` is that of our account there. What truly happened is in `given`, `taken_back` and `pins`."""

    client_id: str
    client_secret: str
    audience: str = "https://topups-sandbox.reloadly.com"
    currency: str = "EUR"
    balance: Decimal = Decimal("100000.00")
    token_lives_s: int = 86400
    clock: Callable[[], datetime] = _epoch
    endings: deque[str] = field(default_factory=deque)
    forgets_references: bool = False
    given: Counter[str] = field(default_factory=Counter)
    taken_back: Counter[str] = field(default_factory=Counter)
    pins: dict[str, str] = field(default_factory=dict)
    transactions: list[Json] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)

    # ── as it is called ──

    def handle(self, request: Request) -> Response:
        if request.method == "POST" and request.path == "/oauth/token":
            return self._token(_json(request))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.clock() >= self.tokens.get(token, datetime.min.replace(tzinfo=UTC)):
            return self._error(401, "Full authentication is required to access this resource", request, "INVALID_TOKEN")
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "GET", ["accounts", "balance"]:
                return answer(200, {"balance": float(self.balance), **self._currency(), "updatedAt": self._now()})
            case "GET", ["operators", "countries", country]:
                found = [self._operator(one) for one in OPERATORS if one.country == country]
                return Response(200, json.dumps(found).encode(), {"Content-Type": "application/json"})
            case "GET", ["operators", "auto-detect", "phone", phone, "countries", country]:
                return self._detect(phone, country, request)
            case "GET", ["operators", id_]:
                operator = _found(id_)
                return answer(200, self._operator(operator)) if operator else self._error(404, _NO_OPERATOR, request)
            case "POST", ["topups"]:
                return self._top_up(request)
            case "GET", ["topups", "reports", "transactions"]:
                return self._report(request.query)
            case "GET", ["topups", id_, "status"] if one := self._by_id(id_):
                return answer(200, one)
        path = {"timeStamp": self._now(), "status": 404, "error": "Not Found", "message": "No message available"}
        return answer(404, {**path, "path": request.path})

    def _token(self, asked: Json) -> Response:
        wanted = {"client_id": self.client_id, "client_secret": self.client_secret, "audience": self.audience}
        if asked != {**wanted, "grant_type": "client_credentials"}:
            told = {"timeStamp": self._now(), "message": "Access Denied", "path": "/oauth/token"}
            return answer(401, {**told, "errorCode": "INVALID_CREDENTIALS", "infoLink": None, "details": []})
        token = f"eyJ{len(self.tokens):029d}"
        self.tokens[token] = self.clock() + timedelta(seconds=self.token_lives_s)
        lives = {"expires_in": self.token_lives_s, "token_type": "Bearer"}
        return answer(200, {"access_token": token, "scope": "send-topups read-operators", **lives})

    def _top_up(self, request: Request) -> Response:
        asked = _json(request)
        operator, reference = _found(str(asked.get("operatorId"))), asked.get("customIdentifier")
        if operator is None:
            return self._error(404, _NO_OPERATOR, request)
        known = any(one["customIdentifier"] == reference for one in self.transactions)
        if known and not self.forgets_references:
            return self._error(400, "Custom identifier already used", request, "CUSTOM_IDENTIFIER_ALREADY_USED")
        number = str((asked.get("recipientPhone") or {}).get("number", ""))
        if not re.fullmatch(r"\d{8,15}", number) and not operator.pin:
            return self._error(400, "Recipient phone number is not valid", request, "INVALID_RECIPIENT_PHONE")
        arrives = self._arrives(
            operator, Decimal(str(asked.get("amount") or 0)), local=asked.get("useLocalAmount") is True
        )
        if arrives is None:
            return self._error(400, "Amount is not valid for this operator", request, "INVALID_AMOUNT_FOR_OPERATOR")
        price = self._in_ours(arrives, operator)
        off = (price * _DISCOUNT / 100).quantize(_CENT, ROUND_HALF_UP)
        if price - off > self.balance:
            return self._error(400, "Insufficient balance", request, "INSUFFICIENT_BALANCE")
        return answer(200, self._done(operator, str(reference), number, arrives, price, off))

    def _done(
        self, operator: _Operator, reference: str, number: str, arrives: Decimal, price: Decimal, off: Decimal
    ) -> Json:
        status = self.endings.popleft() if self.endings else "SUCCESSFUL"
        before = self.balance
        one: Json = {
            "transactionId": 4_602_843 + len(self.transactions),
            "status": status,
            "operatorTransactionId": None,
            "customIdentifier": reference,
            "recipientPhone": number or None,
            "recipientEmail": None,
            "senderPhone": None,
            "countryCode": operator.country,
            "operatorId": operator.id,
            "operatorName": operator.name,
            "discount": float(off),
            "discountCurrencyCode": self.currency,
            "requestedAmount": float(price),
            "requestedAmountCurrencyCode": self.currency,
            "deliveredAmount": float(arrives),
            "deliveredAmountCurrencyCode": operator.currency,
            "transactionDate": self._now(),
            "pinDetail": None,
            "balanceInfo": None,
        }
        self.transactions.append(one)
        if status in ("SUCCESSFUL", "PROCESSING"):
            self.balance -= price - off
        if status in ("SUCCESSFUL", "REFUNDED"):
            self._give(one, operator)
        if status == "REFUNDED":
            self.taken_back[reference] += 1
        names = {"currencyName": self.currency, "currencyCode": self.currency, "updatedAt": self._now()}
        one["balanceInfo"] = {"oldBalance": float(before), "newBalance": float(self.balance), **names}
        return one

    def _give(self, one: Json, operator: _Operator) -> None:
        reference = str(one["customIdentifier"])
        self.given[reference] += 1
        if operator.pin:
            code = f"0000{7_737_097_330 + len(self.pins):012d}"
            self.pins[reference] = code
            dial = {f"info{n}": "DIAL *121*<code>#" for n in (1, 2, 3)}
            one["pinDetail"] = {"serial": str(558_111 + len(self.pins)), **dial, "value": None, "code": code}
            one["pinDetail"] |= {"ivr": "121", "validity": "30 days"}

    def _report(self, query: Mapping[str, str]) -> Response:
        wanted, since = query.get("customIdentifier", "").lower(), query.get("startDate", "")
        page, size = int(query.get("page", "1")), int(query.get("size", "200"))
        rows = [
            one
            for one in reversed(self.transactions)
            if (not wanted or one["customIdentifier"].lower() == wanted) and one["transactionDate"] >= since
        ]
        part = rows[(page - 1) * size : page * size]
        return answer(200, {"content": [{**one, "balanceInfo": None} for one in part]})

    def _detect(self, phone: str, country: str, request: Request) -> Response:
        digits = re.sub(r"\D", "", phone)
        fitting = [one for one in OPERATORS if one.country == country and not one.pin and not digits.endswith("0000")]
        if not fitting:
            said = "Could not auto detect operator for given phone number"
            return self._error(404, said, request, "COULD_NOT_AUTO_DETECT_OPERATOR")
        return answer(200, self._operator(fitting[int(digits[-4:] or 0) % len(fitting)]))

    # ── what happens there ──

    def settle(self) -> None:
        """What is under way arrives."""
        for one in self.transactions:
            if one["status"] == "PROCESSING":
                one["status"] = "SUCCESSFUL"
                self._give(one, next(operator for operator in OPERATORS if operator.id == one["operatorId"]))

    def reverse(self, reference: str) -> None:
        for one in self.transactions:
            if one["customIdentifier"] == reference and one["status"] == "SUCCESSFUL":
                one["status"] = "REFUNDED"
                self.taken_back[reference] += 1
                self.balance += Decimal(str(one["requestedAmount"])) - Decimal(str(one["discount"]))

    # ── what it is made of ──

    def _operator(self, one: _Operator) -> Json:
        local, ours = one.takes_local and one.currency != self.currency, self.currency
        fixed = [float(self._in_ours(Decimal(amount), one)) for amount in one.fixed]
        least, most = one.range or (None, None)
        same = one.currency == ours
        return {
            "id": one.id,
            "operatorId": one.id,
            "name": one.name,
            "bundle": False,
            "data": False,
            "pin": one.pin,
            "supportsLocalAmounts": local,
            "denominationType": "RANGE" if one.range else "FIXED",
            "senderCurrencyCode": ours,
            "senderCurrencySymbol": ours,
            "destinationCurrencyCode": one.currency,
            "destinationCurrencySymbol": one.currency,
            "commission": float(_DISCOUNT),
            "internationalDiscount": float(_DISCOUNT),
            "localDiscount": float(_DISCOUNT),
            "mostPopularAmount": None,
            "minAmount": float(self._in_ours(Decimal(least), one)) if least else None,
            "maxAmount": float(self._in_ours(Decimal(most), one)) if most else None,
            "localMinAmount": float(least) if least and local else None,
            "localMaxAmount": float(most) if most and local else None,
            "country": {"isoName": one.country, "name": one.country},
            "fx": {"rate": float(self._rate(one)), "currencyCode": one.currency},
            "logoUrls": [],
            "fixedAmounts": fixed,
            "fixedAmountsDescriptions": {},
            "localFixedAmounts": [] if same else [float(amount) for amount in one.fixed],
            "localFixedAmountsDescriptions": {},
            "suggestedAmounts": [],
            "suggestedAmountsMap": {},
            "promotions": [],
        }

    def _rate(self, one: _Operator) -> Decimal:
        """How much of the operator's currency one unit of ours is."""
        return (_PER_DOLLAR[one.currency] / _PER_DOLLAR[self.currency]).quantize(Decimal("0.00001"))

    def _in_ours(self, amount: Decimal, one: _Operator) -> Decimal:
        return (amount / self._rate(one)).quantize(_CENT, ROUND_HALF_UP)

    def _arrives(self, one: _Operator, amount: Decimal, *, local: bool) -> Decimal | None:
        """What of the operator's currency arrives, if it sells that amount."""
        if local and not (one.takes_local and one.currency != self.currency):
            return None
        if one.fixed:
            amounts = {Decimal(there) if local else self._in_ours(Decimal(there), one): there for there in one.fixed}
            return Decimal(amounts[amount]) if amount in amounts else None
        arrives = amount if local else amount * self._rate(one)
        least, most = one.range or ("0", "0")
        return arrives if Decimal(least) <= arrives <= Decimal(most) else None

    def _by_id(self, id_: str) -> Json | None:
        return next((one for one in self.transactions if str(one["transactionId"]) == id_), None)

    def _currency(self) -> Json:
        return {"currencyCode": self.currency, "currencyName": self.currency}

    def _now(self) -> str:
        return f"{self.clock():%Y-%m-%d %H:%M:%S}"

    def _error(self, status: int, message: str, request: Request, code: str | None = None) -> Response:
        told = {"timeStamp": self._now(), "message": message, "path": request.path}
        return answer(status, {**told, "errorCode": code, "infoLink": None, "details": []})


_NO_OPERATOR = "Operator not found for given id"


def _found(id_: str) -> _Operator | None:
    return next((one for one in OPERATORS if str(one.id) == id_), None)


def _json(request: Request) -> Json:
    found = json.loads(request.body or b"{}")
    return found if isinstance(found, dict) else {}
