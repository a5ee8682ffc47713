"""PayPal as a machine: orders that people approve and the shop captures, refunds, disputes that have ended, the list.

Built from its Orders v2, Payments v2, Transaction Search v1 and (by its documentation alone) Disputes v1. The key of a
call is remembered for 6 hours by orders and for 45 days by refunds; the same key again is told how what it made stands
now.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from opla.counterparts.standins import Taken
from opla.counterparts.web import Request, Response, answer

Json = dict[str, Any]

_ORDERS_REMEMBER, _REFUNDS_REMEMBER = timedelta(hours=6), timedelta(days=45)
#: An order nobody approves is dropped. How soon is not in their documents: three hours is what is seen.
_DROPPED_AFTER = timedelta(hours=3)
_TOKEN_S = 32_400
_LONGEST_LIST = timedelta(days=31)


class _No(Exception):  # noqa: N818 - their word for it comes inside
    """They refuse, in their words: an HTTP status, its name, and an issue."""

    def __init__(self, status: int, name: str, issue: str = "", message: str = "") -> None:
        super().__init__(name)
        error: Json = {"name": name, "message": message or _SAID[name], "debug_id": "f0f0f0f0f0f0f", "links": []}
        self.response = answer(status, {**error, **({"details": [{"issue": issue}]} if issue else {})})


_SAID = {
    "AUTHENTICATION_FAILURE": "Authentication failed due to missing authorization header, or invalid authentication "
    "credentials.",
    "INVALID_REQUEST": "Request is not well-formed, syntactically incorrect, or violates schema.",
    "NOT_AUTHORIZED": "Authorization failed due to insufficient permissions.",
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
    "UNPROCESSABLE_ENTITY": "The requested action could not be performed, semantically incorrect, or failed business "
    "validation.",
}


def _unprocessable(issue: str) -> _No:
    return _No(422, "UNPROCESSABLE_ENTITY", issue)


class PayPal:
    """`client` and `secret` get a token, which then opens everything else until it is taken back."""

    def __init__(self, client: str, secret: str, clock: Callable[[], datetime]) -> None:
        self.page: Callable[[str], str] = "https://www.sandbox.paypal.com/checkoutnow?token={}".format
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self.taken: dict[str, Taken] = {}
        self.orders: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        #: How late their list is, and whether the app may read it.
        self.late, self.searches = timedelta(), True
        self.moves: list[Json] = []  # what moved the balance, as their list tells it
        self.tokens = 0
        self.valid: set[str] = set()
        self._basic = f"Basic {base64.b64encode(f'{client}:{secret}'.encode()).decode()}"
        self._clock = clock
        self._made: dict[str, datetime] = {}
        self._broke: set[str] = set()
        self._invoices: set[str] = set()
        self._order_of: dict[str, Json] = {}
        self._kept: dict[str, tuple[datetime, Json]] = {}

    @property
    def given_back(self) -> Mapping[str, int]:
        return {one.get("custom_id", ""): _minor(one["amount"]) for one in self.refunds.values()}

    # ── their API ──

    def handle(self, request: Request) -> Response:
        authorization = request.headers.get("authorization", "")
        if request.path == "/v1/oauth2/token":
            return self._token(authorization)
        if authorization.removeprefix("Bearer ") not in self.valid:
            return _No(401, "AUTHENTICATION_FAILURE").response
        try:
            given = json.loads(request.body or b"{}") if request.method == "POST" else {}
            return self._routed(request, given, request.headers.get("paypal-request-id", ""))
        except _No as no:
            return no.response

    def _token(self, authorization: str) -> Response:
        if authorization != self._basic:
            return answer(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
        self.tokens += 1
        token = f"A21AA{self.tokens:040d}"
        self.valid.add(token)
        return answer(200, {"scope": "", "access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_S})

    def _routed(self, request: Request, given: Json, key: str) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v2", "checkout", "orders"]:
                return self._once(key, _ORDERS_REMEMBER, lambda: self._create(given))
            case "GET", ["v2", "checkout", "orders", id_]:
                return answer(200, self._order(id_))
            case "POST", ["v2", "checkout", "orders", id_, "capture"]:
                order = self._order(id_)
                return self._once(key, _ORDERS_REMEMBER, lambda: self._capture(order))
            case "POST", ["v2", "payments", "captures", id_, "refund"]:
                return self._once(key, _REFUNDS_REMEMBER, lambda: self._refund(id_, given))
            case "GET", ["v1", "customer", "disputes"]:
                return answer(200, {"items": self._disputed(request.query.get("disputed_transaction_id", ""))})
            case "GET", ["v1", "customer", "disputes", id_] if id_ in self.disputes:
                return answer(200, self.disputes[id_])
            case "GET", ["v1", "reporting", "transactions"]:
                return answer(200, self._listed(request.query))
        raise _No(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")

    def _listed(self, asked: Mapping[str, str]) -> Json:
        start, end = (datetime.fromisoformat(asked[name]) for name in ("start_date", "end_date"))
        known_until, page, size = self._clock() - self.late, int(asked["page"]), int(asked["page_size"])
        if not self.searches:
            raise _No(403, "NOT_AUTHORIZED")
        if end - start > _LONGEST_LIST or not 1 <= size <= 500 or asked.get("fields") != "transaction_info":
            raise _No(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
        if start > known_until:
            raise _No(400, "INVALID_REQUEST", message="Data for the given start date is not available.")
        end = min(end, known_until)
        found = [
            one for one in self.moves if start <= datetime.fromisoformat(one["transaction_initiation_date"]) <= end
        ]
        return {
            "transaction_details": [{"transaction_info": one} for one in found[(page - 1) * size : page * size]],
            "account_number": "Q7Z3",
            "start_date": f"{start:%Y-%m-%dT%H:%M:%S+0000}",
            "end_date": f"{end:%Y-%m-%dT%H:%M:%S+0000}",
            "last_refreshed_datetime": f"{known_until:%Y-%m-%dT%H:%M:%S+0000}",
            "page": page,
            "total_items": len(found),
            "total_pages": -(-len(found) // size),
            "links": [],
        }

    def _moved(self, code: str, id_: str, minor: int, unit: Mapping[str, Any], status: str = "S", of: str = "") -> None:
        at = f"{self._clock():%Y-%m-%dT%H:%M:%S+0000}"
        amount = _money(abs(minor), unit["amount"]["currency_code"])
        self.moves.append(
            {
                "transaction_id": id_,
                "transaction_event_code": code,
                "transaction_initiation_date": at,
                "transaction_updated_date": at,
                "transaction_amount": amount | ({"value": f"-{amount['value']}"} if minor < 0 else {}),
                "transaction_status": status,
                **({"paypal_reference_id": of, "paypal_reference_id_type": "TXN"} if of else {}),
                **({"transaction_subject": unit["description"]} if "description" in unit else {}),
                **({"invoice_id": unit["invoice_id"]} if "invoice_id" in unit else {}),
                **({"custom_field": unit["custom_id"]} if "custom_id" in unit else {}),
                "protection_eligibility": "01",
            }
        )

    def _once(self, key: str, remembered: timedelta, make: Callable[[], Json]) -> Response:
        at, made = self._kept.get(key, (self._clock(), None))
        if made is not None and self._clock() - at < remembered:
            return answer(200, made)
        made = make()
        if key:
            self._kept[key] = self._clock(), made
        return answer(201, made)

    def _order(self, id_: str) -> Json:
        self._drop(id_)
        if id_ not in self.orders:
            raise _No(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        return self.orders[id_]

    def _create(self, given: Json) -> Json:
        units = given.get("purchase_units") or [{}]
        amount, how = units[0].get("amount", {}), given.get("payment_source", {}).get("paypal", {})
        if given.get("intent") != "CAPTURE" or not re.fullmatch(r"\d+\.\d\d", str(amount.get("value"))):
            raise _No(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
        back = how.get("experience_context", {}).get("return_url", "")
        if not back.startswith("http"):
            raise _No(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER")
        id_ = f"5O{len(self.taken):015d}"  # of one that was dropped, never again
        self._made[id_] = self._clock()
        self.orders[id_] = {
            "id": id_,
            "intent": "CAPTURE",
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "purchase_units": [{"reference_id": "default", **units[0]}],
            "links": [
                _link(f"https://api-m.sandbox.paypal.com/v2/checkout/orders/{id_}", "self", "GET"),
                _link(self.page(id_), "payer-action", "GET"),
            ],
        }
        minor, reference = _minor(amount), units[0].get("custom_id", "")
        self.taken[id_] = Taken(id_, reference, minor, amount["currency_code"], return_url=back)
        self.opened(self.taken[id_])
        return self.orders[id_]

    def _capture(self, order: Json) -> Json:
        if order["status"] == "COMPLETED":
            raise _unprocessable("ORDER_ALREADY_CAPTURED")
        if order["status"] != "APPROVED":
            raise _unprocessable("ORDER_NOT_APPROVED")
        if order["id"] in self._broke:
            raise _unprocessable("INSTRUMENT_DECLINED")
        [unit], taken = order["purchase_units"], self.taken[order["id"]]
        named = {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}
        if named.get("invoice_id") in self._invoices:
            raise _unprocessable("DUPLICATE_INVOICE_ID")
        self._invoices.update({named["invoice_id"]} if "invoice_id" in named else ())
        minor = _minor(unit["amount"])
        fee_minor = 35 + minor * 34 // 1000
        unit["payments"] = {
            "captures": [
                {
                    "id": f"3C{order['id'][2:]}",
                    "status": "COMPLETED",
                    "amount": unit["amount"],
                    **named,
                    "final_capture": True,
                    "seller_receivable_breakdown": {
                        "gross_amount": unit["amount"],
                        "paypal_fee": _money(fee_minor, taken.currency),
                        "net_amount": _money(minor - fee_minor, taken.currency),
                    },
                }
            ],
            "refunds": [],
        }
        order["status"] = "COMPLETED"
        self._order_of[_captured(order)["id"]] = order
        self._moved("T0006", _captured(order)["id"], minor, unit)
        taken.captured_minor, taken.fee_minor, taken.why = minor, fee_minor, ""
        self.changed(taken)
        return order

    def _refund(self, capture_id: str, given: Json) -> Json:
        order = self._order_of.get(capture_id)
        if order is None:
            raise _No(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")
        minor, left = _minor(given["amount"]), self._left_minor(order)
        if not left:
            raise _unprocessable("CAPTURE_FULLY_REFUNDED")
        if minor > left:
            raise _unprocessable("REFUND_AMOUNT_EXCEEDED")
        return self._give_back(order, minor, given)

    # ── what customers do there, and whoever sits at the dashboard ──

    def pay(self, id_: str, amount_minor: int | None = None) -> None:  # noqa: ARG002 - all or nothing
        """The customer approves; the money is taken when the shop captures. An order that was dropped is gone."""
        self._drop(id_)
        self._broke.discard(id_)
        if self.orders.get(id_, {}).get("status") == "PAYER_ACTION_REQUIRED":
            self.orders[id_]["status"] = "APPROVED"
            self._made[id_] = self._clock()
            self.changed(self.taken[id_])

    def fail(self, id_: str, why: str) -> None:
        """`refused`: the customer approves, and the capture then fails. Whoever leaves the page changes nothing."""
        self.taken[id_].why = why
        if why == "refused":
            self.pay(id_)
            self._broke.add(id_)
        elif why == "expired":
            self.orders.pop(id_, None)
        self.changed(self.taken[id_])

    def charge_back(self, id_: str) -> None:
        """A dispute ends in the customer's favour."""
        taken = self.taken[id_]
        minor, dispute_id = taken.kept_minor, f"PP-D-{len(self.disputes):05d}"
        if minor <= 0:
            return
        about = {"seller_transaction_id": _captured(self.orders[id_])["id"], "custom": taken.reference}
        self.disputes[dispute_id] = {
            "dispute_id": dispute_id,
            "disputed_transactions": [about],
            "status": "RESOLVED",
            "dispute_outcome": {
                "outcome_code": "RESOLVED_BUYER_FAVOUR",
                "amount_refunded": _money(minor, taken.currency),
            },
        }
        unit = self.orders[id_]["purchase_units"][0]
        self._moved("T1106", f"4B{len(self.disputes):015d}", -minor, unit, of=about["seller_transaction_id"])
        taken.charged_back_minor += minor
        self.changed(taken)

    def refund_outside(self, id_: str) -> None:
        taken = self.taken[id_]
        minor = taken.kept_minor
        if minor > 0:
            self._give_back(self.orders[id_], minor, {})
            taken.outside_minor += minor
            self.changed(taken)

    def settle(self) -> None:
        for refund in self.refunds.values():
            refund["status"] = "COMPLETED"
        for one in self.moves:
            one["transaction_status"] = "S"

    def webhook(self, kind: str, resource_type: str, resource: Json) -> bytes:
        """What they would post of this event."""
        told = {"id": "WH-1", "event_type": kind, "resource_type": resource_type, "resource": resource}
        return json.dumps(told).encode()

    # ── their books ──

    def _disputed(self, capture_id: str) -> list[Json]:
        """In short, as a list of theirs has them."""
        return [
            {"dispute_id": id_, "status": one["status"]}
            for id_, one in self.disputes.items()
            if one["disputed_transactions"][0]["seller_transaction_id"] == capture_id
        ]

    def _left_minor(self, order: Json) -> int:
        unit = order["purchase_units"][0]
        return _minor(unit["amount"]) - sum(_minor(one["amount"]) for one in unit["payments"]["refunds"])

    def _give_back(self, order: Json, minor: int, given: Mapping[str, Any]) -> Json:
        taken, captured = self.taken[order["id"]], _captured(order)
        id_ = f"1R{len(self.refunds):015d}"
        named = {name: given[name] for name in ("custom_id", "note_to_payer") if name in given}
        self.refunds[id_] = {"id": id_, "status": "PENDING", "amount": _money(minor, taken.currency), **named}
        order["purchase_units"][0]["payments"]["refunds"].append(self.refunds[id_])
        captured["status"] = "PARTIALLY_REFUNDED" if self._left_minor(order) else "REFUNDED"
        taken.refunded_minor += minor
        self._moved("T1107", id_, -minor, {**self.refunds[id_]}, "P", of=captured["id"])
        return self.refunds[id_]

    def _drop(self, id_: str) -> None:
        """Noticed when somebody asks for it."""
        waits = self.orders.get(id_, {}).get("status") in ("PAYER_ACTION_REQUIRED", "APPROVED")
        if waits and self._clock() - self._made[id_] >= _DROPPED_AFTER:
            self.orders.pop(id_)
            self.taken[id_].why = "expired"


def _captured(order: Json) -> Json:
    found: Json = order["purchase_units"][0]["payments"]["captures"][0]
    return found


def _link(href: str, rel: str, method: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "method": method}


def _money(minor: int, currency: str) -> dict[str, str]:
    return {"currency_code": currency, "value": f"{minor // 100}.{minor % 100:02d}"}


def _minor(amount: Mapping[str, str]) -> int:
    whole, _, rest = amount["value"].partition(".")
    return int(whole) * 100 + int(rest)
