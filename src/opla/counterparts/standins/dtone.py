"""DT One's Digital Value Services 1.23.0 as a machine, with the scripted numbers of their pre-production.

The last three digits of the recipient's number say what becomes of it: the first one how long it takes (1: 3 seconds,
2: 20 seconds, 3: 5 minutes), the others how it ends (`ENDINGS`). Any other number is given value within a second, and
what has no recipient at once, as in their table.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from opla.counterparts.standins.dtone_products import PRODUCTS, Product
from opla.counterparts.web import Request, Response

Json = dict[str, Any]
#: The last two digits of a scripted number → their status. 01 gives a PIN where the product is one.
ENDINGS: Mapping[str, str] = {
    "00": "COMPLETED",
    "01": "COMPLETED",
    "02": "DECLINED-INVALID-CREDIT-PARTY",
    "03": "DECLINED-BARRED-CREDIT-PARTY",
    "04": "DECLINED-OPERATOR-CURRENTLY-UNAVAILABLE",
    "05": "DECLINED-DUPLICATED-TRANSACTION",
    "06": "DECLINED",
    "07": "DECLINED-EXCEPTION",
}
TAKES = {"1": timedelta(seconds=3), "2": timedelta(seconds=20), "3": timedelta(minutes=5)}
CLASS_ID = {"CREATED": 1, "CONFIRMED": 2, "REJECTED": 3, "CANCELLED": 4, "SUBMITTED": 5} | {
    "COMPLETED": 7,
    "REVERSED": 8,
    "DECLINED": 9,
}
#: Error code → HTTP status and their words.
ERRORS = {
    1000400: (400, "Bad Request"),
    1000401: (401, "Unauthorized"),
    1000404: (404, "Resource not found"),
    1003001: (404, "Product is not available in your account"),
    1003002: (400, "Requested product amount is out of range"),
    1003003: (400, "Requested product unit is invalid"),
    1005003: (400, "Credit party mobile number is invalid"),
    1006001: (400, "Insufficient balance"),
    1007001: (400, "Transaction external ID has already been used"),
}


class Refusal(Exception):  # noqa: N818 - their "no", not a failure of ours
    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


_LONGEST_LIST = timedelta(hours=24)


@dataclass
class _Transaction:
    id: int
    external_id: str
    product: Product
    face_minor: int
    number: str
    made_at: datetime
    ends_at: datetime
    ends: str
    confirmed: bool
    status: str = "CREATED"
    given: int = 0
    taken_back: int = 0


@dataclass
class DTOne:
    """`balance_minor` is what is available in euro cents. `looks_late` checks a repeated reference after the rest."""

    clock: Callable[[], datetime]
    key: str = "key"
    secret: str = "secret"  # noqa: S105 - of nobody
    balance_minor: int = 100_000_000
    holding_minor: int = 0
    looks_late: bool = False
    products: Sequence[Product] = PRODUCTS
    _made: dict[str, _Transaction] = field(default_factory=dict)

    # ── what it truly did ──

    @property
    def given(self) -> Mapping[str, int]:
        return {one.external_id: one.given for one in self._now()}

    @property
    def taken_back(self) -> Mapping[str, int]:
        return {one.external_id: one.taken_back for one in self._now()}

    @property
    def pins(self) -> Mapping[str, str]:
        """PINs and activation codes, of what was given."""
        return {one.external_id: code for one in self._now() if one.given and (code := _secret(one))}

    def settle(self) -> None:
        """Their clock has run out for all that is under way."""
        for one in self._made.values():
            self._end(one)

    def reverse(self, reference: str) -> None:
        """Somebody of theirs takes it back by hand, which "may happen in very rare occasions"."""
        one = self._made[reference]
        if one.status == "COMPLETED":
            one.status, one.taken_back = "REVERSED", 1
            self.balance_minor += _cost(one)

    def _now(self) -> Iterator[_Transaction]:
        for one in self._made.values():
            if one.confirmed and self.clock() >= one.ends_at:
                self._end(one)
            yield one

    def _end(self, one: _Transaction) -> None:
        if one.status != "CONFIRMED":
            return
        one.status = one.ends
        self.holding_minor -= _cost(one)
        if one.ends == "COMPLETED":
            one.given = 1
        else:
            self.balance_minor += _cost(one)

    # ── what it answers ──

    def handle(self, request: Request) -> Response:
        try:
            self._authorise(request)
            return self._answer(request)
        except Refusal as no:
            status, message = ERRORS[no.code]
            return _json(status, {"errors": [{"code": no.code, "message": message}]})

    def _authorise(self, request: Request) -> None:
        pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            raise Refusal(1000401)

    def _answer(self, request: Request) -> Response:
        match request.method, request.path.removeprefix("/v1"):
            case "POST", "/async/transactions":
                return _json(201, self._create(_body(request)))
            case "GET", "/transactions":
                return _page([_told(one) for one in self._asked(request.query)], request)
            case "GET", "/products":
                return _page([one.told() for one in self.products if one.asked(request.query)], request)
            case "GET", "/balances":
                return _page([self._balance()], request)
            case "POST", "/lookup/mobile-number":
                return _page(self._operators(_body(request)), request)
        raise Refusal(1000404)

    def _asked(self, query: Mapping[str, str]) -> list[_Transaction]:
        """By our reference, or made in a time of at most 24 hours; by neither, of the last 24."""
        if wanted := query.get("external_id"):
            return [one for one in self._now() if one.external_id == wanted]
        until = datetime.fromisoformat(query["to_date"]) if "to_date" in query else self.clock()
        since = datetime.fromisoformat(query["from_date"]) if "from_date" in query else until - _LONGEST_LIST
        if until - since > _LONGEST_LIST:
            raise Refusal(1000400)
        return [one for one in self._now() if since <= one.made_at <= until]

    def _create(self, body: Json) -> Json:
        external_id, number = body.get("external_id"), (body.get("credit_party_identifier") or {}).get("mobile_number")
        if not isinstance(external_id, str) or not 1 <= len(external_id.strip()) <= 40:
            raise Refusal(1000400)
        if not self.looks_late:
            self._unused(external_id)
        product = next((one for one in self.products if one.id == body.get("product_id")), None)
        if product is None:
            raise Refusal(1003001)
        if product.asks_number and not _e164(number):
            raise Refusal(1005003)
        face_minor, now = _face(product, body), self.clock()
        ends, takes = _script(str(number)) if product.asks_number else ("COMPLETED", timedelta())
        one = _Transaction(
            len(self._made) + 1, external_id, product, face_minor, number or "", now, now + takes, ends, confirmed=False
        )
        if self.balance_minor < _cost(one):
            raise Refusal(1006001)
        self._unused(external_id)
        self.balance_minor -= _cost(one)
        self.holding_minor += _cost(one)
        self._made[external_id] = one
        if body.get("auto_confirm") is True:
            one.confirmed, one.status = True, "CONFIRMED"
            if not product.asks_number:
                self._end(one)
        return _told(one)

    def _unused(self, external_id: str) -> None:
        if external_id in self._made:
            raise Refusal(1007001)

    def _balance(self) -> Json:
        left, held = self.balance_minor / 100, self.holding_minor / 100
        return {"id": 1, "unit_type": "CURRENCY", "unit": "EUR", "available": left, "holding": held, "credit_limit": 0}

    def _operators(self, body: Json) -> list[Json]:
        """Whose number it is: by the first one that a recharge is for, since these numbers are nobody's."""
        if not _e164(body.get("mobile_number")):
            raise Refusal(1005003)
        theirs = [one.operator_told() for one in self.products if one.asks_number]
        names = {told["name"]: told for told in theirs}
        return [told | {"identified": n == 0} for n, told in enumerate(names.values())]


def _script(number: str) -> tuple[str, timedelta]:
    """How it ends, and after how long."""
    ends = ENDINGS.get(number[-2:]) if number[-3:-2] in TAKES else None
    return (ends, TAKES[number[-3]]) if ends else ("COMPLETED", timedelta(milliseconds=500))


def _face(product: Product, body: Json) -> int:
    """What arrives, in minor units: chosen where the product is ranged."""
    if product.least_minor == product.most_minor:
        return product.least_minor
    wanted = body.get("destination") or {}
    if body.get("calculation_mode") != "DESTINATION_AMOUNT" or wanted.get("unit_type") != "CURRENCY":
        raise Refusal(1000400)
    if wanted.get("unit") != product.unit:
        raise Refusal(1003003)
    face_minor = round(float(wanted.get("amount", 0)) * 100)
    if not product.least_minor <= face_minor <= product.most_minor:
        raise Refusal(1003002)
    return face_minor


def _cost(one: _Transaction) -> int:
    return one.product.cost_minor * one.face_minor // one.product.least_minor


def _secret(one: _Transaction) -> str:
    if one.product.service == 13:
        return f"LPA:1$rsp.dtone.invalid$OPLA-{one.id:06d}"
    return f"0000{4_400_000_000 + one.id:012d}" if one.product.pin else ""


def _told(one: _Transaction) -> Json:
    """The transaction as an answer holds it. What it sold is there once it is completed."""
    product, made, sold = one.product.told(), one.made_at, one.status in ("COMPLETED", "REVERSED")
    class_ = one.status.partition("-")[0]
    number = {"mobile_number": one.number} if one.number else None
    told: Json = {
        "id": one.id,
        "external_id": one.external_id,
        "creation_date": _at(made),
        "confirmation_expiration_date": _at(made + timedelta(hours=1)),
        "confirmation_date": _at(made) if one.confirmed else None,
        "status": {
            "id": CLASS_ID[class_] * 10_000,
            "message": one.status,
            "class": {"id": CLASS_ID[class_], "message": class_},
        },
        "operator_reference": None,
        "pin": {"code": _secret(one), "serial": f"D{one.id}"} if sold and one.product.pin else None,
        "product": {name: product.get(name) for name in _PRODUCT_FIELDS if name in product},
        "prices": {"wholesale": _price(one), "retail": None},
        "rates": product["rates"],
        "benefits": product["benefits"],
        "promotions": None,
        "requested_values": _requested(one),
        "adjusted_values": None,
        "sender": None,
        "beneficiary": None,
        "debit_party_identifier": None,
        "credit_party_identifier": number,
        "statement_identifier": None,
    }
    return told | ({"metadata": _esim(one)} if sold and one.product.service == 13 else {})


_PRODUCT_FIELDS = ("id", "name", "description", "tags", "service", "operator", "regions", "type", "pin")


def _price(one: _Transaction) -> Json:
    return {"unit_type": "CURRENCY", "unit": "EUR", "amount": _cost(one) / 100, "fee": 0}


def _requested(one: _Transaction) -> Json | None:
    if one.product.least_minor == one.product.most_minor:
        return None
    amount = {"unit_type": "CURRENCY", "unit": one.product.unit, "amount": one.face_minor / 100}
    return {"source": amount, "destination": amount}


def _esim(one: _Transaction) -> Json:
    code = _secret(one)
    link = f"https://esim.dtone.invalid/{one.id}"
    return {
        "type": "ESIM",
        "activation_type": "DATA_PLAN",
        "balance": {
            "size": {"amount": 5, "unit": "GB"},
            "validity": {"quantity": 30, "unit": "DAY"},
            "country_set": "EUR",
            "extended_data_policy": {"type": "STANDARD"},
        },
        "profile": {
            "iccid": f"8932{one.id:015d}",
            "activation_code": code,
            "apple_universal_link": link,
            "android_universal_link": link,
            "installation_url": link,
        },
    }


def _at(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _e164(number: object) -> bool:
    return isinstance(number, str) and number[:1] == "+" and number[1:].isdigit() and 7 <= len(number) - 1 <= 15


def _body(request: Request) -> Json:
    try:
        found = json.loads(request.body)
    except ValueError:
        raise Refusal(1000400) from None
    if not isinstance(found, dict):
        raise Refusal(1000400)
    return found


def _page(rows: Sequence[Json], request: Request) -> Response:
    page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 50))
    pages = max(1, -(-len(rows) // size))
    headers = {
        "X-Total": str(len(rows)),
        "X-Total-Pages": str(pages),
        "X-Per-Page": str(size),
        "X-Page": str(page),
        "X-Next-Page": str(page + 1) if page < pages else "",
        "X-Prev-Page": str(page - 1) if page > 1 else "",
    }
    return _json(200, list(rows[(page - 1) * size : page * size]), headers)


def _json(status: int, told: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, json.dumps(told).encode(), {"Content-Type": "application/json", **(headers or {})})
