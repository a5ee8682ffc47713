"""Mollie's API v2, as much of it as its adapter uses (docs.mollie.com/reference): payments, refunds, repeats, refusals.

Where its manual is silent it does what keeps a caller honest: a repeat within its memory is answered with the first
answer, and a payment is found by nothing but its id or the list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from opla.counterparts.standins import Fields, Taken, amount_text, cents, fields_of, inner, text_of
from opla.counterparts.web import Request, Response

METHODS: Final = frozenset({"creditcard", "applepay", "bancontact", "paypal", "kbc", "belfius", "banktransfer"})
_STATUS: Final = {"refused": "failed", "expired": "expired", "abandoned": "canceled"}
#: For how long an answer is remembered is not in their documentation; integrators report an hour.
_REMEMBERS: Final = timedelta(hours=1)
_PAGE: Final = 250


class Mollie:
    """`key` is the only one it takes; its first letters say whether it is for trying."""

    def __init__(self, key: str, clock: Callable[[], datetime]) -> None:
        self._key, self._mode, self._clock = key, key.partition("_")[0], clock
        self.payments: dict[str, Fields] = {}
        self.refunds: dict[str, list[Fields]] = {}
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self._outside_minor: dict[str, int] = {}
        self._kept: dict[str, tuple[datetime, tuple[int, Fields]]] = {}  # by the caller's key for "once"

    @property
    def taken(self) -> Mapping[str, Taken]:
        return {id_: self._taken(id_) for id_ in self.payments}

    @property
    def given_back(self) -> Mapping[str, int]:
        every = (one for some in self.refunds.values() for one in some)
        return {
            text_of(inner(one, "metadata"), "reference"): cents(one.get("amount"))
            for one in every
            if one["status"] not in ("failed", "canceled")
        }

    def handle(self, request: Request) -> Response:
        status, told = self._answered(request)
        return Response(status, json.dumps(told).encode(), {"Content-Type": "application/hal+json"})

    # ── what happens there ──

    def pay(self, id_: str, amount_minor: int | None = None) -> None:  # noqa: ARG002 - one payment is paid as it is
        if self.payments[id_]["status"] != "paid":
            self.payments[id_] |= {
                "status": "paid",
                "paidAt": self._when(),
                "amountRemaining": self.payments[id_]["amount"],
            }
            self.changed(self._taken(id_))

    def fail(self, id_: str, why: str) -> None:
        if self.payments[id_]["status"] == "open":
            self.payments[id_]["status"] = _STATUS[why]
            self.changed(self._taken(id_))

    def charge_back(self, id_: str) -> None:
        if (kept := self._taken(id_).kept_minor) > 0:
            already = cents(self.payments[id_].get("amountChargedBack"))
            self.payments[id_]["amountChargedBack"] = _amount(already + kept, self.payments[id_])
            self.changed(self._taken(id_))

    def refund_outside(self, id_: str) -> None:
        if (kept := self._taken(id_).kept_minor) > 0:
            self._outside_minor[id_] = self._outside_minor.get(id_, 0) + kept
            self._refunded(id_, kept)
            self.changed(self._taken(id_))

    def settle(self) -> None:
        for refund in (one for some in self.refunds.values() for one in some):
            if refund["status"] in ("queued", "pending", "processing"):
                refund["status"] = "refunded"

    # ── what is asked ──

    def _answered(self, request: Request) -> tuple[int, Fields]:
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return _error(401, "Missing authentication, or failed to authenticate")
        once = request.headers.get("idempotency-key", "")
        if request.method == "POST" and once in self._kept and self._kept[once][0] + _REMEMBERS > self._clock():
            return self._kept[once][1]
        body = fields_of(request)
        if body is None:
            return _error(400, "The request body is not valid JSON")
        found = self._routed(request, request.path.strip("/").split("/")[1:], body)
        if request.method == "POST" and once and found[0] == 201:
            self._kept[once] = self._clock(), found
        return found

    def _routed(self, request: Request, parts: list[str], body: Fields) -> tuple[int, Fields]:
        match request.method, parts:
            case "POST", ["payments"]:
                return self._create(body)
            case "GET", ["payments"]:
                return 200, self._page(request.query)
            case "GET", ["payments", id_] if id_ in self.payments:
                return 200, self.payments[id_]
            case "POST", ["payments", id_, "refunds"] if id_ in self.payments:
                return self._refund(id_, body)
            case "GET", ["payments", id_, "refunds"] if id_ in self.payments:
                return 200, _list("refunds", list(reversed(self.refunds.get(id_, []))))
        return _error(404, "No payment exists with this token.")

    def _page(self, query: Mapping[str, str]) -> Fields:
        """The newest first, from one of them on."""
        limit = int(query.get("limit", "50"))
        newest = list(reversed(self.payments))
        begins = newest.index(query["from"]) if query.get("from") in self.payments else 0
        shown = newest[begins : begins + min(limit, _PAGE)]
        more = newest[begins + len(shown) : begins + len(shown) + 1]
        listed = _list("payments", [self.payments[id_] for id_ in shown])
        if more:
            listed["_links"] = inner(listed, "_links") | {
                "next": _link(f"https://api.mollie.com/v2/payments?from={more[0]}&limit={limit}")
            }
        return listed

    def _create(self, body: Fields) -> tuple[int, Fields]:
        if cents(body.get("amount")) <= 0:
            return _error(422, "The amount is lower than the minimum", "amount")
        if not text_of(body, "description"):
            return _error(422, "The description is invalid", "description")
        if not text_of(body, "redirectUrl").startswith(("http://", "https://")):
            return _error(422, "The redirect location is invalid", "redirectUrl")
        if "127.0.0.1" in text_of(body, "webhookUrl"):
            return _error(422, "The webhook URL is unreachable from Mollie's point of view", "webhookUrl")
        if "method" in body and body["method"] not in METHODS:
            return _error(422, "The payment method is invalid", "method")
        id_ = f"tr_{len(self.payments) + 1:010d}"
        self.payments[id_] = {
            "resource": "payment",
            "id": id_,
            "mode": self._mode,
            "createdAt": self._when(),
            "amount": body["amount"],
            "description": body["description"],
            "metadata": body.get("metadata"),
            "status": "open",
            "profileId": "pfl_QkEhN94Ba",
            "sequenceType": "oneoff",
            "redirectUrl": body["redirectUrl"],
            **({"method": body["method"]} if "method" in body else {}),
            "_links": {
                "self": _link(f"https://api.mollie.com/v2/payments/{id_}"),
                "checkout": _link(f"https://www.mollie.com/checkout/select-method/{id_}"),
                "dashboard": _link(f"https://www.mollie.com/dashboard/org_1/payments/{id_}"),
            },
        }
        self.opened(self._taken(id_))
        return 201, self.payments[id_]

    def _refund(self, id_: str, body: Fields) -> tuple[int, Fields]:
        payment, wanted = self.payments[id_], cents(body.get("amount"))
        if payment["status"] != "paid":
            return _error(422, "The payment is not paid")
        if not 0 < wanted <= self._taken(id_).kept_minor:
            return _error(422, "The specified amount cannot be refunded", "amount")
        refund: Fields = {
            "resource": "refund",
            "id": f"re_{sum(map(len, self.refunds.values())) + 1:010d}",
            "mode": self._mode,
            "amount": body["amount"],
            "description": body.get("description", ""),
            "metadata": body.get("metadata"),
            "status": "pending",
            "paymentId": id_,
            "createdAt": self._when(),
            "_links": {name: _link("https://api.mollie.com/v2") for name in ("self", "payment", "documentation")},
        }
        self.refunds.setdefault(id_, []).append(refund)
        self._refunded(id_, wanted)
        return 201, refund

    def _refunded(self, id_: str, more_minor: int) -> None:
        payment = self.payments[id_]
        whole, already = cents(payment["amount"]), cents(payment.get("amountRefunded"))
        payment["amountRefunded"] = _amount(already + more_minor, payment)
        payment["amountRemaining"] = _amount(whole - already - more_minor, payment)

    def _when(self) -> str:
        return self._clock().isoformat(timespec="seconds")

    def _taken(self, id_: str) -> Taken:
        payment = self.payments[id_]
        amount_minor = cents(payment["amount"])
        return Taken(
            id_,
            text_of(inner(payment, "metadata"), "reference"),
            amount_minor,
            text_of(inner(payment, "amount"), "currency"),
            captured_minor=amount_minor if payment["status"] == "paid" else 0,
            refunded_minor=cents(payment.get("amountRefunded")),
            charged_back_minor=cents(payment.get("amountChargedBack")),
            outside_minor=self._outside_minor.get(id_, 0),
        )


def _link(href: str) -> Fields:
    return {"href": href, "type": "application/hal+json"}


def _amount(minor: int, payment: Fields) -> Fields:
    return amount_text(minor, text_of(inner(payment, "amount"), "currency"))


def _list(name: str, found: list[Fields]) -> Fields:
    links: Fields = {name: _link("https://api.mollie.com/v2") for name in ("self", "documentation")}
    return {"count": len(found), "_embedded": {name: found}, "_links": {**links, "previous": None, "next": None}}


def _error(status: int, detail: str, field: str = "") -> tuple[int, Fields]:
    told: Fields = {
        "status": status,
        "title": "No",
        "detail": detail,
        "_links": {"documentation": _link("https://docs.mollie.com")},
    }
    return status, told | ({"field": field} if field else {})
